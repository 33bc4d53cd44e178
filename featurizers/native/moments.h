// Moments: mean, sum and squared deviations of sliding windows, in constant time a row, without drift.
//
// The rows are cut into blocks as long as the window, so that each window is a suffix of one block and a prefix of the
// next (van Herk's idea, for sums): nothing is ever subtracted again, and what lies outside a window leaves no trace.
// Values are summed as differences from a value of the window itself (the first of the newer block), which bounds the
// condition of the variance by the window's length (Chan, Golub and LeVeque 1983, "Algorithms for computing the sample
// variance", section 3): a level of 1e9 costs nothing, and a constant has a deviation of exactly zero.
#pragma once

#include "series.h"

class Moments {
public:
    explicit Moments(Rows window) : window_(window), older_(window + 1), newest_{} {}

    // Rows from:to, which follow on those of the last call: the mean, the sum, and the sum of squared deviations of the
    // values present in the window that ends with each row.
    void advance(const Series& series, Rows from, Rows to, double* mean, double* total, double* squares) {
        for (Rows at = from; at < to;) {
            const Rows first = at - at % window_, end = std::min(first + window_, to);
            if (at == first) open(series, first);
            const Rows k = at - from;
            at = plain_ ? along(series, first, at, end, mean + k, total + k, squares + k)
                        : merged(series, first, at, end, mean + k, total + k, squares + k);
        }
    }

private:
    struct Sums {
        double count = 0, center = 0, first = 0, second = 0;  // first and second power of value - center

        void add(double value) {
            if (value != value) return;
            if (count == 0) center = value;
            push(value);
        }
        void push(double value) {
            const double apart = value - center;
            count += 1;
            first += apart;
            second += apart * apart;
        }
        double mean() const { return count > 0 ? center + first / count : 0; }
        double total() const { return center * count + first; }
        double squares() const { return count > 0 ? second - first * first / count : 0; }
    };

    Rows window_;
    std::vector<Sums> older_;  // over the older block from its j-th row on
    Sums newest_;              // over the newer block so far
    bool plain_ = true;        // nothing missing so far: the first value of the newer block is the center of both

    // The sums of the older block, from every row to its end. Only what lies behind decides how they are taken.
    void open(const Series& series, Rows first) {
        const double center = series.values[first];
        const Rows size = first == 0 ? 0 : window_;
        plain_ = center == center && series.complete(first - size, first);
        newest_ = Sums{};
        Sums sums;
        if (plain_) newest_.center = sums.center = center;
        if (size == 0) std::fill(older_.begin(), older_.end(), sums);
        older_[window_] = sums;
        for (Rows j = size - 1; j > 0; --j) {
            const double value = series.values[first - size + j];
            if (plain_) {
                sums.push(value);
            } else {
                sums.add(value);
            }
            older_[j] = sums;
        }
    }

    // Up to the first missing value; returns where it stopped.
    Rows along(const Series& series, Rows first, Rows at, Rows end, double* mean, double* total, double* squares) {
        Sums newest = newest_;
        Rows i = at;
        for (; i < end; ++i) {
            const double value = series.values[i];
            if (value != value) {
                plain_ = false;
                break;
            }
            newest.push(value);
            const Sums& older = older_[i - first + 1];
            const double count = double(std::min(i + 1, window_)), sum = older.first + newest.first;
            const double apart = sum / count;
            mean[i - at] = newest.center + apart;
            total[i - at] = newest.center * count + sum;
            squares[i - at] = older.second + newest.second - sum * apart;
        }
        newest_ = newest;
        return i;
    }

    // Values are missing: each part has a center of its own, and the parts are merged (Chan et al. 1983, eq. 2.1).
    Rows merged(const Series& series, Rows first, Rows at, Rows end, double* mean, double* total, double* squares) {
        for (Rows i = at; i < end; ++i) {
            newest_.add(series.values[i]);
            const Sums& older = older_[i - first + 1];
            const double count = older.count + newest_.count, apart = newest_.mean() - older.mean();
            const double weight = count > 0 ? newest_.count / count : 0;
            mean[i - at] = older.count == 0 ? newest_.mean() : older.mean() + apart * weight;
            total[i - at] = older.total() + newest_.total();
            squares[i - at] = older.squares() + newest_.squares() + apart * apart * older.count * weight;
        }
        return end;
    }
};
