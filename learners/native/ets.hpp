// Ets: the parameters of exponential smoothing with the greatest likelihood, in the form with the lowest AICc.
#pragma once

#include <cstdint>
#include <vector>

#include "descent.hpp"
#include "ets_doubt.hpp"
#include "ets_walk.hpp"

// The numbers of one series, in its own units; the terms of the season come behind them, then those of `EtsDoubt`.
enum EtsNumber {
    ALPHA, BETA, GAMMA, PHI, LEVEL, TREND, FORM, LIKELIHOOD, CRITERION, VARIANCE, SPARE, ETS_NUMBERS
};

class EtsFit {
  public:
    // How many numbers `run` writes.
    static int width(int season, bool doubts) {
        return ETS_NUMBERS + season + (doubts ? ETS_DOUBTS + DOUBTS_A_TERM * season : 0);
    }
    // Fits y (rows,) in each form whose bit is set in `forms` and writes the best; only FORM, which is then -1, where
    // none can be fitted. LIKELIHOOD is the logarithm, CRITERION AICc, VARIANCE that of the errors, with SPARE
    // degrees. Two forms are compared by AICc; a form that is too big for it only stands if it is alone.
    void run(const double* y, int rows, int season, std::uint32_t forms, bool searched, bool doubts,
             double* numbers);

  private:
    struct Start {
        double level, trend;
        std::vector<double> terms;
    };
    void prepare(const EtsWalk& walk, int season_kind);
    std::vector<double> beginning(const EtsWalk& walk, int weights) const;
    void improve(EtsWalk& walk, std::vector<double>& x, double& value);

    Descent descent;
    EtsDoubt doubt;
    std::vector<double> filled, scaled;
    Start flat, sloping; // without and with a trend
};

// The log likelihood of y (rows,), walked with `numbers` as `EtsFit` writes them.
double ets_likelihood(const double* y, int rows, int season, const double* numbers);
