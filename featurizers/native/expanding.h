// Expanding: statistics of everything before a row; what is carried from row to row is all the memory they need.
#pragma once

#include "series.h"

enum class Total { Count, Mean, Std, Sum, Min, Max };

// Welford's update (1962), as `Expanding.remember` in Python, operation by operation.
struct Running {
    double count = 0, mean = 0, squares = 0, sum = 0;
    double least = std::numeric_limits<double>::infinity(), greatest = -std::numeric_limits<double>::infinity();

    void add(double value) {
        if (value != value) return;
        count += 1;
        const double apart = value - mean;
        mean += apart / count;
        squares += apart * (value - mean);
        sum += value;
        least = std::min(least, value);
        greatest = std::max(greatest, value);
    }
    double total(Total which) const {
        if (which == Total::Count) return count;
        if (which == Total::Std) return count > 1 ? std::sqrt(squares / (count - 1)) : NOTHING;
        if (count == 0) return NOTHING;
        if (which == Total::Mean) return mean;
        if (which == Total::Sum) return sum;
        return which == Total::Min ? least : greatest;
    }
};

// Column k of `out` takes totals[k] of the rows before each row; `memory`, (series, 6), the last `Running` of each series.
void fill_expanding(const double* values, const std::int64_t* indptr, Rows series, const std::vector<Total>& totals,
                    Matrix<double> out, Matrix<double> memory, int threads);

// Column k of `out` takes the mean of the rows before each row, exponentially weighted by alphas[k]; the recursion
// mean += alpha * (value - mean) starts with the first value. `memory`, (series, alphas), the last means.
void fill_ewm(const double* values, const std::int64_t* indptr, Rows series, const std::vector<double>& alphas,
              Matrix<double> out, Matrix<double> memory, int threads);
