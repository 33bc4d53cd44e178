// Windows: all lags and rolling statistics of a panel, in one pass over its rows.
#pragma once

#include "series.h"

enum class Stat { Lag, Mean, Std, Sum, Min, Max, Quantile };

// The statistic of the `window` values that end `lag` steps before a row; a step is `season` rows.
struct Window {
    Stat stat;
    Rows window, lag, season;
    Rows least;  // NaN where fewer values are present
    double q;    // of Quantile
    Rows column;
};

// Series i is values[indptr[i]:indptr[i + 1]]; every window fills its column of `out`.
template <class In, class Out>
void fill_windows(const In* values, const std::int64_t* indptr, Rows series, const std::vector<Window>& windows,
                  Matrix<Out> out, int threads);
