// Counts: a smoothed level and a negative binomial distribution around it, one row after the other.
// Source: Snyder, Ord & Beaumont (2012), Forecasting the intermittent demand for slow-moving inventories: a modelling
// approach, International Journal of Forecasting 28(2), undamped dynamics.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <vector>

// log P(x) of a negative binomial distribution of this mean and variance mean * (1 + excess), and its slopes:
// log P(x) = sum_{j < x} log((mean + j excess) / ((1 + excess)(j + 1))) - mean log(1 + excess) / excess.
struct Likelihood {
    double value, by_mean, by_excess;
};

Likelihood negative_binomial(double x, double mean, double excess);

// Exponential smoothing of what was seen; a missing row (NaN) does not count.
inline double smoothed(double level, double x, double weight) { return x == x ? level + weight * (x - level) : level; }

// Minus the log-likelihood of whole numbers in `counts`, what moves the level in `values` (NaN where missing); as
// Descent asks for it. x: logarithms of the first level and of the excess, and the weight.
class CountObjective {
  public:
    std::vector<double> values, counts;

    std::size_t size() const { return 3; }
    double low(std::size_t i) const;
    double high(std::size_t i) const;
    double slopes(const double* x, double* gradient, double* hessian) const;
};

void bind_counts(nanobind::module_& m);
