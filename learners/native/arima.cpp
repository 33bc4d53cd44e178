// Arima: the Python face of the engine. Whole panels in, arrays out, series shared out among threads.
#include "arima.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "arima_companion.hpp"
#include "arima_search.hpp"
#include "kalman.hpp"
#include "over_series.hpp"

using namespace arima;

namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Choices = nb::ndarray<const std::int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

constexpr std::size_t CHOICES = 10; // p, d, q, P, D, Q, constant, fits, interpolated, tried

template <typename T, typename... Sizes>
auto array(std::vector<T> values, Sizes... sizes) {
    auto* held = new std::vector<T>(std::move(values));
    nb::capsule owner(held, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return nb::ndarray<nb::numpy, T>(held->data(), {static_cast<std::size_t>(sizes)...}, owner);
}

// `limits`: season, max_p, max_q, max_P, max_Q, max_order. `fixed`: nothing, or p, d, q, P, D, Q, constant (-1: where
// nothing is differenced).
Settings settings_of(const Indices& limits, const Indices& fixed) {
    if (limits.size() != 6 || (fixed.size() != 0 && fixed.size() != 7))
        throw std::invalid_argument("There are six limits, and seven fixed orders or none.");
    const auto whole = [](std::int64_t value) {
        if (value < -1 || value > 100000) throw std::invalid_argument("An order lies between 0 and 100000.");
        return static_cast<int>(value);
    };
    Settings s;
    s.season = std::max(1, whole(limits(0)));
    s.max_p = whole(limits(1)), s.max_q = whole(limits(2)), s.max_P = whole(limits(3)), s.max_Q = whole(limits(4));
    s.max_order = whole(limits(5));
    s.fixed = fixed.size() > 0;
    if (!s.fixed) return s;
    s.orders = {whole(fixed(0)), whole(fixed(2)), whole(fixed(3)), whole(fixed(5)), s.season};
    s.d = whole(fixed(1)), s.D = whole(fixed(4)), s.constant = whole(fixed(6));
    return s;
}

// y[indptr[i]:indptr[i + 1]] is series i. Gives the choices (series, CHOICES), the coefficients (series, most), the
// slopes (series, columns), and level, variance of the innovations, log likelihood, AICc (series, 4).
auto fit(Numbers y, Table x, Indices indptr, Indices limits, Indices fixed, int threads) {
    const Settings settings = settings_of(limits, fixed);
    const std::size_t count = indptr.size() ? indptr.size() - 1 : 0, columns = x.shape(1);
    for (std::size_t i = 0; i < count; i++)
        if (indptr(i) < 0 || indptr(i + 1) < indptr(i) || indptr(i + 1) > static_cast<std::int64_t>(y.size()))
            throw std::invalid_argument("The series end before they begin, or after the values do.");
    if (columns && x.shape(0) != y.size()) throw std::invalid_argument("The columns are not as long as the series.");
    std::vector<Chosen> found(count);
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&, room = Room()](std::size_t i) mutable {
            const Series series{y.data() + indptr(i), columns ? x.data() + indptr(i) * columns : nullptr,
                                static_cast<int>(indptr(i + 1) - indptr(i)), static_cast<int>(columns)};
            found[i] = chosen(series, settings, room);
        });
    }
    std::size_t most = 0;
    for (const Chosen& one : found) most = std::max(most, one.x.size());
    std::vector<std::int64_t> choices;
    std::vector<double> coefficients(count * most), slopes, measures;
    for (std::size_t i = 0; i < count; i++) {
        const Chosen& c = found[i];
        const Orders& o = c.orders;
        for (const int value : {o.p, c.d, o.q, o.P, c.D, o.Q, c.constant, int(c.fits), int(c.interpolated), c.tried})
            choices.push_back(value);
        std::copy(c.x.begin(), c.x.end(), coefficients.begin() + i * most);
        slopes.insert(slopes.end(), c.slopes.begin(), c.slopes.end());
        for (const double value : {c.level, c.variance, c.likelihood, c.aicc}) measures.push_back(value);
    }
    return nb::make_tuple(array(std::move(choices), count, CHOICES), array(std::move(coefficients), count, most),
                          array(std::move(slopes), count, columns), array(std::move(measures), count, 4));
}

// The numbers of the Kalman filter, padded with zeros: ar, ma, state (series, k), covariance (series, k, k), intercept
// (series, 1). `drifts` and `variances` (series,).
auto numbers(Choices choices, Table coefficients, Numbers drifts, Numbers variances, int season) {
    const std::size_t count = choices.shape(0), most = coefficients.shape(1);
    if (choices.shape(1) < 6 || coefficients.shape(0) != count || drifts.size() != count || variances.size() != count)
        throw std::invalid_argument("The tables do not hold the same series.");
    std::vector<Orders> orders(count);
    std::size_t k = 1;
    for (std::size_t i = 0; i < count; i++) {
        const auto at = [&](int j) { return static_cast<int>(choices(i, j)); };
        orders[i] = {at(0), at(2), at(3), at(5), season};
        if (static_cast<std::size_t>(orders[i].count()) > most)
            throw std::invalid_argument("A model has more orders than coefficients.");
        k = std::max(k, static_cast<std::size_t>(states(orders[i], at(1), at(4))));
    }
    std::vector<double> ar(count * k), ma(count * k), state(count * k), covariance(count * k * k), intercept(count);
    Room room;
    for (std::size_t i = 0; i < count; i++) {
        const int d = static_cast<int>(choices(i, 1)), D = static_cast<int>(choices(i, 4));
        const Companion c =
            companion(orders[i], d, D, coefficients.data() + i * most, drifts(i), variances(i), room);
        const std::size_t own = c.ar.size();
        std::copy(c.ar.begin(), c.ar.end(), ar.begin() + i * k);
        std::copy(c.ma.begin(), c.ma.end(), ma.begin() + i * k);
        std::copy(c.state.begin(), c.state.end(), state.begin() + i * k);
        for (std::size_t row = 0; row < own; row++)
            std::copy_n(c.covariance.begin() + row * own, own, covariance.begin() + (i * k + row) * k);
        intercept[i] = c.intercept;
    }
    return nb::make_tuple(array(std::move(ar), count, k), array(std::move(ma), count, k),
                          array(std::move(state), count, k), array(std::move(covariance), count, k, k),
                          array(std::move(intercept), count, 1));
}

// State (series, k) and covariance (series, k * k) after the rows of each series: starts[i] is its first row in y
// (rows,), which may lie before the panel's by as many missing rows as `before` says, and steps[i] counts them all.
auto filter(Table ar, Table ma, Table intercept, Table variance, Table state, Table covariance, Numbers y,
            Indices starts, Indices before, Indices steps, int threads) {
    const std::size_t count = ar.shape(0), k = ar.shape(1);
    for (const Table& table : {ma, state})
        if (table.shape(0) != count || table.shape(1) != k)
            throw std::invalid_argument("The tables of numbers differ in size.");
    if (covariance.shape(0) != count || covariance.shape(1) != k * k || intercept.size() != count ||
        variance.size() != count || starts.size() != count || before.size() != count || steps.size() != count)
        throw std::invalid_argument("The tables of numbers do not hold the same series.");
    for (std::size_t i = 0; i < count; i++)
        if (before(i) < 0 || (steps(i) > before(i) && (starts(i) < 0 ||
                              starts(i) + steps(i) - before(i) > static_cast<std::int64_t>(y.size()))))
            throw std::invalid_argument("The series end before they begin, or after the values do.");
    std::vector<double> means(state.data(), state.data() + count * k);
    std::vector<double> spreads(covariance.data(), covariance.data() + count * k * k);
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&](std::size_t i) {
            if (steps(i) <= 0) return;
            const Filter one{ar.data() + i * k, ma.data() + i * k, intercept.data()[i], variance.data()[i],
                             means.data() + i * k, spreads.data() + i * k * k, k};
            const std::int64_t missing = std::min(before(i), steps(i));
            walk(one, y.data() + starts(i), missing, steps(i) - missing);
        });
    }
    return nb::make_tuple(array(std::move(means), count, k), array(std::move(spreads), count, k * k));
}

// The log likelihood of differenced values at given coefficients; `x` (n, columns) explains them, and its first
// `gaps` columns mark missing values.
double likelihood_at(Numbers w, Table x, std::size_t gaps, Indices orders, Numbers coefficients) {
    if (orders.size() != 5) throw std::invalid_argument("The orders are p, q, P, Q and the season.");
    const auto at = [&](int i) { return static_cast<int>(orders(i)); };
    const Orders o{at(0), at(1), at(2), at(3), at(4)};
    Sample sample;
    sample.n = static_cast<int>(w.size());
    sample.columns = static_cast<int>(x.shape(1));
    sample.gaps = static_cast<int>(gaps);
    if (static_cast<std::size_t>(o.count()) != coefficients.size() || (sample.columns && x.shape(0) != w.size()))
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
          nb::arg("threads"));
    m.def("arima_numbers", &numbers, nb::arg("choices"), nb::arg("coefficients"), nb::arg("drifts"),
          nb::arg("variances"), nb::arg("season"));
    m.def("arima_filter", &filter, nb::arg("ar"), nb::arg("ma"), nb::arg("intercept"), nb::arg("variance"),
          nb::arg("state"), nb::arg("covariance"), nb::arg("y"), nb::arg("starts"), nb::arg("before"), nb::arg("steps"),
          nb::arg("threads"));
    m.def("arima_likelihood", &likelihood_at, nb::arg("w"), nb::arg("x"), nb::arg("gaps"), nb::arg("orders"),
          nb::arg("coefficients"));
}
