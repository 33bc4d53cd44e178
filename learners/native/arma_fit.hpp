// Fit: the coefficients of largest likelihood.
#pragma once

#include <array>
#include <utility>

#include "arma.hpp"
#include "arma_starts.hpp"

namespace arima {

constexpr double EDGE = 0.9999; // partial autocorrelations stay below: beyond, the first variance overflows

// Coefficients and what they come to.
struct Fitted {
    std::vector<double> x;
    Innovations innovations;
    double f() const { return innovations.f; }
};

// Levenberg's and Marquardt's steps on the exact likelihood, with the Hessian of Gauss and Newton. Its columns are
// lags of four filtered series. The gradient is theirs too, plus a correction (what finite differences say more) that
// changes slowly and is renewed when a step fails or nothing is left to gain.
class Fitter {
public:
    Fitter(const Orders& orders, const Sample& sample, Room& room) : orders(orders), sample(sample), room(room) {}

    // Starts from best.x and leaves the best coefficients there. `tolerance` is the gain in f that is still worth a
    // step. Gives up where f cannot fall below `needed`. True if nothing is left to gain.
    bool improve(Fitted& best, double tolerance, int steps, double needed);

private:
    enum class Step { moved, done, hopeless, stuck };

    Step step(Fitted& best, double tolerance, double needed, bool late);
    void correct(const Fitted& best);
    void linearise(const Fitted& best);
    double product(int i, int j) const;
    bool direction();
    bool shorten(const std::vector<double>& x);

    // One column of the Jacobian: its series, by how many rows it is late, and by how many more the next one is.
    struct Column {
        int filtered, late, stride;
        bool first;
    };

    const Orders& orders;
    const Sample& sample;
    Room& room;
    Innovations trial;
    std::vector<Column> columns;
    std::array<std::vector<double>, 4> filtered;
    std::vector<double> hessian, factor, newton, gradient, correction, move, next, lagged, half;
    double damping = 1e-3, gained = 0.0, length = 1.0;
    int age = 99; // steps since the correction was renewed
    bool fresh = false;
};

// The best of several starts, for the model that was chosen.
void settle(const Orders& orders, const Sample& sample, const Starts& starts, Room& room, Fitted& best);

} // namespace arima
