// Differencing: how often a series must be differenced until it is stationary.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace arima {

// values[t] - values[t - lag], without the first `lag` rows.
inline void difference(std::vector<double>& values, int lag) {
    const std::size_t n = values.size() > static_cast<std::size_t>(lag) ? values.size() - lag : 0;
    for (std::size_t t = 0; t < n; t++) values[t] = values[t + lag] - values[t];
    values.resize(n);
}

// Whether all values are equal but for rounding, of which differences of large numbers hold some.
inline bool constant(const std::vector<double>& values, double size) {
    if (values.empty()) return true;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return !(*high - *low > 1e-10 * size);
}

// The statistic of Kwiatkowski, Phillips, Schmidt & Shin (1992) against a level, with Bartlett's weights over
// 3 sqrt(n) / 13 lags. It exceeds 0.463 in 5 of 100 stationary series.
inline double kpss(const std::vector<double>& values) {
    const int n = static_cast<int>(values.size()), lags = static_cast<int>(3.0 * std::sqrt(n) / 13.0);
    double mean = 0.0, sum = 0.0, sums = 0.0, variance = 0.0;
    for (const double value : values) mean += value / n;
    for (const double value : values) {
        const double error = value - mean;
        sum += error;
        sums += sum * sum;
        variance += error * error;
    }
    for (int lag = 1; lag <= lags; lag++) {
        double product = 0.0;
        for (int t = lag; t < n; t++) product += (values[t] - mean) * (values[t - lag] - mean);
        variance += 2.0 * product * (1.0 - lag / (lags + 1.0));
    }
    return variance > 0.0 ? sums / n / variance : 0.0;
}

// How often `values` must be differenced, at most `most` times; they are left differenced. At the usual level of 5 in 100
// the test rarely finds the trend of fewer than twenty values: for these it is 10 in 100, which 0.347 is exceeded in.
inline int differences(std::vector<double>& values, int most, double size) {
    const double critical = values.size() < 20 ? 0.347 : 0.463;
    int d = 0;
    while (d < most && values.size() > 3 && !constant(values, size) && kpss(values) > critical) {
        difference(values, 1);
        d++;
    }
    return d;
}

} // namespace arima
