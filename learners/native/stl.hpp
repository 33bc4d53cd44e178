// Stl: how strong a season is, from a decomposition by loess. Sources: Cleveland et al. (1990), STL: A
// seasonal-trend decomposition procedure based on loess; Wang, Smith & Hyndman (2006) for the strength.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace arima {

class Loess {
public:
    // `window` points around each, by a constant (degree 0) or a line (degree 1).
    Loess(int window, int degree) : window(window), degree(degree) {}

    // The smooth of y (n,) at the positions 1 .. n, into `out`. Inside, the weights are the same at every point.
    void smooth(const double* y, int n, double* out) {
        const int half = (window + 1) / 2;
        bool shared = false;
        int left = 1, right = std::min(window, n), first = 0;
        for (int i = 1; i <= n; i++) {
            if (i > half && right < n && window < n) {
                left++, right++;
                if (shared) {
                    double sum = 0.0;
                    for (int j = 0; j < window; j++) sum += weights[first + j] * y[left - 1 + j];
                    out[i - 1] = sum;
                    continue;
                }
                shared = true;
                first = left - 1;
            }
            out[i - 1] = at(y, n, i, left, right);
        }
    }

    // The smooth at position x, from the points left .. right; NaN without any weight.
    double at(const double* y, int n, double x, int left, int right) {
        weights.resize(std::max(weights.size(), static_cast<std::size_t>(n)));
        double reach = std::max(x - left, right - x), total = 0.0;
        if (window > n) reach += (window - n) / 2;
        for (int j = left; j <= right; j++) {
            const double distance = std::fabs(j - x), part = distance / reach, cube = 1.0 - part * part * part;
            weights[j - 1] = distance > 0.999 * reach ? 0.0 : distance <= 0.001 * reach ? 1.0 : cube * cube * cube;
            total += weights[j - 1];
        }
        if (!(total > 0.0)) return std::numeric_limits<double>::quiet_NaN();
        for (int j = left; j <= right; j++) weights[j - 1] /= total;
        if (degree > 0 && reach > 0.0) tilt(n, x, left, right);
        double sum = 0.0;
        for (int j = left; j <= right; j++) sum += weights[j - 1] * y[j - 1];
        return sum;
    }

private:
    void tilt(int n, double x, int left, int right) {
        double middle = 0.0, spread = 0.0;
        for (int j = left; j <= right; j++) middle += weights[j - 1] * j;
        for (int j = left; j <= right; j++) spread += weights[j - 1] * (j - middle) * (j - middle);
        if (!(std::sqrt(spread) > 0.001 * (n - 1.0))) return;
        for (int j = left; j <= right; j++) weights[j - 1] *= (x - middle) / spread * (j - middle) + 1.0;
    }

    int window, degree;
    std::vector<double> weights;
};

inline void averaged(std::vector<double>& values, int window) {
    double sum = 0.0;
    const std::size_t n = values.size() - window + 1;
    std::vector<double> means(n);
    for (int i = 0; i < window; i++) sum += values[i];
    means[0] = sum / window;
    for (std::size_t i = 1; i < n; i++) means[i] = (sum += values[i + window - 1] - values[i - 1]) / window;
    values.swap(means);
}

// 1 - var(remainder) / var(season + remainder), between 0 and 1. The season is smoothed over 11 of its rounds by a
// constant, five times over, as in R's mstl.
inline double seasonal_strength(const std::vector<double>& y, int season) {
    const int n = static_cast<int>(y.size()), span = 11;
    const int wide = static_cast<int>(std::ceil(1.5 * season / (1.0 - 1.5 / span)));
    Loess rounds(span, 0), low(season + 1 + season % 2, 1), slow(wide + 1 - wide % 2, 1);
    std::vector<double> trend(n, 0.0), seasonal(n), part, smooth, cycle(n + 2 * season), level, rest(n);
    for (int pass = 0; pass < 5; pass++) {
        for (int j = 0; j < season; j++) {
            const int count = (n - j - 1) / season + 1;
            part.resize(count), smooth.resize(count);
            for (int i = 0; i < count; i++) part[i] = y[i * season + j] - trend[i * season + j];
            rounds.smooth(part.data(), count, smooth.data());
            const double before = rounds.at(part.data(), count, 0, 1, std::min(span, count));
            const double after = rounds.at(part.data(), count, count + 1, std::max(1, count - span + 1), count);
            cycle[j] = before == before ? before : smooth[0];
            for (int i = 0; i < count; i++) cycle[(i + 1) * season + j] = smooth[i];
            cycle[(count + 1) * season + j] = after == after ? after : smooth[count - 1];
        }
        level = cycle;
        averaged(level, season);
        averaged(level, season);
        averaged(level, 3);
        part.resize(n);
        low.smooth(level.data(), n, part.data());
        for (int t = 0; t < n; t++) {
            seasonal[t] = cycle[season + t] - part[t];
            rest[t] = y[t] - seasonal[t];
        }
        slow.smooth(rest.data(), n, trend.data());
    }
    double sum = 0.0, squares = 0.0, sum_all = 0.0, squares_all = 0.0;
    for (int t = 0; t < n; t++) {
        const double remainder = y[t] - seasonal[t] - trend[t], all = y[t] - trend[t];
        sum += remainder, squares += remainder * remainder;
        sum_all += all, squares_all += all * all;
    }
    const double variance = squares - sum / n * sum, variance_all = squares_all - sum_all / n * sum_all;
    return variance_all > 0.0 ? std::clamp(1.0 - variance / variance_all, 0.0, 1.0) : 0.0;
}

} // namespace arima
