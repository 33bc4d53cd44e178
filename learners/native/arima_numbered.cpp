// Numbered: what the first rows of the filter wait for.
#include "arima_numbered.hpp"

#include <algorithm>

#include "arima_prepare.hpp"

namespace arima {

Numbered numbered(const Series& series, const Orders& orders, int d, int D, bool constant, bool interpolated,
                  const double* x, const double* slopes, double level, Room& room) {
    Numbered made;
    std::vector<int> gaps, none;
    const std::vector<double> y = filled(series, gaps);
    const bool differenced = d + D > 0;
    regression_doubt(series, y, interpolated ? none : gaps, orders, x, d, D, constant, room, made.doubt);
    coefficients_doubt(orders, x, d, D, std::max(1, series.n - d - D * orders.season), room, made.doubt);
    made.filter = companion(orders, d, D, x, differenced ? level : 0.0, room);
    std::vector<double> own(series.y, series.y + std::min(series.n, made.filter.wait));
    const auto explained = [&](int t) {
        double sum = differenced ? 0.0 : level;
        for (int c = 0; c < series.columns; c++) sum += slopes[c] * series.x[t * series.columns + c];
        return sum;
    };
    for (std::size_t t = 0; t < own.size(); t++) own[t] -= explained(static_cast<int>(t));
    for (std::size_t g = 0; g < gaps.size() && gaps[g] < made.filter.wait; g++) {
        const double value = interpolated ? y[gaps[g]] : made.doubt.missing[g];
        expect(made.filter, room, own.data(), gaps[g], value - explained(gaps[g]));
    }
    return made;
}

} // namespace arima
