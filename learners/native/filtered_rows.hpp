// Filtered rows: the check that what a filter walks over lies within the values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

// Of series i `steps(i)` rows are walked, of which the first `before(i)` are missing and the others begin at `starts(i)`
// among `size` values. The numbers may come from a file of any origin: their sums need not be numbers.
template <typename Indices>
void check_filtered(const Indices& starts, const Indices& before, const Indices& steps, std::size_t size) {
    const auto rows = static_cast<std::int64_t>(size);
    for (std::size_t i = 0; i < starts.size(); i++)
        if (starts(i) < 0 || starts(i) > rows || before(i) < 0 ||
            (steps(i) > before(i) && steps(i) - before(i) > rows - starts(i)))
            throw std::invalid_argument("The series end before they begin, or after the values do.");
}
