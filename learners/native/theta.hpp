// Theta: exponential smoothing of the deseasonalised series, added to a share of the straight line through it.
#pragma once

#include <cstdint>
#include <vector>

// The numbers of one series, in its own units; the terms of the season come behind them. SHARE is 1 - 1 / theta,
// START the level before the first row, INTERCEPT and SLOPE of the line (the first value and 0 where it moves),
// KIND 0 .. 3 (standard, optimised, dynamic standard, dynamic optimised; -1: no fit), SQUARES those of the errors
// and of what pulls the start and the share, per value.
enum ThetaNumber {
    WEIGHT, SHARE, START, INTERCEPT, SLOPE, KIND, MULTIPLIES, SQUARES, THETA_NUMBERS
};
constexpr int THETA_KINDS = 4;

// Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler (2016), Models for optimising the theta method and their
// relationship to state space models, International Journal of Forecasting 32(4):
//   mean_i = level_{i-1} + share (intercept (1 - w)^i + slope (1 - (1 - w)^{i+1}) / w),  i = 0 .. rows - 1
//   level_i = level_{i-1} + w (y_i - level_{i-1})
// For a given weight w the errors are linear in the start of the level and the share: a bounded least squares of two
// unknowns inside a search along w, which is the best of all starts. The start is pulled to the first value and a free
// share to a half, a little.
class ThetaFit {
  public:
    // Fits y (rows,) with each kind whose bit is set in `kinds`; the one with the smallest errors is written into
    // numbers (THETA_NUMBERS + season,). `season` 1: without one; else deseasonalised where a test finds one.
    void run(const double* y, int rows, int season, std::uint32_t kinds, double* numbers);

    // The method of Hyndman & Billah (2003), Unmasking the Theta method: the level begins at the first value, the
    // share is a half, the line rises from 0. START is the first value, INTERCEPT 0.
    void classic(const double* y, int rows, int season, double* numbers);

  private:
    void deseasonalise(const double* y, int rows, int season, double others, double* numbers);
    void draw_lines(bool moving);
    double errors(double weight, bool optimised, double* start, double* share) const;

    double scale = 1.0;
    std::vector<double> filled, plain, terms;  // y / scale; without its season
    std::vector<double> intercepts, slopes;    // (rows,), of the line from which each value is forecast
};
