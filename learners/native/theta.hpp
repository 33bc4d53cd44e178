// Theta: exponential smoothing of the deseasonalised series, added to a share of the straight line through it.
#pragma once

#include <cstdint>
#include <vector>

// The numbers of one series, in its own units: first those of the series, then those of two lines, then the terms of the
// season. DEVIATION is that of the errors without the season, with FREEDOM degrees of freedom; TERM_DEVIATION that of an
// estimated term of the season, 0 without one.
enum ThetaNumber { MULTIPLIES, DEVIATION, FREEDOM, TERM_DEVIATION, THETA_NUMBERS };

// SHARE is 1 - 1 / theta, START the level before the first row, INTERCEPT and SLOPE of the line (the first value and 0
// where it moves), KIND 0 .. 3 (standard, optimised, dynamic standard, dynamic optimised; -1: no fit), SQUARES those of
// the errors, per value. The first line stands (kinds 0 and 1), the second moves (2 and 3).
enum ThetaLine { WEIGHT, SHARE, START, INTERCEPT, SLOPE, KIND, SQUARES, LINE_NUMBERS };
constexpr int THETA_KINDS = 4, THETA_LINES = 2;
constexpr int THETA_WIDTH = THETA_NUMBERS + THETA_LINES * LINE_NUMBERS; // before the season

// Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler (2016), Models for optimising the theta method and their
// relationship to state space models, International Journal of Forecasting 32(4):
//   mean_i = level_{i-1} + share (intercept (1 - w)^i + slope (1 - (1 - w)^{i+1}) / w),  i = 0 .. rows - 1
//   level_i = level_{i-1} + w (y_i - level_{i-1})
// For a given weight w the errors are linear in the start of the level and the share: a bounded least squares of two
// unknowns inside a search along w, which is the best of all starts.
class ThetaFit {
  public:
    // Fits y (rows,) with each kind whose bit is set in `kinds`; for the line that stands and the one that moves the
    // kind with the smallest errors is written into numbers (THETA_WIDTH + season,). `season` 1: without one; else
    // deseasonalised where a test finds one.
    void run(const double* y, int rows, int season, std::uint32_t kinds, double* numbers);

    // The method of Hyndman & Billah (2003), Unmasking the Theta method: the level begins at the first value, the
    // share is a half, the line rises from 0. START is the first value, INTERCEPT 0. It is the only line.
    void classic(const double* y, int rows, int season, double* numbers);

  private:
    void deseasonalise(const double* y, int rows, int season, double others, double* numbers);
    double term_variance(int season, bool multiplies) const;
    void draw_lines(bool moving);
    struct Sums {
        double ll, lg, gg, le, ge, ee; // products of what the start leaves, what the line gains, and the values
    };
    template <int Wide> void sums_at(const double* weights, Sums* out) const;
    void sums_side_by_side(const double* weights, Sums* out) const;
    static double squares(const Sums& sums, bool optimised, double* start, double* share);
    void spread(double squares, int freedom, int season, double* numbers) const;
    void add_errors(const double* line, std::vector<double>& total) const;

    double scale = 1.0;
    std::vector<double> filled, plain, terms;  // y / scale; without its season
    std::vector<double> intercepts, slopes;    // (rows,), of the line from which each value is forecast
    std::vector<double> total;                 // (rows,), the errors of all lines
};
