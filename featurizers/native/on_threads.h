// On threads: the one way to run work on several of them. No exception ends the process: the first is thrown again here.
#pragma once

#include <exception>
#include <mutex>
#include <thread>
#include <vector>

// Calls work() on this thread and on up to `threads` - 1 others, and returns when all are done. The callers must share
// their work out by what they take next, not by their number: where no more threads are to be had, fewer do it all.
template <class Work>
void on_threads(int threads, const Work& work) {
    std::exception_ptr failure;
    std::mutex failing;
    const auto guarded = [&] {
        try {
            work();
        } catch (...) {
            const std::lock_guard<std::mutex> lock(failing);
            if (!failure) failure = std::current_exception();
        }
    };
    std::vector<std::thread> others;
    try {
        for (int i = 1; i < threads; i++) others.emplace_back(guarded);
    } catch (const std::exception&) {  // no more threads, or no room for them: those that started share the work
    }
    guarded();
    for (auto& thread : others) thread.join();
    if (failure) std::rethrow_exception(failure);
}
