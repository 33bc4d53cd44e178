// The rows of a walk of exponential smoothing, for each kind of error and season; `Wide` is the number of derivatives
// that are carried along, 0 if it is only known when the program runs.
#pragma once

#include <algorithm>
#include <cmath>

#include "ets_walk.hpp"

// What a cloned function calls must melt into it, or it stays what it was.
#if defined(__GNUC__)
#define MELTED inline __attribute__((always_inline))
#else
#define MELTED inline
#endif

struct EtsSums {
    double squares = 0.0, logs = 0.0; // of the errors; of the means, where errors multiply
};

struct EtsSteps {
    static constexpr double SMALLEST_MEAN = 1e-8; // of a series whose mean size is 1, where errors or season multiply
    static constexpr std::size_t BATCH = 4;       // errors whose products are added at once

    // False where a mean, or a level that a season multiplies, is not allowed.
    template <int Error, int Season, bool Slopes, int Wide>
    static MELTED bool run(EtsWalk& walk, const double* x, EtsSums& sums) {
        const std::size_t k = Wide ? Wide : walk.wide;
        const double alpha = x[0], share = walk.beta >= 0 ? x[walk.beta] : 0.0, beta = alpha * share;
        const double part = walk.gamma >= 0 ? x[walk.gamma] : 0.0, gamma = part * (1.0 - alpha);
        const double phi = walk.phi >= 0 ? x[walk.phi] : 1.0;
        double level = x[walk.level], trend = walk.trend >= 0 ? x[walk.trend] : 0.0;
        double product = 1.0, squares = 0.0, logs = 0.0;
        double* __restrict dl = walk.d_level;
        double* __restrict db = walk.d_trend;
        double* __restrict dq = walk.d_base;
        double* __restrict dm = walk.d_error;
        double* __restrict dsum = walk.d_sum;
        double* __restrict dlog = walk.d_log;
        std::size_t filled = 0;
        int place = 0;
        for (int t = 0; t < walk.rows; t++) {
            const double base = level + phi * trend, seen = walk.y[t];
            const double term = Season ? walk.moving[place] : 0.0;
            if (Slopes) {
                for (std::size_t u = 0; u < k; u++) {
                    db[u] *= phi;
                    dq[u] = dl[u] + db[u];
                }
                if (walk.phi >= 0) dq[walk.phi] += trend, db[walk.phi] += trend;
            }
            trend *= phi;
            const int here = place;
            if (Season && ++place == walk.season) place = 0;
            if (!(seen == seen)) {
                level = base;
                if (Slopes) std::copy(dq, dq + k, dl);
                continue;
            }
            const double mean = Season == 0 ? base : Season == 1 ? base + term : base * term;
            if (Error == 1 && !(mean > SMALLEST_MEAN)) return false;
            if (Season == 2 && !(std::abs(base) > SMALLEST_MEAN && term > 0.0)) return false;
            const double error = seen - mean, relative = Error == 1 ? error / mean : error;
            squares += relative * relative;
            if (Error == 1) {
                product *= mean;
                if (product > 1e100 || product < 1e-100) logs += std::log(product), product = 1.0;
            }
            const double moved = Season == 2 ? error / term : error, turned = Season == 2 ? error / base : error;
            level = base + alpha * moved;
            trend += beta * moved;
            if (Season) walk.moving[here] = term + gamma * turned;
            if (!Slopes) continue;
            double* __restrict ds = Season ? walk.d_terms + here * k : nullptr;
            double* __restrict de = walk.batch + filled * k;
            const double per_term = Season == 2 ? 1.0 / term : 1.0, per_base = Season == 2 ? 1.0 / base : 1.0;
            const double per_mean = Error == 1 ? -seen / (mean * mean) : -1.0, share_of_mean = 1.0 / mean;
            for (std::size_t u = 0; u < k; u++) {
                const double d = Season == 0 ? dq[u] : Season == 1 ? dq[u] + ds[u] : dq[u] * term + base * ds[u];
                const double dmoved = Season == 2 ? (-d - moved * ds[u]) * per_term : -d;
                dm[u] = d;
                de[u] = per_mean * d;
                dsum[u] += relative * de[u];
                if (Error == 1) dlog[u] += d * share_of_mean;
                dl[u] = dq[u] + alpha * dmoved;
                db[u] += beta * dmoved;
                if (Season) ds[u] += gamma * (Season == 2 ? (-d - turned * dq[u]) * per_base : -d);
            }
            dl[0] += moved;
            if (walk.beta >= 0) db[0] += share * moved, db[walk.beta] += alpha * moved;
            if (Season) ds[0] -= part * turned, ds[walk.gamma] += (1.0 - alpha) * turned;
            if (++filled == BATCH) add_products(walk.batch, k, walk.products), filled = 0;
        }
        if (Slopes && filled) {
            std::fill(walk.batch + filled * k, walk.batch + BATCH * k, 0.0);
            add_products(walk.batch, k, walk.products);
        }
        sums = {squares, logs + std::log(product)};
        return squares < 1e300;
    }

    // The products of BATCH rows of derivatives, added to the lower half of `products`, in blocks of four columns.
    static MELTED void add_products(const double* __restrict rows, std::size_t k, double* __restrict products) {
        const double *a = rows, *b = a + k, *c = b + k, *d = c + k;
        for (std::size_t u = 0; u < k; u++) {
            double* __restrict row = products + u * k;
            const double au = a[u], bu = b[u], cu = c[u], du = d[u];
            for (std::size_t v = 0; v < (u | 3) + 1; v++)
                row[v] = (((row[v] + au * a[v]) + bu * b[v]) + cu * c[v]) + du * d[v];
        }
    }
};
