// The Python face of Mstl: a panel in, its seasons and trends out, without the interpreter's lock.
#include "decomposing.hpp"

#include <nanobind/ndarray.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "over_series.hpp"
#include "stl.hpp"

namespace nb = nanobind;

namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void check(const Numbers& y, const Indices& starts, const Indices& seasons, const Indices& windows) {
    if (starts.size() == 0) throw std::invalid_argument("There must be one start a series, and the end.");
    for (std::size_t i = 0; i + 1 < starts.size(); i++)
        if (starts(i) < 0 || starts(i + 1) < starts(i) || starts(i + 1) > static_cast<std::int64_t>(y.size()) ||
            starts(i + 1) - starts(i) > std::numeric_limits<int>::max() / 2)
            throw std::invalid_argument("The series do not lie one behind the other.");
    if (seasons.size() != windows.size()) throw std::invalid_argument("There must be one window a season.");
    for (std::size_t i = 0; i < seasons.size(); i++)
        if (seasons(i) <= (i == 0 ? 1 : seasons(i - 1)) || seasons(i) > std::numeric_limits<int>::max() / 4 ||
            windows(i) < 3 || windows(i) % 2 == 0 || windows(i) > std::numeric_limits<int>::max() / 4)
            throw std::invalid_argument("Seasons of 2 rows or more ascend, windows are odd numbers from 3 on.");
}

// `settings`: degree, inner, outer, rounds. The seasons (seasons, rows), and the trend behind them.
auto decompose(Numbers y, Indices starts, Indices seasons, Indices windows, Indices settings, int threads) {
    check(y, starts, seasons, windows);
    if (settings.size() != 4) throw std::invalid_argument("There must be four settings.");
    StlSettings asked;
    asked.degree = static_cast<int>(settings(0)), asked.inner = static_cast<int>(settings(1));
    asked.outer = static_cast<int>(settings(2)), asked.rounds = static_cast<int>(settings(3));
    const std::vector<int> periods(seasons.data(), seasons.data() + seasons.size());
    const std::vector<int> spans(windows.data(), windows.data() + windows.size());
    const std::size_t rows = y.size(), count = periods.size();
    auto out = std::make_unique<double[]>((count + 1) * rows);
    {
        nb::gil_scoped_release released;
        over_series(starts.size() - 1, threads, [&, mstl = Mstl(periods, spans, asked)](std::size_t i) mutable {
            double* to = out.get() + starts(i);
            mstl.run(y.data() + starts(i), static_cast<int>(starts(i + 1) - starts(i)), to, rows, to + count * rows);
        });
    }
    nb::capsule owner(out.get(), [](void* p) noexcept { delete[] static_cast<double*>(p); });
    return nb::ndarray<nb::numpy, double>(out.release(), {count + 1, rows}, owner);
}

} // namespace

void bind_decomposing(nb::module_& m) {
    m.def("decompose", &decompose, nb::arg("y"), nb::arg("starts"), nb::arg("seasons"), nb::arg("windows"),
          nb::arg("settings"), nb::arg("threads"));
}
