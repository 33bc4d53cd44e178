// The walk of exponential smoothing, forwards, with the derivatives of every state by every parameter beside it.
#include "ets_walk.hpp"

#include <algorithm>
#include <cmath>

#include "cloned.hpp"
#include "descent.hpp"
#include "ets_steps.hpp"

namespace {

constexpr double ROUNDING = 1e-24;         // the squared error of a perfect fit: below it all fits are equal
constexpr double LEAST = 1e-4, MOST = 0.9999;                 // of a weight
// Of beta / alpha, where the form is searched: a trend that turns faster wins by AICc on short series and then leads the
// forecast away, the more so the longer the season, and with it the horizon. On folds of the training parts of M1,
// CIF 2016, FRED-MD and others MASE falls by 1.6 %.
constexpr double MOST_TURNING = 0.25; // over the root of the season
constexpr double LEAST_DAMPING = 0.8, MOST_DAMPING = 0.98;    // of phi
constexpr std::size_t LANES = 4;

template <int Error, int Season>
MELTED bool sloped_as(EtsWalk& walk, const double* x, EtsSums& sums) {
    switch (walk.wide) {
    case 4: return EtsSteps::run<Error, Season, true, 4>(walk, x, sums);
    case 8: return EtsSteps::run<Error, Season, true, 8>(walk, x, sums);
    case 16: return EtsSteps::run<Error, Season, true, 16>(walk, x, sums);
    default: return EtsSteps::run<Error, Season, true, 0>(walk, x, sums);
    }
}

CLONED bool sloped(EtsWalk& walk, const double* x, EtsSums& sums) {
    switch (walk.form.error * 3 + walk.form.season) {
    case 0: return sloped_as<0, 0>(walk, x, sums);
    case 1: return sloped_as<0, 1>(walk, x, sums);
    case 2: return sloped_as<0, 2>(walk, x, sums);
    case 3: return sloped_as<1, 0>(walk, x, sums);
    case 4: return sloped_as<1, 1>(walk, x, sums);
    default: return sloped_as<1, 2>(walk, x, sums);
    }
}

bool valued(EtsWalk& walk, const double* x, EtsSums& sums) {
    switch (walk.form.error * 3 + walk.form.season) {
    case 0: return EtsSteps::run<0, 0, false, 0>(walk, x, sums);
    case 1: return EtsSteps::run<0, 1, false, 0>(walk, x, sums);
    case 2: return EtsSteps::run<0, 2, false, 0>(walk, x, sums);
    case 3: return EtsSteps::run<1, 0, false, 0>(walk, x, sums);
    case 4: return EtsSteps::run<1, 1, false, 0>(walk, x, sums);
    default: return EtsSteps::run<1, 2, false, 0>(walk, x, sums);
    }
}

} // namespace

void EtsWalk::choose(EtsForm chosen, const std::vector<double>* held_terms) {
    form = chosen;
    held = form.season ? held_terms : nullptr;
    int next = 1;
    beta = form.trend ? next++ : -1;
    gamma = form.season ? next++ : -1;
    phi = form.trend == 2 ? next++ : -1;
    level = next++;
    trend = form.trend ? next++ : -1;
    first_term = form.season && !held ? next : -1;
    if (first_term >= 0) next += season - 1;
    count = static_cast<std::size_t>(next);
    wide = (count + LANES - 1) / LANES * LANES;
    terms.assign(season, 0.0);
}

double EtsWalk::low(std::size_t i) const {
    const int place = static_cast<int>(i);
    return place == phi ? LEAST_DAMPING : place < level ? LEAST : -INFINITE;
}

double EtsWalk::high(std::size_t i) const {
    const int place = static_cast<int>(i);
    if (place == beta && searched) return MOST_TURNING / std::sqrt(static_cast<double>(season));
    return place == phi ? MOST_DAMPING : place < level ? MOST : INFINITE;
}

// The terms before the first row, or false where they are not allowed.
bool EtsWalk::begin(const double* x) {
    if (held) terms = *held;
    else if (form.season) {
        double rest = form.season == 2 ? season : 0.0;
        for (int j = 0; j < season - 1; j++) rest -= terms[j] = x[first_term + j];
        terms[season - 1] = rest;
    }
    if (form.season == 2 && *std::min_element(terms.begin(), terms.end()) <= 0.0) return false;
    moving = terms;
    return true;
}

void EtsWalk::begin_slopes() {
    room.assign((6 + EtsSteps::BATCH + wide + season) * wide, 0.0);
    double* next = room.data();
    for (double** d : {&d_level, &d_trend, &d_base, &d_error, &d_sum, &d_log}) *d = next, next += wide;
    batch = next;
    products = batch + EtsSteps::BATCH * wide;
    d_terms = products + wide * wide;
    d_level[level] = 1.0;
    if (trend >= 0) d_trend[trend] = 1.0;
    for (int j = 0; first_term >= 0 && j < season - 1; j++) {
        d_terms[j * wide + first_term + j] = 1.0;
        d_terms[(season - 1) * wide + first_term + j] = -1.0;
    }
}

double EtsWalk::value(const double* x) {
    EtsSums sums;
    if (!begin(x) || !valued(*this, x, sums)) return INFINITE;
    squares = sums.squares;
    return known * std::log(std::max(squares, ROUNDING * known)) + 2.0 * sums.logs;
}

double EtsWalk::slopes(const double* x, double* gradient, double* hessian) {
    EtsSums sums;
    if (!begin(x)) return INFINITE;
    begin_slopes();
    if (!sloped(*this, x, sums)) return INFINITE;
    squares = sums.squares;
    const double counted = std::max(squares, ROUNDING * known), factor = 2.0 * known / counted;
    for (std::size_t u = 0; u < count; u++) {
        gradient[u] = factor * d_sum[u] + 2.0 * d_log[u];
        for (std::size_t v = 0; v <= u; v++) hessian[u * count + v] = factor * products[u * wide + v];
    }
    return known * std::log(counted) + 2.0 * sums.logs;
}
