// Kalman: products with the companion matrix are a shift and an outer product.
#include "kalman.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "arma.hpp"

namespace arima {

namespace {

// What a model of fewer orders does not use, it is padded with zeros.
std::size_t used(const Filter& f) {
    std::size_t k = f.k;
    while (k > 1 && f.ar[k - 1] == 0.0 && f.ma[k - 1] == 0.0 && f.state[k - 1] == 0.0 &&
           f.covariance[(k - 1) * f.k + k - 1] == 0.0)
        k--;
    return k;
}

// State and covariance once y is known.
CLONED void observe(const Filter& f, std::size_t k, double y, double* gain) {
    if (y != y) return;
    double* __restrict P = f.covariance;
    const double spread = P[0], by = spread > 0.0 ? spread : 1.0, error = y - f.state[0];
    for (std::size_t i = 0; i < k; i++) {
        gain[i] = P[i * f.k] / by;
        f.state[i] = f.state[i] + gain[i] * error;
    }
    // From the last row to the first, which all others need.
    for (std::size_t i = k; i-- > 0;)
        for (std::size_t j = k; j-- > 0;) P[i * f.k + j] -= gain[i] * P[j];
}

// T a, and T P T' + variance * ma ma'.
CLONED void move(const Filter& f, std::size_t k, double* first, double* row) {
    double* __restrict P = f.covariance;
    const double head = f.state[0];
    for (std::size_t i = 0; i < k; i++)
        f.state[i] = f.ar[i] * head + (i + 1 < k ? f.state[i + 1] : 0.0) + (i == 0 ? f.intercept : 0.0);
    for (std::size_t j = 0; j < k; j++) first[j] = P[j];
    for (std::size_t i = 0; i < k; i++) {
        const double* __restrict below = P + (i + 1) * f.k;
        const double weight = f.ar[i], noise = f.variance * f.ma[i];
        if (i + 1 < k)
            for (std::size_t j = 0; j < k; j++) row[j] = weight * first[j] + below[j];
        else
            for (std::size_t j = 0; j < k; j++) row[j] = weight * first[j] + 0.0;
        row[k] = 0.0;
        double* __restrict out = P + i * f.k;
        for (std::size_t j = 0; j < k; j++) out[j] = row[0] * f.ar[j] + row[j + 1] + noise * f.ma[j];
    }
}

} // namespace

void walk(const Filter& filter, const double* y, std::size_t missing, std::size_t rows) {
    const std::size_t k = used(filter);
    std::vector<double> gain(k), first(k), row(k + 1);
    for (std::size_t t = 0; t < missing + rows; t++) {
        observe(filter, k, t < missing ? std::numeric_limits<double>::quiet_NaN() : y[t - missing], gain.data());
        move(filter, k, first.data(), row.data());
    }
}

} // namespace arima
