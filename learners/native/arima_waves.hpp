// Waves: a season too long for differences and seasonal lags, as pairs of sines and cosines beside the columns.
#pragma once

#include "arima_search.hpp"

namespace arima {

// The best model with some of the waves of `settings.waves` rows, as many as AICc chooses: the slowest ones, or the
// strongest ones, as those of a day in a week of hours.
// Source: Hyndman & Athanasopoulos (2021), Forecasting: principles and practice, 10.5, dynamic harmonic regression.
Chosen with_waves(const Series& series, const Settings& settings, Room& room);

} // namespace arima
