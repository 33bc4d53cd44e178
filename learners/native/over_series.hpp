// Over series: the same work for each series of a panel, on some threads, as if done one after the other.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

// Calls work(i) for i = 0 .. count - 1; each thread has its own copy of `work` and its buffers, and takes the next
// series when it is done with one. What work(i) writes must depend on series i alone: then nobody can tell how many
// threads there were. The first exception is thrown again here.
template <typename Work>
void over_series(std::size_t count, int threads, const Work& work) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex failing;
    const auto take = [&] {
        try {
            Work mine = work;
            for (std::size_t i; (i = next++) < count;) mine(i);
        } catch (...) {
            const std::lock_guard<std::mutex> lock(failing);
            if (!failure) failure = std::current_exception();
            next = count;
        }
    };
    const std::size_t extra = std::min(count, static_cast<std::size_t>(std::max(threads, 1)));
    std::vector<std::thread> workers;
    for (std::size_t w = 1; w < extra; w++) workers.emplace_back(take);
    take();
    for (auto& worker : workers) worker.join();
    if (failure) std::rethrow_exception(failure);
}
