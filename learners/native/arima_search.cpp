// Search: stepwise through the orders.
#include "arima_search.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "arima_prepare.hpp"
#include "arima_waves.hpp"

namespace arima {

namespace {

constexpr double ROOTS = 1.001;   // roots are at least as far from 0, each factor's in its own lag
constexpr double GAIN = 1e-3;     // in f, for which a candidate's coefficients are still moved
constexpr double FINE = 1e-7;     // the same for those of the chosen model
constexpr double CLOSE = 8.0;     // a candidate whose AICc is that close to the best is ranked by its best fit
constexpr double FAR = 10.0;        // AICc above that of the best at which a candidate no longer counts
constexpr int STEPS = 50;         // of a candidate's coefficients
constexpr int CANDIDATES = 94;    // as in forecast::auto.arima
constexpr std::size_t GAPS = 12;  // more missing values than that are interpolated, not estimated

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
        if (!resumed(most)) begin(most);
        while (best.f() < NEVER && neighbour(most)) {}
        return best.f() < NEVER;
    }

    bool fixed(int constant) {
        chosen = {settings.orders, constant};
        choose_columns(constant);
        if (sample.observed() <= unknowns(chosen)) return false;
        best.x.assign(settings.orders.count(), 0.0);
        if (settings.before && settings.before->x.size() == best.x.size()) best.x = settings.before->x;
        if (settings.hasty || settings.before)
            improve_once(best);
        else
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
        if (again && same(chosen.orders, settings.before->orders) && chosen.constant == settings.before->constant)
            Fitter(chosen.orders, sample, room).improve(refined, FINE, STEPS, NEVER);
        else
            settle(chosen.orders, sample, starts, room, refined);
        const bool allowed = admissible(chosen.orders, refined.x.data(), ROOTS, 1.0, room.scratch);
        if (refined.f() <= best.f() && allowed) best = std::move(refined);
    }

    void write(Chosen& out) {
        write(chosen, best, out);
        out.tried = static_cast<int>(tried.size());
        out.ranking = std::move(ranking);
        std::stable_sort(out.ranking.begin(), out.ranking.end(),
                         [](const Tried& a, const Tried& b) { return a.aicc < b.aicc; });
        for (const Tried& next : out.ranking) {
            if (out.others.size() + 1 >= static_cast<std::size_t>(settings.several)) break;
            const Candidate candidate{next.orders, next.constant};
            const bool best_again = same(next.orders, chosen.orders) && next.constant == chosen.constant;
            Fitted fitted;
            if (best_again || !next.admitted || !(next.aicc < out.aicc + FAR) || !improved(next, fitted)) continue;
            Chosen other;
            other.d = out.d, other.D = out.D, other.interpolated = out.interpolated;
            other.slopes.assign(out.slopes.size(), 0.0);
            write(candidate, fitted, other);
            out.others.push_back(std::move(other));
        }
    }

private:
    static bool same(const Orders& a, const Orders& b) { return a.p == b.p && a.q == b.q && a.P == b.P && a.Q == b.Q; }

    // What the fit of a candidate gave.
    void write(const Candidate& candidate, const Fitted& fitted, Chosen& out) const {
        const double n = sample.observed(), scale = made.deviation;
        out.orders = candidate.orders;
        out.constant = candidate.constant;
        out.fits = true;
        out.x = fitted.x;
        const std::vector<double>& beta = fitted.innovations.beta;
        for (std::size_t i = 0; i < made.kept.size(); i++)
            out.slopes[made.kept[i]] = beta[sample.gaps + i] * scale / made.widths[i];
        out.level = candidate.constant ? beta.back() * scale : 0.0;
        const double left = std::max(1.0, n - unknowns(candidate) + 1.0);
        out.variance = fitted.innovations.squares / left * scale * scale;
        out.likelihood = made.log_likelihood(fitted.f());
        out.aicc = -2.0 * out.likelihood + penalty(candidate);
    }

    // Moves a candidate's coefficients on from where the search left them; false if there is no model.
    bool improved(const Tried& next, Fitted& fitted) {
        choose_columns(next.constant);
        fitted.x = next.x;
        Fitter(next.orders, sample, room).improve(fitted, FINE, STEPS, NEVER);
        if (!admissible(next.orders, fitted.x.data(), ROOTS, 1.0, room.scratch)) {
            fitted.x = next.x;
            likelihood(next.orders, fitted.x.data(), sample, room, fitted.innovations);
        }
        return fitted.f() < NEVER;
    }

    // The usual first candidates.
    void begin(const Orders& most) {
        const int c = may_be_constant ? 1 : 0;
        const bool tiny = length < 10;
        const int few = tiny ? 1 : 2, seasonal = tiny ? 0 : 1;
        consider({limited(few, few, seasonal, seasonal, most), c});
        consider({limited(0, 0, 0, 0, most), c});
        consider({limited(1, 0, seasonal, 0, most), c});
        consider({limited(0, 1, 0, seasonal, most), c});
        if (c) consider({limited(0, 0, 0, 0, most), 0});
    }

    // Begins at the model that the series had before; false if that is none of these.
    bool resumed(const Orders& most) {
        const Chosen* before = settings.before;
        if (!before || !before->fits || (before->constant && !may_be_constant)) return false;
        const Orders& o = before->orders;
        if (o.p > most.p || o.q > most.q || o.P > most.P || o.Q > most.Q) return false;
        if (static_cast<std::size_t>(o.count()) != before->x.size()) return false;
        consider({o, before->constant}, &before->x);
        again = best.f() < NEVER;
        return again;
    }

    // The better of the coefficients in `fitted` and those of Hannan and Rissanen, both improved.
    bool improve_once(Fitted& fitted) {
        const double gain = settings.hasty ? GAIN : FINE;
        Fitted other;
        starts.hannan_rissanen(chosen.orders, other.x, room.scratch);
        bool converged = Fitter(chosen.orders, sample, room).improve(other, gain, STEPS, NEVER);
        if (settings.before) {
            const bool first = Fitter(chosen.orders, sample, room).improve(fitted, gain, STEPS, other.f());
            if (fitted.f() <= other.f()) return first;
        }
        fitted = std::move(other);
        return converged;
    }

    // Coefficients, slopes, constant and variance.
    int unknowns(const Candidate& c) const {
        return c.orders.count() + static_cast<int>(made.kept.size()) + c.constant + 1 + settings.spent;
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

    // Fits a candidate that is new, from `x` too if that is given; true if it is the best so far.
    bool consider(const Candidate& candidate, const std::vector<double>* x = nullptr) {
        const Orders& o = candidate.orders;
        if (o.count() > settings.max_order || tried.size() >= CANDIDATES) return false;
        if (!tried.insert({o.p, o.q, o.P, o.Q, candidate.constant}).second) return false;
        const double cost = penalty(candidate);
        if (cost == NEVER) return false;
        choose_columns(candidate.constant);
        Fitted fitted;
        starts.hannan_rissanen(o, fitted.x, room.scratch);
        const double slack = settings.ranked ? CLOSE : 0.0;
        bool converged = Fitter(o, sample, room).improve(fitted, GAIN, STEPS, criterion - cost + slack);
        if (x) {
            Fitted other;
            other.x = *x;
            const bool as_well = Fitter(o, sample, room).improve(other, GAIN, STEPS, fitted.f());
            if (other.f() < fitted.f()) fitted = std::move(other), converged = as_well;
        }
        const bool better = fitted.f() + cost < criterion;
        if (!better && !settings.ranked) return false;
        const bool admitted = admissible(o, fitted.x.data(), ROOTS, 1.0, room.scratch);
        if (settings.ranked && fitted.f() < NEVER) {
            const double likelihood = made.log_likelihood(fitted.f());
            const double aicc = cost - 2.0 * likelihood;
            ranking.push_back({o, candidate.constant, admitted, converged, likelihood, aicc, fitted.x});
        }
        if (!better || !admitted) return false;
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
    bool again = false;       // whether the search began at the model from before
    std::vector<Tried> ranking;
    std::set<std::array<int, 5>> tried;
};

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
    Settings own = settings;
    if (own.before && (own.before->d != out.d || own.before->D != out.D)) own.before = nullptr;
    Search search(made, own, series.n, may_be_constant, room);
    if (own.fixed ? !search.fixed(may_be_constant) : !search.stepwise()) return false;
    if (!settings.fixed) search.refine();
    search.write(out);
    return true;
}

} // namespace

Chosen chosen(const Series& series, const Settings& settings, Room& room) {
    if (settings.waves > 1) return with_waves(series, settings, room);
    Chosen out;
    std::vector<int> gaps;
    const std::vector<double> y = filled(series, gaps);
    out.slopes.assign(series.columns, 0.0);
    out.orders.season = settings.season;
    if (settings.fixed) {
        out.d = settings.d;
        out.D = settings.D;
    } else {
        const Differences found = differences_by_tests(unexplained(series, y), settings.season);
        out.D = found.D, out.d = found.d;
    }
    const bool many = gaps.size() > GAPS || 3 * gaps.size() > static_cast<std::size_t>(series.n);
    if (!many && attempted(series, settings, y, gaps, room, out)) return out;
    if (gaps.empty()) return out;
    out.interpolated = true;
    attempted(series, settings, y, {}, room, out);
    return out;
}

} // namespace arima
