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

struct Chosen;

// What may be chosen. `fixed`: these orders and differences, and no search.
struct Settings {
    int season = 1, max_p = 5, max_q = 5, max_P = 2, max_Q = 2, max_order = 14;
    int waves = 0;                   // a longer season, which waves describe
    bool fixed = false, hasty = false; // hasty: coefficients from one start, and only roughly
    Orders orders;
    int d = 0, D = 0, constant = -1; // -1: by AICc, or where nothing is differenced
    int spent = 0;                   // unknowns that were estimated before
    bool ranked = false;             // whether every candidate is told
    int several = 1;                 // models that are wanted: the best and those that come next
    const Chosen* before = nullptr;  // the model of the same series when it was shorter: the search begins there
};

// A candidate of the search. One that cannot become the best is not fitted to the end.
struct Tried {
    Orders orders;
    int constant = 0;
    bool admitted = false, converged = false; // whether its roots are far enough from the unit circle
    double likelihood = 0.0, aicc = 0.0;
    std::vector<double> x; // where the search left its coefficients
};

struct Chosen {
    Orders orders;
    int d = 0, D = 0, constant = 0, tried = 0, pairs = 0; // pairs of waves
    bool fits = false;            // false: nothing could be fitted
    bool interpolated = false;    // whether missing values were, being too many to be estimated
    std::vector<double> x, slopes; // of orders, of the columns (0 where left out)
    double level = 0.0;           // mean of the differenced series, 0 without a constant
    double variance = 0.0;        // of the innovations, over observations minus coefficients
    double likelihood = -NEVER, aicc = NEVER;
    std::vector<double> season;   // one round of the waves from the first row on
    std::vector<Tried> ranking;   // the lowest AICc first
    std::vector<Chosen> others;   // models of the candidates that come next, differenced alike
};

// Differences by tests, orders stepwise by AICc on the exact likelihood. Source: Hyndman & Khandakar (2008), Automatic
// time series forecasting: the forecast package for R.
Chosen chosen(const Series& series, const Settings& settings, Room& room);

} // namespace arima
