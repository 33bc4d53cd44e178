// Ets: starts from a decomposition, a descent for each form, several starts for the form that wins.
#include "ets.hpp"

#include <algorithm>
#include <cmath>

#include "decomposition.hpp"

namespace {

constexpr int LONGEST = 24;  // terms of a longer season are held at their start: too many numbers to estimate
constexpr double LOG_2PI = 1.8378770664093454836;
constexpr Patience SEARCH{1e-2, 40}, FINISH{1e-7, 200};
// alpha, beta / alpha, gamma / (1 - alpha), phi: where a descent may begin. The first is for the search; the last, without a slope,
// never forecasts zero or less of positive values, which no form with multiplicative errors allows.
constexpr int STARTS = 5, SAFE = 4;
constexpr double WEIGHTS[STARTS][4] = {
    {0.15, 0.1, 0.1, 0.95}, {0.7, 0.05, 0.3, 0.9}, {0.95, 0.7, 0.1, 0.97}, {0.01, 0.02, 0.02, 0.97},
    {0.5, 1e-4, 0.01, 0.9}};

double mean_size(const double* y, int rows) {
    double total = 0.0;
    int known = 0;
    for (int t = 0; t < rows; t++)
        if (y[t] == y[t]) total += std::abs(y[t]), known++;
    return total > 0.0 ? total / known : 1.0;
}

// With the variance of the errors as a parameter, and held terms counted as well. Hurvich & Tsai (1989).
double penalty(const EtsWalk& walk) {
    const bool held = walk.form.season && walk.first_term < 0;
    const double parameters = static_cast<double>(walk.count) + 1.0 + (held ? walk.season - 1 : 0);
    const double left = walk.known - parameters - 1.0;
    return left > 0.0 ? 2.0 * parameters + 2.0 * parameters * (parameters + 1.0) / left : INFINITE;
}

// Values beyond those that the parameters take.
double spare(const EtsWalk& walk) { return std::max(walk.known - static_cast<double>(walk.count), 1.0); }

void write(EtsWalk& walk, const std::vector<double>& x, double value, double scale, double* numbers) {
    const double known = walk.known;
    const bool multiplies = walk.form.season == 2, adds = walk.form.season == 1;
    numbers[ALPHA] = x[0];
    numbers[BETA] = walk.beta >= 0 ? x[0] * x[walk.beta] : 0.0;
    numbers[GAMMA] = walk.gamma >= 0 ? x[walk.gamma] * (1.0 - x[0]) : 0.0;
    numbers[PHI] = walk.phi >= 0 ? x[walk.phi] : 1.0;
    numbers[LEVEL] = x[walk.level] * scale;
    numbers[TREND] = walk.trend >= 0 ? x[walk.trend] * scale : 0.0;
    numbers[FORM] = walk.form.index();
    numbers[LIKELIHOOD] = -0.5 * (value + known * (1.0 + LOG_2PI - std::log(known)) + 2.0 * known * std::log(scale));
    numbers[CRITERION] = penalty(walk) - 2.0 * numbers[LIKELIHOOD];
    numbers[SPARE] = spare(walk);
    numbers[VARIANCE] = walk.squares / numbers[SPARE];
    if (walk.form.error == 0) numbers[VARIANCE] *= scale * scale;
    for (int j = 0; j < walk.season; j++)
        numbers[ETS_NUMBERS + j] = multiplies ? walk.terms[j] : adds ? walk.terms[j] * scale : 0.0;
}

} // namespace

// Level and trend before the first row: the mean and the straight line of the first values without their season.
// Hyndman et al. (2008), section 2.6.1.
void EtsFit::prepare(const EtsWalk& walk, int season_kind) {
    std::vector<double> terms(walk.season, 0.0);
    if (season_kind) seasonal_terms(filled, walk.season, season_kind == 2, terms);
    if (season_kind == 2)
        for (double& term : terms) term = std::max(term, 1e-2);
    const int rows = std::min(std::max(10, 2 * walk.season), walk.rows);
    double sum = 0.0, along = 0.0;
    const double middle = 0.5 * (rows + 1.0), spread = rows * (rows * static_cast<double>(rows) - 1.0) / 12.0;
    for (int t = 0; t < rows; t++) {
        const double term = terms[t % walk.season];
        const double v = season_kind == 2 ? filled[t] / term : filled[t] - term;
        sum += v;
        along += v * (t + 1.0 - middle);
    }
    const double slope = spread > 0.0 ? along / spread : 0.0, mean = sum / rows;
    flat = {mean, 0.0, terms};
    sloping = {mean - slope * middle, slope, terms};
}

std::vector<double> EtsFit::beginning(const EtsWalk& walk, int weights) const {
    const Start& start = walk.form.trend && weights != SAFE ? sloping : flat;
    std::vector<double> x(walk.count);
    x[0] = WEIGHTS[weights][0];
    if (walk.beta >= 0) x[walk.beta] = WEIGHTS[weights][1] * walk.high(walk.beta);
    if (walk.gamma >= 0) x[walk.gamma] = WEIGHTS[weights][2];
    if (walk.phi >= 0) x[walk.phi] = WEIGHTS[weights][3];
    x[walk.level] = start.level;
    if (walk.trend >= 0) x[walk.trend] = start.trend;
    if (walk.first_term >= 0) {
        double total = 0.0;
        for (double term : start.terms) total += term;
        for (int j = 0; j < walk.season - 1; j++)
            x[walk.first_term + j] = walk.form.season == 2 ? start.terms[j] * walk.season / total : start.terms[j];
    }
    return x;
}

// The best of all starts, to the last digit; `x` is where the search ended. A start that will not beat it is given up.
void EtsFit::improve(EtsWalk& walk, std::vector<double>& x, double& value) {
    value = descent.run(walk, x, FINISH);
    const double searched = value;
    for (int weights = 1; weights < STARTS; weights++) {
        std::vector<double> other = beginning(walk, weights);
        Patience patience = SEARCH;
        patience.enough = value;
        const double found = descent.run(walk, other, patience);
        if (!(found < value)) continue;
        value = found;
        x = other;
    }
    if (value < searched) descent.run(walk, x, FINISH);
    value = walk.value(x.data());
}

void EtsFit::run(const double* y, int rows, int season, std::uint32_t forms, bool searched, bool doubts,
                 double* numbers) {
    std::fill(numbers, numbers + width(season, doubts), std::nan(""));
    numbers[FORM] = -1;
    const double scale = mean_size(y, rows);
    scaled.assign(y, y + rows);
    for (double& v : scaled) v /= scale;
    fill_gaps(y, rows, scale, filled);
    EtsWalk walk(scaled.data(), rows, season);
    walk.searched = searched;
    const bool alone = (forms & (forms - 1)) == 0;
    double best = INFINITE, best_value = INFINITE;
    EtsForm chosen{0, 0, 0};
    std::vector<double> best_x;
    std::vector<double> x;
    for (int season_kind = 0; season_kind < 3; season_kind++) {
        bool prepared = false;
        for (int trend = 0; trend < 3; trend++) {
            x.clear();
            for (int error = 0; error < 2; error++) {
                const EtsForm form{error, trend, season_kind};
                if (!(forms >> form.index() & 1)) continue;
                if (!prepared) prepare(walk, season_kind), prepared = true;
                walk.choose(form, season_kind && season > LONGEST ? &flat.terms : nullptr);
                if (static_cast<int>(walk.count) >= walk.known) continue;
                const double extra = alone ? 0.0 : penalty(walk);
                if (!(extra < INFINITE)) continue;
                if (x.empty()) x = beginning(walk, 0); // the other error's optimum is a good start for this one
                Patience patience = SEARCH;
                patience.enough = best - extra;
                std::vector<double> tried = x;
                double value = descent.run(walk, tried, patience);
                if (!(value < INFINITE)) {
                    tried = beginning(walk, SAFE);
                    value = descent.run(walk, tried, patience);
                }
                if (!(value < INFINITE)) continue;
                x = tried;
                if (value + extra < best) {
                    best = value + extra;
                    best_value = value;
                    chosen = form;
                    best_x = tried;
                }
            }
        }
    }
    if (!(best < INFINITE)) return;
    prepare(walk, chosen.season);
    walk.choose(chosen, chosen.season && season > LONGEST ? &flat.terms : nullptr);
    improve(walk, best_x, best_value);
    if (!(best_value < INFINITE)) return;
    write(walk, best_x, best_value, scale, numbers);
    if (doubts) doubt.run(walk, best_x, walk.squares / spare(walk), scale, numbers + ETS_NUMBERS + season);
}

double ets_likelihood(const double* y, int rows, int season, const double* numbers) {
    const double scale = mean_size(y, rows);
    std::vector<double> scaled(y, y + rows), terms(numbers + ETS_NUMBERS, numbers + ETS_NUMBERS + season);
    for (double& v : scaled) v /= scale;
    EtsWalk walk(scaled.data(), rows, season);
    const EtsForm form = EtsForm::at(static_cast<int>(numbers[FORM]));
    if (form.season == 1)
        for (double& term : terms) term /= scale;
    walk.choose(form, &terms);
    std::vector<double> x(walk.count), written(ETS_NUMBERS + season);
    x[0] = numbers[ALPHA];
    if (walk.beta >= 0) x[walk.beta] = x[0] > 0.0 ? numbers[BETA] / x[0] : 0.0;
    if (walk.gamma >= 0) x[walk.gamma] = x[0] < 1.0 ? numbers[GAMMA] / (1.0 - x[0]) : 0.0;
    if (walk.phi >= 0) x[walk.phi] = numbers[PHI];
    x[walk.level] = numbers[LEVEL] / scale;
    if (walk.trend >= 0) x[walk.trend] = numbers[TREND] / scale;
    write(walk, x, walk.value(x.data()), scale, written.data());
    return written[LIKELIHOOD];
}
