// Long: orders from the last rows, coefficients from more of them.
#include "arima_long.hpp"

#include <algorithm>
#include <utility>

namespace arima {

namespace {

// The last `rows` of a series, or a few less, from a known value on.
Series last_rows(const Series& series, int rows) {
    int from = std::max(0, series.n - rows);
    while (from < series.n - 1 && series.y[from] != series.y[from]) from++;
    return {series.y + from, series.x + static_cast<std::size_t>(from) * series.columns, series.n - from,
            series.columns};
}

// A model that was found on the recent rows, for more of them.
Chosen on_more_rows(const Chosen& found, const Series& series, const Series& recent, const Series& more,
                    const Settings& settings, Room& room) {
    if (!found.season.empty()) { // the waves of the series begin at its first row
        Chosen turned = found;
        const int round = static_cast<int>(found.season.size()), ahead = (series.n - recent.n) % round;
        std::rotate(turned.season.begin(), turned.season.end() - ahead, turned.season.end());
        return turned;
    }
    Settings again = settings;
    again.fixed = true;
    again.orders = found.orders, again.d = found.d, again.D = found.D, again.constant = found.constant;
    again.before = &found;
    Chosen fitted = chosen(more, again, room);
    if (!fitted.fits) return found;
    fitted.tried = found.tried;
    return fitted;
}

} // namespace

Chosen chosen_in_time(const Series& series, const Settings& settings, Room& room) {
    const int rounds = 4 * std::max(settings.season, settings.waves);
    const Series recent = last_rows(series, std::max(SEARCHED_ROWS, rounds));
    const Series more = last_rows(series, std::max(FITTED_ROWS, rounds));
    if (settings.fixed || recent.n == series.n) return chosen(series, settings, room);
    Chosen found = chosen(recent, settings, room);
    if (!found.fits || !(found.variance > 0.0)) return chosen(more, settings, room);
    for (Chosen& other : found.others) other = on_more_rows(other, series, recent, more, settings, room);
    std::vector<Chosen> others = std::move(found.others);
    std::vector<Tried> ranking = std::move(found.ranking);
    Chosen fitted = on_more_rows(found, series, recent, more, settings, room);
    fitted.ranking = std::move(ranking);
    fitted.others = std::move(others);
    return fitted;
}

} // namespace arima
