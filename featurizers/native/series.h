// Series: one series, or one season's phase of it, as the window statistics see it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using Rows = std::ptrdiff_t;

constexpr double NOTHING = std::numeric_limits<double>::quiet_NaN();

// A matrix of any layout, (rows, columns); strides in elements.
template <class Out>
struct Matrix {
    Out* at;
    Rows row_stride, column_stride;

    Out& operator()(Rows row, Rows column) const { return at[row * row_stride + column * column_stride]; }
};

struct Series {
    const double* values = nullptr;  // NaN where missing
    Rows rows = 0;
    const Rows* seen = nullptr;  // (rows + 1,) how many values stand before each row; null where none is missing

    // How many values are present in the window of `window` rows that ends with row `at`.
    Rows present(Rows at, Rows window) const {
        const Rows from = std::max<Rows>(at + 1 - window, 0);
        return seen == nullptr ? at + 1 - from : seen[at + 1] - seen[from];
    }

    bool complete(Rows from, Rows to) const { return seen == nullptr || seen[to] - seen[from] == to - from; }
};

// The running count of the values that are present; empty if all of them are.
inline void count_present(const double* values, Rows rows, std::vector<Rows>& seen) {
    bool missing = false;
    for (Rows i = 0; i < rows; ++i) missing |= values[i] != values[i];
    seen.clear();
    if (!missing) return;
    seen.resize(rows + 1);
    seen[0] = 0;
    for (Rows i = 0; i < rows; ++i) seen[i + 1] = seen[i] + (values[i] == values[i]);
}
