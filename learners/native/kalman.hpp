// Kalman: the filter of learners/kalman.py over many rows, to the same bits.
#pragma once

#include <cstddef>

namespace arima {

// One series: coefficients, state and covariance, (k,) or (k, k); the last two are moved on.
struct Filter {
    const double *ar, *ma;
    double intercept, variance;
    double *state, *covariance;
    std::size_t k;
};

// Takes in y (rows,), NaN where missing; before them, `missing` rows without a value.
void walk(const Filter& filter, const double* y, std::size_t missing, std::size_t rows);

} // namespace arima
