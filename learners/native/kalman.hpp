// Kalman: the filter of learners/kalman.py over many rows.
#pragma once

#include <cstddef>

namespace arima {

// One series: coefficients, and what moves on. There are `gaps` + 1 columns of the change and `levers` levers, of which
// the first belongs to the constant and the others to the columns.
struct Filter {
    std::size_t k, gaps, levers;
    const double* ar; // (k,)
    double intercept, push;
    double *state, *gain, *spread, *change; // (k,), (k,), (1,), (k,)
    double *gap, *weights, *counts, *lever; // (gaps, k), (gaps + 1, gaps + 1), (2,), (levers, k)
};

// Takes in y (rows,), NaN where missing, and x (rows, levers - 1); before them, `missing` rows without a value.
void walk(const Filter& filter, const double* y, const double* x, std::size_t missing, std::size_t rows);

} // namespace arima
