// Over series: the same work for each series of a panel, on some threads, as if done one after the other.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "../../featurizers/native/on_threads.h"

// Calls work(i) for i = 0 .. count - 1; each thread has its own copy of `work` and its buffers, and takes the next
// series (or block of rows) when it is done with one. What work(i) writes must depend on i alone: then nobody can tell
// how many threads there were. The first exception is thrown again here.
template <typename Work>
void over_series(std::size_t count, int threads, const Work& work) {
    std::atomic<std::size_t> next{0};
    const int most = static_cast<int>(std::min(count, static_cast<std::size_t>(std::max(threads, 1))));
    on_threads(most, [&] {
        try {
            Work mine = work;
            for (std::size_t i; (i = next++) < count;) mine(i);
        } catch (...) {
            next = count; // the others need not go on
            throw;
        }
    });
}
