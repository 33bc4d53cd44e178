// Doubt: the information is that of Gauss and Newton, and that a weight lies somewhere in its range.
#include "ets_doubt.hpp"

#include <algorithm>
#include <cmath>

#include "descent.hpp"

bool EtsDoubt::factorise(EtsWalk& walk, const std::vector<double>& x, double variance) {
    size = walk.count;
    gradient.assign(size, 0.0);
    factor.assign(size * size, 0.0);
    if (!(walk.slopes(x.data(), gradient.data(), factor.data()) < INFINITE)) return false;
    for (std::size_t i = 0; i < size; i++)
        for (std::size_t j = 0; j <= i; j++) {
            double s = walk.products[i * walk.wide + j] / variance;
            // The variance of a uniform distribution between the bounds.
            if (i == j && static_cast<int>(i) < walk.level) s += 12.0 / std::pow(walk.high(i) - walk.low(i), 2);
            for (std::size_t u = 0; u < j; u++) s -= factor[i * size + u] * factor[j * size + u];
            if (i == j && !(s > 0.0)) return false;
            factor[i * size + j] = i == j ? std::sqrt(s) : s / factor[j * size + j];
        }
    return true;
}

void EtsDoubt::whiten(const double* d, double* out) const {
    for (std::size_t i = 0; i < size; i++) {
        double s = d[i];
        for (std::size_t u = 0; u < i; u++) s -= factor[i * size + u] * out[u];
        out[i] = s / factor[i * size + i];
    }
}

void EtsDoubt::run(EtsWalk& walk, const std::vector<double>& x, double variance, double scale, double* numbers) {
    const int season = walk.season;
    std::fill(numbers, numbers + ETS_DOUBTS + DOUBTS_A_TERM * season, 0.0);
    if (!(variance > 0.0)) return;
    if (!factorise(walk, x, variance)) {
        std::fill(numbers, numbers + ETS_DOUBTS + DOUBTS_A_TERM * season, std::nan(""));
        return;
    }
    white.assign(8 * size, 0.0);
    const auto row = [&](int i) { return white.data() + i * size; };
    double *level = row(0), *trend = row(1), *phi = row(2), *alpha = row(3), *beta = row(4), *gamma = row(5);
    double *term = row(6), *unit_vector = row(7);
    const auto weight = [&](int place, double by_alpha, double by_place, double* out) {
        if (place < 0) return;
        std::fill(unit_vector, unit_vector + size, 0.0);
        unit_vector[0] = by_alpha;
        unit_vector[place] = by_place;
        whiten(unit_vector, out);
    };
    whiten(walk.d_level, level);
    whiten(walk.d_trend, trend);
    weight(0, 1.0, 1.0, alpha);
    if (walk.beta >= 0) weight(walk.beta, x[walk.beta], x[0], beta);
    if (walk.gamma >= 0) weight(walk.gamma, -x[walk.gamma], 1.0 - x[0], gamma);
    weight(walk.phi, 0.0, 1.0, phi);
    const auto product = [&](const double* a, const double* b) {
        double s = 0.0;
        for (std::size_t i = 0; i < size; i++) s += a[i] * b[i];
        return s;
    };
    const auto covariances = [&](int first, double* a, double by_a, double* b, double by_b, double* c, double by_c) {
        const double *vectors[] = {a, b, c}, units[] = {by_a, by_b, by_c};
        const int pairs[6][2] = {{0, 0}, {0, 1}, {1, 1}, {2, 0}, {2, 1}, {2, 2}};
        for (int i = 0; i < 6; i++) {
            const int u = pairs[i][0], v = pairs[i][1];
            numbers[first + i] = product(vectors[u], vectors[v]) * units[u] * units[v];
        }
    };
    covariances(LEVEL_LEVEL, level, scale, trend, scale, phi, 1.0);
    covariances(ALPHA_ALPHA, alpha, 1.0, beta, 1.0, gamma, 1.0);
    const double unit = walk.form.season == 1 ? scale : 1.0;
    for (int j = 0; walk.form.season && j < season; j++) {
        double* out = numbers + ETS_DOUBTS + j;
        whiten(walk.d_terms + j * walk.wide, term);
        // A held term is a mean of as many values as there are seasons.
        const double apart = walk.first_term < 0 ? variance * season / walk.known : 0.0;
        out[0] = (product(term, term) + apart) * unit * unit;
        out[season] = product(term, level) * unit * scale;
        out[2 * season] = product(term, trend) * unit * scale;
        out[3 * season] = product(term, phi) * unit;
    }
}
