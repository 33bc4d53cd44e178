// Arima: the Python face of the engine. Whole panels in, arrays out, series shared out among threads.
#include "arima.hpp"

#include <nanobind/stl/optional.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "arima_long.hpp"
#include "arima_numbered.hpp"
#include "arima_search.hpp"
#include "filtered_rows.hpp"
#include "kalman.hpp"
#include "over_series.hpp"

using namespace arima;

namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Moved = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Choices = nb::ndarray<const std::int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

constexpr int LARGEST = 100000; // of an order, and of a season
constexpr std::size_t CHOICES = 11; // p, d, q, P, D, Q, constant, fits, interpolated, tried, pairs of waves

constexpr std::size_t TRIED = 9; // p, q, P, Q, constant, admitted, converged, log likelihood, AICc

template <typename T, typename... Sizes>
auto array(std::vector<T> values, Sizes... sizes) {
    auto* held = new std::vector<T>(std::move(values));
    nb::capsule owner(held, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nb::ndarray<nb::numpy, T>(held->data(), {static_cast<std::size_t>(sizes)...}, owner);
}

// What was found, as arrays.
nb::tuple tables(const std::vector<Chosen>& found, std::size_t columns, std::size_t best) {
    const std::size_t count = found.size();
    std::size_t most = 0, season = 0;
    for (const Chosen& one : found) {
        most = std::max(most, one.x.size());
        season = std::max(season, one.season.size());
    }
    std::vector<std::int64_t> choices;
    std::vector<double> coefficients(count * most), slopes, measures, seasons(count * season);
    std::vector<double> ranking(count * best * TRIED, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < count; i++) {
        const Chosen& c = found[i];
        const Orders& o = c.orders;
        for (const int value : {o.p, c.d, o.q, o.P, c.D, o.Q, c.constant, int(c.fits), int(c.interpolated), c.tried,
                                c.pairs})
            choices.push_back(value);
        std::copy(c.x.begin(), c.x.end(), coefficients.begin() + i * most);
        slopes.insert(slopes.end(), c.slopes.begin(), c.slopes.end());
        for (const double value : {c.level, c.variance, c.likelihood, c.aicc}) measures.push_back(value);
        for (std::size_t j = 0; j < c.season.size(); j++) seasons[i * season + j] = c.season[j];
        double* to = ranking.data() + i * best * TRIED;
        for (std::size_t j = 0; j < std::min(best, c.ranking.size()); j++) {
            const Tried& t = c.ranking[j];
            for (const double value : {double(t.orders.p), double(t.orders.q), double(t.orders.P), double(t.orders.Q),
                                       double(t.constant), double(t.admitted), double(t.converged), t.likelihood,
                                       t.aicc})
                *to++ = value;
        }
    }
    return nb::make_tuple(array(std::move(choices), count, CHOICES), array(std::move(coefficients), count, most),
                          array(std::move(slopes), count, columns), array(std::move(measures), count, std::size_t(4)),
                          array(std::move(seasons), count, season), array(std::move(ranking), count, best, TRIED));
}

int whole(std::int64_t value, int least = 0) {
    if (value < least || value > LARGEST) throw std::invalid_argument("An order lies between 0 and 100000.");
    return static_cast<int>(value);
}

// `limits`: season, max_p, max_q, max_P, max_Q, max_order. `fixed`: nothing, or p, d, q, P, D, Q, constant (-1: where
// nothing is differenced).
Settings settings_of(const std::int64_t* limits, const std::int64_t* fixed) {
    Settings s;
    s.season = std::max(1, whole(limits[0]));
    s.max_p = whole(limits[1]), s.max_q = whole(limits[2]), s.max_P = whole(limits[3]), s.max_Q = whole(limits[4]);
    s.max_order = whole(limits[5]);
    s.fixed = fixed != nullptr;
    if (!s.fixed) return s;
    s.orders = {whole(fixed[0]), whole(fixed[2]), whole(fixed[3]), whole(fixed[5]), s.season};
    s.d = whole(fixed[1]), s.D = whole(fixed[4]), s.constant = whole(fixed[6], -1);
    return s;
}

// The series from its first known value to its last.
Series trimmed(const double* y, const double* x, std::int64_t n, std::size_t columns) {
    std::int64_t first = 0;
    while (first < n && y[first] != y[first]) first++;
    while (n > first && y[n - 1] != y[n - 1]) n--;
    return {y + first, x + first * columns, static_cast<int>(n - first), static_cast<int>(columns)};
}

// The model of a series when it was shorter, from a row of choices and one of coefficients.
Chosen before_of(const std::int64_t* choices, const double* x, std::size_t most, int season) {
    Chosen made;
    const auto at = [&](int j) { return static_cast<int>(std::clamp<std::int64_t>(choices[j], 0, LARGEST)); };
    made.orders = {at(0), at(2), at(3), at(5), season};
    made.d = at(1), made.D = at(4), made.constant = at(6);
    const std::size_t count = made.orders.count();
    made.fits = at(7) > 0 && count <= most;
    if (made.fits) made.x.assign(x, x + count);
    return made;
}

// y[indptr[i]:indptr[i + 1]] is series i. `limits` and `fixed` are rows for all series, or one for each; `waves`, if
// any, is the long season of each. `before` are the choices and the coefficients of an earlier fit. Gives the choices
// (series, CHOICES), the coefficients (series, most), the slopes (series, columns), the level, the variance of the
// innovations, the log likelihood and the AICc (series, 4), one round of the waves (series, longest season), and the
// `best` best candidates (series, best, TRIED), NaN where there are not as many. Where `several` models are asked for,
// so many rows in turn are of one series: the best and those that come next, or the best again if there are none.
auto fit(Numbers y, Table x, Indices indptr, Indices limits, Indices fixed, int threads, std::optional<Indices> waves,
         std::optional<Choices> before, std::optional<Table> coefficients_before, std::size_t best,
         std::size_t several) {
    const std::size_t count = indptr.size() ? indptr.size() - 1 : 0, columns = x.shape(1);
    if ((limits.size() != 6 && limits.size() != 6 * count) ||
        (fixed.size() != 0 && fixed.size() != 7 && fixed.size() != 7 * count))
        throw std::invalid_argument("There are six limits, and seven fixed orders or none, for all series or each.");
    for (std::size_t i = 0; i < count; i++)
        if (indptr(i) < 0 || indptr(i + 1) < indptr(i) || indptr(i + 1) > static_cast<std::int64_t>(y.size()))
            throw std::invalid_argument("The series end before they begin, or after the values do.");
    if (columns && x.shape(0) != y.size()) throw std::invalid_argument("The columns are not as long as the series.");
    if (before && (!coefficients_before || before->shape(0) != count || before->shape(1) < 8 ||
                   coefficients_before->shape(0) != count))
        throw std::invalid_argument("The fit before is not of the same series.");
    if (several < 1 || several > 100) throw std::invalid_argument("From 1 to 100 models are made of a series.");
    if (waves && waves->size() != count) throw std::invalid_argument("There are not as many long seasons as series.");
    std::vector<Settings> settings;
    for (std::size_t i = 0; i < count; i++) {
        const std::int64_t* own = limits.size() == 6 ? limits.data() : limits.data() + 6 * i;
        const std::int64_t* orders = fixed.size() <= 7 ? fixed.data() : fixed.data() + 7 * i;
        settings.push_back(settings_of(own, fixed.size() ? orders : nullptr));
        if (waves) settings.back().waves = static_cast<int>(std::clamp<std::int64_t>((*waves)(i), 0, LARGEST));
        settings.back().ranked = best > 0 || several > 1;
        settings.back().several = static_cast<int>(several);
    }
    std::vector<Chosen> found(count * several);
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&, room = Room()](std::size_t i) mutable {
            const std::int64_t from = indptr(i);
            const Series series = trimmed(y.data() + from, x.data() + (columns ? from * columns : 0),
                                          indptr(i + 1) - from, columns);
            Chosen earlier;
            if (before) {
                const std::size_t most = coefficients_before->shape(1);
                earlier = before_of(before->data() + i * before->shape(1), coefficients_before->data() + i * most,
                                    most, settings[i].season);
                if (earlier.fits) settings[i].before = &earlier;
            }
            Chosen one = chosen_in_time(series, settings[i], room);
            const std::vector<Chosen> others = std::move(one.others);
            for (std::size_t j = 1; j < several; j++)
                found[i * several + j] = j <= others.size() ? others[j - 1] : one;
            found[i * several] = std::move(one);
        });
    }
    return tables(found, columns, best);
}

// The filters of fitted series before their first rows, padded with zeros: ar, state, gain, change (series, k), lever
// (series, k); intercept, push, spread, wait and freedom (series, 5); the covariance of constant and slopes (series,
// wide, wide), and what the coefficients add to the variance of each horizon (series, HORIZONS).
auto numbers(Numbers y, Table x, Indices indptr, Choices choices, Table coefficients, Table slopes, Numbers levels,
             int season, int threads) {
    const std::size_t count = choices.shape(0), most = coefficients.shape(1), columns = x.shape(1);
    const std::size_t wide = columns + 1;
    if (choices.shape(1) < 9 || coefficients.shape(0) != count || levels.size() != count || slopes.shape(0) != count ||
        slopes.shape(1) != columns || indptr.size() != count + 1 || (columns && x.shape(0) != y.size()))
        throw std::invalid_argument("The tables do not hold the same series.");
    std::vector<Numbered> made(count);
    std::vector<Orders> orders(count);
    std::size_t k = 1;
    for (std::size_t i = 0; i < count; i++) {
        const auto at = [&](int j) { return whole(choices(i, j)); };
        orders[i] = {at(0), at(2), at(3), at(5), season};
        const auto widest = std::int64_t{season} * std::max({orders[i].P, orders[i].Q, at(4)});
        if (season < 1 || widest > 1000 * std::int64_t{LARGEST}) throw std::invalid_argument("There is no such season.");
        if (static_cast<std::size_t>(orders[i].count()) > most)
            throw std::invalid_argument("A model has more orders than coefficients.");
        if (indptr(i) < 0 || indptr(i + 1) < indptr(i) || indptr(i + 1) > static_cast<std::int64_t>(y.size()))
            throw std::invalid_argument("The series end before they begin, or after the values do.");
        k = std::max(k, static_cast<std::size_t>(states(orders[i], at(1), at(4))));
    }
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&, room = Room()](std::size_t i) mutable {
            const auto at = [&](int j) { return static_cast<int>(choices(i, j)); };
            const Series series{y.data() + indptr(i), columns ? x.data() + indptr(i) * columns : nullptr,
                                static_cast<int>(indptr(i + 1) - indptr(i)), static_cast<int>(columns)};
            made[i] = numbered(series, orders[i], at(1), at(4), at(6) > 0, at(8) > 0, coefficients.data() + i * most,
                               slopes.data() + i * columns, levels(i), room);
        });
    }
    std::vector<double> ar(count * k), state(count * k), gain(count * k), change(count * k), lever(count * k);
    std::vector<double> single, regression, doubts;
    for (std::size_t i = 0; i < count; i++) {
        const Companion& c = made[i].filter;
        const Doubt& doubt = made[i].doubt;
        std::copy(c.ar.begin(), c.ar.end(), ar.begin() + i * k);
        std::copy(c.state.begin(), c.state.end(), state.begin() + i * k);
        std::copy(c.gain.begin(), c.gain.end(), gain.begin() + i * k);
        std::copy(c.change.begin(), c.change.end(), change.begin() + i * k);
        std::copy(c.lever.begin(), c.lever.end(), lever.begin() + i * k);
        for (const double value : {c.intercept, c.push, c.spread, double(c.wait), doubt.freedom})
            single.push_back(value);
        regression.insert(regression.end(), doubt.regression.begin(), doubt.regression.end());
        doubts.insert(doubts.end(), doubt.coefficients.begin(), doubt.coefficients.end());
    }
    return nb::make_tuple(array(std::move(ar), count, k), array(std::move(state), count, k),
                          array(std::move(gain), count, k), array(std::move(change), count, k),
                          array(std::move(lever), count, k), array(std::move(single), count, 5),
                          array(std::move(regression), count, wide, wide), array(std::move(doubts), count, HORIZONS));
}

// Moves the tables on over the rows of each series: starts[i] is its first row in y (rows,) and x (rows, levers - 1),
// which may lie before the panel's by as many missing rows as `before` says, and steps[i] counts them all.
void filter(Table ar, Table intercept, Table push, Moved state, Moved gain, Moved spread, Moved change, Moved gaps,
            Moved weights, Moved counts, Moved lever, Numbers y, Table x, Indices starts, Indices before, Indices steps,
            int threads) {
    const std::size_t count = ar.shape(0), k = std::max<std::size_t>(ar.shape(1), 1), slots = gaps.shape(1) / k;
    const std::size_t levers = lever.shape(1) / k, r = slots + 1;
    const auto fits = [&](const auto& table, std::size_t columns) {
        if (table.shape(0) != count || table.shape(1) != columns)
            throw std::invalid_argument("The tables of numbers differ in size.");
    };
    fits(ar, k), fits(state, k), fits(gain, k), fits(change, k), fits(gaps, slots * k), fits(lever, levers * k);
    fits(weights, r * r), fits(counts, 2), fits(intercept, 1), fits(spread, 1), fits(push, 1);
    if (starts.size() != count || before.size() != count || steps.size() != count || slots % 2 ||
        (levers > 1 && (x.shape(0) != y.size() || x.shape(1) != levers - 1)))
        throw std::invalid_argument("The tables of numbers do not hold the same series.");
    check_filtered(starts, before, steps, y.size());
    nb::gil_scoped_release released;
    over_series(count, threads, [&](std::size_t i) {
        if (steps(i) <= 0) return;
        const Filter one{k, slots, levers, ar.data() + i * k, intercept.data()[i], push.data()[i],
                         state.data() + i * k, gain.data() + i * k, spread.data() + i, change.data() + i * k,
                         gaps.data() + i * slots * k, weights.data() + i * r * r, counts.data() + i * 2,
                         lever.data() + i * levers * k};
        const std::int64_t missing = std::min(before(i), steps(i));
        const std::size_t wide = levers ? levers - 1 : 0;
        walk(one, y.data() + starts(i), x.data() + starts(i) * wide, missing, steps(i) - missing);
    });
}

// The log likelihood of differenced values at given coefficients; `x` (n, columns) explains them, and its first
// `gaps` columns mark missing values.
double likelihood_at(Numbers w, Table x, std::size_t gaps, Indices orders, Numbers coefficients) {
    if (orders.size() != 5) throw std::invalid_argument("The orders are p, q, P, Q and the season.");
    const auto at = [&](int i) { return whole(orders(i), i == 4 ? 1 : 0); };
    const Orders o{at(0), at(1), at(2), at(3), at(4)};
    Sample sample;
    sample.n = static_cast<int>(w.size());
    sample.columns = static_cast<int>(x.shape(1));
    sample.gaps = static_cast<int>(gaps);
    if (static_cast<std::size_t>(o.count()) != coefficients.size() || gaps > x.shape(1) || w.size() < 1 ||
        (sample.columns && x.shape(0) != w.size()))
        throw std::invalid_argument("There are not as many coefficients as orders, or the columns have another length.");
    sample.table.assign(w.data(), w.data() + w.size());
    for (int c = 0; c < sample.columns; c++)
        for (int t = 0; t < sample.n; t++) sample.table.push_back(x(t, c));
    Room room;
    Innovations out;
    likelihood(o, coefficients.data(), sample, room, out);
    const double n = sample.observed();
    return -0.5 * (out.f + n * (1.0 + std::log(6.283185307179586)));
}

} // namespace

void bind_arima(nb::module_& m) {
    m.def("arima_fit", &fit, nb::arg("y"), nb::arg("x"), nb::arg("indptr"), nb::arg("limits"), nb::arg("fixed"),
          nb::arg("threads"), nb::arg("waves") = nb::none(), nb::arg("before") = nb::none(),
          nb::arg("coefficients_before") = nb::none(), nb::arg("best") = 0,
          nb::arg("several") = 1);
    m.def("arima_numbers", &numbers, nb::arg("y"), nb::arg("x"), nb::arg("indptr"), nb::arg("choices"),
          nb::arg("coefficients"), nb::arg("slopes"), nb::arg("levels"), nb::arg("season"), nb::arg("threads"));
    m.def("arima_filter", &filter, nb::arg("ar"), nb::arg("intercept"), nb::arg("push"), nb::arg("state"),
          nb::arg("gain"), nb::arg("spread"), nb::arg("change"), nb::arg("gaps"), nb::arg("weights"), nb::arg("counts"),
          nb::arg("lever"), nb::arg("y"), nb::arg("x"), nb::arg("starts"), nb::arg("before"), nb::arg("steps"),
          nb::arg("threads"));
    m.attr("ARIMA_SEARCHED_ROWS") = SEARCHED_ROWS;
    m.def("arima_likelihood", &likelihood_at, nb::arg("w"), nb::arg("x"), nb::arg("gaps"), nb::arg("orders"),
          nb::arg("coefficients"));
}
