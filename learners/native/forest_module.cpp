// The Python face of Forest: arrays are checked here, once, since they may come from a file of any origin; the walk
// trusts them.
#include "forest_module.hpp"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "forest.hpp"
#include "shap.hpp"

namespace nb = nanobind;

namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

constexpr std::int64_t MOST = std::int64_t{1} << 30; // nodes, leaves, sets and columns
constexpr double CODES = 1 << 24;                    // categories of one column: one bit each in every set
constexpr std::size_t DEEPEST = 2000;                // questions in a row that are explained: the walk there recurs

void require(bool holds, const char* why) {
    if (!holds) throw std::invalid_argument(std::string("These are not trees: ") + why);
}

std::int32_t within(std::int64_t value, std::int64_t low, std::int64_t high, const char* why) {
    require(value >= low && value < high, why);
    return static_cast<std::int32_t>(value);
}

// Set i holds members[starts[i]:starts[i + 1]].
std::vector<Categories> sets_of(const Indices& starts, const Numbers& members) {
    require(starts.size() > 0 && starts.size() <= static_cast<std::size_t>(MOST), "the sets have no end.");
    std::vector<Categories> sets(starts.size() - 1);
    for (std::size_t i = 0; i < sets.size(); i++) {
        require(starts(i) >= 0 && starts(i) <= starts(i + 1) &&
                    starts(i + 1) <= static_cast<std::int64_t>(members.size()),
                "a set lies outside of the categories.");
        for (std::int64_t m = starts(i); m < starts(i + 1); m++) {
            require(members(m) >= 0 && members(m) < CODES && members(m) == std::floor(members(m)),
                    "a category is no whole number from 0 on, or too large.");
            const auto code = static_cast<std::uint64_t>(members(m));
            auto& bits = sets[i].bits;
            if (bits.size() <= code >> 6) bits.resize((code >> 6) + 1);
            bits[code >> 6] |= std::uint64_t{1} << (code & 63);
        }
    }
    return sets;
}

// How many questions the longest way from a root asks. No node is led to twice, so that every way ends.
std::size_t deepest(const Forest& forest) {
    std::vector<char> met(forest.nodes.size());
    std::vector<std::int32_t> level, below;
    const auto lead_to = [&](std::int32_t at, std::vector<std::int32_t>& to) {
        if (at < 0) return;
        require(!met[at], "two ways lead to the same question.");
        met[at] = 1;
        to.push_back(at);
    };
    for (const std::int32_t root : forest.roots) lead_to(root, level);
    std::size_t depth = 0;
    for (; !level.empty(); depth++) {
        below.clear();
        for (const std::int32_t at : level)
            for (const std::int32_t child : forest.nodes[at].child) lead_to(child, below);
        level.swap(below);
    }
    return depth;
}

// `yes` and `no`: nodes, or ~leaf.
void make_forest(Forest* forest, Indices feature, Numbers threshold, Indices set, Indices yes, Indices no,
                 Indices missing, Indices starts, Numbers members, Indices roots, Numbers leaves) {
    for (const std::size_t size : {threshold.size(), set.size(), yes.size(), no.size(), missing.size()})
        require(size == feature.size(), "the arrays of their questions differ in length.");
    const auto count = static_cast<std::int64_t>(feature.size()), ends = static_cast<std::int64_t>(leaves.size());
    require(count <= MOST && ends <= MOST, "there are more than a machine can hold.");
    Forest made;
    made.sets = sets_of(starts, members);
    const auto sets = static_cast<std::int64_t>(made.sets.size());
    made.nodes.reserve(feature.size());
    for (std::size_t i = 0; i < feature.size(); i++) {
        made.nodes.push_back({threshold(i), within(feature(i), 0, MOST, "a question asks for a column that cannot be."),
                              within(set(i), -1, sets, "a question asks for a set that is not there."),
                              {within(no(i), -ends, count, "a question leads to what is not there."),
                               within(yes(i), -ends, count, "a question leads to what is not there.")},
                              missing(i) != 0});
        made.columns = std::max(made.columns, static_cast<std::size_t>(feature(i)) + 1);
    }
    for (std::size_t i = 0; i < roots.size(); i++)
        made.roots.push_back(within(roots(i), -ends, count, "a root is not there."));
    made.leaves.assign(leaves.data(), leaves.data() + leaves.size());
    made.depth = deepest(made);
    new (forest) Forest(std::move(made));
}

template <typename T, typename... Sizes>
auto owned(T* data, Sizes... sizes) {
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return nb::ndarray<nb::numpy, T>(data, {sizes...}, owner);
}

void check_columns(const Forest& forest, const Table& x) {
    if (x.shape(1) < forest.columns) throw std::invalid_argument("The trees ask for more columns than the table has.");
}

auto predict_forest(const Forest& forest, Table x, bool narrow, int threads) {
    const std::size_t rows = x.shape(0), columns = x.shape(1);
    check_columns(forest, x);
    auto out = std::make_unique<double[]>(rows);
    {
        nb::gil_scoped_release released;
        forest.predict(x.data(), rows, columns, narrow, threads, out.get());
    }
    return owned(out.release(), rows);
}

auto explain_forest(const Forest& forest, Table x, Numbers cover, bool narrow, int threads) {
    const std::size_t rows = x.shape(0), columns = x.shape(1);
    check_columns(forest, x);
    if (cover.size() != forest.leaves.size()) throw std::invalid_argument("Every leaf needs its cover.");
    if (forest.depth > DEEPEST) throw std::invalid_argument("Trees that ask 2000 questions in a row are not explained.");
    auto out = std::make_unique<double[]>(rows * columns);
    double expected = 0.0;
    {
        nb::gil_scoped_release released;
        expected = shap(forest, cover.data(), x.data(), rows, columns, narrow, threads, out.get());
    }
    return nb::make_tuple(expected, owned(out.release(), rows, columns));
}

} // namespace

void bind_forest(nb::module_& m) {
    nb::class_<Forest>(m, "Forest")
        .def("__init__", &make_forest, nb::arg("feature"), nb::arg("threshold"), nb::arg("set"), nb::arg("yes"),
             nb::arg("no"), nb::arg("missing"), nb::arg("starts"), nb::arg("members"), nb::arg("roots"),
             nb::arg("leaves"))
        .def("predict", &predict_forest, nb::arg("x"), nb::arg("narrow"), nb::arg("threads"))
        .def("contributions", &explain_forest, nb::arg("x"), nb::arg("cover"), nb::arg("narrow"), nb::arg("threads"));
}
