#include "stl.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "decomposition.hpp"

namespace {

int odd(int least) { return least + 1 - least % 2; }

int trend_window(int season, int window) {
    return odd(static_cast<int>(std::ceil(1.5 * season / (1.0 - 1.5 / window))));
}

// Moving averages over `window` values: n of them become n - window + 1.
void average(std::vector<double>& values, int window) {
    double sum = 0.0;
    const std::size_t count = values.size() - window + 1;
    for (int i = 0; i < window; i++) sum += values[i];
    for (std::size_t i = 0; i + 1 < count; i++) {
        const double leaving = values[i];
        values[i] = sum / window;
        sum += values[i + window] - leaving;
    }
    values[count - 1] = sum / window;
    values.resize(count);
}

} // namespace

Stl::Stl(int season, int window, const StlSettings& settings)
    : season(season), settings(settings), longer(window, settings.degree, true),
      shorter(window, settings.degree, true), low(odd(season + 1), 1), slow(trend_window(season, window), 1) {}

void Stl::run(const double* y, int n, double* seasonal, double* trend) {
    std::fill(trend, trend + n, 0.0);
    std::fill(seasonal, seasonal + n, 0.0);
    rest.resize(n), cycle.resize(n + 2 * season), smooth.resize(n);
    for (int round = 0; round <= settings.outer; round++) {
        const bool trusted = round > 0;
        if (trusted) weigh(y, n, seasonal, trend);
        for (int pass = 0; pass < settings.inner; pass++) {
            for (int t = 0; t < n; t++) rest[t] = y[t] - trend[t];
            smooth_rounds(n, trusted);
            level = cycle;
            average(level, season);
            average(level, season);
            average(level, 3);
            low.smooth(level.data(), n, 1, 1, smooth.data());
            for (int t = 0; t < n; t++) {
                seasonal[t] = cycle[season + t] - smooth[t];
                rest[t] = y[t] - seasonal[t];
            }
            if (trusted)
                slow.smooth_trusted(rest.data(), trust.data(), n, 1, 1, trend);
            else
                slow.smooth(rest.data(), n, 1, 1, trend);
        }
    }
}

// Each row of the season over its rounds, and one round before and after: `rest` (n,) -> `cycle` (n + 2 season,).
void Stl::smooth_rounds(int n, bool trusted) {
    const int rounds = n / season, more = n % season;
    const auto over = [&](Loess& loess, int from, int count, int width) {
        if (width == 0) return;
        if (trusted)
            loess.smooth_trusted(rest.data() + from, trust.data() + from, count, width, season, cycle.data() + from);
        else
            loess.smooth(rest.data() + from, count, width, season, cycle.data() + from);
    };
    over(longer, 0, rounds + 1, more);
    over(shorter, more, rounds, season - more);
}

// Trust by the size of the remainder, in units of six median ones (section 3.5 of the source).
void Stl::weigh(const double* y, int n, const double* seasonal, const double* trend) {
    trust.resize(n);
    for (int t = 0; t < n; t++) trust[t] = std::fabs(y[t] - (trend[t] + seasonal[t]));
    std::vector<double>& ordered = rest;
    ordered = trust;
    for (double& w : ordered)
        if (!(w == w)) w = std::numeric_limits<double>::infinity(); // what has no order would lead out of the array
    double limit = 0.0;
    for (const int place : {n / 2, n - n / 2 - 1}) {
        std::nth_element(ordered.begin(), ordered.begin() + place, ordered.end());
        limit += 3.0 * ordered[place];
    }
    for (double& w : trust) {
        const double part = limit > 0.0 ? w / limit : 0.0, square = 1.0 - part * part;
        w = part <= 0.001 ? 1.0 : part <= 0.999 ? square * square : 0.0;
    }
}

Mstl::Mstl(const std::vector<int>& seasons, const std::vector<int>& windows, const StlSettings& settings)
    : settings(settings) {
    for (std::size_t i = 0; i < seasons.size(); i++) parts.emplace_back(seasons[i], windows[i], settings);
}

void Mstl::run(const double* y, int rows, double* seasonal, std::size_t apart, double* trend) {
    std::fill(trend, trend + rows, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < parts.size(); i++) std::fill_n(seasonal + i * apart, rows, 0.0);
    int first = 0, end = rows;
    while (first < end && std::isnan(y[first])) first++;
    while (end > first && std::isnan(y[end - 1])) end--;
    const int n = end - first;
    std::size_t used = 0;
    while (used < parts.size() && n > 2 * parts[used].season) used++;
    if (used == 0) return;
    fill_gaps(y + first, n, 1.0, filled);
    missing.clear();
    for (int t = 0; t < n; t++)
        if (std::isnan(y[first + t])) missing.push_back(t);
    adjusted = filled, slow.resize(n);
    const int rounds = (used > 1 ? settings.rounds : 1) + (missing.empty() ? 0 : 2);
    for (int round = 0; round < rounds; round++) {
        for (std::size_t i = 0; i < used; i++) {
            double* mine = seasonal + i * apart + first;
            for (int t = 0; t < n; t++) adjusted[t] += mine[t];
            parts[i].run(adjusted.data(), n, mine, slow.data());
            for (int t = 0; t < n; t++) adjusted[t] -= mine[t];
        }
        for (const int t : missing) adjusted[t] = slow[t];  // the seasons are added again one by one
    }
    std::copy(slow.begin(), slow.end(), trend + first);
    for (std::size_t i = 0; i < used; i++) {
        double* mine = seasonal + i * apart;
        const int season = parts[i].season;
        for (int t = first - 1; t >= 0; t--) mine[t] = mine[t + season];
        for (int t = end; t < rows; t++) mine[t] = mine[t - season];
    }
}

double seasonal_strength(const std::vector<double>& y, int season) {
    const int n = static_cast<int>(y.size());
    std::vector<double> seasonal(n), trend(n);
    Stl(season, 11, StlSettings()).run(y.data(), n, seasonal.data(), trend.data());
    double sum = 0.0, squares = 0.0, sum_all = 0.0, squares_all = 0.0;
    for (int t = 0; t < n; t++) {
        const double remainder = y[t] - seasonal[t] - trend[t], all = y[t] - trend[t];
        sum += remainder, squares += remainder * remainder;
        sum_all += all, squares_all += all * all;
    }
    const double variance = squares - sum / n * sum, variance_all = squares_all - sum_all / n * sum_all;
    return variance_all > 0.0 ? std::clamp(1.0 - variance / variance_all, 0.0, 1.0) : 0.0;
}
