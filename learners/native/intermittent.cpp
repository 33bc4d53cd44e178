// Intermittent demand: filters over series and the weights of their smoothing, with their Python face.
#include "intermittent.hpp"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <stdexcept>

#include "minimum.hpp"
#include "over_series.hpp"

namespace nb = nanobind;

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Block = nb::ndarray<const double, nb::ndim<3>, nb::c_contig, nb::device::cpu>;

void move_demand(double* s, double y) {
    const double there = y != 0.0 ? 1.0 : 0.0;
    s[CHANCE] = std::isnan(s[CHANCE]) ? there : s[CHANCE] + s[GAP_WEIGHT] * (there - s[CHANCE]);
    s[SINCE] += 1.0;
    if (y < 0.0) s[NEGATIVE] = 1.0;
    if (y != std::floor(y)) s[WHOLE] = 0.0;
    if (y == 0.0) return;
    if (std::isnan(s[SIZE])) {
        s[SIZE] = y, s[GAP] = s[SINCE];
    } else {
        const double error = y - s[SIZE], unit = std::max({s[DEVIATION], std::abs(error), 1e-300});
        const double before = s[DEVIATION] / unit, now = error / unit;
        s[DEVIATION] = unit * std::sqrt((s[ERRORS] * (before * before) + now * now) / (s[ERRORS] + 1.0));
        s[ERRORS] += 1.0;
        s[SIZE] += s[SIZE_WEIGHT] * error;
        s[GAP] += s[GAP_WEIGHT] * (s[SINCE] - s[GAP]);
    }
    s[SINCE] = 0.0;
}

double smoothing_weight(const std::vector<double>& x, double low, double high) {
    double unit = 0.0;
    for (const double v : x) unit = std::max(unit, std::abs(v));
    if (unit == 0.0 || x.size() < 2) return low;
    const double scale = 1.0 / std::max(unit, 1e-300);  // so that no square is too large or too small to be told
    const auto squares = [&](double weight) {
        double level = x[0] * scale, total = 0.0;
        for (std::size_t i = 1; i < x.size(); i++) {
            const double error = x[i] * scale - level;
            total += error * error;
            level += weight * error;
        }
        return total;
    };
    return lowest(squares, low, high, 8, 1e-9);
}

void move_bucket(Bucket& b, double y) {
    b.filled += 1.0;
    if (b.filled <= 0.0) return;
    b.sum += y;
    if (b.filled < b.rows) return;
    b.level = std::isnan(b.level) ? b.sum : b.level + b.weight * (b.sum - b.level);
    b.sum = b.filled = 0.0;
}

namespace {

template <typename... Sizes>
auto owned(std::unique_ptr<double[]>& data, Sizes... sizes) {
    nb::capsule owner(data.get(), [](void* p) noexcept { delete[] static_cast<double*>(p); });
    return nb::ndarray<nb::numpy, double>(data.release(), {sizes...}, owner);
}

void check(const Numbers& y, std::int64_t begin, std::int64_t end) {
    if (begin < 0 || end > static_cast<std::int64_t>(y.size()))
        throw std::invalid_argument("A series lies outside of the values.");
}

void check(const Numbers& y, const Indices& begins, const Indices& ends, std::size_t count) {
    if (begins.size() != count || ends.size() != count) throw std::invalid_argument("There must be one row a series.");
    for (std::size_t i = 0; i < count; i++) check(y, begins(i), ends(i));
}

// As many as there are series, one behind the other.
std::size_t checked(const Numbers& y, const Indices& starts) {
    if (starts.size() == 0) throw std::invalid_argument("There must be a start and an end of each series.");
    for (std::size_t i = 0; i + 1 < starts.size(); i++) check(y, starts(i), starts(i + 1));
    return starts.size() - 1;
}

// The values of a series that are not missing.
void known(const Numbers& y, std::int64_t begin, std::int64_t end, std::vector<double>& values) {
    values.clear();
    for (std::int64_t row = begin; row < end; row++)
        if (std::isfinite(y(row))) values.push_back(y(row));
}

// state: (series, DEMAND_NUMBERS) before the row at `begins`; returns that before the row at `ends`.
auto demand_filter(Numbers y, Indices begins, Indices ends, Table state, int threads) {
    const std::size_t count = state.shape(0), width = state.shape(1);
    check(y, begins, ends, count);
    if (width != DEMAND_NUMBERS) throw std::invalid_argument("These are not the numbers of a demand.");
    auto out = std::make_unique<double[]>(count * width);
    std::copy_n(state.data(), count * width, out.get());
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&](std::size_t i) {
            double* numbers = out.get() + i * width;
            if (std::isnan(numbers[SIZE_WEIGHT])) return;  // a series that nothing is known of
            for (std::int64_t row = begins(i); row < ends(i); row++)
                if (std::isfinite(y(row))) move_demand(numbers, y(row));
        });
    }
    return owned(out, count, width);
}

// For each series the weight of a new size, and that of a new gap, or of a new row for the chance of a demand.
// bounds: least and most of the one, least and most of the other.
auto demand_weights(Numbers y, Indices starts, bool chance, Numbers bounds, int threads) {
    const std::size_t count = checked(y, starts);
    if (bounds.size() != 4) throw std::invalid_argument("There must be four bounds.");
    auto out = std::make_unique<double[]>(count * 2);
    {
        nb::gil_scoped_release released;
        std::vector<double> sizes, others;
        over_series(count, threads, [&, sizes, others](std::size_t i) mutable {
            sizes.clear(), others.clear();
            double since = 0.0;
            for (std::int64_t row = starts(i); row < starts(i + 1); row++) {
                if (!std::isfinite(y(row))) continue;
                since += 1.0;
                if (chance) others.push_back(y(row) != 0.0 ? 1.0 : 0.0);
                if (y(row) == 0.0) continue;
                sizes.push_back(y(row));
                if (!chance) others.push_back(since);
                since = 0.0;
            }
            out[2 * i] = smoothing_weight(sizes, bounds(0), bounds(1));
            out[2 * i + 1] = smoothing_weight(others, bounds(2), bounds(3));
        });
    }
    return owned(out, count, std::size_t{2});
}

// rows: (series, buckets), 0 where there is none. The last known row of a series ends a bucket.
auto bucket_weights(Numbers y, Indices starts, Table rows, double low, double high, int threads) {
    const std::size_t count = checked(y, starts), width = rows.shape(1);
    if (rows.shape(0) != count) throw std::invalid_argument("There must be one row of buckets a series.");
    auto out = std::make_unique<double[]>(count * width);
    {
        nb::gil_scoped_release released;
        std::vector<double> values, sums;
        over_series(count, threads, [&, values, sums](std::size_t i) mutable {
            known(y, starts(i), starts(i + 1), values);
            for (std::size_t j = 0; j < width; j++) {
                const bool fits = rows(i, j) >= 1.0 && rows(i, j) <= static_cast<double>(values.size());
                const auto size = fits ? static_cast<std::size_t>(rows(i, j)) : 0;
                sums.assign(size > 0 ? values.size() / size : 0, 0.0);
                for (std::size_t b = 0, at = size > 0 ? values.size() % size : 0; b < sums.size(); b++)
                    for (std::size_t u = 0; u < size; u++) sums[b] += values[at++];
                out[i * width + j] = smoothing_weight(sums, low, high);
            }
        });
    }
    return owned(out, count, width);
}

// state: (series, buckets, 5) before the row at `begins`, as in Bucket; returns that before the row at `ends`.
auto bucket_filter(Numbers y, Indices begins, Indices ends, Block state, int threads) {
    const std::size_t count = state.shape(0), buckets = state.shape(1);
    check(y, begins, ends, count);
    if (state.shape(2) != 5) throw std::invalid_argument("These are not the numbers of buckets.");
    auto out = std::make_unique<double[]>(count * buckets * 5);
    std::copy_n(state.data(), count * buckets * 5, out.get());
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&](std::size_t i) {
            for (std::size_t j = 0; j < buckets; j++) {
                double* at = out.get() + (i * buckets + j) * 5;
                Bucket bucket{at[0], at[1], at[2], at[3], at[4]};
                if (!(bucket.rows > 0.0)) continue;
                for (std::int64_t row = begins(i); row < ends(i); row++)
                    if (std::isfinite(y(row))) move_bucket(bucket, y(row));
                at[2] = bucket.level, at[3] = bucket.sum, at[4] = bucket.filled;
            }
        });
    }
    return owned(out, count, buckets, std::size_t{5});
}

} // namespace

void bind_intermittent(nb::module_& m) {
    m.def("demand_filter", &demand_filter, nb::arg("y"), nb::arg("begins"), nb::arg("ends"), nb::arg("state"),
          nb::arg("threads"));
    m.def("demand_weights", &demand_weights, nb::arg("y"), nb::arg("starts"), nb::arg("chance"), nb::arg("bounds"),
          nb::arg("threads"));
    m.def("bucket_weights", &bucket_weights, nb::arg("y"), nb::arg("starts"), nb::arg("rows"), nb::arg("low"),
          nb::arg("high"), nb::arg("threads"));
    m.def("bucket_filter", &bucket_filter, nb::arg("y"), nb::arg("begins"), nb::arg("ends"), nb::arg("state"),
          nb::arg("threads"));
}
