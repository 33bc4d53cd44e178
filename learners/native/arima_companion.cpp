// Companion: differences multiplied in, and the first state's covariance.
#include "arima_companion.hpp"

#include <algorithm>

namespace arima {

namespace {

// 1 - sum a[i] B^(i + 1), times 1 - B^lag.
void multiply(std::vector<double>& a, int lag) {
    std::vector<double> full(a.size() + lag, 0.0);
    std::copy(a.begin(), a.end(), full.begin());
    full[lag - 1] += 1.0;
    for (std::size_t i = 0; i < a.size(); i++) full[i + lag] -= a[i];
    a.swap(full);
}

} // namespace

int states(const Orders& orders, int d, int D) {
    return std::max(orders.ar() + d + orders.season * D, orders.ma() + 1);
}

Companion companion(const Orders& orders, int d, int D, const double* x, double drift, double variance, Room& room) {
    const int k = states(orders, d, D), unknown = d + orders.season * D;
    Companion made;
    room.polynomials.expand(orders, x);
    const std::vector<double>& phi = room.polynomials.phi;
    const int p = static_cast<int>(phi.size());
    made.ar = phi;
    for (int i = 0; i < D; i++) multiply(made.ar, orders.season);
    for (int i = 0; i < d; i++) multiply(made.ar, 1);
    made.ar.resize(k, 0.0);
    made.ma.assign(k, 0.0);
    made.ma[0] = 1.0;
    std::copy(room.polynomials.theta.begin(), room.polynomials.theta.end(), made.ma.begin() + 1);
    made.state.assign(k, 0.0);
    made.covariance.assign(static_cast<std::size_t>(k) * k, 0.0);
    double weight = 1.0;
    for (const double value : phi) weight -= value;
    made.intercept = drift * weight;
    double later = 0.0;
    for (int i = p - 1; i >= 1; i--) made.state[i] = drift * (later += phi[i]);
    made.state[0] = drift;
    if (!stationary(room.polynomials, room)) return made;
    // P = T P T' + R R', read from its last corner to its first: P[i, j] from P[i + 1, j + 1] and the first column.
    const int r = std::max(p, static_cast<int>(room.polynomials.theta.size()) + 1);
    const auto first = [&](int i) { return i < r ? room.column[i] : 0.0; };
    const auto ar = [&](int i) { return i < p ? phi[i] : 0.0; };
    double* P = made.covariance.data();
    for (int i = r - 1; i >= 0; i--)
        for (int j = r - 1; j >= 0; j--) {
            const double corner = i + 1 < r && j + 1 < r ? P[(i + 1) * k + j + 1] / variance : 0.0;
            const double own = ar(i) * ar(j) * first(0) + ar(i) * first(j + 1) + ar(j) * first(i + 1);
            P[i * k + j] = variance * (own + made.ma[i] * made.ma[j] + corner);
        }
    for (int s = 0; s < unknown; s++)
        for (int i = 0; i <= p; i++)
            for (int j = 0; j <= p; j++)
                P[(s + i) * k + s + j] += DIFFUSE * (i ? -phi[i - 1] : 1.0) * (j ? -phi[j - 1] : 1.0);
    return made;
}

} // namespace arima
