// One walk of exponential smoothing through a series: its likelihood, and how that changes with every parameter.
//
// Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing, tables 2.2 and 2.3. With the error in
// units of the series, additive and multiplicative errors move the states alike:
//   base_t  = level_{t-1} + phi trend_{t-1}       mean_t  = base_t, base_t + term, base_t * term
//   error_t = y_t - mean_t                        moved_t = error_t, error_t, error_t / term
//   level_t = base_t + alpha moved_t              trend_t = phi trend_{t-1} + beta moved_t
//   term_t  = term + gamma error_t, or term + gamma error_t / base_t where the season multiplies
// A missing value has no error: level_t = base_t, and the rest goes on.
#pragma once

#include <cstddef>
#include <vector>

struct EtsForm {
    int error;  // 0 add, 1 mul
    int trend;  // 0 none, 1 add, 2 damped
    int season; // 0 none, 1 add, 2 mul

    static EtsForm at(int index) { return {index / 9, index / 3 % 3, index % 3}; }
    int index() const { return error * 9 + trend * 3 + season; }
};
constexpr int ETS_FORMS = 18;

// What a series is and which form it is walked with. The parameters x, those that the form lacks left out, are
//   alpha, beta / alpha, gamma / (1 - alpha), phi | level, trend, the terms 0 .. season - 2 of the season
// so that a box holds the usual bounds: beta < alpha, gamma < 1 - alpha. The last term makes their sum 0 (or `season`,
// where they multiply). Held terms are no parameters.
class EtsWalk {
  public:
    EtsWalk(const double* y, int rows, int season) : y(y), rows(rows), season(season) {
        for (int t = 0; t < rows; t++) known += y[t] == y[t];
    }
    void choose(EtsForm chosen, const std::vector<double>* held);

    // -2 log likelihood without its constant: known log(sum of squared errors), + 2 sum log |mean| where errors
    // multiply; infinite where a mean or a term is not allowed. `slopes` also gives its gradient (size,) and the
    // second derivative of Gauss and Newton, (size, size), lower half.
    double value(const double* x);
    double slopes(const double* x, double* gradient, double* hessian);

    std::size_t size() const { return count; }
    double low(std::size_t i) const;
    double high(std::size_t i) const;

    const double* y; // (rows,), NaN where missing
    int rows, season, known = 0;
    EtsForm form{0, 0, 0};
    bool searched = false;                        // whether the form is one of many
    std::size_t count = 0;                        // of parameters
    int beta = -1, gamma = -1, phi = -1;          // places in x, -1 where the form has none; alpha is the first
    int level = 0, trend = -1, first_term = -1;   // first_term is -1 for held terms
    double squares = 0.0;                         // the sum of squared errors of the last walk
    std::vector<double> terms;                    // (season,), before the first row of the last walk

    // After the last row of the last walk with slopes: derivatives by x, (wide,) each, of which `count` count.
    std::size_t wide = 0;
    double *d_level = nullptr, *d_trend = nullptr;
    double* d_terms = nullptr; // (season, wide)

  private:
    friend struct EtsSteps;
    friend class EtsDoubt;
    bool begin(const double* x);
    void begin_slopes();

    const std::vector<double>* held = nullptr;
    std::vector<double> moving;                    // (season,): the terms during a walk
    std::vector<double> room;                      // for all derivatives
    double *d_base = nullptr, *d_error = nullptr, *d_sum = nullptr, *d_log = nullptr; // (wide,)
    double* batch = nullptr;                       // (BATCH, wide): derivatives of the last errors
    double* products = nullptr;                    // (wide, wide): sums of their products, lower half
};
