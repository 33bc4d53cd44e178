// Fit: Gauss-Newton steps with an exact gradient where it counts.
#include "arma_fit.hpp"

#include <algorithm>

namespace arima {

namespace {

constexpr double NUDGE = 1e-6; // of finite differences; towards zero, so that it stays admissible

// out = in / (1 + sum c[j] B^((j + 1) lag))
CLONED void unrolled(const double* in, int n, const double* c, int count, int lag, double* out) {
    for (int t = 0; t < n; t++) {
        double sum = in[t];
        for (int j = std::min(count, t / lag) - 1; j >= 0; j--) sum -= c[j] * out[t - (j + 1) * lag];
        out[t] = sum;
    }
}

// out = (1 - sum c[j] B^((j + 1) lag)) in
CLONED void lagged_out(const double* in, int n, const double* c, int count, int lag, double* out) {
    std::copy(in, in + n, out);
    for (int j = 0; j < count; j++)
        for (int t = (j + 1) * lag; t < n; t++) out[t] -= c[j] * in[t - (j + 1) * lag];
}

} // namespace

// The derivatives of the residuals, which are theta^-1 phi w: of an ar coefficient -B^i (sphi / theta stheta) w, of a
// ma coefficient -B^i e / theta, and so on for the seasonal ones.
void Fitter::linearise(const Fitted& best) {
    const int n = sample.n, k = orders.count();
    const double *ar = best.x.data(), *ma = ar + orders.p, *sar = ma + orders.q, *sma = sar + orders.P;
    const double* error = best.innovations.error.data();
    for (auto& series : filtered) series.resize(n);
    if (orders.p + orders.P > 0) {
        lagged.assign(sample.row(0), sample.row(0) + n);
        half.resize(n);
        for (int c = 0; c < sample.columns; c++)
            for (int t = 0; t < n; t++) lagged[t] -= best.innovations.beta[c] * sample.row(c + 1)[t];
        unrolled(lagged.data(), n, ma, orders.q, 1, half.data());
        unrolled(half.data(), n, sma, orders.Q, orders.season, lagged.data());
        if (orders.p > 0) lagged_out(lagged.data(), n, sar, orders.P, orders.season, filtered[0].data());
        if (orders.P > 0) lagged_out(lagged.data(), n, ar, orders.p, 1, filtered[2].data());
    }
    if (orders.q > 0) unrolled(error, n, ma, orders.q, 1, filtered[1].data());
    if (orders.Q > 0) unrolled(error, n, sma, orders.Q, orders.season, filtered[3].data());
    columns.clear();
    const std::array<int, 4> counts{orders.p, orders.q, orders.P, orders.Q};
    for (int kind = 0; kind < 4; kind++)
        for (int i = 0; i < counts[kind]; i++) {
            const int stride = kind < 2 ? 1 : orders.season;
            columns.push_back({kind, (i + 1) * stride, stride, i == 0});
        }
    const double scale = 2.0 * sample.observed() / best.innovations.squares;
    hessian.resize(static_cast<std::size_t>(k) * k);
    newton.resize(k);
    for (int i = 0; i < k; i++) {
        const int late = columns[i].late;
        newton[i] = late < n ? -scale * dot(filtered[columns[i].filtered].data(), error + late, n - late) : 0.0;
        for (int j = 0; j <= i; j++) hessian[i * k + j] = hessian[j * k + i] = scale * product(i, j);
    }
}

double Fitter::product(int i, int j) const {
    const Column &a = columns[i], &b = columns[j];
    const int n = sample.n, late = std::max(a.late, b.late);
    if (late >= n) return 0.0;
    return dot(filtered[a.filtered].data() + late - a.late, filtered[b.filtered].data() + late - b.late, n - late);
}

// Finite differences of the exact f say what the Gauss-Newton gradient leaves out.
void Fitter::correct(const Fitted& best) {
    next = best.x;
    for (std::size_t i = 0; i < next.size(); i++) {
        const double nudge = next[i] < 0.0 ? NUDGE : -NUDGE;
        next[i] += nudge;
        likelihood(orders, next.data(), sample, room, trial);
        next[i] = best.x[i];
        gradient[i] = (trial.f - best.f()) / nudge;
        correction[i] = gradient[i] - newton[i];
    }
    fresh = true;
    age = 0;
    gained = 0.0;
}

// The damped Newton step. False if the damped Hessian is not positive definite.
bool Fitter::direction() {
    const int k = orders.count();
    factor = hessian;
    for (int i = 0; i < k; i++) factor[i * k + i] += damping * hessian[i * k + i] + 1e-10;
    if (!factorised(factor.data(), k)) return false;
    for (int i = 0; i < k; i++) move[i] = -gradient[i];
    solved(factor.data(), k, move.data());
    return true;
}

// Cuts the step until it ends in the admissible region.
bool Fitter::shorten(const std::vector<double>& x) {
    length = 1.0;
    for (int cut = 0; cut < 12; cut++, length *= 0.6) {
        next = x;
        for (std::size_t i = 0; i < x.size(); i++) next[i] += length * move[i];
        if (admissible(orders, next.data(), 1.0, EDGE, room.scratch)) return true;
    }
    return false;
}

Fitter::Step Fitter::step(Fitted& best, double tolerance, double needed, bool late) {
    const int k = orders.count();
    for (int i = 0; i < k; i++) gradient[i] = newton[i] + correction[i];
    for (int tries = 0; tries < 10; tries++) {
        if (!direction()) {
            damping = std::max(damping * 10.0, 1e-3);
            continue;
        }
        double promised = 0.0;
        for (int i = 0; i < k; i++) promised -= 0.5 * gradient[i] * move[i];
        if (promised < tolerance && (fresh || (age <= 3 && gained < 1.0))) return Step::done;
        if (promised < tolerance || (promised < 0.05 && age > 5)) {
            correct(best);
            continue;
        }
        // Steps rarely gain four times what they promise.
        if (late && damping < 1e-2 && best.f() - 4.0 * promised - 0.5 > needed) return Step::hopeless;
        if (!shorten(best.x)) return Step::stuck;
        likelihood(orders, next.data(), sample, room, trial);
        if (trial.f < best.f() - 0.02 * length * promised) {
            if (trial.f > best.f() - 0.5 * length * promised && age > 2 && promised < 2.0) age = 6;
            gained += promised;
            best.x = next;
            std::swap(best.innovations, trial);
            fresh = false;
            age++;
            if (length == 1.0) damping = std::max(damping * 0.1, 1e-6);
            return Step::moved;
        }
        if (fresh)
            damping = std::max(damping * 10.0, 1e-2);
        else
            correct(best);
    }
    return Step::stuck;
}

bool Fitter::improve(Fitted& best, double tolerance, int steps, double needed) {
    likelihood(orders, best.x.data(), sample, room, best.innovations);
    if (orders.count() == 0 || best.f() == NEVER) return best.f() < NEVER;
    correction.assign(orders.count(), 0.0);
    gradient.resize(orders.count());
    move.resize(orders.count());
    for (int i = 0; i < steps; i++) {
        linearise(best);
        const Step made = step(best, tolerance, needed, i >= 2);
        if (made != Step::moved) return made == Step::done;
    }
    return false;
}

void settle(const Orders& orders, const Sample& sample, const Starts& starts, Room& room, Fitted& best) {
    constexpr double TOLERANCE = 1e-7;
    constexpr int STEPS = 100;
    if (orders.count() == 0) return;
    Fitter(orders, sample, room).improve(best, TOLERANCE, STEPS, NEVER);
    for (int start = 0; start < 4; start++) {
        Fitted other;
        if (start == 0) starts.hannan_rissanen(orders, other.x, room.scratch);
        if (start > 0) other.x.assign(orders.count(), 0.0);
        if (start > 1) { // two regions where modes often lie: slow or fast reversal, an over-differenced season
            const double first = start == 2 ? 0.4 : -0.4;
            if (orders.p > 0) other.x[0] = first;
            if (orders.q > 0) other.x[orders.p] = -0.9 * first;
            if (orders.P > 0) other.x[orders.p + orders.q] = 0.5 * first;
            if (orders.Q > 0) other.x[orders.p + orders.q + orders.P] = -0.5;
        }
        Fitter(orders, sample, room).improve(other, TOLERANCE, STEPS, best.f());
        if (other.f() < best.f()) std::swap(best, other);
    }
}

} // namespace arima
