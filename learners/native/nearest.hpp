// Nearest: the rows of a table that lie closest to each of some rows.
#pragma once

#include <cstddef>
#include <cstdint>

// For each row of x (rows, columns) the positions of the `count` rows of `points` (size, columns) with the smallest
// squared Euclidean distance, nearest first and the earlier of two equally near; into `at` and `distances`
// (rows, count). The squares are summed from the first column to the last, as the graph does it.
void nearest(const double* points, std::size_t size, const double* x, std::size_t rows, std::size_t columns,
             std::size_t count, int threads, std::int64_t* at, double* distances);
