// Counts: the likelihood of a smoothed level with a negative binomial distribution, its fit and its filter.
#include "counts.hpp"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>

#include "descent.hpp"
#include "over_series.hpp"

namespace nb = nanobind;

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

namespace {

constexpr double LEAST = 1e-12;    // of a level, so that it has a logarithm
constexpr int SUMMED = 40;         // counts up to which sums are taken term by term
constexpr double EXCESS_LOW = -9.2, EXCESS_HIGH = 9.2;  // logarithms: variances 1.0001 to 10,000 times the mean
const double NOTHING = std::numeric_limits<double>::quiet_NaN();

// The slope of log(gamma(x)), x > 0. Abramowitz & Stegun (1964), Handbook of Mathematical Functions, 6.3.5 and 6.3.18.
double digamma(double x) {
    double shift = 0.0;
    for (; x < 10.0; x += 1.0) shift -= 1.0 / x;
    const double s = 1.0 / (x * x);
    return shift + std::log(x) - 0.5 / x - s * (1.0 / 12 - s * (1.0 / 120 - s * (1.0 / 252 - s / 240)));
}

} // namespace

Likelihood negative_binomial(double x, double mean, double excess) {
    mean = std::max(mean, LEAST);
    const double unit = std::log1p(excess) / excess, ratio = 1.0 / (1.0 + excess);
    double shares = 0.0, total = 0.0;  // sum of 1 / (mean + j excess), and of the logarithms
    if (x <= SUMMED) {
        double product = 1.0;
        for (int j = 0; j < x; j++) {
            const double here = mean + j * excess;
            shares += 1.0 / here;
            product *= here * ratio / (j + 1);
            if (j % 8 == 7) total += std::log(product), product = 1.0;
        }
        total += std::log(product);
    } else {
        const double size = mean / excess;
        shares = (digamma(size + x) - digamma(size)) / excess;
        total = std::lgamma(size + x) - std::lgamma(size) - std::lgamma(x + 1.0) + x * std::log(excess * ratio);
    }
    return {total - mean * unit, shares - unit,
            (x - mean * shares) / excess - x * ratio - mean * (ratio - unit) / excess};
}

double CountObjective::low(std::size_t i) const { return std::array{-30.0, EXCESS_LOW, 0.0}[i]; }
double CountObjective::high(std::size_t i) const { return std::array{700.0, EXCESS_HIGH, 1.0}[i]; }

double CountObjective::slopes(const double* x, double* gradient, double* hessian) const {
    const double excess = std::exp(x[1]), weight = x[2];
    std::fill_n(gradient, 3, 0.0), std::fill_n(hessian, 9, 0.0);
    double level = std::exp(x[0]), total = 0.0;
    std::array<double, 3> slope{level, 0.0, 0.0};  // of the level, by each of x
    for (std::size_t t = 0; t < values.size(); t++) {
        const double y = values[t], from = std::max(level, LEAST);
        if (!(y == y)) continue;
        const auto found = negative_binomial(counts[t], from, excess);
        total -= found.value;
        for (const std::size_t i : {0, 2}) {
            gradient[i] -= found.by_mean * slope[i];
            // The information of a quasi-likelihood.
            for (const std::size_t j : {0, 2})
                if (j <= i) hessian[3 * i + j] += slope[i] * slope[j] / ((1.0 + excess) * from);
        }
        const double score = found.by_excess * excess;
        gradient[1] -= score, hessian[4] += score * score;
        slope[0] *= 1.0 - weight;
        slope[2] = (1.0 - weight) * slope[2] + y - level;
        level = smoothed(level, y, weight);
    }
    return std::isfinite(total) ? total : INFINITE;
}

namespace {

template <typename... Sizes>
auto owned(std::unique_ptr<double[]>& data, Sizes... sizes) {
    nb::capsule owner(data.get(), [](void* p) noexcept { delete[] static_cast<double*>(p); });
    return nb::ndarray<nb::numpy, double>(data.release(), {sizes...}, owner);
}

// The first level, the excess, the weight, and what was lost (minus the log-likelihood), into `out`.
void fit(CountObjective& objective, double* out) {
    double sum = 0.0, squares = 0.0, known = 0.0;
    for (const double y : objective.values) if (y == y) sum += y, squares += y * y, known += 1.0;
    const double mean = std::max(sum / known, 1e-9);
    const double over = std::max(squares / known - mean * mean, 0.0) / mean - 1.0;
    double best = INFINITE;
    Descent descent;
    for (const double weight : {0.05, 0.3}) {  // from where it is looked for
        std::vector<double> x{std::log(mean), std::log(std::clamp(over, 0.05, 1e3)), weight};
        const double lost = descent.run(objective, x, {1e-5, 60});
        if (!(lost < best)) continue;
        best = lost;
        out[0] = std::exp(x[0]), out[1] = std::exp(x[1]), out[2] = x[2], out[3] = lost;
    }
}

// values: what moves the level, NaN where missing; whole numbers of them are what is likely. (series, 4), see fit; NaN
// where nothing is to be fitted (`some` is 0).
auto fit_counts(Numbers values, Indices starts, Indices some, int threads) {
    if (starts.size() != some.size() + 1) throw std::invalid_argument("There must be a start and an end of each series.");
    const std::size_t count = some.size();
    for (std::size_t i = 0; i < count; i++)
        if (starts(i) < 0 || starts(i) > starts(i + 1) || starts(i + 1) > static_cast<std::int64_t>(values.size()))
            throw std::invalid_argument("A series lies outside of the values.");
    auto out = std::make_unique<double[]>(count * 4);
    std::fill_n(out.get(), count * 4, NOTHING);
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&, objective = CountObjective{}](std::size_t i) mutable {
            if (!some(i)) return;
            std::int64_t begin = starts(i), end = starts(i + 1);
            while (begin < end && std::isnan(values(begin))) begin++;
            while (begin < end && std::isnan(values(end - 1))) end--;
            if (begin == end) return;
            objective.values.assign(values.data() + begin, values.data() + end);
            objective.counts.resize(objective.values.size());
            for (std::size_t t = 0; t < objective.counts.size(); t++)
                objective.counts[t] = std::round(objective.values[t]);
            fit(objective, out.get() + i * 4);
        });
    }
    return owned(out, count, std::size_t{4});
}

// The log-likelihood of each value, and the level after it: (rows, 2).
auto count_likelihood(Numbers values, double level, double excess, double weight) {
    const std::size_t rows = values.size();
    auto out = std::make_unique<double[]>(rows * 2);
    for (std::size_t t = 0; t < rows; t++) {
        const double y = values(t);
        out[2 * t] = y == y ? negative_binomial(std::round(y), level, excess).value : 0.0;
        out[2 * t + 1] = level = smoothed(level, y, weight);
    }
    return owned(out, rows, std::size_t{2});
}

// numbers: level, weight, floor, unit; the level of each series after its rows from `begins` to `ends`, (series,).
auto count_filter(Numbers y, Indices begins, Indices ends, Table numbers, int threads) {
    const std::size_t count = numbers.shape(0);
    if (numbers.shape(1) != 4) throw std::invalid_argument("These are not the numbers of counts.");
    if (begins.size() != count || ends.size() != count) throw std::invalid_argument("There must be one row a series.");
    for (std::size_t i = 0; i < count; i++)
        if (begins(i) < 0 || ends(i) > static_cast<std::int64_t>(y.size()))
            throw std::invalid_argument("A series lies outside of the values.");
    auto out = std::make_unique<double[]>(count);
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&](std::size_t i) {
            double level = numbers(i, 0);
            for (std::int64_t row = begins(i); row < ends(i); row++)
                if (std::isfinite(y(row)))
                    level = smoothed(level, std::max((y(row) - numbers(i, 2)) / numbers(i, 3), 0.0), numbers(i, 1));
            out[i] = level;
        });
    }
    return owned(out, count);
}

} // namespace

void bind_counts(nb::module_& m) {
    m.def("fit_counts", &fit_counts, nb::arg("values"), nb::arg("starts"), nb::arg("some"), nb::arg("threads"));
    m.def("count_likelihood", &count_likelihood, nb::arg("values"), nb::arg("level"), nb::arg("excess"),
          nb::arg("weight"));
    m.def("count_filter", &count_filter, nb::arg("y"), nb::arg("begins"), nb::arg("ends"), nb::arg("numbers"),
          nb::arg("threads"));
}
