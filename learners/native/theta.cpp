// Theta: the season's test, the lines, and the least squares inside the search.
#include "theta.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cloned.hpp"
#include "decomposition.hpp"
#include "minimum.hpp"

namespace {

constexpr std::size_t UNCOUNTED = 3; // the first errors, which the start of the level could make zero
// What the first error counts nevertheless: without it the level of a short series starts anywhere. Chosen on rolling
// folds inside training parts, where a tenth to one are equally good.
constexpr double FIRST = 0.3;
constexpr double LEAST = 0.1, MOST = 0.99; // of the weight
constexpr int PLACES = 12, WIDE = 4;       // weights that a search begins with, and how many of them are tried at once
constexpr double SMALLEST_TERM = 0.01;    // of a season that multiplies: below it, the season adds

// Four sums side by side, which need not wait for each other.
double product(const double* a, const double* b, int size) {
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    int t = 0;
    for (; t + 4 <= size; t += 4)
        for (int u = 0; u < 4; u++) sums[u] += a[t + u] * b[t + u];
    for (; t < size; t++) sums[0] += a[t] * b[t];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Whether the autocorrelation at `season` is significant (10 %), judged by those before it. The variance of Bartlett
// counts each of them twice (`others` = 2). Hyndman & Billah (2003), section 4.
bool has_season(const std::vector<double>& y, int season, double others) {
    const int rows = static_cast<int>(y.size());
    double mean = 0.0, squares = 0.0, last = 0.0;
    for (double v : y) mean += v;
    mean /= rows;
    std::vector<double> away(y);
    for (double& v : away) v -= mean;
    const double total = product(away.data(), away.data(), rows);
    if (!(total > 0.0)) return false;
    for (int lag = 1; lag <= season; lag++) {
        last = product(away.data() + lag, away.data(), rows - lag) / total;
        if (lag < season) squares += last * last;
    }
    return rows * last * last > 2.705543454095404 * (1.0 + others * squares);
}

double size_of(const double* y, int rows) {
    double total = 0.0;
    int known = 0;
    for (int t = 0; t < rows; t++)
        if (y[t] == y[t]) total += std::abs(y[t]), known++;
    return total > 0.0 ? total / known : 1.0;
}

// Intercept (at row -1) and slope of the straight line through y, least squares.
void straight(const std::vector<double>& y, double& intercept, double& slope) {
    const double rows = static_cast<double>(y.size());
    double mean = 0.0, along = 0.0;
    for (std::size_t i = 0; i < y.size(); i++) {
        mean += y[i];
        along += y[i] * (static_cast<double>(i) - 0.5 * (rows - 1.0));
    }
    mean /= rows;
    slope = rows > 1.0 ? 12.0 * along / (rows * (rows * rows - 1.0)) : 0.0;
    intercept = mean - slope * 0.5 * (rows + 1.0);
}

} // namespace

void ThetaFit::deseasonalise(const double* y, int rows, int season, double others, double* numbers) {
    scale = size_of(y, rows);
    fill_gaps(y, rows, scale, filled);
    plain = filled;
    std::fill(numbers, numbers + THETA_WIDTH + season, 0.0);
    for (int line = 0; line < THETA_LINES; line++) numbers[THETA_NUMBERS + line * LINE_NUMBERS + KIND] = -1;
    if (season < 2 || rows < 2 * season + 1 || !has_season(filled, season, others)) return;
    bool multiplies = *std::min_element(filled.begin(), filled.end()) > 0.0;
    seasonal_terms(filled, season, multiplies, terms);
    if (multiplies && !(*std::min_element(terms.begin(), terms.end()) > SMALLEST_TERM)) {
        multiplies = false;
        seasonal_terms(filled, season, false, terms);
    }
    numbers[MULTIPLIES] = multiplies;
    numbers[TERM_DEVIATION] = std::sqrt(term_variance(season, multiplies)) * (multiplies ? 1.0 : scale);
    for (int t = 0; t < rows; t++) {
        if (multiplies) plain[t] /= terms[t % season];
        else plain[t] -= terms[t % season];
    }
    for (int j = 0; j < season; j++) numbers[THETA_WIDTH + j] = multiplies ? terms[j] : terms[j] * scale;
}

// The variance of a term, as the mean of what a season's moving average left in its place.
double ThetaFit::term_variance(int season, bool multiplies) const {
    const int rows = static_cast<int>(filled.size()), half = season / 2;
    double squares = 0.0;
    for (int t = half; t < rows - half; t++) {
        double trend = 0.0;
        for (int u = t - half; u <= t + half; u++)
            trend += season % 2 == 0 && (u == t - half || u == t + half) ? 0.5 * filled[u] : filled[u];
        trend /= season;
        if (multiplies && trend == 0.0) continue;
        const double left = (multiplies ? filled[t] / trend : filled[t] - trend) - terms[t % season];
        squares += left * left;
    }
    const double counted = rows - 2 * half;
    return squares / std::max(counted - season, 1.0) * season / counted;
}

// The line from which each value is forecast: through all values, or, where it moves, through those before it
// (Fiorucci et al. 2016, equations 16 to 18).
void ThetaFit::draw_lines(bool moving) {
    const std::size_t rows = plain.size();
    double intercept = 0.0, slope = 0.0, mean = plain[0];
    straight(plain, intercept, slope);
    intercepts.assign(rows, moving ? plain[0] : intercept);
    slopes.assign(rows, moving ? 0.0 : slope);
    if (!moving) return;
    slope = 0.0;
    for (std::size_t i = 1; i + 1 < rows; i++) {
        const double n = static_cast<double>(i);
        slope = ((n - 1.0) * slope + 6.0 * (plain[i] - mean) / (n + 1.0)) / (n + 2.0);
        mean = (n * mean + plain[i]) / (n + 1.0);
        slopes[i + 1] = slope;
        intercepts[i + 1] = mean - slope * 0.5 * (n + 2.0);
    }
}

// The sums of the least squares at the weights of `place`, Wide of them side by side.
template <int Wide> INLINED void ThetaFit::sums_at(const double* place, Sums* out) const {
    // mean_i = known + left * start + gain * share
    double weight[Wide], rest[Wide], inverse[Wide], known[Wide] = {}, left[Wide];
    double ll[Wide], lg[Wide], gg[Wide], le[Wide], ge[Wide], ee[Wide];
    const double first = plain[0], gain_of_first = intercepts[0] + slopes[0];
    for (int u = 0; u < Wide; u++) {
        weight[u] = place[u], rest[u] = 1.0 - weight[u], inverse[u] = 1.0 / weight[u], left[u] = 1.0;
        ll[u] = FIRST, lg[u] = FIRST * gain_of_first, gg[u] = FIRST * gain_of_first * gain_of_first;
        le[u] = FIRST * first, ge[u] = FIRST * gain_of_first * first, ee[u] = FIRST * first * first;
    }
    const std::size_t rows = plain.size(), uncounted = std::min(UNCOUNTED, rows);
    for (std::size_t i = 0; i < uncounted; i++)
        for (int u = 0; u < Wide; u++) known[u] = weight[u] * plain[i] + rest[u] * known[u], left[u] *= rest[u];
    for (std::size_t i = uncounted; i < rows; i++) {
        const double value = plain[i], intercept = intercepts[i], slope = slopes[i];
        for (int u = 0; u < Wide; u++) {
            const double later = left[u] * rest[u], e = value - known[u];
            const double gain = intercept * left[u] + slope * ((1.0 - later) * inverse[u]);
            ll[u] += left[u] * left[u], lg[u] += left[u] * gain, gg[u] += gain * gain;
            le[u] += left[u] * e, ge[u] += gain * e, ee[u] += e * e;
            known[u] += weight[u] * e;
            left[u] = later;
        }
    }
    for (int u = 0; u < Wide; u++) out[u] = {ll[u], lg[u], gg[u], le[u], ge[u], ee[u]};
}

CLONED void ThetaFit::sums_side_by_side(const double* place, Sums* out) const {
    for (int i = 0; i < PLACES; i += WIDE) sums_at<WIDE>(place + i, out + i);
}

double ThetaFit::squares(const Sums& s, bool optimised, double* start, double* share) {
    *share = 0.5;
    if (optimised) {
        const double determinant = s.ll * s.gg - s.lg * s.lg;
        const double best = determinant > 1e-12 * s.ll * s.gg ? (s.ll * s.ge - s.lg * s.le) / determinant : 0.0;
        *share = std::min(std::max(best, 0.0), 1.0 - 1e-10);
    }
    *start = (s.le - *share * s.lg) / s.ll;
    const double l = *start, h = *share;
    return s.ee - 2.0 * (l * s.le + h * s.ge) + l * l * s.ll + 2.0 * l * h * s.lg + h * h * s.gg;
}

// Adds the errors of the line last drawn, with its numbers, to `total`.
void ThetaFit::add_errors(const double* line, std::vector<double>& total) const {
    const double weight = line[WEIGHT], rest = 1.0 - weight;
    double level = line[START] / scale, left = 1.0;
    for (std::size_t i = 0; i < plain.size(); i++) {
        const double gain = intercepts[i] * left + slopes[i] * (1.0 - left * rest) / weight;
        total[i] += plain[i] - level - line[SHARE] * gain;
        level += weight * (plain[i] - level);
        left *= rest;
    }
}

void ThetaFit::run(const double* y, int rows, int season, std::uint32_t kinds, double* numbers) {
    deseasonalise(y, rows, season, 2.0, numbers);
    total.assign(rows, 0.0);
    int fitted = 0;
    for (int place = 0; place < THETA_LINES; place++) {
        if (!(kinds >> (2 * place) & 3)) continue;
        double* line = numbers + THETA_NUMBERS + place * LINE_NUMBERS;
        double best = std::numeric_limits<double>::infinity();
        draw_lines(place == 1);
        double weights[PLACES], values[PLACES];
        Sums sums[PLACES];
        for (int i = 0; i < PLACES; i++) weights[i] = place_of(i, LEAST, MOST, PLACES - 1);
        sums_side_by_side(weights, sums);
        for (int kind = 2 * place; kind < 2 * place + 2; kind++) {
            if (!(kinds >> kind & 1)) continue;
            const bool optimised = kind % 2 == 1;
            double start = 0.0, share = 0.5;
            const auto value = [&](double weight) {
                Sums here;
                sums_at<1>(&weight, &here);
                return squares(here, optimised, &start, &share);
            };
            for (int i = 0; i < PLACES; i++) values[i] = squares(sums[i], optimised, &start, &share);
            const double weight = lowest(value, LEAST, MOST, PLACES - 1, 1e-7, values);
            const double found = value(weight);
            if (!(found < best)) continue;
            best = found;
            line[WEIGHT] = weight;
            line[SHARE] = share;
            line[START] = start * scale;
            line[INTERCEPT] = intercepts[0] * scale;
            line[SLOPE] = slopes[0] * scale;
            line[KIND] = kind;
            line[SQUARES] = found * scale * scale / rows;
        }
        if (line[KIND] < 0) continue;
        add_errors(line, total);
        fitted++;
    }
    if (!fitted) return;
    double squares = 0.0;
    for (std::size_t i = UNCOUNTED; i < total.size(); i++) squares += total[i] * total[i];
    spread(squares / (fitted * fitted), rows - static_cast<int>(UNCOUNTED) - 3, season, numbers);
}

// How far the errors stray. `freedom`: counted errors less what was estimated beside the season.
void ThetaFit::spread(double squares, int freedom, int season, double* numbers) const {
    const bool seasonal = numbers[TERM_DEVIATION] > 0.0;
    numbers[FREEDOM] = std::max(freedom - (seasonal ? season - 1.0 : 0.0), 1.0);
    numbers[DEVIATION] = std::sqrt(squares / numbers[FREEDOM]) * scale;
}

void ThetaFit::classic(const double* y, int rows, int season, double* numbers) {
    deseasonalise(y, rows, season, 1.0, numbers);
    double intercept = 0.0, slope = 0.0;
    straight(plain, intercept, slope);
    const auto value = [&](double weight) {
        double level = plain[0], sum = 0.0;
        for (double v : plain) {
            const double e = v - level;
            sum += e * e;
            level += weight * e;
        }
        return sum;
    };
    const double weight = lowest(value, 0.0, 1.0, 16, 1e-8), squares = value(weight);
    double level = plain[0], left = 1.0, drifting = 0.0; // with the drift, which the forecasts have
    for (double v : plain) {
        const double gone = weight > 0.0 ? (1.0 - left) / weight : 0.0, e = v - level - 0.5 * slope * gone;
        drifting += e * e;
        level += weight * (v - level);
        left *= 1.0 - weight;
    }
    double* line = numbers + THETA_NUMBERS;
    line[WEIGHT] = weight;
    line[SHARE] = 0.5;
    line[START] = plain[0] * scale;
    line[SLOPE] = slope * scale;
    line[KIND] = 0;
    line[SQUARES] = squares * scale * scale / rows;
    spread(drifting, rows - 3, season, numbers); // the first error is zero
}
