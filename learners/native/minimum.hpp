// Minimum: the lowest point of a function of one variable.
#pragma once

#include <algorithm>
#include <cmath>

// The place of `i` among `parts` + 1 side by side in [low, high].
inline double place_of(int i, double low, double high, int parts) {
    return i == parts ? high : low + i * ((high - low) / parts);
}

// The lowest point of f in [a, b], by Brent's parabolas from `best` on, where f is `best_value`.
// Brent (1973), Algorithms for Minimization without Derivatives, chapter 5.
template <typename Function>
double lowest_between(const Function& f, double a, double b, double best, double best_value, double tolerance) {
    constexpr double golden = 0.3819660112501051;
    double x = best, fx = best_value;
    double w = x, v = x, fw = fx, fv = fx, step = 0.0, before = 0.0;
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (a + b), near = tolerance * std::abs(x) + 1e-12;
        if (std::abs(x - middle) <= 2.0 * near - 0.5 * (b - a)) break;
        double p = 0.0, q = 0.0;
        if (std::abs(before) > near) {
            const double r = (x - w) * (fx - fv);
            q = (x - v) * (fx - fw);
            p = (x - v) * q - (x - w) * r;
            q = 2.0 * (q - r);
            if (q > 0.0) p = -p;
            q = std::abs(q);
        }
        const bool parabola = std::abs(p) < std::abs(0.5 * q * before) && p > q * (a - x) && p < q * (b - x);
        before = parabola ? step : (x < middle ? b - x : a - x);
        step = parabola ? p / q : golden * before;
        if (parabola && (x + step - a < 2.0 * near || b - x - step < 2.0 * near)) step = x < middle ? near : -near;
        const double u = x + (std::abs(step) >= near ? step : step > 0.0 ? near : -near), fu = f(u);
        if (fu <= fx) {
            (u < x ? b : a) = x;
            v = w, fv = fw, w = x, fw = fx, x = u, fx = fu;
        } else {
            (u < x ? a : b) = u;
            if (fu <= fw || w == x) v = w, fv = fw, w = u, fw = fu;
            else if (fu <= fv || v == x || v == w) v = u, fv = fu;
        }
    }
    return fx <= best_value ? x : best;
}

// The lowest point of f in [low, high]: the best of `parts` + 1 places side by side, then between its neighbours.
// `values`, if given, are those of f at these places.
template <typename Function>
double lowest(const Function& f, double low, double high, int parts, double tolerance,
              const double* values = nullptr) {
    const double gap = (high - low) / parts;
    double best = low, best_value = values ? values[0] : f(low);
    for (int i = 1; i <= parts; i++) {
        const double place = place_of(i, low, high, parts), value = values ? values[i] : f(place);
        if (value < best_value) best = place, best_value = value;
    }
    return lowest_between(f, std::max(low, best - gap), std::min(high, best + gap), best, best_value, tolerance);
}
