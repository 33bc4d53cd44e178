// Descent: the lowest point of a sum of squares (or nearly one) inside a box, by Levenberg and Marquardt's steps.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

constexpr double INFINITE = std::numeric_limits<double>::infinity();

// How far to go. `tolerance`: the gain that is not worth a step; a descent is given up when four times the gain that
// it expects would still leave it above `enough`.
struct Patience {
    double tolerance;
    int steps;
    double enough = INFINITE;
};

// Levenberg (1944), Marquardt (1963), with the variables that push against the box held for the step.
// `Objective`: size(); low(i) and high(i); value(x), infinite outside of where it is defined; slopes(x, gradient, hessian)
// = value(x), with the gradient (size,) and an approximate second derivative (size, size; the lower half counts).
class Descent {
  public:
    template <typename Objective>
    double run(Objective& objective, std::vector<double>& x, const Patience& patience) {
        size = objective.size();
        for (auto* v : {&gradient, &step, &trial}) v->assign(size, 0.0);
        for (auto* v : {&hessian, &factor}) v->assign(size * size, 0.0);
        double damping = 1e-2, value = objective.slopes(x.data(), gradient.data(), hessian.data());
        if (!(value < INFINITE)) return INFINITE;
        for (int taken = 0; taken < patience.steps; taken++) {
            double gain = 0.0;
            for (int attempt = 0; attempt < 14 && damping < 1e9; attempt++) {
                const double expected = propose(objective, x, damping);
                if (expected < patience.tolerance) return value;
                const bool settled = taken >= 3 && damping < 0.1;
                if (settled && value - 4.0 * expected - 0.5 > patience.enough) return value;
                const double found = objective.value(trial.data());
                if (found < value - 1e-3 * expected) {
                    gain = value - found;
                    damping = std::max(damping * (gain > 0.5 * expected ? 0.1 : 0.5), 1e-9);
                    break;
                }
                damping = std::max(damping * 8.0, 1e-4);
            }
            if (gain == 0.0) return value;
            x = trial;
            value = objective.slopes(x.data(), gradient.data(), hessian.data());
            if (gain < patience.tolerance) return value;
        }
        return value;
    }

  private:
    // A damped step into `trial`, inside the box; the gain that it should bring.
    template <typename Objective>
    double propose(const Objective& objective, const std::vector<double>& x, double damping) {
        const auto held = [&](std::size_t i) {
            return (x[i] <= objective.low(i) && gradient[i] > 0) || (x[i] >= objective.high(i) && gradient[i] < 0);
        };
        for (std::size_t i = 0; i < size; i++) {
            const bool out = held(i);
            for (std::size_t j = 0; j <= i; j++) {
                double s = hessian[i * size + j];
                if (out || held(j)) s = i == j ? 1.0 : 0.0;
                else if (i == j) s = s * (1.0 + damping) + 1e-12;
                for (std::size_t u = 0; u < j; u++) s -= factor[i * size + u] * factor[j * size + u];
                if (i == j) factor[i * size + i] = s > 1e-300 ? std::sqrt(s) : 1e150;
                else factor[i * size + j] = s / factor[j * size + j];
            }
            step[i] = out ? 0.0 : -gradient[i];
            for (std::size_t u = 0; u < i; u++) step[i] -= factor[i * size + u] * step[u];
            step[i] /= factor[i * size + i];
        }
        double expected = 0.0;
        for (std::size_t i = size; i-- > 0;) {
            for (std::size_t u = i + 1; u < size; u++) step[i] -= factor[u * size + i] * step[u];
            step[i] /= factor[i * size + i];
            trial[i] = std::min(std::max(x[i] + step[i], objective.low(i)), objective.high(i));
            expected -= 0.5 * gradient[i] * (trial[i] - x[i]);
        }
        return expected;
    }

    std::size_t size = 0;
    std::vector<double> gradient, step, trial, hessian, factor;
};
