// Doubt: how well the last states of a fit are known, which the bands of its forecasts have to tell.
#pragma once

#include <vector>

#include "ets_walk.hpp"

// Covariances of level, trend and damping after the last row, and of the weights; behind these come the variance of
// each term of the season, and its covariance with level, trend and damping, `season` values each.
enum EtsDoubtNumber {
    LEVEL_LEVEL, LEVEL_TREND, TREND_TREND, PHI_LEVEL, PHI_TREND, PHI_PHI,
    ALPHA_ALPHA, ALPHA_BETA, BETA_BETA, GAMMA_ALPHA, GAMMA_BETA, GAMMA_GAMMA, ETS_DOUBTS
};
constexpr int DOUBTS_A_TERM = 4;

// By the delta method: the inverse of the information about all parameters, carried to the last states.
class EtsDoubt {
  public:
    // After a walk of a series that was divided by `scale`: ETS_DOUBTS + DOUBTS_A_TERM * season numbers, in units of the
    // series. `variance` is that of the errors of the divided series. NaN where the information is singular.
    void run(EtsWalk& walk, const std::vector<double>& x, double variance, double scale, double* numbers);

  private:
    bool factorise(EtsWalk& walk, const std::vector<double>& x, double variance);
    // `d`, a derivative by all parameters, times the inverse factor: dot products of these are covariances.
    void whiten(const double* d, double* out) const;

    std::size_t size = 0;
    std::vector<double> gradient, factor, white;
};
