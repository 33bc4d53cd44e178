// Companion: differences multiplied in, and the filter before its first row.
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

Companion companion(const Orders& orders, int d, int D, const double* x, double drift, Room& room) {
    const int k = states(orders, d, D);
    Companion made;
    made.wait = d + orders.season * D;
    room.polynomials.expand(orders, x);
    const std::vector<double>& phi = room.polynomials.phi;
    const int p = static_cast<int>(phi.size()), q = static_cast<int>(room.polynomials.theta.size());
    made.ar = phi;
    for (int i = 0; i < D; i++) multiply(made.ar, orders.season);
    for (int i = 0; i < d; i++) multiply(made.ar, 1);
    made.ar.resize(k, 0.0);
    made.ma.assign(k, 0.0);
    made.ma[0] = 1.0;
    std::copy(room.polynomials.theta.begin(), room.polynomials.theta.end(), made.ma.begin() + 1);
    made.lever.assign(k, 0.0);
    made.push = 1.0;
    for (const double value : phi) made.push -= value;
    double later = 0.0;
    for (int i = p - 1; i >= 1; i--) made.lever[i] = later += phi[i];
    made.lever[0] = 1.0;
    made.intercept = drift * made.push;
    for (const double share : made.lever) made.state.push_back(drift * share);
    made.gain = made.ar;
    for (int i = 0; i < p; i++) made.gain[i] -= phi[i];
    made.change.assign(k, 0.0);
    if (!stationary(room.polynomials, room)) return made;
    made.spread = room.column[0];
    for (int i = 0; i < std::max(p, q); i++)
        made.change[i] = ((i < p ? phi[i] * room.column[0] : 0.0) + room.column[i + 1]) / made.spread;
    if (made.wait == 0)
        for (int i = 0; i < k; i++) made.gain[i] += made.change[i];
    return made;
}

void expect(Companion& made, const Room& room, const double* y, int t, double value) {
    const std::vector<double>& phi = room.polynomials.phi;
    const std::size_t k = made.ar.size();
    std::vector<double> state = made.state;
    for (int row = 0; row < t; row++) {
        const double head = state[0], error = y[row] == y[row] ? y[row] - head : 0.0;
        for (std::size_t i = 0; i < k; i++)
            state[i] = made.ar[i] * head + (i + 1 < k ? state[i + 1] : 0.0) + made.gain[i] * error;
        state[0] += made.intercept;
    }
    const double missing = value - state[0];
    made.state[t] += missing;
    for (std::size_t j = 0; j < phi.size() && t + 1 + j < k; j++) made.state[t + 1 + j] -= phi[j] * missing;
}

} // namespace arima
