/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kitchen is a static variable that is made at first use, and that takes the ladle. Olivia holds
 * the ladle when she first uses it; Barron is at it already, and waits for the ladle.
 */
/* EXPECT: deadlock observed @opens @needs @takes @comes */
/* FINDING: threads=2 sites=4 */
/* HANGS */
/* SOURCE: @needs ladle */
/* SOURCE: @comes kitchen */
/* SOURCE: @opens kitchen */
/* SOURCE: @takes ladle */
extern "C" {
#include "order.h"
}
#include <cstdio>
#include <mutex>
#include <thread>

static std::mutex ladle;

struct Kitchen {
    int stoves = 4;
    Kitchen()
    {
        order_reach(1);
        order_await(2);
        std::lock_guard guard(ladle); /* @needs */
    }
};

static int count_stoves()
{
    static Kitchen kitchen; /* @opens */ /* @comes */
    return kitchen.stoves;
}

int main()
{
    std::thread barron([] { std::printf("%d\n", count_stoves()); });
    std::thread olivia([] {
        order_await(1);
        std::lock_guard guard(ladle); /* @takes */
        order_reach(2);
        std::printf("%d\n", count_stoves());
    });
    barron.join();
    olivia.join();
}
