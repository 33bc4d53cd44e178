// The rows of a Prophet model: its columns, its forecast and errors, and the products of its slopes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

enum ProphetGrowth { LINEAR, LOGISTIC, FLAT };

// The same for all series. Weights are those of the seasons, two a multiple of a frequency, of the holidays and of the
// regressors.
struct ProphetSettings {
    int growth, changepoints;
    double range, prior, floor;
    double cap; // NaN: the last of the columns
    std::vector<double> periods; // seconds
    std::vector<int> orders;
    const double* holidays; // (different days, holiday columns)
    std::size_t holiday_columns, regressors, columns;
    std::vector<double> priors; // deviation of each weight; rate and offset: 5
    std::vector<char> multiplies;

    std::size_t weights() const { return priors.size(); }
};

// A series as it comes; rows without a value are left out.
struct ProphetSeries {
    const double* y;
    const std::int64_t* clock; // seconds
    const std::int64_t* days;  // rows of `holidays`
    const double* columns;     // (count, columns)
    std::size_t count;
};

// The numbers are rate, offset, weights, changes of the rate. `t` runs from 0 to 1, y is in units of `size`.
class ProphetRows {
  public:
    bool prepare(const ProphetSettings& settings, const ProphetSeries& series);

    // The sum of squared errors at `place`; what slopes() needs is kept.
    double squares(const ProphetSettings& settings, const double* place);

    // At the last place: products of the forecast's slopes with each other, `gram` (numbers, numbers), all of it, and
    // with the errors. Slopes that changed not since the last call need no new products among each other.
    void slopes(const ProphetSettings& settings, const double* place, bool again, double* gram, double* with_errors);

    // The deviation of the values from a straight line.
    double apart() const;

    std::size_t numbers() const { return 2 + weights + changes.size(); }

    std::size_t count = 0, weights = 0;
    double first = 0.0, span = 0.0, size = 1.0;
    bool constant = false;
    std::vector<double> y, t, cap, changes, middle, width;

  private:
    void scale(const ProphetSettings& settings);
    void place_changes(const ProphetSettings& settings);
    void fill(const ProphetSettings& settings, const ProphetSeries& series);
    void fill_seasons(const ProphetSettings& settings);
    void standardise(const ProphetSettings& settings);
    void scaled_row(std::size_t i, const ProphetSettings& settings, double* row) const;

    std::vector<double> x;                     // (count, weights)
    std::vector<std::size_t> kept;             // rows of the series that have a value
    std::vector<std::size_t> ends;             // row at which a stretch between changepoints ends
    std::vector<double> trend, steep, errors;  // of each row; steep: slope of the forecast along the linear trend
    std::vector<double> products, stretches, block;
    std::vector<double> clock;
};
