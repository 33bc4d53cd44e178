// Moments: mean, sum and squared deviations of sliding windows, in constant time a row, without drift.
//
// The rows are cut into blocks as long as the window, so that each window is a suffix of one block and a prefix of the
// next (van Herk's idea, for sums): nothing is ever subtracted again, and what lies outside a window leaves no trace.
// Values are summed as differences from a value of the window itself (the first of the newer block), which bounds the
// condition of the variance by the window's length (Chan, Golub and LeVeque 1983, "Algorithms for computing the sample
// variance", section 3): a level of 1e9 costs nothing, and a constant has a deviation of exactly zero.
#pragma once

#include "series.h"

// For each row, the sums of the first and second powers of value - center over the values in its window. The mean is
// center + first / count, the sum center * count + first, the sum of squared deviations second - first * first / count.
struct Sums {
    double *center, *first, *second;
};

class Moments {
public:
    explicit Moments(Rows window) : window_(window), older_(window + 1) {}

    // Rows from:to, which follow on those of the last call: of the window that ends with each row.
    void advance(const Series& series, Rows from, Rows to, Sums out) {
        for (Rows at = from; at < to;) {
            const Rows first = at - at % window_, end = std::min(first + window_, to), k = at - from;
            if (at == first) open(series, first);
            const Sums here{out.center + k, out.first + k, out.second + k};
            at = plain_ ? along(series, first, at, end, here) : merged(series, first, at, end, here);
        }
    }

private:
    struct Part {
        double count = 0, center = 0, first = 0, second = 0;  // first and second power of value - center

        void push(double value) {
            const double apart = value - center;
            first += apart;
            second += apart * apart;
        }
        void add(double value) {
            if (value != value) return;
            if (count == 0) center = value;
            count += 1;
            push(value);
        }
        double mean() const { return count > 0 ? center + first / count : 0; }
        double squares() const { return count > 0 ? second - first * first / count : 0; }
    };

    Rows window_;
    std::vector<Part> older_;  // of the older block from its j-th row on
    Part newest_;              // of the newer block so far
    bool plain_ = true;        // nothing missing so far: the first value of the newer block is the center of both

    // The sums of the older block, from every row to its end. Only what lies behind decides how they are taken.
    void open(const Series& series, Rows first) {
        const double center = series.values[first];
        const Rows size = first == 0 ? 0 : window_;
        plain_ = center == center && series.complete(first - size, first);
        newest_ = Part{};
        Part part;
        if (plain_) newest_.center = part.center = center;
        if (size == 0) std::fill(older_.begin(), older_.end(), part);
        older_[window_] = part;
        const double* older = series.values + first - size;
        for (Rows j = size - 1; j > 0; --j) {
            if (plain_) {
                part.count += 1;
                part.push(older[j]);
            } else {
                part.add(older[j]);
            }
            older_[j] = part;
        }
    }

    // Up to the first missing value; returns where it stopped.
    Rows along(const Series& series, Rows first, Rows at, Rows end, Sums out) {
        Part newest = newest_;
        Rows i = at;
        for (; i < end; ++i) {
            const double value = series.values[i];
            if (value != value) {
                plain_ = false;
                break;
            }
            newest.push(value);
            const Part& older = older_[i - first + 1];
            out.center[i - at] = newest.center;
            out.first[i - at] = older.first + newest.first;
            out.second[i - at] = older.second + newest.second;
        }
        newest.count = double(i - first);
        newest_ = newest;
        return i;
    }

    // Values are missing: each part has a center of its own, and the parts are merged (Chan et al. 1983, eq. 2.1).
    Rows merged(const Series& series, Rows first, Rows at, Rows end, Sums out) {
        for (Rows i = at; i < end; ++i) {
            newest_.add(series.values[i]);
            const Part& older = older_[i - first + 1];
            const double count = older.count + newest_.count, apart = newest_.mean() - older.mean();
            const double between = count > 0 ? apart * apart * older.count * (newest_.count / count) : 0;
            const double center = newest_.count > 0 ? newest_.center : older.center;
            const double first = newest_.first + (older.first + (older.center - center) * older.count);
            out.center[i - at] = center;
            out.first[i - at] = first;
            out.second[i - at] = older.squares() + newest_.squares() + between + (count > 0 ? first * first / count : 0);
        }
        return end;
    }
};
