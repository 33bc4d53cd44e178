// Group: the statistics that share a window; what several of them need is computed once.
#pragma once

#include "extremes.h"
#include "moments.h"
#include "ordered.h"
#include "windows.h"

constexpr Rows TILE = 128;  // rows computed together: few enough that all their columns stay in the first cache

class Group {
public:
    Group(Rows window, Rows lag, const std::vector<Window>& members)
        : members_(members), results_(members.size() * TILE), window_(window), lag_(lag), moments_(window),
          extremes_(window), ordered_(window) {
        for (const Window& m : members) {
            wants_moments_ |= m.stat == Stat::Mean || m.stat == Stat::Std || m.stat == Stat::Sum;
            wants_extremes_ |= m.stat == Stat::Min || m.stat == Stat::Max;
            wants_order_ |= m.stat == Stat::Quantile;
        }
    }

    // Where the results of member k lie.
    const double* result(std::size_t k) const { return results_.data() + k * TILE; }

    // The results for rows from:to (at most TILE), which follow on those of the last call.
    void advance(const Series& series, Rows from, Rows to) {
        // The window of row r ends with row r - lag; the first rows have none.
        const Rows none = std::min(std::max<Rows>(lag_ - from, 0), to - from);
        const Rows first = from + none - lag_, last = to - lag_;
        for (std::size_t k = 0; k < members_.size(); ++k) std::fill_n(mine(k), none, NOTHING);
        if (first >= last) return;
        if (wants_moments_) moments_.advance(series, first, last, {center_, first_, second_});
        if (wants_extremes_) extremes_.advance(series, first, last, least_, greatest_);
        if (wants_order_) quantiles(series, first, last, none);
        for (std::size_t k = 0; k < members_.size(); ++k) finish(members_[k], series, first, last, mine(k) + none);
    }

private:
    std::vector<Window> members_;
    std::vector<double> results_;
    Rows window_, lag_;
    Moments moments_;
    Extremes extremes_;
    Ordered ordered_;
    bool wants_moments_ = false, wants_extremes_ = false, wants_order_ = false;
    double center_[TILE], first_[TILE], second_[TILE], least_[TILE], greatest_[TILE];

    double* mine(std::size_t k) { return results_.data() + k * TILE; }

    void quantiles(const Series& series, Rows first, Rows last, Rows none) {
        for (Rows i = first; i < last; ++i) {
            ordered_.advance(series, i);
            for (std::size_t k = 0; k < members_.size(); ++k)
                if (members_[k].stat == Stat::Quantile) mine(k)[none + i - first] = ordered_.quantile(members_[k].q);
        }
    }

    void finish(const Window& m, const Series& series, Rows first, Rows last, double* result) const {
        const Rows size = last - first;
        switch (m.stat) {
            case Stat::Mean: moment<Stat::Mean>(series, first, last, result); break;
            case Stat::Std: moment<Stat::Std>(series, first, last, result); break;
            case Stat::Sum: moment<Stat::Sum>(series, first, last, result); break;
            case Stat::Min: std::copy_n(least_, size, result); break;
            case Stat::Max: std::copy_n(greatest_, size, result); break;
            default: break;  // lags are read where they lie, quantiles are there already
        }
        const Rows least = std::max<Rows>(m.least, m.stat == Stat::Std ? 2 : 1);
        const Rows unsure = series.seen == nullptr ? std::min(least - 1, last) : last;  // after it all are full enough
        for (Rows i = first; i < unsure; ++i)
            if (series.present(i, window_) < least) result[i - first] = NOTHING;
    }

    template <Stat stat>
    void moment(const Series& series, Rows first, Rows last, double* result) const {
        const auto one = [&](Rows k, double count) {
            if constexpr (stat == Stat::Sum) return center_[k] * count + first_[k];
            const double apart = first_[k] / count;
            if constexpr (stat == Stat::Mean) return center_[k] + apart;
            const double squares = second_[k] - first_[k] * apart;
            return std::sqrt((squares > 0 ? squares : 0) / (count - 1));
        };
        const Rows partial = series.seen == nullptr ? std::clamp<Rows>(window_ - 1, first, last) : last;
        for (Rows i = first; i < partial; ++i) result[i - first] = one(i - first, double(series.present(i, window_)));
        const double count = double(window_);
        for (Rows k = partial - first; k < last - first; ++k) result[k] = one(k, count);
    }
};
