// The Python face of the learners' kernels: arrays in, arrays out, without the interpreter's lock.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <limits>
#include <memory>
#include <stdexcept>

#include "arima.hpp"
#include "counts.hpp"
#include "decomposing.hpp"
#include "filters.hpp"
#include "forest_module.hpp"
#include "intermittent.hpp"
#include "nearest.hpp"
#include "prophet_module.hpp"
#include "smoothing.hpp"

namespace nb = nanobind;

using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

namespace {

template <typename T, typename... Sizes>
auto owned(T* data, Sizes... sizes) {
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return nb::ndarray<nb::numpy, T>(data, {sizes...}, owner);
}

auto find_nearest(Table points, Table x, std::size_t count, int threads) {
    if (points.shape(1) != x.shape(1)) throw std::invalid_argument("The points and the rows differ in their columns.");
    if (count > points.shape(0)) throw std::invalid_argument("There are fewer points than neighbours asked for.");
    const std::size_t rows = x.shape(0);
    if (count < 1 || rows > std::numeric_limits<std::size_t>::max() / 16 / count)
        throw std::invalid_argument("At least one neighbour of each row is asked for, and no more than there is room for.");
    auto at = std::make_unique<std::int64_t[]>(rows * count);
    auto distances = std::make_unique<double[]>(rows * count);
    {
        nb::gil_scoped_release released;
        nearest(points.data(), points.shape(0), x.data(), rows, x.shape(1), count, threads, at.get(),
                distances.get());
    }
    return nb::make_tuple(owned(at.release(), rows, count), owned(distances.release(), rows, count));
}

} // namespace

NB_MODULE(_kernels, m) {
    m.doc() = "Kernels of the learners.";
    bind_forest(m);
    bind_smoothing(m);
    bind_intermittent(m);
    bind_counts(m);
    m.def("nearest", &find_nearest, nb::arg("points"), nb::arg("x"), nb::arg("count"), nb::arg("threads"));
    bind_arima(m);
    bind_prophet(m);
    bind_decomposing(m);
    bind_filters(m);
}
