// Filters: the formulas are those of `remember` in learners/ets.py, theta.py and auto_theta.py, term by term.
#include "filters.hpp"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>

#include "filtered_rows.hpp"
#include "over_series.hpp"

namespace nb = nanobind;

namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// One series on its way: numbers that stay, numbers that move, and the terms of its season, the next one at `at`.
struct Walk {
    const double* still;
    double *moving, *season;
    std::size_t length, at = 0;

    double term() const { return season[at]; }
    void turn(double newer) {
        season[at] = newer;
        if (++at == length) at = 0;
    }
};

// still: alpha, beta, gamma, phi, whether the season multiplies; moving: level, trend.
struct Ets {
    static constexpr std::size_t STILL = 5, MOVING = 2, TERM = 1;
    static void step(Walk& w, double y) {
        const double alpha = w.still[0], beta = w.still[1], gamma = w.still[2], phi = w.still[3];
        const bool multiplies = w.still[4] > 0.5, seen = y == y;
        double &level = w.moving[0], &slope = w.moving[1];
        const double term = w.term(), trend = phi * slope, base = level + trend;
        const auto over = [](double value, double by) { return by == 0.0 ? 0.0 : value / by; };
        const double error = seen ? y - (multiplies ? base * term : base + term) : 0.0;
        const double moved = multiplies ? over(error, term) : error;
        level = base + alpha * moved;
        slope = trend + beta * moved;
        w.turn(term + gamma * (multiplies ? over(error, base) : error));
    }
};

// still: weight, whether the season multiplies; moving: level, rows so far.
struct Theta {
    static constexpr std::size_t STILL = 2, MOVING = 2, TERM = 1;
    static void step(Walk& w, double y) {
        const double term = w.term();
        y = w.still[1] > 0.5 ? y / term : y - term;
        if (y == y) w.moving[0] += w.still[0] * (y - w.moving[0]);
        w.moving[1] += 1.0;
        w.turn(term);
    }
};

// still: weight, share, whether the line moves, whether the season multiplies; moving: level, intercept, slope, mean,
// rows so far.
struct AutoTheta {
    static constexpr std::size_t STILL = 4, MOVING = 5, TERM = 1;
    static void step(Walk& w, double y) {
        const double weight = w.still[0], term = w.term();
        double &level = w.moving[0], &intercept = w.moving[1], &slope = w.moving[2], &mean = w.moving[3];
        double& count = w.moving[4];
        y = w.still[3] > 0.5 ? y / term : y - term;
        if (y != y) { // a missing value is what was expected
            const double faded = std::pow(1.0 - weight, count);
            const double line = intercept * faded + slope * (1.0 - faded * (1.0 - weight)) / weight;
            y = level + w.still[1] * line;
        }
        const double steeper = ((count - 1.0) * slope + 6.0 * (y - mean) / (count + 1.0)) / (count + 2.0);
        const double newer = (count * mean + y) / (count + 1.0);
        level += weight * (y - level);
        if (w.still[2] > 0.5) {
            slope = steeper;
            intercept = newer - 0.5 * steeper * (count + 2.0);
        }
        mean = newer;
        count += 1.0;
        w.turn(term);
    }
};

// still: how the level's pair of states moves, then how the season's does, each: hidden to real, error to real, real to
// hidden, hidden to hidden, error to hidden; moving: level, hidden; a term of the season has its hidden part behind it.
struct Ces {
    static constexpr std::size_t STILL = 10, MOVING = 2, TERM = 2;
    static void step(Walk& w, double y) {
        const double *a = w.still, *b = w.still + 5, level = w.moving[0], hidden = w.moving[1];
        const double term = w.season[w.at], aside = w.season[w.at + 1];
        const double error = y == y ? y - (level + term) : 0.0;
        w.moving[0] = level + a[0] * hidden + a[1] * error;
        w.moving[1] = a[2] * level + a[3] * hidden + a[4] * error;
        w.turn(term + b[0] * aside + b[1] * error);
        w.turn(b[2] * term + b[3] * aside + b[4] * error);
    }
};

// `moving` (series, numbers that move and the season behind them) after the rows of each series: starts[i] is its first
// row in y, which may lie before the panel's by as many missing rows as `before` says, and steps[i] counts them all.
template <typename Kind>
auto filter(Table still, Table moving, Numbers y, Indices starts, Indices before, Indices steps, int threads) {
    const std::size_t count = moving.shape(0), width = moving.shape(1);
    if (still.shape(0) != count || still.shape(1) != Kind::STILL || width <= Kind::MOVING ||
        (width - Kind::MOVING) % Kind::TERM != 0 || starts.size() != count ||
        before.size() != count || steps.size() != count)
        throw std::invalid_argument("The tables of numbers do not hold the same series.");
    check_filtered(starts, before, steps, y.size());
    auto out = std::make_unique<double[]>(count * width);
    std::copy_n(moving.data(), count * width, out.get());
    {
        nb::gil_scoped_release released;
        over_series(count, threads, [&](std::size_t i) {
            double* mine = out.get() + i * width;
            Walk walk{still.data() + i * Kind::STILL, mine, mine + Kind::MOVING, width - Kind::MOVING};
            const std::int64_t missing = std::min(before(i), steps(i));
            for (std::int64_t t = 0; t < missing; t++) Kind::step(walk, std::numeric_limits<double>::quiet_NaN());
            for (std::int64_t t = 0; t < steps(i) - missing; t++) Kind::step(walk, y.data()[starts(i) + t]);
            std::rotate(walk.season, walk.season + walk.at, walk.season + walk.length);
        });
    }
    nb::capsule owner(out.get(), [](void* p) noexcept { delete[] static_cast<double*>(p); });
    return nb::ndarray<nb::numpy, double>(out.release(), {count, width}, owner);
}

template <typename Kind>
void bind(nb::module_& m, const char* name) {
    m.def(name, &filter<Kind>, nb::arg("still"), nb::arg("moving"), nb::arg("y"), nb::arg("starts"), nb::arg("before"),
          nb::arg("steps"), nb::arg("threads"));
}

} // namespace

void bind_filters(nb::module_& m) {
    bind<Ets>(m, "ets_filter");
    bind<Theta>(m, "theta_filter");
    bind<AutoTheta>(m, "auto_theta_filter");
    bind<Ces>(m, "ces_filter");
}
