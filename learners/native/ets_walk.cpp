// The walk of exponential smoothing, forwards, with the derivatives of every state by every parameter beside it.
#include "ets_walk.hpp"

#include <algorithm>
#include <cmath>

#include "descent.hpp"

namespace {

constexpr double SMALLEST_MEAN = 1e-8;     // of a series whose mean size is 1, where errors multiply
constexpr double ROUNDING = 1e-24;         // the squared error of a perfect fit: below it all fits are equal
constexpr double LEAST = 1e-4, MOST = 0.9999;                 // of a weight
constexpr double LEAST_DAMPING = 0.8, MOST_DAMPING = 0.98;    // of phi

} // namespace

void EtsWalk::choose(EtsForm chosen, const std::vector<double>* held_terms) {
    form = chosen;
    held = form.season ? held_terms : nullptr;
    int next = 1;
    beta = form.trend ? next++ : -1;
    gamma = form.season ? next++ : -1;
    phi = form.trend == 2 ? next++ : -1;
    level = next++;
    trend = form.trend ? next++ : -1;
    first_term = form.season && !held ? next : -1;
    if (first_term >= 0) next += season - 1;
    count = static_cast<std::size_t>(next);
    terms.assign(season, 0.0);
}

double EtsWalk::low(std::size_t i) const {
    const int place = static_cast<int>(i);
    return place == phi ? LEAST_DAMPING : place < level ? LEAST : -INFINITE;
}

double EtsWalk::high(std::size_t i) const {
    const int place = static_cast<int>(i);
    return place == phi ? MOST_DAMPING : place < level ? MOST : INFINITE;
}

double EtsWalk::walk(const double* x, double* gradient, double* hessian) {
    if (held) terms = *held;
    else if (form.season) {
        double rest = form.season == 2 ? season : 0.0;
        for (int j = 0; j < season - 1; j++) rest -= terms[j] = x[first_term + j];
        terms[season - 1] = rest;
    }
    if (form.season == 2 && *std::min_element(terms.begin(), terms.end()) <= 0.0) return INFINITE;
    moving = terms;
    const bool with = gradient != nullptr;
    if (with) begin_slopes();
    switch (form.error * 3 + form.season) {
    case 0: return with ? steps<0, 0, true>(x, gradient, hessian) : steps<0, 0, false>(x, gradient, hessian);
    case 1: return with ? steps<0, 1, true>(x, gradient, hessian) : steps<0, 1, false>(x, gradient, hessian);
    case 2: return with ? steps<0, 2, true>(x, gradient, hessian) : steps<0, 2, false>(x, gradient, hessian);
    case 3: return with ? steps<1, 0, true>(x, gradient, hessian) : steps<1, 0, false>(x, gradient, hessian);
    case 4: return with ? steps<1, 1, true>(x, gradient, hessian) : steps<1, 1, false>(x, gradient, hessian);
    default: return with ? steps<1, 2, true>(x, gradient, hessian) : steps<1, 2, false>(x, gradient, hessian);
    }
}

void EtsWalk::begin_slopes() {
    for (auto* d : {&d_level, &d_trend, &d_base, &d_mean, &d_error, &d_log}) d->assign(count, 0.0);
    d_level[level] = 1.0;
    if (trend >= 0) d_trend[trend] = 1.0;
    d_terms.assign(static_cast<std::size_t>(season) * count, 0.0);
    for (int j = 0; first_term >= 0 && j < season - 1; j++) {
        d_terms[j * count + first_term + j] = 1.0;
        d_terms[(season - 1) * count + first_term + j] = -1.0;
    }
}

template <int Error, int Season, bool Slopes>
double EtsWalk::steps(const double* x, double* gradient, double* hessian) {
    const std::size_t k = count;
    const double a = x[0], b = beta >= 0 ? a * x[beta] : 0.0, c = gamma >= 0 ? x[gamma] : 0.0;
    const double damping = phi >= 0 ? x[phi] : 1.0;
    double now = x[level], slope = trend >= 0 ? x[trend] : 0.0;
    double* __restrict dl = d_level.data();
    double* __restrict db = d_trend.data();
    double* __restrict dq = d_base.data();
    double* __restrict dm = d_mean.data();
    double* __restrict de = d_error.data();
    double* __restrict dlog = d_log.data();
    if (Slopes) {
        std::fill(gradient, gradient + k, 0.0);
        std::fill(hessian, hessian + k * k, 0.0);
    }
    double logs = 0.0, product = 1.0, sum = 0.0;
    int place = 0;
    for (int t = 0; t < rows; t++) {
        const double base = now + damping * slope, seen = y[t];
        const double term = Season ? moving[place] : 0.0;
        if (Slopes) {
            for (std::size_t u = 0; u < k; u++) dq[u] = dl[u] + damping * db[u];
            for (std::size_t u = 0; u < k; u++) db[u] = damping * db[u];
            if (phi >= 0) dq[phi] += slope, db[phi] += slope;
        }
        slope = damping * slope;
        if (!(seen == seen)) {
            now = base;
            if (Slopes) std::copy(dq, dq + k, dl);
            if (Season && ++place == season) place = 0;
            continue;
        }
        const double mean = Season == 0 ? base : Season == 1 ? base + term : base * term;
        double error = seen - mean;
        if (Error == 1) {
            if (!(mean > SMALLEST_MEAN)) return INFINITE;
            error /= mean;
            product *= mean;
            if (product > 1e100 || product < 1e-100) logs += std::log(product), product = 1.0;
        }
        sum += error * error;
        const double surprise = (Season == 0 ? seen : Season == 1 ? seen - term : seen / term) - base;
        now = base + a * surprise;
        slope += b * surprise;
        if (Season == 2 && !(std::abs(now) > SMALLEST_MEAN)) return INFINITE;
        const double fresh = Season == 2 ? seen / now : seen - now;
        if (Slopes) {
            const double per_mean = Error == 1 ? -seen / (mean * mean) : -1.0;
            double* __restrict ds = Season ? d_terms.data() + place * k : nullptr;
            const double per_term = Season == 2 ? -seen / (term * term) : -1.0;
            for (std::size_t u = 0; u < k; u++) {
                const double moved = Season == 0 ? -dq[u] : per_term * ds[u] - dq[u]; // the derivative of the surprise
                dm[u] = Season == 0 ? dq[u] : Season == 1 ? dq[u] + ds[u] : dq[u] * term + base * ds[u];
                de[u] = per_mean * dm[u];
                dl[u] = dq[u] + a * moved;
                db[u] += b * moved;
            }
            dl[0] += surprise;
            if (beta >= 0) db[0] += x[beta] * surprise, db[beta] += a * surprise;
            if (Season) {
                const double per_level = Season == 2 ? -seen / (now * now) : -1.0;
                for (std::size_t u = 0; u < k; u++) ds[u] += c * (per_level * dl[u] - ds[u]);
                ds[gamma] += fresh - term;
            }
            for (std::size_t u = 0; u < k; u++) gradient[u] += error * de[u];
            if (Error == 1)
                for (std::size_t u = 0; u < k; u++) dlog[u] += dm[u] / mean;
            for (std::size_t u = 0; u < k; u++) {
                const double d = de[u];
                double* __restrict row = hessian + u * k;
                for (std::size_t v = 0; v <= u; v++) row[v] += d * de[v];
            }
        }
        if (Season) {
            moving[place] = term + c * (fresh - term);
            if (++place == season) place = 0;
        }
    }
    if (!(sum < 1e300)) return INFINITE;
    squares = sum;
    const double counted = std::max(sum, ROUNDING * known);
    if (Slopes) {
        const double factor = 2.0 * known / counted;
        for (std::size_t u = 0; u < k; u++) gradient[u] = factor * gradient[u] + (Error == 1 ? 2.0 * dlog[u] : 0.0);
        for (std::size_t u = 0; u < k * k; u++) hessian[u] *= factor;
    }
    return known * std::log(counted) + (Error == 1 ? 2.0 * (logs + std::log(product)) : 0.0);
}
