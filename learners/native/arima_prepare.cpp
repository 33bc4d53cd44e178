// Prepare: gaps, columns, differences and units.
#include "arima_prepare.hpp"

#include <algorithm>

#include "differencing.hpp"
#include "stl.hpp"

namespace arima {

namespace {

constexpr double STRONG = 0.64; // a stronger season is differenced
constexpr double TWO_PI = 6.283185307179586;
constexpr double SAME = 1e-8; // of a column's length that may be left of it beside the others, before it says nothing

std::vector<double> differenced(std::vector<double> values, int season, int d, int D) {
    for (int i = 0; i < D; i++) difference(values, season);
    for (int i = 0; i < d; i++) difference(values, 1);
    return values;
}

double length(const std::vector<double>& v) { return std::sqrt(dot(v.data(), v.data(), static_cast<int>(v.size()))); }

// Takes the directions of `basis` (unit vectors) out of `v`.
void project(const std::vector<std::vector<double>>& basis, std::vector<double>& v) {
    for (const auto& unit : basis) {
        const double share = dot(unit.data(), v.data(), static_cast<int>(v.size()));
        for (std::size_t t = 0; t < v.size(); t++) v[t] -= share * unit[t];
    }
}

// Adds the direction of `v` to `basis` unless it is there already.
bool added(std::vector<std::vector<double>>& basis, std::vector<double> v) {
    const double before = length(v);
    project(basis, v);
    project(basis, v);
    const double after = length(v);
    if (!(after > SAME * before) || !(after > 0.0)) return false;
    for (double& value : v) value /= after;
    basis.push_back(std::move(v));
    return true;
}

std::vector<double> column(const Series& series, int c) {
    std::vector<double> values(series.n);
    for (int t = 0; t < series.n; t++) values[t] = series.x[static_cast<std::size_t>(t) * series.columns + c];
    return values;
}

double deviation(const std::vector<double>& values) {
    double mean = 0.0, squares = 0.0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    for (const double value : values) squares += (value - mean) * (value - mean);
    return std::sqrt(squares / static_cast<double>(values.size()));
}

} // namespace

std::vector<double> filled(const Series& series, std::vector<int>& gaps) {
    std::vector<double> y(series.y, series.y + series.n);
    int before = -1;
    gaps.clear();
    for (int t = 0; t < series.n; t++) {
        if (y[t] != y[t]) {
            gaps.push_back(t);
            continue;
        }
        for (int i = before + 1; i < t; i++)
            y[i] = before < 0 ? y[t] : y[before] + (y[t] - y[before]) * (i - before) / (t - before);
        before = t;
    }
    for (int i = before + 1; i < series.n; i++) y[i] = before < 0 ? 0.0 : y[before];
    return y;
}

std::vector<double> unexplained(const Series& series, const std::vector<double>& y) {
    std::vector<std::vector<double>> basis;
    if (series.columns == 0) return y;
    const std::vector<double> ones(series.n, 1.0);
    added(basis, ones);
    for (int c = 0; c < series.columns; c++) added(basis, column(series, c));
    std::vector<double> rest = y;
    project(basis, rest);
    return rest;
}

Differences differences_by_tests(std::vector<double> y, int season) {
    const int n = static_cast<int>(y.size());
    Differences found;
    double size = 0.0;
    for (const double value : y) size = std::max(size, std::fabs(value));
    if (season > 1 && n > 2 * season && seasonal_strength(y, season) > STRONG) found.D = 1;
    if (found.D) difference(y, season);
    found.d = differences(y, 2 - found.D, size);
    return found;
}

double Prepared::log_likelihood(double f) const {
    const double n = sample.observed();
    return -0.5 * (f + n * (1.0 + std::log(TWO_PI)) + 2.0 * n * std::log(deviation));
}

Prepared prepared(const Series& series, const std::vector<double>& y, const std::vector<int>& gaps, int season, int d,
                  int D, bool constant) {
    Prepared made;
    std::vector<std::vector<double>> basis, table{differenced(y, season, d, D)};
    const int n = static_cast<int>(table[0].size());
    const std::vector<double> ones(n, 1.0);
    double size = 0.0;
    for (const double value : y) size = std::max(size, std::fabs(value));
    made.deviation = n > 0 ? deviation(table[0]) : 0.0;
    made.still = n < 2 || arima::constant(table[0], size) || !(made.deviation > 0.0);
    made.value = n > 0 ? table[0][0] : 0.0;
    if (made.still) return made;
    for (double& value : table[0]) value /= made.deviation;
    if (constant) added(basis, ones);
    for (const int gap : gaps) {
        std::vector<double> mark(series.n, 0.0);
        mark[gap] = 1.0;
        table.push_back(differenced(mark, season, d, D));
    }
    for (int c = 0; c < series.columns; c++) {
        std::vector<double> values = differenced(column(series, c), season, d, D);
        const double width = length(values) / std::sqrt(n);
        if (!added(basis, values)) continue;
        for (double& value : values) value /= width;
        made.kept.push_back(c);
        made.widths.push_back(width);
        table.push_back(std::move(values));
    }
    if (constant) table.push_back(ones);
    made.sample.n = n;
    made.sample.gaps = static_cast<int>(gaps.size());
    made.sample.columns = static_cast<int>(table.size()) - 1;
    made.sample.table.reserve(table.size() * n);
    for (const auto& row : table) made.sample.table.insert(made.sample.table.end(), row.begin(), row.end());
    made.plain = table[0];
    project(basis, made.plain);
    return made;
}

} // namespace arima
