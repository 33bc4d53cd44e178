// Ces: complex exponential smoothing, its errors at given weights, and the weights with the smallest ones.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "descent.hpp"

// The numbers of one series, in its own units, before its first row: the weights, level and its hidden part, the model
// (-1: no fit), AICc, the deviation of the errors with its degrees of freedom; then the terms of the season, each with
// its hidden part.
enum CesNumber {
    ALPHA_0, ALPHA_1, BETA_0, BETA_1, CES_LEVEL, CES_HIDDEN, CES_MODEL, CES_CRITERION, CES_DEVIATION, CES_FREEDOM,
    CES_NUMBERS
};
enum CesModel { CES_NONE, CES_SIMPLE, CES_PARTIAL, CES_FULL, CES_MODELS };

// Svetunkov, Kourentzes & Ord (2022), Complex exponential smoothing, Naval Research Logistics 69(8). A pair of states,
// real and hidden (the information potential), with weights w0, w1:
//   level' = level - (1 - w1) hidden + (w0 - w1) error     hidden' = level + (1 - w0) hidden + (w0 + w1) error
// none: one pair; simple: a pair for each place of the season, with the weights alpha; full: the first with alpha and
// the second with beta; partial: one pair and terms, term' = term + beta_0 error. A missing value has no error.
class CesWalk {
  public:
    CesWalk(const double* y, int rows, int season, int model);

    std::size_t size() const { return count; }
    double low(std::size_t) const { return 0.01; }
    double high(std::size_t i) const { return i == 0 ? 1.8 : i == 1 ? 1.9 : 1.5; }
    double value(const double* x) { return walk(x, nullptr, nullptr); }
    double slopes(const double* x, double* gradient, double* hessian) { return walk(x, gradient, hessian); }

    // The states from which every walk sets out: the mean of the first values, or the values, and the `terms`.
    void begin(const std::vector<double>& terms);

    int known = 0, model;
    std::size_t count;     // weights
    double squares = 0.0;  // of the last walk

  private:
    double walk(const double* x, double* gradient, double* hessian);
    template <int Model, bool Slopes> double there_and_back(double* gradient, double* hessian);

    const double* y;
    int rows, season;
    bool has_level, pairs; // a season of pairs
    double weights[4] = {};
    double start[2] = {};                        // as `begin` left them
    std::vector<double> start_seasons, buffer;

  public:
    std::array<double, 2> first{};               // the states before the first row of the last walk
    std::vector<double> seasons;                 // (season, 2)
};

class CesFit {
  public:
    // Fits y (rows,) with each model whose bit is set in `models`; that with the lowest AICc is written into numbers
    // (CES_NUMBERS + 2 season,).
    void run(const double* y, int rows, int season, std::uint32_t models, double* numbers);

  private:
    Descent descent;
    std::vector<double> filled, scaled, terms;
};

// The squared errors of y (rows,) at the given weights (4,), walked there, back and there again from the usual start.
double ces_squares(const double* y, int rows, int season, int model, const double* weights);
