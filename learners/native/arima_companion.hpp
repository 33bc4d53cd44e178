// Companion: an ARIMA as the Kalman filter of learners/kalman.py takes it.
#pragma once

#include <vector>

#include "arima_search.hpp"

namespace arima {

constexpr double DIFFUSE = 1e6; // variance of what came before the first row, about which nothing is known

// y[t] = intercept + sum ar[i] y[t-i] + sum ma[j] e[t-j], and mean and covariance of the state before the first row.
struct Companion {
    std::vector<double> ar, ma, state, covariance; // (k,), (k,), (k,), (k, k)
    double intercept = 0.0;
};

// How many numbers the state has: max(p + differences, q + 1).
int states(const Orders& orders, int d, int D);

// With Delta the differences, y = (phi Delta)^-1 a and w = phi^-1 alpha for the free responses of the levels and of
// the differenced series, and y = Delta^-1 (w + s) with s what the last levels pass on. Hence the state is
// a = alpha + phi s: that of the ARMA, which is stationary around `drift`, plus phi times numbers that are unknown.
Companion companion(const Orders& orders, int d, int D, const double* x, double drift, double variance, Room& room);

} // namespace arima
