/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every mutex of the C++ library guards a counter of its own; two of them are taken in either
 * order, by std::scoped_lock, which knows how.
 */
/* EXPECT: nothing */
/* TSAN: knows no locks by clock */
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

static constexpr int ROUNDS = 200;

static std::mutex plain, other;
static std::recursive_mutex recursive;
static std::timed_mutex timed;
static std::recursive_timed_mutex recursive_timed;
static std::shared_mutex shared;
static std::shared_timed_mutex shared_timed;
static long counts[6], both, read_sum;

static void add_twice()
{
    std::lock_guard outer(recursive);
    std::lock_guard inner(recursive);
    counts[1] += 2;
}

static void add_in_time()
{
    using namespace std::chrono_literals;
    if (timed.try_lock_for(1h)) {
        counts[2]++;
        timed.unlock();
    }
    if (recursive_timed.try_lock_until(std::chrono::steady_clock::now() + 1h)) {
        counts[3]++;
        recursive_timed.unlock();
    }
}

static void add_shared(int i)
{
    using namespace std::chrono_literals;
    long seen = 0;
    {
        std::shared_lock lock(shared);
        seen += counts[4];
    }
    if (i % 10 == 0) {
        std::unique_lock lock(shared);
        counts[4]++;
    }
    if (std::shared_lock lock(shared_timed, 1h); lock)
        seen += counts[5];
    if (std::unique_lock lock(shared_timed, 1h); lock && i % 10 == 0)
        counts[5]++;
    std::lock_guard lock(plain);
    read_sum += seen >= 0;
}

static void work(bool first)
{
    for (int i = 0; i < ROUNDS; i++) {
        {
            std::lock_guard lock(plain);
            counts[0]++;
        }
        if (first) {
            std::scoped_lock lock(plain, other);
            both++;
        } else {
            std::scoped_lock lock(other, plain);
            both++;
        }
        add_twice();
        add_in_time();
        add_shared(i);
        auto own = std::make_unique<std::mutex>(); /* often at the same address */
        std::lock_guard lock(*own);
    }
}

int main()
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back(work, i % 2 == 0);
    for (auto &thread : threads)
        thread.join();
    for (long count : counts)
        std::printf("%ld ", count);
    std::printf("%ld %ld\n", both, read_sum);
}
