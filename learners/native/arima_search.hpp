// Search: the orders, coefficients and differences of one series.
#pragma once

#include <vector>

#include "arma_fit.hpp"

namespace arima {

// One series in levels: `y` (n,) NaN where missing, `x` (n, columns) without missing values.
struct Series {
    const double* y;
    const double* x;
    int n, columns;
};

// What may be chosen. `fixed`: these orders and differences, and no search.
struct Settings {
    int season = 1, max_p = 5, max_q = 5, max_P = 2, max_Q = 2, max_order = 14;
    bool fixed = false;
    Orders orders;
    int d = 0, D = 0, constant = -1; // -1: by AICc, or where nothing is differenced
};

struct Chosen {
    Orders orders;
    int d = 0, D = 0, constant = 0, tried = 0;
    bool fits = false;            // false: nothing could be fitted
    bool interpolated = false;    // whether missing values were, being too many to be estimated
    std::vector<double> x, slopes; // of orders, of the columns (0 where left out)
    double level = 0.0;           // mean of the differenced series, 0 without a constant
    double variance = 0.0;        // of the innovations, over observations minus coefficients
    double likelihood = -NEVER, aicc = NEVER;
};

// Differences by tests, orders stepwise by AICc on the exact likelihood. Source: Hyndman & Khandakar (2008), Automatic
// time series forecasting: the forecast package for R.
Chosen chosen(const Series& series, const Settings& settings, Room& room);

} // namespace arima
