// The Python face of Ets and Theta: a panel in, one row of numbers a series out, without the interpreter's lock.
#include "smoothing.hpp"

#include <nanobind/ndarray.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>

#include "ces.hpp"
#include "ets.hpp"
#include "over_series.hpp"
#include "theta.hpp"

namespace nb = nanobind;

namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

struct Rows {
    const double* y;
    int count;
};

constexpr int LONGEST = 1 << 24; // a season, so that whole numbers count what a series has of it

int checked(int season) {
    if (season < 1 || season > LONGEST) throw std::invalid_argument("A season has 1 to 16,777,216 rows.");
    return season;
}

void check(const Numbers& y, const Indices& starts, const Indices& choices) {
    if (starts.size() == 0 || choices.size() + 1 != starts.size())
        throw std::invalid_argument("There must be one choice a series.");
    for (std::size_t i = 0; i + 1 < starts.size(); i++)
        if (starts(i) < 0 || starts(i + 1) < starts(i) || starts(i + 1) > static_cast<std::int64_t>(y.size()) ||
            starts(i + 1) - starts(i) > std::numeric_limits<int>::max())
            throw std::invalid_argument("The series do not lie one behind the other.");
}

// A series from its first value that is there to its last.
Rows trimmed(const double* y, std::int64_t from, std::int64_t to) {
    while (from < to && std::isnan(y[from])) from++;
    while (to > from && std::isnan(y[to - 1])) to--;
    return {y + from, static_cast<int>(to - from)};
}

// fit(rows of one series, its choice, its row of numbers) for each series that has a choice and a value.
template <typename Fit>
auto fitted(const Numbers& y, const Indices& starts, const Indices& choices, int season, int width, int threads,
            const Fit& fit) {
    check(y, starts, choices);
    const std::size_t count = choices.size(), columns = static_cast<std::size_t>(width) + season;
    auto out = std::make_unique<double[]>(count * columns);
    std::fill(out.get(), out.get() + count * columns, std::nan(""));
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&, fit = Fit(fit)](std::size_t i) mutable {
            const Rows rows = trimmed(y.data(), starts(i), starts(i + 1));
            if (rows.count > 0 && choices(i) != 0) fit(rows, choices(i), out.get() + i * columns);
        });
    }
    nb::capsule owner(out.get(), [](void* p) noexcept { delete[] static_cast<double*>(p); });
    return nb::ndarray<nb::numpy, double>(out.release(), {count, columns}, owner);
}

auto fit_ets(Numbers y, Indices starts, Indices forms, int season, int threads, bool doubts, bool searched) {
    return fitted(y, starts, forms, season, EtsFit::width(checked(season), doubts) - season, threads,
                  [=, fit = EtsFit()](Rows rows, std::int64_t choice, double* numbers) mutable {
                      const auto bits = static_cast<std::uint32_t>(choice);
                      fit.run(rows.y, rows.count, season, bits, searched, doubts, numbers);
                  });
}

auto fit_theta(Numbers y, Indices starts, Indices kinds, int season, int threads) {
    return fitted(y, starts, kinds, checked(season), THETA_WIDTH, threads,
                  [season, fit = ThetaFit()](Rows rows, std::int64_t choice, double* numbers) mutable {
                      fit.run(rows.y, rows.count, season, static_cast<std::uint32_t>(choice), numbers);
                  });
}

auto fit_classic_theta(Numbers y, Indices starts, Indices seasonal, int season, int threads) {
    return fitted(y, starts, seasonal, checked(season), THETA_WIDTH, threads,
                  [season, fit = ThetaFit()](Rows rows, std::int64_t, double* numbers) mutable {
                      fit.classic(rows.y, rows.count, season, numbers);
                  });
}

double likelihood(Numbers y, Numbers numbers, int season) {
    if (numbers.size() != static_cast<std::size_t>(ETS_NUMBERS + checked(season)))
        throw std::invalid_argument("The numbers do not fit the season.");
    if (!(numbers(FORM) >= 0 && numbers(FORM) < ETS_FORMS)) throw std::invalid_argument("There is no such form.");
    return ets_likelihood(y.data(), static_cast<int>(y.size()), season, numbers.data());
}

auto fit_ces(Numbers y, Indices starts, Indices models, int season, int threads) {
    return fitted(y, starts, models, season, CES_NUMBERS + checked(season), threads,
                  [season, fit = CesFit()](Rows rows, std::int64_t choice, double* numbers) mutable {
                      fit.run(rows.y, rows.count, season, static_cast<std::uint32_t>(choice), numbers);
                  });
}

double squares_of_ces(Numbers y, Numbers weights, int season, int model) {
    const auto rows = static_cast<std::int64_t>(y.size());
    if (weights.size() != 4 || model < 0 || model >= CES_MODELS || rows < (model ? 2 * checked(season) : 1))
        throw std::invalid_argument("There is no such model of this series.");
    return ces_squares(y.data(), static_cast<int>(rows), season, model, weights.data());
}

} // namespace

void bind_smoothing(nb::module_& m) {
    m.def("fit_ets", &fit_ets, nb::arg("y"), nb::arg("starts"), nb::arg("forms"), nb::arg("season"),
          nb::arg("threads"), nb::arg("doubts") = false, nb::arg("searched") = false);
    m.def("ets_likelihood", &likelihood, nb::arg("y"), nb::arg("numbers"), nb::arg("season"));
    m.def("fit_theta", &fit_theta, nb::arg("y"), nb::arg("starts"), nb::arg("kinds"), nb::arg("season"),
          nb::arg("threads"));
    m.def("fit_classic_theta", &fit_classic_theta, nb::arg("y"), nb::arg("starts"), nb::arg("seasonal"),
          nb::arg("season"), nb::arg("threads"));
    m.def("fit_ces", &fit_ces, nb::arg("y"), nb::arg("starts"), nb::arg("models"), nb::arg("season"),
          nb::arg("threads"));
    m.def("ces_squares", &squares_of_ces, nb::arg("y"), nb::arg("weights"), nb::arg("season"), nb::arg("model"));
}
