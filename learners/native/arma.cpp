// Arma: the Chandrasekhar recursions, and what they start from.
#include "arma.hpp"

#include <algorithm>
#include <cstdlib>

namespace arima {

namespace {

constexpr int LANES = 8;            // states are padded to a multiple of it
constexpr double SETTLED = 1e-11;   // part of the variance that the covariance's change may still add
constexpr double SMALLEST = 1e-300; // a sum of squares below it means that nothing is left to explain

int padded(int size) { return (size + LANES - 1) / LANES * LANES; }

// out = phi(B) in, with zeros before the first row.
CLONED void filtered(const std::vector<Term>& ar, const double* in, int n, double* out) {
    std::copy(in, in + n, out);
    for (const Term& term : ar)
        for (int t = term.lag; t < n; t++) out[t] -= term.value * in[t - term.lag];
}

// out = rate * in / theta(B) from row `from` on.
CLONED void settled(const std::vector<Term>& ma, const double* in, int from, int n, double rate, double* out) {
    if (ma.size() == 1) {
        const double c = ma[0].value;
        const int lag = ma[0].lag;
        for (int t = from; t < n; t++) out[t] = rate * in[t] - c * out[t - lag];
        return;
    }
    for (int t = from; t < n; t++) {
        double sum = rate * in[t];
        for (const Term& term : ma) sum -= term.value * out[t - term.lag];
        out[t] = sum;
    }
}

// How the recursion leaves off: the sum of log F, and the rows it went through.
struct Passed {
    double logs = 0.0, variance = 1.0;
    int rows = 0;
};

// With K the gain times F, and G = K - phi F, no transition matrix is left: with z = L[0],
//   F' = F + z^2 M,  G' = G + shift(L) z M,  L' = shift(L) - G' z / F',  M' = M + (z M)^2 / F,
//   v = u - b[0],    b' = shift(b) + G v / F,  where u = phi(B) w.
// Shifts are steps of a pointer. `u` is (series, n), `b` (series, n + lanes + 1), `v` (series, n).
CLONED Passed recursion(double F, double* G, double* L, const double* u, double* b, double* v, int series, int n,
                        int states, int order) {
    const int lanes = padded(states), wide = n + lanes + 1;
    double M = -1.0 / F, product = 1.0;
    bool steady = false;
    Passed passed;
    int stop = n, t = 0;
    for (; t < stop; t++) {
        const double rate = 1.0 / F, root = std::sqrt(rate);
        for (int s = 0; s < series; s++) {
            double* __restrict bs = b + static_cast<std::size_t>(s) * wide + t;
            const double error = u[static_cast<std::size_t>(s) * n + t] - bs[0], push = error * rate;
            v[static_cast<std::size_t>(s) * n + t] = error * root;
            for (int i = 0; i < lanes; i++) bs[i + 1] += G[i] * push;
        }
        if (steady) continue;
        product *= F;
        if (product > 1e100 || product < 1e-100) {
            passed.logs += std::log(product);
            product = 1.0;
        }
        double* __restrict next = L + t + 1;
        const double z = next[-1], zM = z * M, later = F + z * zM, share = z / later;
        for (int i = 0; i < lanes; i++) {
            const double grown = G[i] + next[i] * zM;
            G[i] = grown;
            next[i] -= grown * share;
        }
        M += zM * zM * rate;
        F = later;
        if (t % 8 == 7 && dot(next, next, lanes) * std::fabs(M) < SETTLED * F) {
            // The moving average remembers `order` rows; after these the sparse filter may go on.
            steady = true;
            stop = std::min(n, t + 1 + order);
            passed.logs += (n - t - 1) * std::log(F);
        }
    }
    passed.logs += std::log(product);
    passed.variance = F;
    passed.rows = t;
    return passed;
}

// Generalised least squares of the normalised series on the normalised columns. False if they say the same thing.
bool regressed(const Sample& sample, Room& room, Innovations& out) {
    const int n = sample.n, k = sample.columns;
    out.beta.assign(k, 0.0);
    out.error.assign(out.table.begin(), out.table.begin() + n);
    if (k == 0) return true;
    const auto row = [&](int i) { return out.table.data() + static_cast<std::size_t>(i) * n; };
    room.normal.assign(static_cast<std::size_t>(k) * k, 0.0);
    for (int i = 0; i < k; i++) {
        out.beta[i] = dot(row(0), row(i + 1), n);
        for (int j = 0; j <= i; j++) room.normal[i * k + j] = dot(row(i + 1), row(j + 1), n);
    }
    if (!factorised(room.normal.data(), k)) return false;
    solved(room.normal.data(), k, out.beta.data());
    for (int i = 0; i < k; i++) {
        const double slope = out.beta[i], *from = row(i + 1);
        for (int t = 0; t < n; t++) out.error[t] -= slope * from[t];
    }
    return true;
}

} // namespace

CLONED double dot(const double* a, const double* b, int n) {
    double sums[LANES] = {0, 0, 0, 0, 0, 0, 0, 0};
    int t = 0;
    for (; t + LANES <= n; t += LANES)
        for (int i = 0; i < LANES; i++) sums[i] += a[t + i] * b[t + i];
    for (int i = 0; t < n; t++, i++) sums[i] += a[t] * b[t];
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

bool factorised(double* matrix, int size) {
    for (int i = 0; i < size; i++)
        for (int j = 0; j <= i; j++) {
            double sum = matrix[i * size + j];
            for (int k = 0; k < j; k++) sum -= matrix[i * size + k] * matrix[j * size + k];
            if (i == j && !(sum > 1e-14 * matrix[i * size + i])) return false;
            matrix[i * size + j] = i == j ? std::sqrt(sum) : sum / matrix[j * size + j];
        }
    return true;
}

void solved(const double* factor, int size, double* right) {
    for (int i = 0; i < size; i++) {
        for (int k = 0; k < i; k++) right[i] -= factor[i * size + k] * right[k];
        right[i] /= factor[i * size + i];
    }
    for (int i = size - 1; i >= 0; i--) {
        for (int k = i + 1; k < size; k++) right[i] -= factor[k * size + i] * right[k];
        right[i] /= factor[i * size + i];
    }
}

// The autocovariances of 1 / phi(B) by stepping down to order 0 and up again, those of the ARMA by two products with
// theta, and the states' from both and the psi weights.
bool stationary(const Polynomials& polynomials, Room& room) {
    const auto &phi = polynomials.phi, &theta = polynomials.theta;
    const int p = static_cast<int>(phi.size()), q = static_cast<int>(theta.size()), last = std::max(p, q + 1);
    auto &down = room.down, &gamma = room.gamma, &product = room.product, &psi = room.psi, &column = room.column;
    down.resize(static_cast<std::size_t>(p) * p + 1);
    double variance = 1.0;
    if (p > 0) std::copy(phi.begin(), phi.end(), down.begin() + static_cast<std::size_t>(p - 1) * p);
    for (int k = p - 1; k >= 0; k--) {
        const double *row = down.data() + static_cast<std::size_t>(k) * p, r = row[k], left = 1.0 - r * r;
        if (!(left > 1e-12)) return false;
        variance *= left;
        for (int i = 0; i < k; i++) down[static_cast<std::size_t>(k - 1) * p + i] = (row[i] + r * row[k - 1 - i]) / left;
    }
    gamma.assign(p + q + 1, 0.0);
    gamma[0] = 1.0 / variance;
    for (int k = 0; k < p; k++)
        for (int i = 0; i <= k; i++) gamma[k + 1] += down[static_cast<std::size_t>(k) * p + i] * gamma[k - i];
    for (int k = p + 1; k <= p + q; k++)
        for (const Term& term : polynomials.ar) gamma[k] += term.value * gamma[k - term.lag];
    product = gamma;
    for (int k = 0; k <= p + q; k++)
        for (const Term& term : polynomials.ma) product[k] += term.value * gamma[std::abs(k - term.lag)];
    for (int k = 0; k <= p; k++) {
        gamma[k] = product[k];
        for (const Term& term : polynomials.ma) gamma[k] += term.value * product[k + term.lag];
    }
    psi.assign(q + 1, 1.0);
    for (int k = 1; k <= q; k++) {
        psi[k] = theta[k - 1];
        for (const Term& term : polynomials.ar)
            if (term.lag <= k) psi[k] += term.value * psi[k - term.lag];
    }
    column.assign(last + 1, 0.0);
    column[0] = gamma[0];
    for (int j = 1; j <= last; j++) {
        for (const Term& term : polynomials.ar)
            if (term.lag > j) column[j] += term.value * gamma[term.lag - j];
        if (j <= q) column[j] += theta[j - 1];
        for (const Term& term : polynomials.ma)
            if (term.lag > j) column[j] += term.value * psi[term.lag - j];
    }
    return true;
}

void likelihood(const Orders& orders, const double* x, const Sample& sample, Room& room, Innovations& out) {
    const int n = sample.n, series = 1 + sample.columns;
    out.f = NEVER;
    room.polynomials.expand(orders, x);
    if (!stationary(room.polynomials, room)) return;
    const int states = std::max(orders.ar(), orders.ma()), lanes = padded(states), wide = n + lanes + 1;
    const double F = room.column[0];
    room.G.assign(lanes + 1, 0.0);
    room.L.assign(wide, 0.0);
    for (int i = 0; i < states; i++) room.L[i] = room.G[i] = room.column[i + 1];
    for (const Term& term : room.polynomials.ar) room.L[term.lag - 1] += term.value * F;
    room.moved.resize(static_cast<std::size_t>(series) * n);
    room.pushed.assign(static_cast<std::size_t>(series) * wide, 0.0);
    out.table.resize(static_cast<std::size_t>(series) * n);
    for (int s = 0; s < series; s++)
        filtered(room.polynomials.ar, sample.row(s), n, room.moved.data() + static_cast<std::size_t>(s) * n);
    Passed passed;
    if (states > 0)
        passed = recursion(F, room.G.data(), room.L.data(), room.moved.data(), room.pushed.data(), out.table.data(),
                           series, n, states, orders.ma());
    const double rate = 1.0 / std::sqrt(passed.variance);
    for (int s = 0; s < series; s++) {
        const std::size_t at = static_cast<std::size_t>(s) * n;
        settled(room.polynomials.ma, room.moved.data() + at, passed.rows, n, rate, out.table.data() + at);
    }
    if (!regressed(sample, room, out)) return;
    out.squares = dot(out.error.data(), out.error.data(), n);
    if (!(out.squares > SMALLEST) || !(out.squares < 1.0 / SMALLEST)) return;
    const double count = sample.observed();
    double f = count * std::log(out.squares / count) + passed.logs;
    for (int i = 0; i < sample.gaps; i++) f += 2.0 * std::log(room.normal[i * sample.columns + i]);
    if (f == f) out.f = f;
}

} // namespace arima
