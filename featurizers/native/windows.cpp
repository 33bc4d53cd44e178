// Windows: each series is read once, tile by tile, and every tile goes through all statistics while it is in the cache.
#include "windows.h"

#include <map>
#include <memory>
#include <tuple>

#include "extremes.h"
#include "moments.h"
#include "ordered.h"
#include "threads.h"

namespace {

constexpr Rows TILE = 128;  // rows; 128 rows of 30 doubles fit in the first cache

// Where one window's values go: a column of one series (or of one phase of it).
template <class Out>
struct Column {
    Out* at = nullptr;
    Rows stride = 0, rows = 0;

    // The value of the window that ended with row i belongs to row i + lag.
    void write(const double* values, Rows from, Rows to, Rows lag) const {
        to = std::min(to, rows - lag);
        Out* row = at + (from + lag) * stride;
        for (Rows i = from; i < to; ++i, row += stride) *row = Out(values[i - from]);
    }
    void clear(Rows until) const {
        for (Rows i = 0; i < std::min(until, rows); ++i) at[i * stride] = Out(NOTHING);
    }
};

// The statistics that share a window and a season: whatever they need is computed once.
template <class Out>
class Group {
public:
    Group(Rows window, const std::vector<Window>& members)
        : window_(window), members_(members), columns_(members.size()), moments_(window), extremes_(window),
          ordered_(window) {
        for (const Window& m : members) {
            wants_moments_ |= m.stat == Stat::Mean || m.stat == Stat::Std || m.stat == Stat::Sum;
            wants_extremes_ |= m.stat == Stat::Min || m.stat == Stat::Max;
            wants_order_ |= m.stat == Stat::Quantile;
        }
    }

    void start(Matrix<Out> out, Rows first, Rows step, Rows rows) {
        for (std::size_t k = 0; k < members_.size(); ++k) {
            const Rows column = members_[k].column * out.column_stride;
            columns_[k] = {out.at + first * out.row_stride + column, step * out.row_stride, rows};
            columns_[k].clear(members_[k].lag);
        }
    }

    void advance(const Series& series, Rows from, Rows to) {
        if (wants_moments_) moments_.advance(series, from, to, mean_, total_, squares_);
        if (wants_extremes_) extremes_.advance(series, from, to, least_, greatest_);
        if (!wants_order_) {
            for (std::size_t k = 0; k < members_.size(); ++k) put(members_[k], columns_[k], series, from, to);
            return;
        }
        for (Rows i = from; i < to; ++i) {
            ordered_.advance(series, i);
            for (std::size_t k = 0; k < members_.size(); ++k)
                if (members_[k].stat == Stat::Quantile) put(members_[k], columns_[k], series, i, i + 1);
        }
        for (std::size_t k = 0; k < members_.size(); ++k)
            if (members_[k].stat != Stat::Quantile) put(members_[k], columns_[k], series, from, to);
    }

private:
    Rows window_;
    std::vector<Window> members_;
    std::vector<Column<Out>> columns_;
    Moments moments_;
    Extremes extremes_;
    Ordered ordered_;
    bool wants_moments_ = false, wants_extremes_ = false, wants_order_ = false;
    double mean_[TILE], total_[TILE], squares_[TILE], least_[TILE], greatest_[TILE], result_[TILE];

    void put(const Window& m, const Column<Out>& column, const Series& series, Rows from, Rows to) {
        const double* found = result_;
        if (m.stat == Stat::Lag) found = series.values + from;
        if (m.stat == Stat::Mean) found = mean_;
        if (m.stat == Stat::Sum) found = total_;
        if (m.stat == Stat::Min) found = least_;
        if (m.stat == Stat::Max) found = greatest_;
        if (m.stat == Stat::Quantile) result_[0] = ordered_.quantile(m.q);
        if (m.stat == Stat::Std)
            for (Rows i = from; i < to; ++i) {
                const double freedom = double(series.present(i, window_) - 1);
                result_[i - from] = std::sqrt(std::max(squares_[i - from], 0.0) / freedom);
            }
        const Rows least = m.stat == Stat::Lag ? 0 : std::max<Rows>(m.least, m.stat == Stat::Std ? 2 : 1);
        if (from < least - 1 || series.seen != nullptr) {  // else every window is full enough
            for (Rows i = from; i < to; ++i)
                result_[i - from] = series.present(i, window_) < least ? NOTHING : found[i - from];
            found = result_;
        }
        column.write(found, from, to, m.lag);
    }
};

// All windows of one season, over one phase after the other (where the season is 1, over the series as it is).
template <class Out>
class Seasonal {
public:
    Seasonal(Rows season, const std::vector<Window>& windows) : season_(season) {
        std::map<Rows, std::vector<Window>> shared;
        for (const Window& w : windows) shared[w.window].push_back(w);
        for (const auto& [window, members] : shared) groups_.push_back(std::make_unique<Group<Out>>(window, members));
    }

    void fill(const double* values, Rows rows, Matrix<Out> out, Rows start) {
        for (Rows phase = 0; phase < std::min(season_, rows); ++phase) {
            Series series{values, rows, nullptr};
            if (season_ > 1) {
                phase_.clear();
                for (Rows i = phase; i < rows; i += season_) phase_.push_back(values[i]);
                series = {phase_.data(), Rows(phase_.size()), nullptr};
            }
            count_present(series.values, series.rows, seen_);
            if (!seen_.empty()) series.seen = seen_.data();
            for (auto& group : groups_) group->start(out, start + phase, season_, series.rows);
            for (Rows from = 0; from < series.rows; from += TILE)
                for (auto& group : groups_) group->advance(series, from, std::min(from + TILE, series.rows));
        }
    }

private:
    Rows season_;
    std::vector<std::unique_ptr<Group<Out>>> groups_;
    std::vector<double> phase_;
    std::vector<Rows> seen_;
};

}  // namespace

template <class In, class Out>
void fill_windows(const In* values, const std::int64_t* indptr, Rows series, const std::vector<Window>& windows,
                  Matrix<Out> out, int threads) {
    std::map<Rows, std::vector<Window>> by_season;
    for (const Window& w : windows) by_season[w.season].push_back(w);

    each_series(indptr, series, threads, [&] {
        auto parts = std::make_shared<std::vector<Seasonal<Out>>>();
        for (const auto& [season, members] : by_season) parts->emplace_back(season, members);
        return [&, parts, wide = std::vector<double>()](Rows i) mutable {
            const Rows start = indptr[i], rows = indptr[i + 1] - start;
            const double* mine;
            if constexpr (std::is_same_v<In, double>) {
                mine = values + start;
            } else {  // sums are taken in double whatever the input
                wide.assign(values + start, values + start + rows);
                mine = wide.data();
            }
            for (Seasonal<Out>& part : *parts) part.fill(mine, rows, out, start);
        };
    });
}

template void fill_windows(const double*, const std::int64_t*, Rows, const std::vector<Window>&, Matrix<double>, int);
template void fill_windows(const double*, const std::int64_t*, Rows, const std::vector<Window>&, Matrix<float>, int);
template void fill_windows(const float*, const std::int64_t*, Rows, const std::vector<Window>&, Matrix<double>, int);
template void fill_windows(const float*, const std::int64_t*, Rows, const std::vector<Window>&, Matrix<float>, int);
