// Polynomials in the lag operator B, with phi(B) = (1 - sum ar B^i)(1 - sum sar B^im) and
// theta(B) = (1 + sum ma B^i)(1 + sum sma B^im). Source: Box & Jenkins (1970), Time Series Analysis, chapter 9.
#pragma once

#include <cmath>
#include <vector>

namespace arima {

// How many coefficients there are; in a vector they stand as ar (p), ma (q), seasonal ar (P), seasonal ma (Q).
struct Orders {
    int p = 0, q = 0, P = 0, Q = 0, season = 1;

    int count() const { return p + q + P + Q; }
    int ar() const { return p + season * P; } // degree of phi
    int ma() const { return q + season * Q; } // degree of theta
};

struct Term {
    int lag;
    double value;
};

struct Polynomials {
    std::vector<double> phi, theta; // phi[i] and theta[i] belong to lag i + 1
    std::vector<Term> ar, ma;       // what is not zero in them, longest lag first

    void expand(const Orders& o, const double* x) {
        const double *ma_ = x + o.p, *sar = ma_ + o.q, *sma = sar + o.P;
        multiply(x, o.p, sar, o.P, o.season, -1.0, phi, ar);
        multiply(ma_, o.q, sma, o.Q, o.season, 1.0, theta, ma);
    }

private:
    static void multiply(const double* a, int p, const double* s, int P, int season, double sign,
                         std::vector<double>& dense, std::vector<Term>& terms) {
        dense.assign(p + season * P, 0.0);
        for (int i = 0; i < p; i++) dense[i] = a[i];
        for (int j = 0; j < P; j++) {
            dense[(j + 1) * season - 1] += s[j];
            for (int i = 0; i < p; i++) dense[(j + 1) * season + i] += sign * a[i] * s[j];
        }
        terms.clear();
        for (int i = static_cast<int>(dense.size()) - 1; i >= 0; i--)
            if (dense[i] != 0.0) terms.push_back({i + 1, dense[i]});
    }
};

// Whether 1 - sum sign * c[i] (stretch z)^(i + 1) has all roots outside the unit circle: the step-down recursion of
// Levinson and Durbin finds every partial autocorrelation below `limit`. No root is computed.
inline bool outside(const double* c, int count, double sign, double stretch, double limit, std::vector<double>& a) {
    a.resize(2 * count);
    double power = 1.0;
    for (int i = 0; i < count; i++) a[i] = sign * c[i] * (power *= stretch);
    double* next = a.data() + count;
    for (int k = count - 1; k >= 0; k--) {
        const double r = a[k];
        if (!(std::fabs(r) < limit)) return false;
        for (int i = 0; i < k; i++) next[i] = (a[i] + r * a[k - 1 - i]) / (1.0 - r * r);
        for (int i = 0; i < k; i++) a[i] = next[i];
    }
    return true;
}

// Whether all four factors are, each in the units of its own lag: the product's roots come close to the circle for
// every long season, although nothing is wrong with them.
inline bool admissible(const Orders& o, const double* x, double stretch, double limit, std::vector<double>& a) {
    const double *ma = x + o.p, *sar = ma + o.q, *sma = sar + o.P;
    return outside(x, o.p, 1.0, stretch, limit, a) && outside(ma, o.q, -1.0, stretch, limit, a) &&
           outside(sar, o.P, 1.0, stretch, limit, a) && outside(sma, o.Q, -1.0, stretch, limit, a);
}

} // namespace arima
