// The Python face of the learners' kernels: arrays in, arrays out, without the interpreter's lock.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "arima.hpp"
#include "counts.hpp"
#include "decomposing.hpp"
#include "filters.hpp"
#include "forest.hpp"
#include "intermittent.hpp"
#include "nearest.hpp"
#include "prophet_module.hpp"
#include "shap.hpp"
#include "smoothing.hpp"

namespace nb = nanobind;

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

namespace {

template <typename T, typename... Sizes>
auto owned(T* data, Sizes... sizes) {
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return nb::ndarray<nb::numpy, T>(data, {sizes...}, owner);
}

std::int32_t within(std::int64_t value, std::int64_t low, std::int64_t high, const char* message) {
    if (value < low || value >= high) throw std::invalid_argument(message);
    return static_cast<std::int32_t>(value);
}

// `yes` and `no`: nodes, or ~leaf. Set i holds members[starts[i]:starts[i + 1]].
void make_forest(Forest* forest, Indices feature, Numbers threshold, Indices set, Indices yes, Indices no,
                 Indices missing, Indices starts, Numbers members, Indices roots, Numbers leaves) {
    new (forest) Forest();
    const auto count = static_cast<std::int64_t>(feature.size());
    const auto ends = static_cast<std::int64_t>(leaves.size());
    const auto sets = static_cast<std::int64_t>(starts.size()) - 1;
    forest->sets.resize(sets);
    for (std::int64_t i = 0; i < sets; i++)
        for (std::int64_t m = starts(i); m < starts(i + 1); m++) {
            const auto code = static_cast<std::uint64_t>(members(m));
            auto& bits = forest->sets[i].bits;
            if (bits.size() <= code >> 6) bits.resize((code >> 6) + 1);
            bits[code >> 6] |= std::uint64_t{1} << (code & 63);
        }
    forest->nodes.reserve(count);
    for (std::int64_t i = 0; i < count; i++)
        forest->nodes.push_back({threshold(i), within(feature(i), 0, INT32_MAX, "A tree has a negative feature."),
                                 within(set(i), -1, sets, "A tree has a set that is not there."),
                                 {within(no(i), -ends, count, "A tree has a child that is not there."),
                                  within(yes(i), -ends, count, "A tree has a child that is not there.")},
                                 missing(i) != 0});
    for (const Node& node : forest->nodes)
        forest->columns = std::max(forest->columns, static_cast<std::size_t>(node.feature) + 1);
    for (std::size_t i = 0; i < roots.size(); i++)
        forest->roots.push_back(within(roots(i), -ends, count, "A tree has a root that is not there."));
    forest->leaves.assign(leaves.data(), leaves.data() + leaves.size());
}

auto predict_forest(const Forest& forest, Table x, bool narrow, int threads) {
    const std::size_t rows = x.shape(0), columns = x.shape(1);
    if (columns < forest.columns) throw std::invalid_argument("The trees ask for more columns than the table has.");
    auto out = std::make_unique<double[]>(rows);
    {
        nb::gil_scoped_release released;
        forest.predict(x.data(), rows, columns, narrow, threads, out.get());
    }
    return owned(out.release(), rows);
}

auto explain_forest(const Forest& forest, Table x, Numbers cover, bool narrow, int threads) {
    const std::size_t rows = x.shape(0), columns = x.shape(1);
    if (columns < forest.columns) throw std::invalid_argument("The trees ask for more columns than the table has.");
    if (cover.size() != forest.leaves.size()) throw std::invalid_argument("Every leaf needs its cover.");
    auto out = std::make_unique<double[]>(rows * columns);
    double expected = 0.0;
    {
        nb::gil_scoped_release released;
        expected = shap(forest, cover.data(), x.data(), rows, columns, narrow, threads, out.get());
    }
    return nb::make_tuple(expected, owned(out.release(), rows, columns));
}

auto find_nearest(Table points, Table x, std::size_t count, int threads) {
    if (points.shape(1) != x.shape(1)) throw std::invalid_argument("The points and the rows differ in their columns.");
    if (count > points.shape(0)) throw std::invalid_argument("There are fewer points than neighbours asked for.");
    const std::size_t rows = x.shape(0);
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
    nb::class_<Forest>(m, "Forest")
        .def("__init__", &make_forest, nb::arg("feature"), nb::arg("threshold"), nb::arg("set"), nb::arg("yes"),
             nb::arg("no"), nb::arg("missing"), nb::arg("starts"), nb::arg("members"), nb::arg("roots"),
             nb::arg("leaves"))
        .def("predict", &predict_forest, nb::arg("x"), nb::arg("narrow"), nb::arg("threads"))
        .def("contributions", &explain_forest, nb::arg("x"), nb::arg("cover"), nb::arg("narrow"), nb::arg("threads"));
    bind_smoothing(m);
    bind_intermittent(m);
    bind_counts(m);
    m.def("nearest", &find_nearest, nb::arg("points"), nb::arg("x"), nb::arg("count"), nb::arg("threads"));
    bind_arima(m);
    bind_prophet(m);
    bind_decomposing(m);
    bind_filters(m);
}
