/* SPDX-License-Identifier: Apache-2.0 */
/* A condition variable of C++, with its predicate; notified before, while and after anybody waits. */
/* EXPECT: nothing */
extern "C" {
#include "order.h"
}

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

static std::mutex table;
static std::condition_variable bell;
static int plates;

static void put()
{
    {
        std::lock_guard<std::mutex> guard(table);
        plates++;
    }
    bell.notify_one();
}

static bool eat(std::chrono::milliseconds patience)
{
    std::unique_lock<std::mutex> guard(table);
    if (!bell.wait_for(guard, patience, [] { return plates > 0; }))
        return false;
    plates--;
    return true;
}

int main()
{
    int eaten = 0;
    std::thread olivia([] {
        put();
        order_reach(1);
        order_await_blocked(1);
        put();
    });
    order_sit(1);
    order_await(1);
    eaten += eat(std::chrono::milliseconds(50000));
    {
        std::unique_lock<std::mutex> guard(table);
        bell.wait(guard, [] { return plates > 0; });
        plates--;
        eaten++;
    }
    olivia.join();
    eaten += eat(std::chrono::milliseconds(30));
    std::printf("Barron: %d plates.\n", eaten);
}
