// Prophet: Gauss-Newton steps to the most probable numbers.
#include "prophet.hpp"

#include <algorithm>
#include <cmath>

namespace {

constexpr double PRECISION = 1.0 / 25.0; // of rate and offset
constexpr double LOWEST = 1e-9;          // noise, in units of the largest value; the package's for a constant series
// Where there are as many numbers as rows, they can meet every row, and less and less noise is ever more probable. The
// noise is then at least this share of the deviation from a straight line.
constexpr double SHARE = 0.2;
constexpr int LONGEST = 80; // steps; what is not done by then creeps along a flat valley

} // namespace

bool ProphetFit::run(const ProphetSettings& settings, const ProphetSeries& series, double* numbers) {
    if (!rows.prepare(settings, series)) return false;
    step.smooth = 2 + rows.weights;
    step.corners = rows.changes.size();
    step.rows = static_cast<double>(rows.count);
    step.price = 1.0 / settings.prior;
    step.precision.assign(step.smooth, PRECISION);
    for (std::size_t j = 0; j < rows.weights; j++)
        step.precision[2 + j] = 1.0 / (settings.priors[j] * settings.priors[j]);
    place.assign(rows.numbers(), 0.0);
    linearised = 0;
    lowest = LOWEST;
    if (rows.numbers() >= rows.count && !rows.constant) lowest = std::max(LOWEST, SHARE * rows.apart());
    start(settings);
    if (!rows.constant) climb(settings);
    write(settings, numbers);
    doubt(settings, numbers);
    return true;
}

// A level line at the mean; a logistic curve through the first and the last value, as in the package.
void ProphetFit::start(const ProphetSettings& settings) {
    double mean = 0.0;
    for (const double v : rows.y) mean += v / step.rows;
    place[1] = rows.constant ? rows.y[0] : mean;
    if (settings.growth == LOGISTIC) {
        const auto ratio = [&](std::size_t i) {
            return rows.cap[i] / std::max(0.01 * rows.cap[i], std::min(0.99 * rows.cap[i], rows.y[i]));
        };
        double from = ratio(0);
        const double to = ratio(rows.count - 1);
        if (std::fabs(from - to) <= 0.01) from *= 1.05;
        const double a = std::log(from - 1.0), b = std::log(to - 1.0);
        place[0] = a - b;
        place[1] = a / (a - b);
    }
    value = objective(settings, place);
}

// -log posterior without its constants, the noise at its most probable.
double ProphetFit::objective(const ProphetSettings& settings, const std::vector<double>& at) {
    squares = rows.squares(settings, at.data());
    const double noise = rows.constant ? LOWEST : std::max(most_probable_noise(squares, step.rows), lowest);
    double sum = step.rows * std::log(noise) + squares / (2.0 * noise * noise) + 2.0 * noise * noise;
    for (std::size_t i = 0; i < step.smooth; i++) sum += 0.5 * step.precision[i] * at[i] * at[i];
    for (std::size_t i = step.smooth; i < at.size(); i++) sum += step.price * std::fabs(at[i]);
    return sum;
}

void ProphetFit::climb(const ProphetSettings& settings) {
    double all = 0.0;
    for (const double v : rows.y) all += v * v;
    // With all numbers at zero there is no more noise than this.
    noise = most_probable_noise(settings.growth == LOGISTIC ? squares : all, step.rows);
    damping = 0.0;
    while (linearised < LONGEST) {
        const double before = value;
        if (!advance(settings)) return;
        noise = std::max(most_probable_noise(squares, step.rows), lowest);
        if (before - value < 1e-8 + 1e-13 * std::fabs(value)) return;
    }
}

// One step; false if there is none that leads up. Where the forecast bends too much for the whole step it is damped
// (Levenberg 1944, Marquardt 1963): shortest where the data say least, as where trend and season trade their scale.
bool ProphetFit::advance(const ProphetSettings& settings) {
    const std::size_t n = rows.numbers();
    const bool linear = settings.growth != LOGISTIC &&
                        std::none_of(settings.multiplies.begin(), settings.multiplies.end(), [](char m) { return m; });
    step.squares = rows.squares(settings, place.data());
    step.gram.resize(n * n);
    step.with_errors.resize(n);
    rows.slopes(settings, place.data(), !linear || linearised == 0, step.gram.data(), step.with_errors.data());
    step.center = place;
    linearised++;
    for (int attempt = 0; attempt < 16; attempt++) {
        step.damping = damping;
        target = place;
        // With the noise fixed the step leads up for certain, if it is short enough.
        if (attempt < 4) step.settle(noise, lowest, linear ? 1e-10 : damping > 0 ? 1e-2 : 1e-6, target.data());
        else step.solve(std::max(most_probable_noise(step.squares, step.rows), lowest), target.data());
        const double found = objective(settings, target);
        if (found < value) {
            place = target;
            value = found;
            if (attempt == 0 && !linear) damping = damping > 1e-2 ? 0.1 * damping : 0.0;
            return true;
        }
        // Less noise than the arithmetic can tell apart: step by step, then, with the noise there is.
        if (linear && attempt >= 4) break;
        if (linear) attempt = 3;
        else damping = std::max(10.0 * damping, 0.1);
    }
    squares = step.squares;
    return false;
}

// The covariance of a normal posterior at its top, with the changes' prior as wide as the changes that were found.
void ProphetFit::doubt(const ProphetSettings& settings, double* numbers) {
    const std::size_t n = rows.numbers();
    numbers[END] = numbers[TURN] = numbers[SLOPE] = 0.0;
    if (rows.constant) return;
    step.squares = rows.squares(settings, place.data());
    step.gram.resize(n * n);
    step.with_errors.resize(n);
    rows.slopes(settings, place.data(), true, step.gram.data(), step.with_errors.data());
    double scale = 1e-8, used = static_cast<double>(step.smooth);
    for (std::size_t i = step.smooth; i < n; i++) {
        scale += std::fabs(place[i]) / static_cast<double>(step.corners);
        used += place[i] != 0.0;
    }
    // At most half of the rows: of a fit with more numbers than that nobody knows.
    const double v = numbers[NOISE] * numbers[NOISE] * step.rows / (step.rows - std::min(used, 0.5 * step.rows));
    const double seasons = std::min(static_cast<double>(rows.weights), 0.5 * step.rows);
    numbers[NOISE] = std::sqrt(v * (1.0 + seasons / step.rows));
    for (std::size_t i = 0; i < n; i++)
        step.gram[i * n + i] += v * (i < step.smooth ? step.precision[i] : 0.5 / (scale * scale));
    factor.resize(n * n);
    prophet_factor(step.gram.data(), n, n, factor.data());
    const bool logistic = settings.growth == LOGISTIC;
    end.assign(n, 0.0);
    slope.assign(n, 0.0);
    end[0] = logistic ? 1.0 - place[1] : 1.0;
    end[1] = logistic ? -place[0] : 1.0;
    slope[0] = 1.0;
    for (std::size_t s = 0; s < step.corners; s++) {
        end[step.smooth + s] = 1.0 - rows.changes[s];
        slope[step.smooth + s] = 1.0;
    }
    if (settings.growth == FLAT) end[0] = slope[0] = 0.0;
    prophet_forward(factor.data(), n, end.data());
    prophet_forward(factor.data(), n, slope.data());
    for (std::size_t i = 0; i < n; i++) {
        numbers[END] += v * end[i] * end[i];
        numbers[TURN] += v * end[i] * slope[i];
        numbers[SLOPE] += v * slope[i] * slope[i];
    }
}

void ProphetFit::write(const ProphetSettings& settings, double* numbers) const {
    const std::size_t corners = rows.changes.size();
    const double noise = rows.constant ? LOWEST : std::max(most_probable_noise(squares, step.rows), lowest);
    numbers[RATE] = place[0];
    numbers[OFFSET] = place[1];
    numbers[NOISE] = noise;
    numbers[START] = rows.first;
    numbers[SPAN] = rows.span;
    numbers[SIZE] = rows.size;
    numbers[POSTERIOR] = -value;
    numbers[LINEARISED] = linearised;
    double* out = numbers + PROPHET_NUMBERS;
    const std::size_t all = static_cast<std::size_t>(std::max(settings.changepoints, 0));
    std::fill(out, out + 2 * all, 0.0);
    std::copy(rows.changes.begin(), rows.changes.end(), out);
    std::copy_n(place.begin() + static_cast<std::ptrdiff_t>(step.smooth), corners, out + all);
    out = std::copy_n(place.begin() + 2, rows.weights, out + 2 * all);
    out = std::copy(rows.middle.begin(), rows.middle.end(), out);
    std::copy(rows.width.begin(), rows.width.end(), out);
}
