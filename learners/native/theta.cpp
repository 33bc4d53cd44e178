// Theta: the season's test, the lines, and the least squares inside the search.
#include "theta.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "decomposition.hpp"
#include "minimum.hpp"

namespace {

constexpr std::size_t UNCOUNTED = 3; // the first errors, which the start of the level could make zero
// What the first error counts nevertheless: without it the level of a short series starts anywhere. Chosen on rolling
// folds inside training parts, where a tenth to one are equally good.
constexpr double FIRST = 0.3;
constexpr double LEAST = 0.1, MOST = 0.99; // of the weight
constexpr double SMALLEST_TERM = 0.01;    // of a season that multiplies: below it, the season adds

// Whether the autocorrelation at `season` is significant (10 %), judged by those before it. The variance of Bartlett
// counts each of them twice (`others` = 2). Hyndman & Billah (2003), section 4.
bool has_season(const std::vector<double>& y, int season, double others) {
    const int rows = static_cast<int>(y.size());
    double mean = 0.0, total = 0.0, squares = 0.0, last = 0.0;
    for (double v : y) mean += v;
    mean /= rows;
    for (double v : y) total += (v - mean) * (v - mean);
    if (!(total > 0.0)) return false;
    for (int lag = 1; lag <= season; lag++) {
        double sum = 0.0;
        for (int t = lag; t < rows; t++) sum += (y[t] - mean) * (y[t - lag] - mean);
        last = sum / total;
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

double ThetaFit::errors(double weight, bool optimised, double* start, double* share) const {
    const double rest = 1.0 - weight;
    // mean_i = known + left * start + gain * share
    double known = 0.0, left = 1.0;
    double ll = 0.0, lg = 0.0, gg = 0.0, le = 0.0, ge = 0.0, ee = 0.0;
    for (std::size_t i = 0; i < plain.size(); i++) {
        const double gain = intercepts[i] * left + slopes[i] * (1.0 - left * rest) / weight;
        const double counted = i < UNCOUNTED ? 0.0 : 1.0, e = plain[i] - known;
        ll += counted * left * left, lg += counted * left * gain, gg += counted * gain * gain;
        le += counted * left * e, ge += counted * gain * e, ee += counted * e * e;
        known = weight * plain[i] + rest * known;
        left *= rest;
    }
    const double gain = intercepts[0] + slopes[0], first = plain[0];
    ll += FIRST, lg += FIRST * gain, gg += FIRST * gain * gain;
    le += FIRST * first, ge += FIRST * gain * first, ee += FIRST * first * first;
    *share = 0.5;
    if (optimised) {
        const double determinant = ll * gg - lg * lg;
        const double best = determinant > 1e-12 * ll * gg ? (ll * ge - lg * le) / determinant : 0.0;
        *share = std::min(std::max(best, 0.0), 1.0 - 1e-10);
    }
    *start = (le - *share * lg) / ll;
    const double l = *start, s = *share;
    return ee - 2.0 * (l * le + s * ge) + l * l * ll + 2.0 * l * s * lg + s * s * gg;
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
        for (int kind = 2 * place; kind < 2 * place + 2; kind++) {
            if (!(kinds >> kind & 1)) continue;
            const bool optimised = kind % 2 == 1;
            double start = 0.0, share = 0.5;
            const auto value = [&](double weight) { return errors(weight, optimised, &start, &share); };
            const double weight = lowest(value, LEAST, MOST, 11, 1e-7);
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
