// Starts: where the search for the likeliest coefficients begins. Source: Hannan & Rissanen (1982), Recursive
// estimation of mixed autoregressive-moving average order, with one matrix of products for all orders.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "arma.hpp"

namespace arima {

class Starts {
public:
    // `w` (n,): the differenced series without its columns' part. Orders up to `lags` and `seasons` can be asked for.
    Starts(const double* w, int n, int season, int lags, int seasons) : lags(lags), seasons(seasons) {
        std::vector<double> y(w, w + n), e(n);
        double mean = 0.0;
        for (const double value : y) mean += value / n;
        for (double& value : y) value -= mean;
        int far = std::min(static_cast<int>(10.0 * std::log10(n)), n / 4);
        if (season > 1) far = std::max(far, std::min(season + 2, n / 4));
        const std::vector<double> a = long_autoregression(y, std::max(1, far));
        far = static_cast<int>(a.size());
        for (int t = 0; t < n; t++) {
            e[t] = y[t];
            for (int i = 0; i < std::min(t, far); i++) e[t] -= a[i] * y[t - 1 - i];
        }
        multiply(y, e, season, std::min(far, n / 3));
    }

    // Coefficients of regressing the series on its own and its residuals' lags, drawn into the admissible region.
    void hannan_rissanen(const Orders& o, std::vector<double>& x, std::vector<double>& scratch) const {
        std::vector<int> at;
        for (int i = 0; i < o.p; i++) at.push_back(1 + i);
        for (int i = 0; i < o.q; i++) at.push_back(1 + each() + i);
        for (int i = 0; i < o.P; i++) at.push_back(1 + lags + i);
        for (int i = 0; i < o.Q; i++) at.push_back(1 + each() + lags + i);
        const int k = o.count();
        std::vector<double> matrix(static_cast<std::size_t>(k) * k);
        x.assign(k, 0.0);
        for (int i = 0; i < k; i++) {
            x[i] = products[at[i] * wide()];
            for (int j = 0; j < k; j++) matrix[i * k + j] = products[at[i] * wide() + at[j]];
            matrix[i * k + i] *= 1.001;
        }
        if (factorised(matrix.data(), k)) solved(matrix.data(), k, x.data());
        for (int tries = 0; tries < 30; tries++) {
            if (admissible(o, x.data(), 1.0, 0.97, scratch)) return;
            for (double& value : x) value *= 0.85;
        }
        x.assign(k, 0.0);
    }

private:
    int each() const { return lags + seasons; }
    int wide() const { return 2 * each() + 1; }

    // Levinson's recursion.
    static std::vector<double> long_autoregression(const std::vector<double>& y, int far) {
        const int n = static_cast<int>(y.size());
        std::vector<double> r(far + 1), a, b;
        for (int lag = 0; lag <= far; lag++) r[lag] = lag < n ? dot(y.data() + lag, y.data(), n - lag) : 0.0;
        double variance = r[0];
        for (int k = 0; k < far && variance > 1e-12 * r[0]; k++) {
            double sum = r[k + 1];
            for (int i = 0; i < k; i++) sum -= a[i] * r[k - i];
            const double partial = sum / variance;
            b = a;
            for (int i = 0; i < k; i++) a[i] -= partial * b[k - 1 - i];
            a.push_back(partial);
            variance *= 1.0 - partial * partial;
        }
        return a;
    }

    // Products of [y, lags of y, seasonal lags of y, lags of e, seasonal lags of e].
    void multiply(const std::vector<double>& y, const std::vector<double>& e, int season, int warm) {
        const int n = static_cast<int>(y.size());
        std::vector<int> lag(wide(), 0);
        for (int i = 0; i < each(); i++)
            lag[1 + i] = lag[1 + each() + i] = i < lags ? i + 1 : (i - lags + 1) * season;
        products.assign(static_cast<std::size_t>(wide()) * wide(), 0.0);
        for (int i = 0; i < wide(); i++)
            for (int j = 0; j <= i; j++) {
                int first = std::max(lag[i], lag[j]);
                if (i > each()) first = std::max(first, warm); // early residuals know too little
                const double *a = (i > each() ? e : y).data(), *b = (j > each() ? e : y).data();
                const double sum = first < n ? dot(a + first - lag[i], b + first - lag[j], n - first) : 0.0;
                products[i * wide() + j] = products[j * wide() + i] = sum;
            }
    }

    int lags, seasons;
    std::vector<double> products;
};

} // namespace arima
