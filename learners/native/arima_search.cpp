// Search: stepwise through the orders.
#include "arima_search.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "differencing.hpp"
#include "arima_prepare.hpp"
#include "stl.hpp"

namespace arima {

namespace {

constexpr double STRONG = 0.64;   // a stronger season is differenced
constexpr double ROOTS = 1.001;   // roots are at least as far from 0, each factor's in its own lag
constexpr double GAIN = 1e-3;     // in f, for which a candidate's coefficients are still moved
constexpr int STEPS = 50;         // of a candidate's coefficients
constexpr int CANDIDATES = 94;    // as in forecast::auto.arima
constexpr std::size_t GAPS = 12;  // more missing values than that are interpolated, not estimated
constexpr double TWO_PI = 6.283185307179586;

struct Candidate {
    Orders orders;
    int constant = 0;
};

class Search {
public:
    Search(const Prepared& made, const Settings& settings, int length, bool may_be_constant, Room& room)
        : made(made), settings(settings), length(length), may_be_constant(may_be_constant), room(room),
          lags(settings.fixed ? std::max(settings.orders.p, settings.orders.q) : std::max(settings.max_p, settings.max_q)),
          seasons(settings.fixed ? std::max(settings.orders.P, settings.orders.Q)
                                 : std::max(settings.max_P, settings.max_Q)),
          starts(made.plain.data(), made.sample.n, settings.season, lags, seasons), sample(made.sample) {}

    // True once there is a model.
    bool stepwise() {
        const Orders most = largest();
        const int c = may_be_constant ? 1 : 0;
        const bool tiny = length < 10;
        const int few = tiny ? 1 : 2, seasonal = tiny ? 0 : 1;
        consider({limited(few, few, seasonal, seasonal, most), c});
        consider({limited(0, 0, 0, 0, most), c});
        consider({limited(1, 0, seasonal, 0, most), c});
        consider({limited(0, 1, 0, seasonal, most), c});
        if (c) consider({limited(0, 0, 0, 0, most), 0});
        while (best.f() < NEVER && neighbour(most)) {}
        return best.f() < NEVER;
    }

    bool fixed(int constant) {
        chosen = {settings.orders, constant};
        choose_columns(constant);
        if (sample.observed() <= unknowns(chosen)) return false;
        best.x.assign(settings.orders.count(), 0.0);
        settle(settings.orders, sample, starts, room, best);
        if (settings.orders.count() == 0) likelihood(settings.orders, best.x.data(), sample, room, best.innovations);
        return best.f() < NEVER;
    }

    // The chosen model's coefficients from several starts; what breaks the rule of roots is not taken.
    void refine() {
        Fitted refined;
        refined.x = best.x;
        choose_columns(chosen.constant);
        if (chosen.orders.count() == 0) return;
        settle(chosen.orders, sample, starts, room, refined);
        const bool allowed = admissible(chosen.orders, refined.x.data(), ROOTS, 1.0, room.scratch);
        if (refined.f() <= best.f() && allowed) best = std::move(refined);
    }

    void write(Chosen& out) {
        const double n = sample.observed(), scale = made.deviation;
        out.orders = chosen.orders;
        out.constant = chosen.constant;
        out.tried = static_cast<int>(tried.size());
        out.fits = true;
        out.x = best.x;
        const std::vector<double>& beta = best.innovations.beta;
        for (std::size_t i = 0; i < made.kept.size(); i++)
            out.slopes[made.kept[i]] = beta[sample.gaps + i] * scale / made.widths[i];
        out.level = chosen.constant ? beta.back() * scale : 0.0;
        const double left = std::max(1.0, n - unknowns(chosen) + 1.0);
        out.variance = best.innovations.squares / left * scale * scale;
        const double twice = best.f() + n * (1.0 + std::log(TWO_PI)) + 2.0 * n * std::log(scale);
        out.likelihood = -0.5 * twice;
        out.aicc = twice + penalty(chosen);
    }

private:
    // Coefficients, slopes, constant and variance.
    int unknowns(const Candidate& c) const {
        return c.orders.count() + static_cast<int>(made.kept.size()) + c.constant + 1;
    }

    double penalty(const Candidate& c) const {
        const double k = unknowns(c), n = sample.observed();
        return n > k + 1.0 ? 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0) : NEVER;
    }

    void choose_columns(int constant) { sample.columns = made.sample.columns - (may_be_constant && !constant ? 1 : 0); }

    Orders largest() const {
        const int m = settings.season, third = length / 3;
        Orders most{std::min(settings.max_p, third), std::min(settings.max_q, third), 0, 0, m};
        if (m > 1) {
            most.p = std::min(most.p, m - 1);
            most.q = std::min(most.q, m - 1);
            most.P = std::min(settings.max_P, third / m);
            most.Q = std::min(settings.max_Q, third / m);
        }
        return most;
    }

    static Orders limited(int p, int q, int P, int Q, const Orders& most) {
        return {std::min(p, most.p), std::min(q, most.q), std::min(P, most.P), std::min(Q, most.Q), most.season};
    }

    // Moves to the first neighbour that is better; false if none is.
    bool neighbour(const Orders& most) {
        static constexpr std::array<std::array<int, 4>, 16> MOVES{{{0, 0, -1, 0}, {0, 0, 0, -1}, {0, 0, 1, 0},
            {0, 0, 0, 1}, {0, 0, -1, -1}, {0, 0, -1, 1}, {0, 0, 1, -1}, {0, 0, 1, 1}, {-1, 0, 0, 0}, {0, -1, 0, 0},
            {1, 0, 0, 0}, {0, 1, 0, 0}, {-1, -1, 0, 0}, {-1, 1, 0, 0}, {1, -1, 0, 0}, {1, 1, 0, 0}}};
        for (const auto& move : MOVES) {
            Orders o = chosen.orders;
            o.p += move[0], o.q += move[1], o.P += move[2], o.Q += move[3];
            const bool inside = std::min({o.p, o.q, o.P, o.Q}) >= 0 && o.p <= most.p && o.q <= most.q &&
                                o.P <= most.P && o.Q <= most.Q;
            if (inside && consider({o, chosen.constant})) return true;
        }
        return may_be_constant && consider({chosen.orders, 1 - chosen.constant});
    }

    // Fits a candidate that is new; true if it is the best so far.
    bool consider(const Candidate& candidate) {
        const Orders& o = candidate.orders;
        if (o.count() > settings.max_order || tried.size() >= CANDIDATES) return false;
        if (!tried.insert({o.p, o.q, o.P, o.Q, candidate.constant}).second) return false;
        const double cost = penalty(candidate);
        if (cost == NEVER) return false;
        choose_columns(candidate.constant);
        Fitted fitted;
        starts.hannan_rissanen(o, fitted.x, room.scratch);
        Fitter(o, sample, room).improve(fitted, GAIN, STEPS, criterion - cost);
        if (!(fitted.f() + cost < criterion) || !admissible(o, fitted.x.data(), ROOTS, 1.0, room.scratch)) return false;
        criterion = fitted.f() + cost;
        best = std::move(fitted);
        chosen = candidate;
        return true;
    }

    const Prepared& made;
    const Settings& settings;
    int length;
    bool may_be_constant;
    Room& room;
    int lags, seasons;
    Starts starts;
    Sample sample;
    Fitted best;
    Candidate chosen;
    double criterion = NEVER; // f + penalty of the best
    std::set<std::array<int, 5>> tried;
};

// The differences that a series needs.
void differences_by_tests(std::vector<double> y, const Settings& settings, Chosen& out) {
    const int n = static_cast<int>(y.size()), m = settings.season;
    double size = 0.0;
    for (const double value : y) size = std::max(size, std::fabs(value));
    if (m > 1 && n > 2 * m && seasonal_strength(y, m) > STRONG) out.D = 1;
    if (out.D) difference(y, m);
    out.d = differences(y, 2 - out.D, size);
}

bool attempted(const Series& series, const Settings& settings, const std::vector<double>& y,
               const std::vector<int>& gaps, Room& room, Chosen& out) {
    const bool may_be_constant =
        settings.fixed ? settings.constant == 1 || (settings.constant < 0 && out.d + out.D == 0) : out.d + out.D <= 1;
    const Prepared made = prepared(series, y, gaps, settings.season, out.d, out.D, may_be_constant);
    if (made.still) {
        out.level = may_be_constant ? made.value : 0.0;
        out.constant = may_be_constant;
        out.fits = !settings.fixed || settings.orders.count() == 0;
        return true;
    }
    Search search(made, settings, series.n, may_be_constant, room);
    if (settings.fixed ? !search.fixed(may_be_constant) : !search.stepwise()) return false;
    if (!settings.fixed) search.refine();
    search.write(out);
    return true;
}

} // namespace

Chosen chosen(const Series& series, const Settings& settings, Room& room) {
    Chosen out;
    std::vector<int> gaps;
    const std::vector<double> y = filled(series, gaps);
    out.slopes.assign(series.columns, 0.0);
    out.orders.season = settings.season;
    if (settings.fixed) {
        out.d = settings.d;
        out.D = settings.D;
    } else {
        differences_by_tests(unexplained(series, y), settings, out);
    }
    const bool many = gaps.size() > GAPS || 3 * gaps.size() > static_cast<std::size_t>(series.n);
    if (!many && attempted(series, settings, y, gaps, room, out)) return out;
    if (gaps.empty()) return out;
    out.interpolated = true;
    attempted(series, settings, y, {}, room, out);
    return out;
}

} // namespace arima
