// The Python face of Prophet: a panel in, one row of numbers a series out, without the interpreter's lock.
#include "prophet_module.hpp"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <stdexcept>

#include "over_series.hpp"
#include "prophet.hpp"

namespace nb = nanobind;

namespace {

constexpr double MOST = 1e6; // changepoints, and waves of a season

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void require(bool holds, const char* why) {
    if (!holds) throw std::invalid_argument(why);
}

bool from_to(double value, double low, double high) { return value >= low && value <= high; } // false for NaN

// `trend`: growth, changepoints, range, prior, floor, cap.
void check(const Numbers& trend, const Numbers& periods, const Indices& orders, const Numbers& priors,
           const Indices& multiplies, const Table& columns) {
    require(trend.size() == 6 && periods.size() == orders.size() && priors.size() == multiplies.size(),
            "The settings of Prophet do not fit each other.");
    const double cap = trend(5);
    require(trend(0) == LINEAR || trend(0) == LOGISTIC || trend(0) == FLAT, "There is no such growth of Prophet.");
    require(from_to(trend(1), 0, MOST) && from_to(trend(2), 0.0, 1.0) && trend(3) > 0.0,
            "Prophet has 0 to 1,000,000 changepoints in a share of the rows from 0 to 1, with a prior above 0.");
    require(std::isfinite(trend(4)), "The floor of Prophet is a finite number.");
    require(trend(0) != LOGISTIC || !std::isnan(cap) || columns.shape(1) > 0, "Prophet finds no column of its cap.");
    for (std::size_t i = 0; i < periods.size(); i++)
        require(periods(i) > 0.0 && std::isfinite(periods(i)) && orders(i) >= 0 && orders(i) <= MOST,
                "A season of Prophet has a period above 0 and from 0 to 1,000,000 waves.");
    for (std::size_t i = 0; i < priors.size(); i++) require(priors(i) > 0.0, "A prior of Prophet is above 0.");
}

ProphetSettings settings_of(const Numbers& trend, const Numbers& periods, const Indices& orders, const Numbers& priors,
                            const Indices& multiplies, const Table& holidays, const Table& columns) {
    check(trend, periods, orders, priors, multiplies, columns);
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
    require(seasonal + s.holiday_columns + s.regressors == priors.size(), "There must be one prior a weight.");
    return s;
}

void check_rows(const Numbers& y, const Indices& clock, const Indices& starts, const Indices& days,
                const Table& holidays, const Table& columns) {
    require(clock.size() == y.size() && days.size() == y.size() && columns.shape(0) == y.size() && starts.size() > 0,
            "The rows of Prophet do not fit each other.");
    for (std::size_t i = 0; i + 1 < starts.size(); i++)
        require(starts(i) >= 0 && starts(i) <= starts(i + 1) && starts(i + 1) <= static_cast<std::int64_t>(y.size()),
                "The series do not lie one behind the other.");
    for (std::size_t i = 0; i < days.size(); i++)
        require(days(i) >= 0 && days(i) < static_cast<std::int64_t>(holidays.shape(0)),
                "A day is not in the table of holidays.");
}

// `days`: the row of `holidays` of each row of the panel.
auto fit_prophet(Numbers y, Indices clock, Indices starts, Indices days, Table holidays, Table columns, Numbers trend,
                 Numbers periods, Indices orders, Numbers priors, Indices multiplies, int threads) {
    const ProphetSettings settings = settings_of(trend, periods, orders, priors, multiplies, holidays, columns);
    check_rows(y, clock, starts, days, holidays, columns);
    const std::size_t count = starts.size() - 1;
    const std::size_t width = PROPHET_NUMBERS + 2 * static_cast<std::size_t>(settings.changepoints) +
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
