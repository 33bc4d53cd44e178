// Prophet: the most probable numbers of a trend with changepoints, seasons, holidays and regressors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "prophet_rows.hpp"
#include "prophet_step.hpp"

// What run() writes of a series, and after it the changepoints, the changes of rate there, the weights, the mean and
// the deviation of each regressor: changepoints + changepoints + weights + regressors + regressors numbers.
// NOISE: with what the numbers took from it, for bands. END to SLOPE: how unsure the trend is at the end of training,
// its variance, the covariance with its slope, and the slope's variance.
enum ProphetNumber {
    RATE, OFFSET, NOISE, START, SPAN, SIZE, END, TURN, SLOPE, POSTERIOR, LINEARISED, PROPHET_NUMBERS
};

// Taylor & Letham (2018), Forecasting at Scale, as in the package's prophet.stan: with y, t and the cap scaled,
//   y ~ normal(trend (1 + X m) + X a, noise), rate and offset ~ normal(0, 5), changes ~ Laplace(0, prior),
//   weights ~ normal(0, priors), noise ~ half-normal(0, 0.5).
// The maximum is found by Gauss-Newton steps, each of which is the whole problem with the forecast linearised: for
// additive terms on a linear trend that is no approximation.
class ProphetFit {
  public:
    // False where there is nothing to fit: fewer than two values, or a cap that is not above the floor.
    bool run(const ProphetSettings& settings, const ProphetSeries& series, double* numbers);

  private:
    void start(const ProphetSettings& settings);
    void climb(const ProphetSettings& settings);
    bool advance(const ProphetSettings& settings);
    double objective(const ProphetSettings& settings, const std::vector<double>&place);
    void doubt(const ProphetSettings& settings, double* numbers);
    void write(const ProphetSettings& settings, double* numbers) const;

    ProphetRows rows;
    ProphetStep step;
    std::vector<double> place, target, factor, end, slope;
    double value = 0.0, squares = 0.0, noise = 0.0, lowest = 0.0, damping = 0.0;
    int linearised = 0;
};
