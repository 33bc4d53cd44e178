// Threads over series: each series is worked on by one thread, so the results do not depend on their number.
#pragma once

#include <algorithm>
#include <mutex>

#include "on_threads.h"
#include "series.h"

// Calls make()(i) for every series i; `make` builds the worker that one thread uses for all its series.
template <class Make>
void each_series(const std::int64_t* indptr, Rows count, int threads, Make make) {
    const Rows rows = count > 0 ? indptr[count] - indptr[0] : 0;
    const Rows chunk = std::max<Rows>(rows / std::max(8 * threads, 1), 1);  // small enough to even out the load
    Rows next = 0;
    std::mutex lock;

    const auto take = [&](Rows& from, Rows& to) {  // the next series, about `chunk` rows of them
        std::lock_guard<std::mutex> guard(lock);
        from = next;
        for (to = from; to < count && (to == from || indptr[to] - indptr[from] < chunk);) ++to;
        next = to;
        return from < to;
    };
    on_threads(threads, [&] {
        try {
            auto worker = make();
            for (Rows from, to; take(from, to);)
                for (Rows i = from; i < to; ++i) worker(i);
        } catch (...) {
            std::lock_guard<std::mutex> guard(lock);
            next = count;  // the others need not go on
            throw;
        }
    });
}
