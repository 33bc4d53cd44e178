// Corners: the lowest point of a quadratic whose last variables pay for their absolute values, exactly.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

// A Cholesky factor into the lower half of `factor` (size, size) of the lower half of `matrix`. A pivot that is nothing
// but rounding is made huge, which keeps its variable where it is.
inline void prophet_factor(const double* matrix, std::size_t size, std::size_t stride, double* factor) {
    for (std::size_t i = 0; i < size; i++)
        for (std::size_t j = 0; j <= i; j++) {
            double s = matrix[i * stride + j];
            for (std::size_t u = 0; u < j; u++) s -= factor[i * size + u] * factor[j * size + u];
            if (i != j) factor[i * size + j] = s / factor[j * size + j];
            else factor[i * size + i] = s > 1e-14 * matrix[i * stride + i] && s > 1e-280 ? std::sqrt(s) : 1e150;
        }
}

inline void prophet_forward(const double* factor, std::size_t size, double* x) {
    for (std::size_t i = 0; i < size; i++) {
        double s = x[i];
        for (std::size_t u = 0; u < i; u++) s -= factor[i * size + u] * x[u];
        x[i] = s / factor[i * size + i];
    }
}

inline void prophet_backward(const double* factor, std::size_t size, double* x) {
    for (std::size_t i = size; i-- > 0;) {
        x[i] /= factor[i * size + i];
        for (std::size_t u = 0; u < i; u++) x[u] -= factor[i * size + u] * x[i];
    }
}

// x minimises x'Qx / 2 - q'x + price * |x|, Q (size, size) positive definite, by an active set: with the signs of the
// variables that are not zero given, the minimum is a linear system; on the way there a variable that reaches zero
// stays there, and one at zero whose slope exceeds the price leaves it. The value falls with every step, so it ends.
// (Lee, Battle, Raina & Ng 2007, Efficient sparse coding algorithms, algorithm 1, with the first zero on the way.)
class Corners {
  public:
    // `x` comes with a guess: the solution of a similar problem.
    void solve(const double* q_matrix, const double* q, double price, std::size_t count, double* x) {
        size = count;
        matrix = q_matrix;
        active.clear();
        for (std::size_t j = 0; j < size; j++) {
            if (!(matrix[j * size + j] > 0)) x[j] = 0.0;
            if (x[j] != 0.0) active.push_back(j);
        }
        signs.assign(size, 0.0);
        for (const std::size_t j : active) signs[j] = x[j] > 0 ? 1.0 : -1.0;
        double largest = 0.0;
        for (std::size_t j = 0; j < size; j++) largest = std::max(largest, std::fabs(q[j]));
        for (std::size_t step = 0; step < 100 + 20 * size; step++) {
            if (!active.empty() && !walk(q, price, x)) continue;
            if (!leave(q, price * (1.0 + 1e-10) + 1e-15 * largest, x)) return;
        }
    }

  private:
    // Towards the minimum of the signs that are given; false if one of the variables became zero on the way.
    bool walk(const double* q, double price, double* x) {
        const std::size_t n = active.size();
        part.resize(n * n);
        factor.resize(n * n);
        goal.resize(n);
        for (std::size_t a = 0; a < n; a++) {
            for (std::size_t b = 0; b <= a; b++) part[a * n + b] = matrix[active[a] * size + active[b]];
            double s = q[active[a]] - price * signs[active[a]];
            for (std::size_t b = 0; b < n; b++) s -= matrix[active[a] * size + active[b]] * x[active[b]];
            goal[a] = s; // a step, not a place: exact where x already is right
        }
        prophet_factor(part.data(), n, n, factor.data());
        prophet_forward(factor.data(), n, goal.data());
        prophet_backward(factor.data(), n, goal.data());
        double share = 1.0;
        std::size_t first = n;
        for (std::size_t a = 0; a < n; a++) {
            const double from = x[active[a]];
            if ((from + goal[a]) * signs[active[a]] > 0) continue;
            const double reached = goal[a] != 0.0 ? -from / goal[a] : 0.0;
            if (reached < share || first == n) {
                share = std::min(std::max(reached, 0.0), 1.0);
                first = a;
            }
        }
        for (std::size_t a = 0; a < n; a++) x[active[a]] += share * goal[a];
        if (first == n) return true;
        x[active[first]] = 0.0;
        signs[active[first]] = 0.0;
        active.erase(active.begin() + static_cast<std::ptrdiff_t>(first));
        return false;
    }

    // The variable at zero with the steepest slope beyond `price` becomes active; false if there is none.
    bool leave(const double* q, double price, const double* x) {
        std::size_t chosen = size;
        double steepest = price, direction = 0.0;
        for (std::size_t j = 0; j < size; j++) {
            if (signs[j] != 0.0 || !(matrix[j * size + j] > 0)) continue;
            double slope = q[j];
            for (const std::size_t a : active) slope -= matrix[j * size + a] * x[a];
            if (std::fabs(slope) > steepest) {
                steepest = std::fabs(slope);
                chosen = j;
                direction = slope > 0 ? 1.0 : -1.0;
            }
        }
        if (chosen == size) return false;
        signs[chosen] = direction;
        active.insert(std::lower_bound(active.begin(), active.end(), chosen), chosen);
        return true;
    }

    std::size_t size = 0;
    const double* matrix = nullptr;
    std::vector<std::size_t> active;
    std::vector<double> signs, part, factor, goal;
};
