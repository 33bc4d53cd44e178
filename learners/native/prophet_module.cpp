// The Python face of Prophet: a panel in, one row of numbers a series out, without the interpreter's lock.
#include "prophet_module.hpp"

#include <nanobind/ndarray.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <stdexcept>

#include "over_series.hpp"
#include "prophet.hpp"

namespace nb = nanobind;

namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

ProphetSettings settings_of(const Numbers& trend, const Numbers& periods, const Indices& orders, const Numbers& priors,
                            const Indices& multiplies, const Table& holidays, const Table& columns) {
    if (trend.size() != 6 || periods.size() != orders.size() || priors.size() != multiplies.size())
        throw std::invalid_argument("The settings of Prophet do not fit each other.");
    ProphetSettings s;
    s.growth = static_cast<int>(trend(0));
    s.changepoints = static_cast<int>(trend(1));
    s.range = trend(2);
    s.prior = trend(3);
    s.floor = trend(4);
    s.cap = trend(5);
    std::size_t seasonal = 0;
    for (std::size_t i = 0; i < periods.size(); i++) {
        s.periods.push_back(periods(i));
        s.orders.push_back(static_cast<int>(orders(i)));
        seasonal += 2 * static_cast<std::size_t>(orders(i));
    }
    for (std::size_t i = 0; i < priors.size(); i++) {
        s.priors.push_back(priors(i));
        s.multiplies.push_back(multiplies(i) != 0);
    }
    s.holidays = holidays.data();
    s.holiday_columns = holidays.shape(1);
    s.columns = columns.shape(1);
    s.regressors = s.columns - (s.growth == LOGISTIC && std::isnan(s.cap) ? 1 : 0);
    if (seasonal + s.holiday_columns + s.regressors != priors.size())
        throw std::invalid_argument("There must be one prior a weight.");
    return s;
}

// trend: growth, changepoints, range, prior, floor, cap. `days`: the row of `holidays` of each row of the panel.
auto fit_prophet(Numbers y, Indices clock, Indices starts, Indices days, Table holidays, Table columns, Numbers trend,
                 Numbers periods, Indices orders, Numbers priors, Indices multiplies, int threads) {
    const ProphetSettings settings = settings_of(trend, periods, orders, priors, multiplies, holidays, columns);
    const std::size_t count = starts.size() - 1;
    if (clock.size() != y.size() || days.size() != y.size() || columns.shape(0) != y.size() || starts.size() == 0 ||
        starts(count) > static_cast<std::int64_t>(y.size()))
        throw std::invalid_argument("The rows of Prophet do not fit each other.");
    for (std::size_t i = 0; i < days.size(); i++)
        if (days(i) < 0 || days(i) >= static_cast<std::int64_t>(holidays.shape(0)))
            throw std::invalid_argument("A day is not in the table of holidays.");
    const std::size_t width = PROPHET_NUMBERS + 2 * static_cast<std::size_t>(std::max(settings.changepoints, 0)) +
                              settings.weights() + 2 * settings.regressors;
    auto out = std::make_unique<double[]>(count * width);
    std::fill(out.get(), out.get() + count * width, std::nan(""));
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&, fit = ProphetFit()](std::size_t i) mutable {
            const std::int64_t from = starts(i);
            const ProphetSeries series{y.data() + from, clock.data() + from, days.data() + from,
                                       columns.data() + from * static_cast<std::int64_t>(settings.columns),
                                       static_cast<std::size_t>(starts(i + 1) - from)};
            fit.run(settings, series, out.get() + i * width);
        });
    }
    nb::capsule owner(out.get(), [](void* p) noexcept { delete[] static_cast<double*>(p); });
    return nb::ndarray<nb::numpy, double>(out.release(), {count, width}, owner);
}

} // namespace

void bind_prophet(nb::module_& m) {
    m.def("fit_prophet", &fit_prophet, nb::arg("y"), nb::arg("clock"), nb::arg("starts"), nb::arg("days"),
          nb::arg("holidays"), nb::arg("columns"), nb::arg("trend"), nb::arg("periods"), nb::arg("orders"),
          nb::arg("priors"), nb::arg("multiplies"), nb::arg("threads"));
}
