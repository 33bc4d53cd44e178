// Kalman: the names and formulas are those of learners/kalman.py.
#include "kalman.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "arma.hpp"

namespace arima {

namespace {

constexpr double FORGOTTEN = 1e-9; // part of the spread that a gap may still change when its place is taken
constexpr double NOTHING = 1e-60;  // squared length of a column that says nothing any more

CLONED double length(const double* v, std::size_t k) {
    double sum = 0.0;
    for (std::size_t i = 0; i < k; i++) sum += v[i] * v[i];
    return sum;
}

// out = shift(out) + by * out[0] + first * e1 + push * gain
CLONED void move(const double* by, const double* gain, double first, double push, std::size_t k, double* out) {
    const double head = out[0];
    for (std::size_t i = 0; i + 1 < k; i++) out[i] = by[i] * head + out[i + 1] + push * gain[i];
    out[k - 1] = by[k - 1] * head + push * gain[k - 1];
    out[0] += first;
}

class Walk {
public:
    explicit Walk(const Filter& filter) : f(filter), r(filter.gaps + 1), k(used(filter)), live(r), taken(r), z(r), sum(k + 1), by(k) {
        for (std::size_t j = 0; j < r; j++) {
            live[j] = length(column(j), k) > NOTHING;
            for (std::size_t i = 0; i < r; i++) taken[j] = taken[j] || weight(i, j) != 0.0;
        }
    }

    void row(double y, const double* x) {
        const bool missing = y != y, warm = f.counts[0] > 0.0;
        const bool gap = missing && !warm && f.gaps > 0 && (f.counts[1] > 0.0 || forgotten());
        const double error = missing ? 0.0 : y - f.state[0];
        move(f.ar, f.gain, f.intercept, error, k, f.state);
        for (std::size_t i = 0; i < f.levers; i++) {
            double* lever = f.lever + i * f.k;
            const double seen = missing ? 0.0 : lever[0] + (i ? x[i - 1] : 0.0);
            move(f.ar, f.gain, i ? 0.0 : f.push, -seen, k, lever);
        }
        if (warm) {
            if ((f.counts[0] -= 1.0) <= 0.0)
                for (std::size_t i = 0; i < k; i++) f.gain[i] += f.change[i];
            return;
        }
        if (gap) open();
        spread(gap);
        f.counts[1] = gap ? 1.0 : 0.0;
    }

private:
    // What a model of fewer orders does not use, it is padded with zeros.
    static std::size_t used(const Filter& f) {
        std::size_t k = f.k;
        const auto empty = [&](std::size_t i) {
            bool zero = f.ar[i] == 0.0 && f.state[i] == 0.0 && f.gain[i] == 0.0 && f.change[i] == 0.0;
            for (std::size_t j = 0; j < f.gaps; j++) zero = zero && f.gap[j * f.k + i] == 0.0;
            for (std::size_t j = 0; j < f.levers; j++) zero = zero && f.lever[j * f.k + i] == 0.0;
            return zero;
        };
        while (k > 1 && empty(k - 1)) k--;
        return k;
    }

    double* column(std::size_t j) { return j == 0 ? f.change : f.gap + (j - 1) * f.k; }
    double& weight(std::size_t i, std::size_t j) { return f.weights[i * r + j]; }

    void clear(std::size_t j) {
        std::fill_n(column(j), k, 0.0);
        for (std::size_t i = 0; i < r; i++) weight(i, j) = weight(j, i) = 0.0;
        live[j] = taken[j] = false;
    }

    // Whether the oldest gap changes the spread no more.
    bool forgotten() {
        double sum = 0.0;
        for (std::size_t i = r - std::min<std::size_t>(2, f.gaps); i < r; i++) {
            if (!live[i]) continue;
            const double own = std::sqrt(length(column(i), k));
            for (std::size_t j = 0; j < r; j++)
                if (live[j]) sum += own * std::fabs(weight(i, j)) * std::sqrt(length(column(j), k));
        }
        return f.gaps > 0 && sum <= FORGOTTEN * f.spread[0];
    }

    // Room for one more gap; a gap that goes on takes back what its last row was given for being observed.
    void open() {
        if (f.counts[1] > 0.0) return clear(2);
        for (std::size_t j = r - 1; j > 2; j--) {
            std::copy_n(column(j - 2), k, column(j));
            live[j] = live[j - 2];
            taken[j] = taken[j - 2];
        }
        for (std::size_t i = r - 1; i + 1 > 0; i--)
            for (std::size_t j = r - 1; j + 1 > 0; j--) {
                if (i == 1 || i == 2 || j == 1 || j == 2) continue;
                weight(i, j) = weight(i > 2 ? i - 2 : i, j > 2 ? j - 2 : j);
            }
        clear(1);
        clear(2);
        std::copy_n(f.gain, k, column(1));
        weight(1, 1) = f.spread[0];
        live[1] = taken[1] = true;
    }

    CLONED void spread(bool gap) {
        const double before = f.spread[0];
        double grown = 0.0;
        std::fill(sum.begin(), sum.end(), 0.0);
        for (std::size_t i = 0; i < r; i++) {
            z[i] = 0.0;
            for (std::size_t j = 0; j < r && taken[i]; j++)
                if (live[j]) z[i] += weight(i, j) * column(j)[0];
            if (!live[i]) continue;
            const double* v = column(i);
            grown += z[i] * v[0];
            for (std::size_t n = 0; n < k; n++) sum[n] += z[i] * v[n];
        }
        const double after = before + grown, head = sum[0];
        for (std::size_t n = 0; n < k; n++) {
            f.gain[n] = (f.gain[n] * before + (f.ar[n] * head + sum[n + 1])) / after;
            by[n] = gap ? f.ar[n] : f.ar[n] - f.gain[n];
        }
        f.spread[0] = after;
        for (std::size_t i = 0; i < r; i++) {
            if (!gap && taken[i])
                for (std::size_t j = 0; j < r; j++) weight(i, j) += z[i] * z[j] / before;
            if (!live[i]) continue;
            move(by.data(), by.data(), 0.0, 0.0, k, column(i));
            if (length(column(i), k) > NOTHING) continue;
            std::fill_n(column(i), k, 0.0);
            live[i] = false;
        }
        if (!gap) return;
        std::copy_n(f.gain, k, column(2));
        weight(2, 2) = -after;
        live[2] = taken[2] = true;
    }

    const Filter& f;
    std::size_t r, k;
    std::vector<char> live, taken; // which columns are not zero, and have weights
    std::vector<double> z, sum, by;
};

} // namespace

void walk(const Filter& filter, const double* y, const double* x, std::size_t missing, std::size_t rows) {
    Walk steps(filter);
    for (std::size_t t = 0; t < missing; t++) steps.row(std::numeric_limits<double>::quiet_NaN(), nullptr);
    for (std::size_t t = 0; t < rows; t++) steps.row(y[t], x + t * (filter.levers ? filter.levers - 1 : 0));
}

} // namespace arima
