// Ces: a walk there, back and there again, whose first states are those at which the way back ended.
#include "ces.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "decomposition.hpp"

namespace {

constexpr double HIDDEN = 1.1;  // by what the hidden part is smaller than the real one, at the start
constexpr int BEGINNING = 10;   // values whose mean the level starts with
constexpr double START[4] = {1.3, 1.0, 1.3, 1.0}, PARTIAL_START = 0.1;
constexpr double ROUNDING = 1e-24; // the squared error of a perfect fit: below it all fits are equal
constexpr double TOLERANCE = 1e-3; // of -2 log likelihood
constexpr int STEPS = 60;

// With the variance of the errors. Hurvich & Tsai (1989).
double penalty(const CesWalk& walk) {
    const double parameters = static_cast<double>(walk.count) + 1.0, left = walk.known - parameters - 1.0;
    return left > 0.0 ? 2.0 * parameters + 2.0 * parameters * (parameters + 1.0) / left : INFINITE;
}

} // namespace

CesWalk::CesWalk(const double* y, int rows, int season, int model)
    : model(model), count(model == CES_FULL ? 4 : model == CES_PARTIAL ? 3 : 2), y(y), rows(rows),
      season(model == CES_NONE ? 1 : season), has_level(model != CES_SIMPLE),
      pairs(model == CES_SIMPLE || model == CES_FULL), seasons(2 * static_cast<std::size_t>(this->season)) {
    for (int t = 0; t < rows; t++) known += y[t] == y[t];
}

// `filled` values would do for y: the first season must not be missing where it is the start.
void CesWalk::begin(const std::vector<double>& given) {
    start_seasons.assign(2 * static_cast<std::size_t>(season), 0.0);
    if (has_level) {
        const int counted = std::min(model == CES_NONE ? BEGINNING : season, rows);
        double sum = 0.0;
        int seen = 0;
        for (int t = 0; t < counted; t++)
            if (y[t] == y[t]) sum += y[t], seen++;
        start[0] = seen ? sum / seen : 0.0;
        start[1] = start[0] / HIDDEN;
    }
    if (model == CES_NONE) return;
    for (int j = 0; j < season; j++) {
        start_seasons[2 * j] = given[j];
        start_seasons[2 * j + 1] = pairs ? given[j] / HIDDEN : 0.0;
    }
}

double CesWalk::walk(const double* x, double* gradient, double* hessian) {
    std::copy_n(x, count, weights);
    const bool with = gradient != nullptr;
    switch (model) {
    case CES_NONE: return with ? there_and_back<0, true>(gradient, hessian) : there_and_back<0, false>(nullptr, nullptr);
    case CES_SIMPLE: return with ? there_and_back<1, true>(gradient, hessian) : there_and_back<1, false>(nullptr, nullptr);
    case CES_PARTIAL: return with ? there_and_back<2, true>(gradient, hessian) : there_and_back<2, false>(nullptr, nullptr);
    default: return with ? there_and_back<3, true>(gradient, hessian) : there_and_back<3, false>(nullptr, nullptr);
    }
}

namespace {

// One value of a walk: two states with their derivatives by the weights, real before hidden.
template <int K> struct Pair {
    double real, hidden, d_real[K], d_hidden[K];
};

template <int K, bool Slopes>
inline void move(Pair<K>& pair, const double* weights, int at, double error, const double* d_error) {
    const double w0 = weights[at], w1 = weights[at + 1], real = pair.real, hidden = pair.hidden;
    if (Slopes) {
        for (int u = 0; u < K; u++) {
            const double r = pair.d_real[u], h = pair.d_hidden[u], e = d_error[u];
            pair.d_real[u] = r - (1.0 - w1) * h + (w0 - w1) * e;
            pair.d_hidden[u] = r + (1.0 - w0) * h + (w0 + w1) * e;
        }
        pair.d_real[at] += error, pair.d_real[at + 1] += hidden - error;
        pair.d_hidden[at] += error - hidden, pair.d_hidden[at + 1] += error;
    }
    pair.real = real - (1.0 - w1) * hidden + (w0 - w1) * error;
    pair.hidden = real + (1.0 - w0) * hidden + (w0 + w1) * error;
}

} // namespace

template <int Model, bool Slopes>
double CesWalk::there_and_back(double* gradient, double* hessian) {
    constexpr int K = Model == CES_FULL ? 4 : Model == CES_PARTIAL ? 3 : 2;
    constexpr bool HAS_LEVEL = Model != CES_SIMPLE, PAIRS = Model == CES_SIMPLE || Model == CES_FULL;
    constexpr int AT = Model == CES_SIMPLE ? 0 : K == 4 ? 2 : 0; // the weights of the season's pairs
    double w[4];
    std::copy_n(weights, 4, w);
    Pair<K> level{start[0], start[1], {}, {}};
    buffer.resize(sizeof(Pair<K>) / sizeof(double) * season);
    Pair<K>* terms = reinterpret_cast<Pair<K>*>(buffer.data());
    for (int j = 0; j < season; j++) terms[j] = {start_seasons[2 * j], start_seasons[2 * j + 1], {}, {}};
    double sum = 0.0, slope[K] = {}, curvature[K][K] = {}, d[K] = {};
    const auto step = [&](double seen, Pair<K>& term, auto counts) {
        const bool there = seen == seen;
        const double error = there ? seen - level.real - (Model == CES_NONE ? 0.0 : term.real) : 0.0;
        if (Slopes)
            for (int u = 0; u < K; u++) {
                d[u] = there ? -level.d_real[u] - (Model == CES_NONE ? 0.0 : term.d_real[u]) : 0.0;
                if (decltype(counts)::value) slope[u] += error * d[u];
            }
        if (Slopes && decltype(counts)::value)
            for (int u = 0; u < K; u++)
                for (int v = 0; v <= u; v++) curvature[u][v] += d[u] * d[v];
        if (decltype(counts)::value) sum += error * error;
        if (HAS_LEVEL) move<K, Slopes>(level, w, 0, error, d);
        if (PAIRS) move<K, Slopes>(term, w, AT, error, d);
        if (Model == CES_PARTIAL) {
            if (Slopes) {
                for (int u = 0; u < K; u++) term.d_real[u] += w[2] * d[u];
                term.d_real[K - 1] += error;
            }
            term.real += w[2] * error;
        }
    };
    const auto turn = [&] { // at either end the states go on by one season, and the walk turns
        std::fill(d, d + K, 0.0);
        if (HAS_LEVEL) move<K, Slopes>(level, w, 0, 0.0, d);
        if (PAIRS)
            for (int j = 0; j < season; j++) move<K, Slopes>(terms[j], w, AT, 0.0, d);
    };
    const auto there = [&](auto counts) {
        for (int t = 0, place = 0; t < rows; t++) {
            step(y[t], terms[place], counts);
            if (++place == season) place = 0;
        }
    };
    there(std::false_type());
    turn();
    for (int t = rows, place = rows % season; t-- > 0;) {
        if (--place < 0) place = season - 1;
        step(y[t], terms[place], std::false_type());
    }
    turn();
    first = {level.real, level.hidden};
    for (int j = 0; j < season; j++) seasons[2 * j] = terms[j].real, seasons[2 * j + 1] = terms[j].hidden;
    there(std::true_type());
    squares = sum;
    if (!(sum < 1e300)) return INFINITE;
    const double counted = std::max(sum, ROUNDING * known);
    if (Slopes)
        for (int u = 0; u < K; u++) {
            gradient[u] = slope[u] * 2.0 * known / counted;
            for (int v = 0; v <= u; v++) hessian[u * K + v] = curvature[u][v] * 2.0 * known / counted;
        }
    return known * std::log(counted);
}

void CesFit::run(const double* y, int rows, int season, std::uint32_t models, double* numbers) {
    std::fill(numbers, numbers + CES_NUMBERS + 2 * season, 0.0);
    numbers[CES_MODEL] = -1;
    double scale = 0.0, best = INFINITE;
    int seen = 0;
    for (int t = 0; t < rows; t++)
        if (y[t] == y[t]) scale += std::abs(y[t]), seen++;
    scale = scale > 0.0 ? scale / seen : 1.0;
    scaled.resize(rows);
    for (int t = 0; t < rows; t++) scaled[t] = y[t] / scale;
    fill_gaps(y, rows, scale, filled);
    for (int model = 0; model < CES_MODELS; model++) {
        if (!(models >> model & 1) || (model != CES_NONE && rows < 2 * season)) continue;
        if (model == CES_SIMPLE) terms.assign(filled.begin(), filled.begin() + season);
        else if (model != CES_NONE) seasonal_terms(filled, season, false, terms);
        CesWalk walk(scaled.data(), rows, season, model);
        walk.begin(terms);
        std::vector<double> x(START, START + walk.count);
        if (model == CES_PARTIAL) x[2] = PARTIAL_START;
        const double extra = penalty(walk);
        const Patience patience{TOLERANCE, STEPS, best - extra};
        if (!(extra < INFINITE) || !(descent.run(walk, x, patience) < INFINITE)) continue;
        const double criterion = walk.value(x.data()) + extra;
        if (!(criterion < best)) continue;
        best = criterion;
        std::fill(numbers, numbers + CES_NUMBERS + 2 * season, 0.0);
        std::copy(x.begin(), x.end(), numbers);
        numbers[CES_LEVEL] = walk.first[0] * scale;
        numbers[CES_HIDDEN] = walk.first[1] * scale;
        numbers[CES_MODEL] = model;
        numbers[CES_CRITERION] = criterion + 2.0 * walk.known * std::log(scale);
        numbers[CES_FREEDOM] = std::max(walk.known - static_cast<double>(walk.count) - 2.0, 1.0);
        numbers[CES_DEVIATION] = std::sqrt(walk.squares / numbers[CES_FREEDOM]) * scale;
        if (model != CES_NONE)
            for (int j = 0; j < 2 * season; j++) numbers[CES_NUMBERS + j] = walk.seasons[j] * scale;
    }
}

double ces_squares(const double* y, int rows, int season, int model, const double* weights) {
    std::vector<double> filled, terms(y, y + std::min(season, rows));
    fill_gaps(y, rows, 1.0, filled);
    if (model > CES_SIMPLE) seasonal_terms(filled, season, false, terms);
    CesWalk walk(y, rows, season, model);
    walk.begin(terms);
    walk.value(weights);
    return walk.squares;
}
