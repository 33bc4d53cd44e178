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
// `Objective`: size(); low(i) and high(i); slopes(x, gradient, hessian), the value, infinite outside of where it is
// defined, with the gradient (size,) and an approximate second derivative (size, size; the lower half counts).
class Descent {
  public:
    template <typename Objective>
    double run(Objective& objective, std::vector<double>& x, const Patience& patience) {
        size = objective.size();
        for (auto* v : {&gradient, &next_gradient, &step, &trial, &lows, &highs}) v->resize(size);
        for (auto* v : {&hessian, &next_hessian, &factor}) v->resize(size * size);
        held.resize(size);
        for (std::size_t i = 0; i < size; i++) lows[i] = objective.low(i), highs[i] = objective.high(i);
        double damping = 1e-2, value = objective.slopes(x.data(), gradient.data(), hessian.data());
        if (!(value < INFINITE)) return INFINITE;
        for (int taken = 0; taken < patience.steps; taken++) {
            double gain = 0.0;
            for (int attempt = 0; attempt < 14 && damping < 1e9; attempt++) {
                const double expected = propose(x, damping);
                if (expected < patience.tolerance) return value;
                const bool settled = taken >= 3 && damping < 0.1;
                if (settled && value - 4.0 * expected - 0.5 > patience.enough) return value;
                // Nine of ten steps are taken, so that slopes are asked for at once.
                const double found = objective.slopes(trial.data(), next_gradient.data(), next_hessian.data());
                if (found < value - 1e-3 * expected) {
                    gain = value - found;
                    value = found;
                    damping = std::max(damping * (gain > 0.5 * expected ? 0.1 : 0.5), 1e-9);
                    break;
                }
                damping = std::max(damping * 8.0, 1e-4);
            }
            if (gain == 0.0) return value;
            x = trial;
            gradient.swap(next_gradient);
            hessian.swap(next_hessian);
            if (gain < patience.tolerance) return value;
        }
        return value;
    }

  private:
    // A damped step into `trial`, inside the box; the gain that it should bring.
    double propose(const std::vector<double>& x, double damping) {
        for (std::size_t i = 0; i < size; i++)
            held[i] = (x[i] <= lows[i] && gradient[i] > 0) || (x[i] >= highs[i] && gradient[i] < 0);
        for (std::size_t i = 0; i < size; i++) {
            double* row = factor.data() + i * size;
            for (std::size_t j = 0; j <= i; j++) {
                const double* other = factor.data() + j * size;
                double s = hessian[i * size + j];
                if (held[i] || held[j]) s = i == j ? 1.0 : 0.0;
                else if (i == j) s = s * (1.0 + damping) + 1e-12;
                for (std::size_t u = 0; u < j; u++) s -= row[u] * other[u];
                if (i == j) row[i] = s > 1e-300 ? std::sqrt(s) : 1e150;
                else row[j] = s / other[j];
            }
            step[i] = held[i] ? 0.0 : -gradient[i];
            for (std::size_t u = 0; u < i; u++) step[i] -= row[u] * step[u];
            step[i] /= row[i];
        }
        double expected = 0.0;
        for (std::size_t i = size; i-- > 0;) {
            for (std::size_t u = i + 1; u < size; u++) step[i] -= factor[u * size + i] * step[u];
            step[i] /= factor[i * size + i];
            trial[i] = std::min(std::max(x[i] + step[i], lows[i]), highs[i]);
            expected -= 0.5 * gradient[i] * (trial[i] - x[i]);
        }
        return expected;
    }

    std::size_t size = 0;
    std::vector<double> gradient, next_gradient, step, trial, hessian, next_hessian, factor, lows, highs;
    std::vector<char> held; // variables that push against the box
};
