// The exact likelihood of a stationary seasonal ARMA with regressors, in O(rows * lags).
#pragma once

#include <limits>
#include <vector>

#include "cloned.hpp"
#include "polynomials.hpp"

namespace arima {

constexpr double NEVER = std::numeric_limits<double>::infinity();

// A differenced series and the differenced columns that explain it. The first `gaps` columns mark missing values.
struct Sample {
    int n = 0, columns = 0, gaps = 0;
    std::vector<double> table; // (1 + columns, n), the series first

    const double* row(int i) const { return table.data() + static_cast<std::size_t>(i) * n; }
    double* row(int i) { return table.data() + static_cast<std::size_t>(i) * n; }
    int observed() const { return n - gaps; }
};

// What a likelihood is made of. -2 log L = f + n (1 + log 2 pi), n = sample.observed().
struct Innovations {
    double f = NEVER;          // n log(squares / n) + log |V| (+ log |X'V^-1 X| of the gaps)
    double squares = 0.0;      // of the normalised innovations of the series without the columns' part
    std::vector<double> beta;  // (columns,) generalised least squares
    std::vector<double> table; // (1 + columns, n), each divided by the root of its variance
    std::vector<double> error; // (n,) of the series without the columns' part
};

// Room that all likelihoods of one sample share.
struct Room {
    Polynomials polynomials;
    std::vector<double> down, gamma, product, psi, column, G, L, pushed, moved, normal, scratch;
};

// Covariances of the first state with all states of the companion form, for innovations of variance 1: (R + 1,) with
// R = max(p, q + 1). False if phi is not stationary. Source: Brockwell & Davis (1991), Time Series, 3.3 and 5.2.
bool stationary(const Polynomials& polynomials, Room& room);

// Concentrated over the variance and the columns' coefficients. Source: Morf, Sidhu & Kailath (1974), Some new
// algorithms for recursive estimation in constant linear discrete-time systems; Melard (1984), AS 197, for ARMA.
// Gaps: Gomez, Maravall & Pena (1999), Missing observations in ARIMA models: skipping approach versus additive outlier.
void likelihood(const Orders& orders, const double* x, const Sample& sample, Room& room, Innovations& out);

// The product of two vectors, in eight sums that are added in a fixed order.
double dot(const double* a, const double* b, int n);

// The lower factor of a symmetric positive definite matrix (size, size), in place; false if it is none.
bool factorised(double* matrix, int size);

// Solves matrix * solution = right, in place of `right`, from the factor.
void solved(const double* factor, int size, double* right);

} // namespace arima
