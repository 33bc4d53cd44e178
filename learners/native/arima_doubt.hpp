// Doubt: how far a fitted ARIMA may be from the true one, and what that adds to the variance of its forecasts.
#pragma once

#include <vector>

#include "arima_companion.hpp"
#include "arima_prepare.hpp"

namespace arima {

constexpr int HORIZONS = 24; // rows ahead for which the coefficients' part is told

// In units of the variance of the innovations.
struct Doubt {
    std::vector<double> regression;   // (1 + columns, 1 + columns) covariance of the constant and of the slopes
    std::vector<double> coefficients; // (HORIZONS,) what the estimated coefficients add to the forecasts' variance
    double freedom = 1.0;             // observations minus everything estimated
    std::vector<double> missing;      // (gaps,) what is expected of each missing value
};

// The covariance of generalised least squares at the coefficients x, and what it says of missing values.
void regression_doubt(const Series& series, const std::vector<double>& y, const std::vector<int>& gaps,
                      const Orders& orders, const double* x, int d, int D, bool constant, Room& room, Doubt& out);

// An error in the coefficients moves the forecast h rows ahead by sum_j psi[j] E z[t+h-j], with z = -d e / d x: for
// each kind of coefficient a lag of e / its own factor. The covariance of these, on average over what the past may
// have been, times that of the estimates: the trace of both. h = 1 gives count / n. To it comes
// what the variance at known coefficients is more on average over the estimates than at them, from second differences:
// near a unit root much, at long horizons. Sources: Yamamoto (1976),
// Asymptotic mean square prediction error for an autoregressive model with estimated coefficients; Ansley & Newbold
// (1981), On the bias in estimates of forecast mean squared error.
void coefficients_doubt(const Orders& orders, const double* x, int d, int D, int n, Room& room, Doubt& out);

} // namespace arima
