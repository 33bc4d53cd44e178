// Waves: which ones, how many, and the model of what they leave.
#include "arima_waves.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "arima_prepare.hpp"
#include "differencing.hpp"

namespace arima {

namespace {

constexpr int ROWS_EACH = 6; // rows that a pair of waves needs at least
constexpr double TWO_PI = 6.283185307179586;

// The sine and the cosine that turn `turns` times in a season, at row t.
double wave(int season, int turns, bool sine, std::int64_t t) {
    const double angle = TWO_PI * static_cast<double>(t * turns % season) / season;
    return sine ? std::sin(angle) : std::cos(angle);
}

// The columns of a series, and behind them its waves.
struct Table {
    std::vector<double> x;
    Series series;
};

Table beside(const Series& series, int season, const std::vector<int>& turns, int pairs) {
    Table made{{}, {series.y, nullptr, series.n, series.columns + 2 * pairs}};
    made.x.reserve(static_cast<std::size_t>(series.n) * made.series.columns);
    for (int t = 0; t < series.n; t++) {
        const double* own = series.x + static_cast<std::size_t>(t) * series.columns;
        made.x.insert(made.x.end(), own, own + series.columns);
        for (int i = 0; i < pairs; i++) {
            made.x.push_back(wave(season, turns[i], true, t));
            made.x.push_back(wave(season, turns[i], false, t));
        }
    }
    made.series.x = made.x.data();
    return made;
}

// How often a wave turns in a season: those that differences of the series hold most of come first.
std::vector<int> strongest(std::vector<double> y, int season, int d, int most) {
    for (int i = 0; i < d; i++) difference(y, 1);
    // Whole seasons only, the latest, so that the waves do not overlap.
    const int n = static_cast<int>(y.size()) / season * season, from = static_cast<int>(y.size()) - n;
    double mean = 0.0;
    for (int t = 0; t < n; t++) mean += y[from + t] / n;
    std::vector<double> power(season / 2 + 1, 0.0), round(season, 0.0);
    for (int t = 0; t < n; t++) round[t % season] += y[from + t] - mean;
    for (int turns = 1; turns <= season / 2; turns++) {
        double sine = 0.0, cosine = 0.0;
        for (int t = 0; t < season; t++) {
            sine += wave(season, turns, true, t) * round[t];
            cosine += wave(season, turns, false, t) * round[t];
        }
        power[turns] = sine * sine + cosine * cosine;
    }
    std::vector<int> order(season / 2);
    std::iota(order.begin(), order.end(), 1);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return power[a] > power[b]; });
    order.resize(std::min<std::size_t>(order.size(), most));
    return order;
}

// A model of some orders with the first `pairs` waves.
Chosen fitted(const Series& series, const Settings& settings, const std::vector<int>& turns, int pairs, Room& room) {
    const Table table = beside(series, settings.waves, turns, pairs);
    Settings own = settings;
    own.waves = 0;
    own.fixed = true;
    return chosen(table.series, own, room);
}

// The waves of the best small model so far.
struct Choice {
    std::vector<int> turns;
    int pairs = 0;
    Chosen best;
    double lowest = NEVER;

    // Tries more and more of the waves `given`. Those that were picked from many for their strength cost more: as much
    // as the largest of so many gains in noise. Source: Foster & George (1994), The risk inflation criterion.
    void add(const Series& series, const Settings& quick, const std::vector<int>& given, bool picked, Room& room) {
        const int most = static_cast<int>(given.size());
        for (int k = picked ? 1 : 0; k <= most; k = k < 6 ? k + 1 : k + k / 3) {
            Chosen one = fitted(series, quick, given, k, room);
            const double cost = picked ? 2.0 * k * std::log(quick.waves / 2.0 / k) : 0.0;
            if (!one.fits || !(one.aicc + cost < lowest)) continue;
            lowest = one.aicc + cost;
            turns = given, pairs = k, best = std::move(one);
        }
    }
};

// One round of the waves of a model, from the first row on.
std::vector<double> one_round(const Chosen& found, int columns, int season, const std::vector<int>& turns, int pairs) {
    std::vector<double> round(season, 0.0);
    for (int t = 0; t < season; t++)
        for (int i = 0; i < pairs; i++)
            round[t] += found.slopes[columns + 2 * i] * wave(season, turns[i], true, t) +
                        found.slopes[columns + 2 * i + 1] * wave(season, turns[i], false, t);
    return round;
}

// The model of some waves together with the orders that were found for what they leave.
Chosen at_once(const Series& series, const Settings& settings, const Choice& choice, const Chosen& rest, Room& room) {
    Settings last = settings;
    last.orders = rest.orders;
    last.d = rest.d, last.D = rest.D, last.constant = rest.constant;
    last.before = &rest;
    Chosen found = fitted(series, last, choice.turns, choice.pairs, room);
    found.season = one_round(found, series.columns, settings.waves, choice.turns, choice.pairs);
    found.slopes.resize(series.columns);
    found.pairs = choice.pairs;
    return found;
}

} // namespace

Chosen with_waves(const Series& series, const Settings& settings, Room& room) {
    const int m = settings.waves, most = std::min({m / 2, series.n / ROWS_EACH, series.n - 12});
    Settings plain = settings;
    plain.waves = 0;
    if (series.n < 2 * m || most < 1) return chosen(series, plain, room);
    std::vector<int> gaps;
    const std::vector<double> y = filled(series, gaps);
    // Differences by the test on what the waves leave, then a small model with more and more of them.
    std::vector<int> slowest(most);
    std::iota(slowest.begin(), slowest.end(), 1);
    const Table table = beside(series, m, slowest, most);
    std::vector<double> rest = unexplained(table.series, y);
    double size = 0.0;
    for (const double value : y) size = std::max(size, std::fabs(value));
    Settings quick = settings;
    quick.hasty = true;
    quick.d = differences(rest, 1, size);
    quick.D = 0;
    quick.constant = 1;
    quick.orders = {std::min(2, settings.max_p), std::min(1, settings.max_q), 0, 0, 1};
    Choice choice;
    choice.add(series, quick, slowest, false, room);
    choice.add(series, quick, strongest(unexplained(series, y), m, quick.d, most), true, room);
    if (choice.pairs == 0) return chosen(series, plain, room);
    // Orders for the rest; then everything at once.
    const std::vector<double> round = one_round(choice.best, series.columns, m, choice.turns, choice.pairs);
    std::vector<double> left(series.y, series.y + series.n);
    for (int t = 0; t < series.n; t++) left[t] -= round[t % m];
    plain.spent = 2 * choice.pairs;
    const Chosen searched = chosen({left.data(), series.x, series.n, series.columns}, plain, room);
    if (!searched.fits) return searched;
    Chosen found = at_once(series, settings, choice, searched, room);
    if (!found.fits) return chosen(series, plain, room);
    found.tried = searched.tried;
    found.ranking = searched.ranking;
    for (const Chosen& next : searched.others) {
        Chosen other = at_once(series, settings, choice, next, room);
        if (other.fits) found.others.push_back(std::move(other));
    }
    return found;
}

} // namespace arima
