// Numbered: the filter of one series at the coefficients of its model.
#pragma once

#include "arima_companion.hpp"
#include "arima_doubt.hpp"
#include "arima_search.hpp"

namespace arima {

// The numbers of one series' filter, and what is not known about its model.
struct Numbered {
    Companion filter;
    Doubt doubt;
};

// Missing values among those that differences wait for are expected to be what the whole series says of them.
Numbered numbered(const Series& series, const Orders& orders, int d, int D, bool constant, bool interpolated,
                  const double* x, const double* slopes, double level, Room& room);

} // namespace arima
