/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What C++20 has to wait for: semaphores, a latch, a barrier with a completion, and a flag that is
 * waited for itself. None of them is a lock or makes a call of POSIX threads; what they guard is
 * plain. Each semaphore has one thread that acquires it: with two, libstdc++ may let one sleep for
 * ever (GCC's bug 98033), which would be reported.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
#include <atomic>
#include <barrier>
#include <cstdio>
#include <latch>
#include <semaphore>
#include <thread>
#include <vector>

static constexpr int COOKS = 3, ROUNDS = 50;

static std::counting_semaphore<4> room(4), full(0);
static std::binary_semaphore turns[COOKS] = {std::binary_semaphore(1), std::binary_semaphore(0),
                                             std::binary_semaphore(0)};
static int bowls[4], cut;

static std::latch ready(COOKS);
static int prepared[COOKS];

static long total;
static int dishes[COOKS];

struct Sum {
    void operator()() noexcept
    {
        for (int dish : dishes)
            total += dish;
    }
};

static std::barrier<Sum> table(COOKS, Sum{});

static std::atomic<bool> open_for_guests;
static int guests;

static void fills()
{
    for (int i = 0; i < ROUNDS; i++) {
        room.acquire();
        bowls[i % 4] = i;
        full.release();
    }
}

static long empties()
{
    long sum = 0;
    for (int i = 0; i < ROUNDS; i++) {
        full.acquire();
        sum += bowls[i % 4];
        room.release();
    }
    return sum;
}

/* There is one knife, which goes around. */
static void with_knife(int number, int &what, int more)
{
    turns[number].acquire();
    what += more;
    turns[(number + 1) % COOKS].release();
}

static void cooks(int number)
{
    prepared[number] = number + 1;
    ready.arrive_and_wait();
    int others = 0;
    for (int one : prepared)
        others += one;
    for (int i = 0; i < ROUNDS; i++) {
        dishes[number] = others + i;
        table.arrive_and_wait();
        with_knife(number, cut, 1);
    }
    open_for_guests.wait(false);
    with_knife(number, guests, prepared[number]);
}

int main()
{
    long sum = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < COOKS; i++)
            threads.emplace_back(cooks, i);
        threads.emplace_back(fills);
        threads.emplace_back([&] { sum = empties(); });
        ready.wait();
        open_for_guests = true;
        open_for_guests.notify_all();
    }
    std::printf("%ld %ld %d %d\n", sum, total, cut, guests);
}
