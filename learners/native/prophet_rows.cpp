// The rows of a Prophet model. Columns that are zero up to a changepoint and then rise are never laid out: their
// products are sums over the stretches behind it.
#include "prophet_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cloned.hpp"

namespace {

constexpr double TURN = 6.283185307179586476925286766559;
constexpr std::size_t BLOCK = 4;

// products += rows' * rows, the lower half; `rows` (BLOCK, width).
CLONED void add_products(const double* rows, std::size_t width, double* products) {
    const double *a = rows, *b = rows + width, *c = rows + 2 * width, *d = rows + 3 * width;
    for (std::size_t i = 0; i < width; i++) {
        const double p = a[i], q = b[i], r = c[i], s = d[i];
        if (p == 0.0 && q == 0.0 && r == 0.0 && s == 0.0) continue;
        double* row = products + i * width;
        for (std::size_t j = 0; j <= i; j++) row[j] += (p * a[j] + q * b[j]) + (r * c[j] + s * d[j]);
    }
}

CLONED void add_scaled(const double* row, std::size_t width, double p, double q, double* sums, double* more) {
    for (std::size_t j = 0; j < width; j++) {
        sums[j] += p * row[j];
        more[j] += q * row[j];
    }
}

} // namespace

bool ProphetRows::prepare(const ProphetSettings& settings, const ProphetSeries& series) {
    kept.clear();
    for (std::size_t i = 0; i < series.count; i++)
        if (std::isfinite(series.y[i])) kept.push_back(i);
    count = kept.size();
    weights = settings.weights();
    if (count < 2) return false;
    y.resize(count);
    t.resize(count);
    clock.resize(count);
    cap.resize(settings.growth == LOGISTIC ? count : 0);
    for (std::size_t i = 0; i < count; i++) {
        y[i] = series.y[kept[i]];
        clock[i] = static_cast<double>(series.clock[kept[i]]);
    }
    for (std::size_t i = 0; i < cap.size(); i++) {
        cap[i] = std::isnan(settings.cap) ? series.columns[(kept[i] + 1) * settings.columns - 1] : settings.cap;
        if (!(cap[i] > settings.floor)) return false;
    }
    scale(settings);
    fill(settings, series);
    place_changes(settings);
    return span > 0 && size < 1e300; // beyond, a forecast may overflow
}

// As the package does: time from 0 to 1, the largest value above the floor 1.
void ProphetRows::scale(const ProphetSettings& settings) {
    const double floor = settings.growth == LOGISTIC ? settings.floor : 0.0;
    const auto [low, high] = std::minmax_element(y.begin(), y.end());
    constant = *low == *high && settings.growth != LOGISTIC;
    size = std::max(std::fabs(*low - floor), std::fabs(*high - floor));
    if (size == 0.0) size = 1.0;
    first = clock.front();
    span = clock.back() - first;
    for (std::size_t i = 0; i < count; i++) {
        y[i] = (y[i] - floor) / size;
        t[i] = (clock[i] - first) / span;
    }
    for (double& c : cap) c = (c - floor) / size;
}

double ProphetRows::apart() const {
    const auto n = static_cast<double>(count);
    double level = 0.0, center = 0.0, slope = 0.0, spread = 0.0, sum = 0.0;
    for (std::size_t i = 0; i < count; i++) {
        level += y[i] / n;
        center += t[i] / n;
    }
    for (std::size_t i = 0; i < count; i++) {
        slope += (t[i] - center) * (y[i] - level);
        spread += (t[i] - center) * (t[i] - center);
    }
    for (std::size_t i = 0; i < count; i++) {
        const double error = y[i] - level - slope / spread * (t[i] - center);
        sum += error * error;
    }
    return std::sqrt(sum / n);
}

// Evenly through the first part of the rows, as numpy.linspace and a rounding to even would place them.
void ProphetRows::place_changes(const ProphetSettings& settings) {
    changes.clear();
    ends.clear();
    const int history = static_cast<int>(std::floor(static_cast<double>(count) * settings.range));
    const int wanted = settings.growth == FLAT ? 0 : std::min(settings.changepoints, history - 1);
    for (int j = 1; j <= wanted; j++) {
        const double at = j == wanted ? history - 1.0 : j * ((history - 1.0) / wanted);
        const auto row = static_cast<std::size_t>(std::nearbyint(at));
        changes.push_back(t[row]);
        ends.push_back(row);
    }
    ends.push_back(count);
}

void ProphetRows::fill(const ProphetSettings& settings, const ProphetSeries& series) {
    x.resize(count * weights);
    fill_seasons(settings);
    const std::size_t regressors = weights - settings.regressors, holidays = regressors - settings.holiday_columns;
    for (std::size_t i = 0; i < count; i++) {
        double* row = x.data() + i * weights;
        for (std::size_t j = 0; j < settings.holiday_columns; j++)
            row[holidays + j] = settings.holidays[series.days[kept[i]] * settings.holiday_columns + j];
        for (std::size_t j = 0; j < settings.regressors; j++)
            row[regressors + j] = series.columns[kept[i] * settings.columns + j];
    }
    standardise(settings);
}

// sin and cos of the multiples by the theorem of addition.
void ProphetRows::fill_seasons(const ProphetSettings& settings) {
    std::size_t column = 0;
    for (std::size_t s = 0; s < settings.periods.size(); s++) {
        for (std::size_t i = 0; i < count; i++) {
            const double angle = TURN * (clock[i] / settings.periods[s]);
            const double sine = std::sin(angle), cosine = std::cos(angle);
            double* row = x.data() + i * weights + column;
            double a = sine, b = cosine;
            for (int k = 0; k < settings.orders[s]; k++) {
                row[2 * k] = a;
                row[2 * k + 1] = b;
                const double next = a * cosine + b * sine;
                b = b * cosine - a * sine;
                a = next;
            }
        }
        column += 2 * static_cast<std::size_t>(settings.orders[s]);
    }
}

// As the package: to mean 0 and deviation 1, but neither what is 0 or 1 nor what is always the same.
void ProphetRows::standardise(const ProphetSettings& settings) {
    middle.assign(settings.regressors, 0.0);
    width.assign(settings.regressors, 1.0);
    for (std::size_t j = 0; j < settings.regressors; j++) {
        double* column = x.data() + weights - settings.regressors + j;
        bool binary = true, same = true;
        double sum = 0.0, apart = 0.0;
        for (std::size_t i = 0; i < count; i++) {
            const double value = column[i * weights];
            binary = binary && (value == 0.0 || value == 1.0);
            same = same && value == column[0];
            sum += value;
        }
        if (binary || same) continue;
        const double mean = sum / static_cast<double>(count);
        for (std::size_t i = 0; i < count; i++) apart += (column[i * weights] - mean) * (column[i * weights] - mean);
        middle[j] = mean;
        width[j] = std::sqrt(apart / static_cast<double>(count - 1));
        if (!(width[j] > 0)) width[j] = 1.0;
        for (std::size_t i = 0; i < count; i++) column[i * weights] = (column[i * weights] - mean) / width[j];
    }
}

double ProphetRows::squares(const ProphetSettings& settings, const double* place) {
    const double *weight = place + 2, *change = weight + weights;
    const bool logistic = settings.growth == LOGISTIC;
    for (auto* v : {&trend, &steep, &errors}) v->resize(count);
    // On each stretch the linear trend, or what the logistic curve is taken of, is level + slope * t.
    double level = logistic ? -place[0] * place[1] : place[1], slope = place[0], sum = 0.0;
    for (std::size_t s = 0, i = 0; s < ends.size(); s++) {
        for (; i < ends[s]; i++) {
            const double* row = x.data() + i * weights;
            double times = 1.0, plus = 0.0;
            for (std::size_t j = 0; j < weights; j++) (settings.multiplies[j] ? times : plus) += row[j] * weight[j];
            trend[i] = level + slope * t[i];
            steep[i] = times;
            if (logistic) {
                const double curve = 1.0 / (1.0 + std::exp(-trend[i]));
                trend[i] = cap[i] * curve;
                steep[i] *= cap[i] * curve * (1.0 - curve);
            }
            errors[i] = y[i] - trend[i] * times - plus;
            sum += errors[i] * errors[i];
        }
        if (s + 1 == ends.size()) break;
        level -= change[s] * changes[s];
        slope += change[s];
    }
    return sum;
}

// A row of slopes: of the weights, then the errors, then of the rate and the level of a linear trend.
void ProphetRows::scaled_row(std::size_t i, const ProphetSettings& settings, double* row) const {
    const double* from = x.data() + i * weights;
    for (std::size_t j = 0; j < weights; j++) row[j] = settings.multiplies[j] ? trend[i] * from[j] : from[j];
    row[weights] = errors[i];
    row[weights + 1] = settings.growth == FLAT ? 0.0 : steep[i] * t[i];
    row[weights + 2] = steep[i];
}

void ProphetRows::slopes(const ProphetSettings& settings, const double* place, bool again, double* gram,
                         double* with_errors) {
    const std::size_t n = numbers(), wide = weights + 3, inner = weights + 1, corners = changes.size();
    const std::size_t rise = weights + 1, level = weights + 2, error = weights;
    block.assign(BLOCK * (wide + inner), 0.0);
    double* packed = block.data() + BLOCK * wide;
    if (again) products.assign(inner * inner, 0.0);
    stretches.assign(2 * (corners + 1) * wide, 0.0); // for each stretch: products with rise, products with level
    std::vector<double>& sums = stretches;
    double* errors_only = with_errors;
    std::fill(errors_only, errors_only + n, 0.0);
    for (std::size_t s = 0, i = 0; s < ends.size(); s++) {
        double *up = sums.data() + 2 * s * wide, *flat = up + wide;
        for (; i < ends[s]; i++) {
            double* row = block.data();
            scaled_row(i, settings, row);
            add_scaled(row, wide, row[rise], row[level], up, flat);
            for (std::size_t j = 0; j < weights; j++) errors_only[2 + j] += row[j] * row[error];
            if (!again) continue;
            std::copy(row, row + inner, packed + (i % BLOCK) * inner);
            if (i % BLOCK == BLOCK - 1) add_products(packed, inner, products.data());
        }
    }
    if (again && count % BLOCK) {
        std::fill(packed + (count % BLOCK) * inner, packed + BLOCK * inner, 0.0);
        add_products(packed, inner, products.data());
    }
    for (std::size_t s = corners; s-- > 0;)  // from here on: sums over a stretch and all behind it
        for (std::size_t j = 0; j < 2 * wide; j++) sums[2 * s * wide + j] += sums[2 * (s + 1) * wide + j];
    // A corner's column is rise - change * level behind its changepoint.
    const auto corner = [&](std::size_t s, std::size_t j) {
        const double* up = sums.data() + 2 * (s + 1) * wide;
        return up[j] - changes[s] * up[wide + j];
    };
    // The rate's column is rise - shift * level, the offset's turn * level.
    const bool logistic = settings.growth == LOGISTIC;
    const double shift = logistic ? place[1] : 0.0, turn = logistic ? -place[0] : 1.0;
    const double *up = sums.data(), *flat = up + wide;
    with_errors[0] = up[error] - shift * flat[error];
    with_errors[1] = turn * flat[error];
    for (std::size_t s = 0; s < corners; s++) with_errors[2 + weights + s] = corner(s, error);
    if (!again) return;
    const auto set = [&](std::size_t i, std::size_t j, double v) { gram[i * n + j] = gram[j * n + i] = v; };
    set(0, 0, up[rise] - 2.0 * shift * up[level] + shift * shift * flat[level]);
    set(1, 0, turn * (up[level] - shift * flat[level]));
    set(1, 1, turn * turn * flat[level]);
    for (std::size_t i = 0; i < weights; i++) {
        set(2 + i, 0, up[i] - shift * flat[i]);
        set(2 + i, 1, turn * flat[i]);
        for (std::size_t j = 0; j <= i; j++) set(2 + i, 2 + j, products[i * inner + j]);
    }
    for (std::size_t s = 0; s < corners; s++) {
        const std::size_t at = 2 + weights + s;
        set(at, 0, corner(s, rise) - shift * corner(s, level));
        set(at, 1, turn * corner(s, level));
        for (std::size_t j = 0; j < weights; j++) set(at, 2 + j, corner(s, j));
        for (std::size_t r = 0; r <= s; r++)
            set(at, 2 + weights + r, corner(s, rise) - changes[r] * corner(s, level));
    }
}
