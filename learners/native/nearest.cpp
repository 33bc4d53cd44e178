// Nearest: every distance, and a heap of the best so far.
#include "nearest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "over_series.hpp"

void nearest(const double* points, std::size_t size, const double* x, std::size_t rows, std::size_t columns,
             std::size_t count, int threads, std::int64_t* at, double* distances) {
    const std::size_t parts = std::min(rows, static_cast<std::size_t>(std::max(threads, 1)));
    over_series(parts, threads, [&](std::size_t part) {
        std::vector<std::pair<double, std::int64_t>> best(count);
        for (std::size_t row = rows * part / parts; row < rows * (part + 1) / parts; row++) {
            std::size_t held = 0;
            for (std::size_t p = 0; p < size; p++) {
                double distance = 0.0;
                for (std::size_t c = 0; c < columns; c++) {
                    const double difference = x[row * columns + c] - points[p * columns + c];
                    distance += difference * difference;
                }
                const std::pair<double, std::int64_t> candidate(distance, static_cast<std::int64_t>(p));
                if (held < count) {
                    best[held++] = candidate;
                    std::push_heap(best.begin(), best.begin() + held);
                } else if (candidate < best.front()) {
                    std::pop_heap(best.begin(), best.end());
                    best.back() = candidate;
                    std::push_heap(best.begin(), best.end());
                }
            }
            std::sort_heap(best.begin(), best.begin() + held);
            for (std::size_t k = 0; k < count; k++) {
                distances[row * count + k] = best[k].first;
                at[row * count + k] = best[k].second;
            }
        }
    });
}
