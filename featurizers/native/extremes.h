// Extremes: the least and the greatest value of sliding windows, three comparisons a row.
//
// M. van Herk (1992), "A fast algorithm for local minimum and maximum filters": the rows are cut into blocks as long
// as the window, and each window is a suffix of one block and a prefix of the next.
#pragma once

#include "series.h"

class Extremes {
public:
    explicit Extremes(Rows window) : window_(window), older_(window + 1) {}

    // Rows from:to, which follow on those of the last call; +inf and -inf where no value is present.
    void advance(const Series& series, Rows from, Rows to, double* least, double* greatest) {
        for (Rows at = from; at < to;) {
            const Rows first = at - at % window_, end = std::min(first + window_, to);
            if (at == first) open(series, first);
            Pair now = newest_;
            for (Rows i = at; i < end; ++i) {
                now.add(series.values[i]);
                const Pair& older = older_[i - first + 1];
                least[i - from] = std::min(older.least, now.least);
                greatest[i - from] = std::max(older.greatest, now.greatest);
            }
            newest_ = now;
            at = end;
        }
    }

private:
    struct Pair {
        double least = std::numeric_limits<double>::infinity(), greatest = -std::numeric_limits<double>::infinity();

        void add(double value) {  // a comparison with NaN is false, which leaves NaN out
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
        }
    };

    Rows window_;
    std::vector<Pair> older_;  // over the older block from its j-th row on
    Pair newest_;              // over the newer block so far

    void open(const Series& series, Rows first) {
        newest_ = Pair{};
        if (first == 0) {
            std::fill(older_.begin(), older_.end(), Pair{});
            return;
        }
        Pair sofar;
        older_[window_] = sofar;
        for (Rows j = window_ - 1; j > 0; --j) {
            sofar.add(series.values[first - window_ + j]);
            older_[j] = sofar;
        }
    }
};
