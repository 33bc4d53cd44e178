// Decomposition: a moving average over one season, and the mean distance from it in each place of the season.
#pragma once

#include <vector>

// The values from the first to the last that is there, straight lines across the missing ones, divided by `scale`.
inline void fill_gaps(const double* y, int rows, double scale, std::vector<double>& filled) {
    filled.resize(rows);
    int before = -1;
    for (int t = 0; t < rows; t++) {
        if (!(y[t] == y[t])) continue;
        filled[t] = y[t] / scale;
        for (int u = before + 1; u < t; u++) {
            const double way = static_cast<double>(u - before) / (t - before);
            filled[u] = before < 0 ? filled[t] : filled[before] + way * (filled[t] - filled[before]);
        }
        before = t;
    }
}

// The season of y (rows,): terms[j] belongs to rows j, j + season, ...; they sum to 0 or, where they multiply, to
// `season`. Needs two seasons. Source: Kendall & Stuart, The Advanced Theory of Statistics, vol. 3 (1983), 410-414.
inline void seasonal_terms(const std::vector<double>& y, int season, bool multiplies, std::vector<double>& terms) {
    const int rows = static_cast<int>(y.size()), half = season / 2;
    std::vector<int> counts(season, 0);
    terms.assign(season, 0.0);
    for (int t = half; t < rows - half; t++) {
        double trend = 0.0;
        for (int u = t - half; u <= t + half; u++) {
            const bool edge = season % 2 == 0 && (u == t - half || u == t + half);
            trend += edge ? 0.5 * y[u] : y[u];
        }
        trend /= season;
        if (multiplies && trend == 0.0) continue;
        terms[t % season] += multiplies ? y[t] / trend : y[t] - trend;
        counts[t % season]++;
    }
    double total = 0.0;
    for (int j = 0; j < season; j++) {
        terms[j] = counts[j] > 0 ? terms[j] / counts[j] : (multiplies ? 1.0 : 0.0);
        total += terms[j];
    }
    for (double& term : terms) term = multiplies ? term * season / total : term - total / season;
}
