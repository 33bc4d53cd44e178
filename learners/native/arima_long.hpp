// Long: series of so many rows that a search over all of them would take seconds.
#pragma once

#include "arima_search.hpp"

namespace arima {

constexpr int SEARCHED_ROWS = 2000; // the last rows, on which orders are searched
constexpr int FITTED_ROWS = 10000;  // the last rows, on which the orders that were found are fitted once more

// As `chosen`, in a time that does not grow with the series beyond these rows. Four rounds of a season always count.
Chosen chosen_in_time(const Series& series, const Settings& settings, Room& room);

} // namespace arima
