// Forest: the walk. Eight rows go down a tree side by side, so that the processor need not wait for each load.
#include "forest.hpp"

#include <algorithm>

#include "over_series.hpp"

namespace {

constexpr std::size_t BLOCK = 128; // rows that pass through all trees while they lie in the cache
constexpr std::size_t LANES = 8;   // rows that walk side by side

template <bool Sets>
inline std::int32_t next(const Forest& forest, std::int32_t at, const double* row) {
    const Node& node = forest.nodes[at];
    const double x = row[node.feature];
    const int missing = (x != x) & node.missing;
    if (Sets && node.set >= 0) return node.child[forest.sets[node.set].holds(x) | missing];
    return node.child[(x <= node.threshold) | missing];
}

// Adds the leaves of `count` (at most LANES) rows, `stride` apart, to `sums`.
template <bool Sets>
void walk(const Forest& forest, std::int32_t root, const double* x, std::size_t count, std::size_t stride,
          double* sums) {
    std::int32_t at[LANES];
    for (std::size_t i = 0; i < LANES; i++) at[i] = root;
    if (count == LANES) {
        for (;;) {
            std::int32_t ended = -1;
            for (std::size_t i = 0; i < LANES; i++) ended &= at[i];
            if (ended < 0) break; // the sign bit survives only where all rows are at leaves
            for (std::size_t i = 0; i < LANES; i++)
                if (at[i] >= 0) at[i] = next<Sets>(forest, at[i], x + i * stride);
        }
    } else {
        for (std::size_t i = 0; i < count; i++)
            while (at[i] >= 0) at[i] = next<Sets>(forest, at[i], x + i * stride);
    }
    for (std::size_t i = 0; i < count; i++) sums[i] += forest.leaves[~at[i]];
}

template <bool Sets>
void rows_from_to(const Forest& forest, const double* x, std::size_t from, std::size_t to, std::size_t columns,
                  bool narrow, double* out) {
    std::vector<double> rounded(narrow ? BLOCK * columns : 0);
    for (std::size_t start = from; start < to; start += BLOCK) {
        const std::size_t size = std::min(BLOCK, to - start);
        const double* block = x + start * columns;
        if (narrow) {
            for (std::size_t i = 0; i < size * columns; i++)
                rounded[i] = static_cast<double>(static_cast<float>(block[i]));
            block = rounded.data();
        }
        std::fill(out + start, out + start + size, 0.0);
        for (const std::int32_t root : forest.roots)
            for (std::size_t i = 0; i < size; i += LANES)
                walk<Sets>(forest, root, block + i * columns, std::min(LANES, size - i), columns, out + start + i);
    }
}

} // namespace

void Forest::predict(const double* x, std::size_t rows, std::size_t stride, bool narrow, int threads,
                     double* out) const {
    const auto work = sets.empty() ? rows_from_to<false> : rows_from_to<true>;
    const std::size_t blocks = (rows + BLOCK - 1) / BLOCK;
    const std::size_t parts = std::min(blocks, static_cast<std::size_t>(std::max(threads, 1)));
    over_series(parts, threads, [&](std::size_t p) {
        const std::size_t from = blocks * p / parts * BLOCK, to = std::min(rows, blocks * (p + 1) / parts * BLOCK);
        work(*this, x, from, to, stride, narrow, out);
    });
}
