// Stl: a series as trend, seasons and remainder. Sources: Cleveland, Cleveland, McRae & Terpenning (1990), STL: A
// seasonal-trend decomposition procedure based on loess, Journal of Official Statistics 6(1); Bandara, Hyndman &
// Bergmeir (2021), MSTL: A seasonal-trend decomposition algorithm for time series with multiple seasonal patterns.
#pragma once

#include <vector>

#include "loess.hpp"

struct StlSettings {
    int degree = 0;  // of the polynomials over the rounds of a season
    int inner = 5;   // passes of season and trend
    int outer = 0;   // times that remainders are weighed, so that outliers count less
    int rounds = 2;  // over several seasons
};

// One season. The trend is smoothed over the odd number of rows from 1.5 season / (1 - 1.5 / window) on.
class Stl {
  public:
    // The season is smoothed over `window` of its rounds, an odd number.
    Stl(int season, int window, const StlSettings& settings);

    // y (n,), of two seasons at least, without gaps -> season and trend, (n,) each.
    void run(const double* y, int n, double* seasonal, double* trend);

    const int season;

  private:
    void smooth_rounds(int n, bool trusted);
    void weigh(const double* y, int n, const double* seasonal, const double* trend);

    StlSettings settings;
    Loess longer, shorter, low, slow;  // over the rounds of rows that have one more, or not; of the filter; the trend
    std::vector<double> rest, cycle, level, trust, smooth;
};

// Several seasons, the shortest first; each pass takes them out one by one.
class Mstl {
  public:
    Mstl(const std::vector<int>& seasons, const std::vector<int>& windows, const StlSettings& settings);

    // y (rows,) with NaN where missing -> the seasons (rows,) each, `apart` numbers from one to the next, and the trend
    // (rows,), NaN outside of the known values. A season of which there are not more than two is 0 throughout.
    // Outside of the known values a season repeats what is next to them. Missing values are first straight lines, then
    // what the components make of them, two rounds longer.
    void run(const double* y, int rows, double* seasonal, std::size_t apart, double* trend);

  private:
    std::vector<Stl> parts;
    StlSettings settings;
    std::vector<double> filled, adjusted, slow;
    std::vector<int> missing;
};

// 1 - var(remainder) / var(season + remainder), between 0 and 1. The season is smoothed over 11 of its rounds by a
// constant, five times over, as in R's mstl. Source: Wang, Smith & Hyndman (2006), Characteristic-based clustering for
// time series data, Data Mining and Knowledge Discovery 13.
double seasonal_strength(const std::vector<double>& y, int season);
