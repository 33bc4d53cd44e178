// Ordered: the values of a sliding window in ascending order, for medians and quantiles.
#pragma once

#include "series.h"

class Ordered {
public:
    explicit Ordered(Rows window) : window_(window) { values_.reserve(window); }

    // Row `at`, which follows on that of the last call; row 0 starts afresh.
    void advance(const Series& series, Rows at) {
        if (at == 0) values_.clear();
        const double joins = series.values[at];
        const double leaves = at >= window_ ? series.values[at - window_] : NOTHING;
        if (leaves == leaves) values_.erase(std::lower_bound(values_.begin(), values_.end(), leaves));
        if (joins == joins) values_.insert(std::upper_bound(values_.begin(), values_.end(), joins), joins);
    }

    // The quantile by linear interpolation between the order statistics (Hyndman and Fan 1996, definition 7).
    double quantile(double q) const {
        if (values_.empty()) return NOTHING;
        const double place = q * double(values_.size() - 1);
        const std::size_t below = std::size_t(place);
        const std::size_t above = std::min(below + 1, values_.size() - 1);
        return values_[below] + (values_[above] - values_[below]) * (place - double(below));
    }

private:
    Rows window_;
    std::vector<double> values_;
};
