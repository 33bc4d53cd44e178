// Prepare: from a series in levels to the sample that the likelihood takes.
#pragma once

#include <vector>

#include "arima_search.hpp"

namespace arima {

// The sample, and how to come back from it. Its last column, if `constant`, is 1 throughout.
struct Prepared {
    Sample sample;
    std::vector<double> plain;  // (n,) the series without what the columns explain by least squares: for the starts
    std::vector<int> kept;      // which columns are in the sample, after the gaps
    std::vector<double> widths; // what each of them was divided by
    double deviation = 1.0;     // what the series was divided by
    bool still = false;         // nothing varies once it is differenced
    double value = 0.0;         // and this is its value

    // Of the series in its own units, from the f of the sample (see arma.hpp).
    double log_likelihood(double f) const;
};

// y (n,) with straight lines across what is missing; `gaps` are the missing rows.
std::vector<double> filled(const Series& series, std::vector<int>& gaps);

// y without what the columns explain of it by least squares.
std::vector<double> unexplained(const Series& series, const std::vector<double>& y);

// How often the series must be differenced: by the season and by one row.
struct Differences {
    int D = 0, d = 0;
};

Differences differences_by_tests(std::vector<double> y, int season);

Prepared prepared(const Series& series, const std::vector<double>& y, const std::vector<int>& gaps, int season, int d,
                  int D, bool constant);

} // namespace arima
