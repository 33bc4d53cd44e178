// Doubt: the information of the regression and of the coefficients.
#include "arima_doubt.hpp"

#include <algorithm>

namespace arima {

namespace {

constexpr int LONGEST = 400; // innovations that a forecast may still depend on
constexpr double PRIOR = 1.0; // information that every coefficient lies between about -1 and 1

// 1 / (1 + sign * sum c[i] B^((i + 1) lag)), late by `late` rows.
void inverse(const double* c, int count, int lag, double sign, int late, double* out, int length) {
    for (int t = 0; t < length; t++) {
        double sum = t == late ? 1.0 : 0.0;
        for (int i = 0; i < count && t - (i + 1) * lag >= 0; i++) sum -= sign * c[i] * out[t - (i + 1) * lag];
        out[t] = sum;
    }
}

// One row a coefficient: by how much an innovation, `t` rows later, moves the derivative of the forecast of one row.
std::vector<double> derivatives(const Orders& o, const double* x, int length) {
    std::vector<double> table(static_cast<std::size_t>(o.count()) * length);
    const int counts[4] = {o.p, o.q, o.P, o.Q};
    double* row = table.data();
    for (int kind = 0; kind < 4; x += counts[kind++])
        for (int i = 0; i < counts[kind]; i++, row += length) {
            const int lag = kind < 2 ? 1 : o.season;
            inverse(x, counts[kind], lag, kind % 2 ? 1.0 : -1.0, (i + 1) * lag, row, length);
        }
    return table;
}

// psi (HORIZONS,): by how much an innovation moves the value so many rows later.
std::vector<double> responses(const Companion& model) {
    std::vector<double> psi(HORIZONS);
    for (int h = 0; h < HORIZONS; h++) {
        psi[h] = h < static_cast<int>(model.ma.size()) ? model.ma[h] : 0.0;
        for (int i = 0; i < h && i < static_cast<int>(model.ar.size()); i++) psi[h] += model.ar[i] * psi[h - 1 - i];
    }
    return psi;
}

// The variance of the forecasts at coefficients `share` of `move` away from x, or nearer where these are not allowed.
std::vector<double> variances(const Orders& o, int d, int D, const double* x, const std::vector<double>& move,
                              double share, Room& room) {
    std::vector<double> at(x, x + o.count());
    for (int cut = 0; cut < 20; cut++, share *= 0.7) {
        for (int i = 0; i < o.count(); i++) at[i] = x[i] + (cut < 19 ? share * move[i] : 0.0);
        if (admissible(o, at.data(), 1.0, 1.0, room.scratch)) break;
    }
    std::vector<double> psi = responses(companion(o, d, D, at.data(), 0.0, room));
    double sum = 0.0;
    for (double& value : psi) value = sum += value * value;
    return psi;
}

} // namespace

void regression_doubt(const Series& series, const std::vector<double>& y, const std::vector<int>& gaps,
                      const Orders& orders, const double* x, int d, int D, bool constant, Room& room, Doubt& out) {
    const int columns = series.columns, wide = columns + 1;
    out.regression.assign(static_cast<std::size_t>(wide) * wide, 0.0);
    const Prepared made = prepared(series, y, gaps, orders.season, d, D, constant);
    out.freedom = std::max(1.0, static_cast<double>(made.sample.observed()));
    for (const int gap : gaps) out.missing.push_back(y[gap]);
    if (made.still) return;
    const int kept = static_cast<int>(made.kept.size()), all = made.sample.columns, first = made.sample.gaps;
    out.freedom = std::max(1.0, static_cast<double>(made.sample.observed() - orders.count() - kept - constant));
    Innovations found;
    likelihood(orders, x, made.sample, room, found);
    if (all == 0 || found.f == NEVER) return;
    for (int i = 0; i < first; i++) out.missing[i] -= found.beta[i] * made.deviation;
    const auto at = [&](int i) { return i < first + kept ? made.kept[i - first] + 1 : 0; };
    const auto width = [&](int i) { return i < first + kept ? made.widths[i - first] : 1.0; };
    std::vector<double> unit(all);
    for (int i = first; i < all; i++) {
        std::fill(unit.begin(), unit.end(), 0.0);
        unit[i] = 1.0;
        solved(room.normal.data(), all, unit.data());
        for (int j = first; j < all; j++) out.regression[at(i) * wide + at(j)] = unit[j] / (width(i) * width(j));
    }
}

void coefficients_doubt(const Orders& orders, const double* x, int d, int D, int n, Room& room, Doubt& out) {
    const int count = orders.count(), rows = std::clamp(n, 1, LONGEST), length = rows + HORIZONS + 1;
    out.coefficients.assign(HORIZONS, 0.0);
    if (count == 0) return;
    std::vector<double> table = derivatives(orders, x, length), factor(static_cast<std::size_t>(count) * count);
    const auto row = [&](int i) { return table.data() + static_cast<std::size_t>(i) * length; };
    for (int i = 0; i < count; i++)
        for (int j = 0; j <= i; j++)
            factor[i * count + j] = n * dot(row(i) + 1, row(j) + 1, rows) + (i == j ? PRIOR : 0.0);
    if (!factorised(factor.data(), count)) return;
    // Uncorrelated combinations of the coefficients, each of variance 1.
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < i; j++)
            for (int t = 0; t < length; t++) row(i)[t] -= factor[i * count + j] * row(j)[t];
        for (int t = 0; t < length; t++) row(i)[t] /= factor[i * count + i];
    }
    const std::vector<double> psi = responses(companion(orders, d, D, x, 0.0, room));
    std::vector<double> moved(rows + HORIZONS), move(count);
    const std::vector<double> here = variances(orders, d, D, x, move, 0.0, room);
    for (int i = 0; i < count; i++) {
        // moved[m] at h is moved[m + 1] at h - 1, plus psi[h - 1] times the derivative m + 1 rows later.
        std::fill(moved.begin(), moved.end(), 0.0);
        for (int h = 0; h < HORIZONS; h++) {
            const int left = rows + HORIZONS - 1 - h;
            for (int m = 0; m < left; m++) moved[m] = (h ? moved[m + 1] : 0.0) + psi[h] * row(i)[m + 1];
            out.coefficients[h] += dot(moved.data(), moved.data(), std::min(rows, left));
        }
        for (int k = 0; k < count; k++) move[k] = k == i ? 1.0 / factor[i * count + i] : 0.0;
        for (int k = i - 1; k >= 0; k--) {
            for (int j = k + 1; j <= i; j++) move[k] -= factor[j * count + k] * move[j];
            move[k] /= factor[k * count + k];
        }
        const std::vector<double> up = variances(orders, d, D, x, move, 1.0, room);
        const std::vector<double> down = variances(orders, d, D, x, move, -1.0, room);
        for (int h = 0; h < HORIZONS; h++) out.coefficients[h] += 0.5 * (up[h] + down[h]) - here[h];
    }
    for (double& value : out.coefficients) value = std::max(value, 0.0);
}

} // namespace arima
