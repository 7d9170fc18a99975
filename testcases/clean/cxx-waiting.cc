/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A counter for four plates, by the condition variables of C++: one that goes with std::mutex, and
 * one that goes with any lock, here a shared one, and with a request to stop.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stop_token>
#include <thread>

static constexpr int PLATES = 300;
static constexpr size_t ROOM = 4;

static std::mutex counter;
static std::condition_variable put, taken;
static std::deque<std::unique_ptr<int>> plates;

static std::shared_mutex board;
static std::condition_variable_any chalked;
static int written;

static void cook()
{
    for (int i = 1; i <= PLATES; i++) {
        auto plate = std::make_unique<int>(i);
        std::unique_lock lock(counter);
        taken.wait(lock, [] { return plates.size() < ROOM; });
        plates.push_back(std::move(plate));
        put.notify_one();
    }
}

static long serve()
{
    long served = 0;
    for (int i = 0; i < PLATES; i++) {
        std::unique_lock lock(counter);
        put.wait(lock, [] { return !plates.empty(); });
        auto plate = std::move(plates.front());
        plates.pop_front();
        lock.unlock();
        taken.notify_one();
        served += *plate;
    }
    return served;
}

/* Waits as a reader until it has been written, or until it is asked to stop. */
static void reads(std::stop_token stop, int until, bool *seen)
{
    std::shared_lock lock(board);
    *seen = chalked.wait(lock, stop, [until] { return written >= until; });
}

int main()
{
    long served = 0;
    bool seen[3] = {false, false, true};
    {
        std::jthread cooks(cook);
        std::jthread serves([&] { served = serve(); });
        std::jthread first(reads, 1, &seen[0]), second(reads, 2, &seen[1]);
        std::jthread never(reads, 3, &seen[2]);
        for (int i = 0; i < 2; i++) {
            std::unique_lock lock(board);
            written++;
            lock.unlock();
            chalked.notify_all();
        }
        first.join();
        second.join();
    }
    std::printf("Served: %ld, seen: %d %d %d\n", served, seen[0], seen[1], seen[2]);
}
