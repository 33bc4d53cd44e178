// Windows: each series is read once, tile by tile, and a tile goes through all statistics while it is in the cache.
#include "windows.h"

#include <map>
#include <memory>
#include <utility>

#include "group.h"
#include "threads.h"

namespace {

// One column of the result: where its values lie in the tile that was computed last, and where they go.
struct Column {
    const double* from;
    Rows to;
};

// Rows `first` and on of the tile to rows of `out`, `step` apart. Row by row where a row lies together in memory.
template <class Out>
void write(const std::vector<Column>& columns, Rows size, Matrix<Out> out, Rows first, Rows step) {
    const Rows stride = step * out.row_stride;
    Out* start = out.at + first * out.row_stride;
    if (out.row_stride == 1) {
        for (const Column& c : columns)
            for (Rows r = 0; r < size; ++r) start[r * stride + c.to * out.column_stride] = Out(c.from[r]);
        return;
    }
    Rows r = 0;
    for (; r + 4 <= size; r += 4) {  // four rows at a time, to look each column up once
        for (const Column& c : columns) {
            Out* to = start + r * stride + c.to * out.column_stride;
            to[0] = Out(c.from[r]);
            to[stride] = Out(c.from[r + 1]);
            to[2 * stride] = Out(c.from[r + 2]);
            to[3 * stride] = Out(c.from[r + 3]);
        }
    }
    for (; r < size; ++r)
        for (const Column& c : columns) start[r * stride + c.to * out.column_stride] = Out(c.from[r]);
}

// All windows of one season, over one phase after the other (where the season is 1, over the series as it is).
class Seasonal {
public:
    Seasonal(Rows season, const std::vector<Window>& windows) : season_(season) {
        std::map<std::pair<Rows, Rows>, std::vector<Window>> shared;
        for (const Window& w : windows) {
            if (w.stat == Stat::Lag) {
                lags_.push_back(w.lag);
                deepest_ = std::max(deepest_, w.lag);
                columns_.push_back({nullptr, w.column});
            } else {
                shared[{w.window, w.lag}].push_back(w);
            }
        }
        for (const auto& [key, members] : shared) {
            groups_.push_back(std::make_unique<Group>(key.first, key.second, members));
            for (std::size_t k = 0; k < members.size(); ++k)
                columns_.push_back({groups_.back()->result(k), members[k].column});
        }
    }

    template <class In, class Out>
    void fill(const In* values, Rows rows, Matrix<Out> out, Rows start) {
        for (Rows phase = 0; phase < std::min(season_, rows); ++phase) {
            const Series series = take(values, rows, phase);
            for (Rows from = 0; from < series.rows; from += TILE) {
                const Rows to = std::min(from + TILE, series.rows);
                for (std::size_t k = 0; k < lags_.size(); ++k) columns_[k].from = series.values + from - lags_[k];
                for (auto& group : groups_) group->advance(series, from, to);
                write(columns_, to - from, out, start + phase + from * season_, season_);
            }
        }
    }

private:
    Rows season_, deepest_ = 0;
    std::vector<Rows> lags_;
    std::vector<std::unique_ptr<Group>> groups_;
    std::vector<Column> columns_;  // the lags, then the members of the groups
    std::vector<double> values_;
    std::vector<Rows> seen_;

    // One phase as doubles (sums are taken in double whatever the input), after as many missing rows as a lag needs.
    template <class In>
    Series take(const In* values, Rows rows, Rows phase) {
        values_.assign(deepest_, NOTHING);
        if (season_ == 1) {
            values_.insert(values_.end(), values, values + rows);
        } else {
            for (Rows i = phase; i < rows; i += season_) values_.push_back(values[i]);
        }
        Series series{values_.data() + deepest_, Rows(values_.size()) - deepest_, nullptr};
        count_present(series.values, series.rows, seen_);
        if (!seen_.empty()) series.seen = seen_.data();
        return series;
    }
};

}  // namespace

template <class In, class Out>
void fill_windows(const In* values, const std::int64_t* indptr, Rows series, const std::vector<Window>& windows,
                  Matrix<Out> out, int threads) {
    std::map<Rows, std::vector<Window>> by_season;
    for (const Window& w : windows) by_season[w.season].push_back(w);

    each_series(indptr, series, threads, [&] {
        std::vector<Seasonal> parts;
        for (const auto& [season, members] : by_season) parts.emplace_back(season, members);
        return [=, parts = std::move(parts)](Rows i) mutable {
            for (Seasonal& part : parts) part.fill(values + indptr[i], indptr[i + 1] - indptr[i], out, indptr[i]);
        };
    });
}

template void fill_windows(const double*, const std::int64_t*, Rows, const std::vector<Window>&, Matrix<double>, int);
template void fill_windows(const double*, const std::int64_t*, Rows, const std::vector<Window>&, Matrix<float>, int);
template void fill_windows(const float*, const std::int64_t*, Rows, const std::vector<Window>&, Matrix<double>, int);
template void fill_windows(const float*, const std::int64_t*, Rows, const std::vector<Window>&, Matrix<float>, int);
