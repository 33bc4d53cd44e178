// One step of Prophet's fit.
#include "prophet_step.hpp"

#include <algorithm>
#include <cmath>

double most_probable_noise(double squares, double rows) {
    return std::sqrt(2.0 * squares / (rows + std::sqrt(rows * rows + 16.0 * squares)));
}

// In units of noise^2: (gram + v (precision + damping)) d - with_errors + v precision center, and price v for each corner. The
// smooth numbers are eliminated (a Schur complement), the corners solved, the smooth numbers follow.
double ProphetStep::solve(double noise, double* place) {
    const std::size_t n = smooth + corners;
    const double v = noise * noise;
    matrix.resize(smooth * smooth);
    factor.resize(smooth * smooth);
    for (std::size_t i = 0; i < smooth; i++) {
        std::copy_n(&gram[i * n], i + 1, &matrix[i * smooth]);
        matrix[i * smooth + i] += v * (precision[i] + damping);
    }
    prophet_factor(matrix.data(), smooth, smooth, factor.data());
    moved.resize(n);
    for (std::size_t i = 0; i < smooth; i++) moved[i] = with_errors[i] - v * precision[i] * center[i];
    prophet_forward(factor.data(), smooth, moved.data());
    sides.resize(corners * smooth);
    remaining.resize(corners * corners);
    reduced.resize(corners);
    for (std::size_t s = 0; s < corners; s++) {
        double* side = &sides[s * smooth];
        std::copy_n(&gram[(smooth + s) * n], smooth, side);
        prophet_forward(factor.data(), smooth, side);
        for (std::size_t r = 0; r <= s; r++) {
            double q = gram[(smooth + s) * n + smooth + r];
            for (std::size_t i = 0; i < smooth; i++) q -= side[i] * sides[r * smooth + i];
            if (r == s) q += v * damping;
            // What is left of a column after the others by rounding alone is nothing.
            if (r == s && q < 1e-13 * gram[(smooth + s) * n + smooth + s]) q = 0.0;
            remaining[s * corners + r] = remaining[r * corners + s] = q;
        }
        reduced[s] = with_errors[smooth + s];
        for (std::size_t i = 0; i < smooth; i++) reduced[s] -= side[i] * moved[i];
    }
    for (std::size_t s = 0; s < corners; s++)
        for (std::size_t r = 0; r < corners; r++) reduced[s] += remaining[s * corners + r] * center[smooth + r];
    lasso.solve(remaining.data(), reduced.data(), v * price, corners, place + smooth);
    for (std::size_t s = 0; s < corners; s++) {
        moved[smooth + s] = place[smooth + s] - center[smooth + s];
        for (std::size_t i = 0; i < smooth; i++) moved[i] -= sides[s * smooth + i] * moved[smooth + s];
    }
    prophet_backward(factor.data(), smooth, moved.data());
    double sum = squares;
    for (std::size_t i = 0; i < n; i++) {
        double along = -2.0 * with_errors[i];
        for (std::size_t j = 0; j < n; j++) along += gram[i * n + j] * moved[j];
        sum += along * moved[i];
        if (i < smooth) place[i] = center[i] + moved[i];
    }
    return std::max(sum, 0.0);
}

// A fixed point of noise -> numbers -> noise, on the scale of logarithms. The map is increasing (more noise, more
// squares), so its own steps never pass the fixed point; secants are taken once they are short, or bracket it.
double ProphetStep::settle(double noise, double lowest, double tolerance, double* place) {
    const double bottom = std::log(lowest);
    double at = std::max(std::log(noise), bottom), before = at, missed_before = 0.0;
    double low = -1e9, high = 1e9;
    for (int i = 0; i < 80; i++) {
        const double squares_there = solve(std::exp(at), place);
        const double found = std::max(std::log(most_probable_noise(std::max(squares_there, 1e-300), rows)), bottom);
        const double missed = found - at;
        if (std::fabs(missed) < tolerance) return std::exp(at);
        (missed > 0 ? low : high) = at;
        double move = missed;
        if (i > 0 && missed != missed_before) {
            const double secant = -missed * (at - before) / (missed - missed_before);
            const double least = std::fabs(missed), longest = std::max(least, std::min(10.0 * least, 1.5));
            if (secant * missed > 0) move = std::copysign(std::clamp(std::fabs(secant), least, longest), missed);
        }
        before = at;
        missed_before = missed;
        at = std::max(at + move, bottom);
        if (low > -1e9 && high < 1e9 && (at <= low || at >= high || i % 4 == 3)) at = 0.5 * (low + high);
    }
    return std::exp(at);
}
