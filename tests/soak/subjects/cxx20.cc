// SPDX-License-Identifier: Apache-2.0
// What C++20 brings for threads, in rounds with an outcome that does not depend on their order:
// semaphores, latches, barriers, jthread, stop tokens, waiting on atomics; and older things:
// condition variables of both kinds, shared and timed mutexes, futures, once flags, local statics.
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <iostream>
#include <latch>
#include <mutex>
#include <numeric>
#include <queue>
#include <semaphore>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr int people = 4;
constexpr int rounds = 50;

template <typename Work> void crowd(int count, Work work)
{
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; i++)
        threads.emplace_back(work, i);
}

// A bounded queue by two counting semaphores and a binary one.
long semaphores()
{
    std::counting_semaphore<8> room(8), goods(0);
    std::binary_semaphore door(1);
    std::queue<int> shelf;
    std::atomic<long> sum = 0;
    crowd(people, [&](int me) {
        for (int i = 0; i < rounds; i++)
            if (me % 2) {
                room.acquire();
                door.acquire();
                shelf.push(me * 1000 + i);
                door.release();
                goods.release();
            } else {
                while (!goods.try_acquire_for(1h)) {
                }
                door.acquire();
                sum += shelf.front();
                shelf.pop();
                door.release();
                room.release();
            }
    });
    return sum;
}

long latches()
{
    long sum = 0;
    for (int round = 0; round < rounds; round++) {
        std::latch start(people), done(people);
        std::vector<long> parts(people);
        std::vector<std::jthread> threads;
        for (int i = 0; i < people; i++)
            threads.emplace_back([&, i] {
                start.arrive_and_wait();
                parts[i] = i + round;
                done.count_down();
            });
        done.wait();
        sum += std::accumulate(parts.begin(), parts.end(), 0L);
    }
    return sum;
}

long barriers()
{
    long completed = 0;
    std::vector<long> cells(people, 1);
    std::barrier meeting(people, [&]() noexcept {
        completed += std::accumulate(cells.begin(), cells.end(), 0L) % 1000;
    });
    crowd(people, [&](int me) {
        for (int i = 0; i < rounds; i++) {
            cells[me] += me * i;
            meeting.arrive_and_wait();
        }
        meeting.arrive_and_drop();
    });
    return completed;
}

// Consumers wait with a stop token; all are told to stop when nothing is left.
long stop_tokens()
{
    std::mutex lock;
    std::condition_variable_any change;
    std::queue<int> orders;
    std::atomic<long> sum = 0, stopped = 0;
    {
        std::vector<std::jthread> consumers;
        for (int i = 0; i < people; i++)
            consumers.emplace_back([&](std::stop_token token) {
                std::stop_callback told(token, [] {}); // it may be gone before it is called
                std::unique_lock held(lock);
                while (change.wait(held, token, [&] { return !orders.empty(); })) {
                    sum += orders.front();
                    orders.pop();
                }
                stopped += token.stop_requested();
            });
        for (int i = 0; i < 10 * rounds; i++) {
            {
                std::scoped_lock held(lock);
                orders.push(i);
            }
            change.notify_one();
        }
        for (bool empty = false; !empty; std::this_thread::yield()) {
            std::scoped_lock held(lock);
            empty = orders.empty();
        }
        for (auto &consumer : consumers)
            consumer.request_stop();
    }
    return sum * 10 + stopped;
}

// A token that is handed on by waiting on an atomic.
long atomic_waits()
{
    std::atomic<int> turn = 0;
    long sum = 0;
    crowd(people, [&](int me) {
        for (int i = 0; i < rounds; i++) {
            for (int now = turn; now % people != me; now = turn)
                turn.wait(now);
            sum = sum * 3 % 1000003 + me;
            turn++;
            turn.notify_all();
        }
    });
    return sum;
}

long shared_locks()
{
    std::shared_timed_mutex ledger;
    std::timed_mutex drawer;
    std::recursive_mutex safe;
    std::condition_variable change;
    std::mutex lock;
    long value = 0, coins = 0, turns = 0;
    std::atomic<long> odd = 0;
    crowd(people, [&](int me) {
        for (int i = 0; i < rounds; i++) {
            if ((i + me) % 4 == 0) {
                std::unique_lock held(ledger, 1h);
                value += 2;
            } else {
                std::shared_lock held(ledger);
                odd += value % 2;
            }
            if (drawer.try_lock_for(1h)) {
                std::scoped_lock both(safe, lock);
                std::scoped_lock again(safe);
                coins += me;
                turns++;
                drawer.unlock();
            }
            change.notify_all();
        }
    });
    std::unique_lock held(lock);
    bool in_time = change.wait_for(held, 1h, [&] { return turns == people * rounds; });
    bool late = change.wait_for(held, 1ms, [] { return false; });
    return value + coins + turns + odd + in_time + late;
}

long futures()
{
    long sum = 0;
    std::once_flag once;
    std::atomic<int> calls = 0, made = 0;
    std::promise<int> word;
    auto shared = word.get_future().share();
    std::vector<std::future<long>> answers;
    for (int i = 0; i < people; i++)
        answers.push_back(std::async(std::launch::async, [&, i] {
            std::call_once(once, [&] { calls++; });
            static const std::string local = (made++, std::string(40, 'x'));
            if (i == 3)
                throw i;
            return static_cast<long>(shared.get() + i + local.size());
        }));
    word.set_value(7);
    for (auto &answer : answers)
        try {
            sum += answer.get();
        } catch (int number) {
            sum += 1000 * number;
        }
    return sum + calls + made;
}

} // namespace

int main()
{
    std::cout << "semaphores " << semaphores() << "\nlatches " << latches() << "\nbarriers "
              << barriers() << "\nstop tokens " << stop_tokens() << "\natomic waits "
              << atomic_waits() << "\nshared locks " << shared_locks() << "\nfutures " << futures()
              << std::endl;
    std::thread([] {
        thread_local std::string last = "a thread that outlives main";
        std::this_thread::sleep_for(1h);
    }).detach();
    return 0;
}
