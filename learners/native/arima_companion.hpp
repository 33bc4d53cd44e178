// Companion: an ARIMA as the filter of learners/kalman.py takes it.
#pragma once

#include <vector>

#include "arima_search.hpp"

namespace arima {

// y[t] = intercept + sum ar[i] y[t-i] + sum ma[j] e[t-j] with innovations of variance 1, and the filter before the
// first row: `wait` rows are taken as they are, since differences need them.
struct Companion {
    std::vector<double> ar, ma, state, gain, change, lever; // (k,) each
    double intercept = 0.0, push = 0.0, spread = 1.0;
    int wait = 0;
};

// How many numbers the state has: max(p + differences, q + 1).
int states(const Orders& orders, int d, int D);

// With Delta the differences, y = (phi Delta)^-1 a and w = phi^-1 alpha for the free responses of the levels and of
// the differenced series, and y = Delta^-1 (w + s) with s what the last levels pass on. Hence the state is
// a = alpha + phi s: that of the ARMA, which is stationary around `drift`, plus phi times what the first rows tell.
// While they do, the gain is ar - phi: s is known, and of the ARMA nothing has been seen.
Companion companion(const Orders& orders, int d, int D, const double* x, double drift, Room& room);

// Makes the filter expect `value` in row `t`, which is one of those that it waits for and will be missing; `y` (t,)
// are the values before, NaN where missing.
void expect(Companion& made, const Room& room, const double* y, int t, double value);

} // namespace arima
