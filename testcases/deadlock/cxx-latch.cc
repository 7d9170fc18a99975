/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron waits at the latch with the ladle in his hand, until Olivia has counted it down; she needs
 * the ladle first.
 */
/* EXPECT: deadlock observed @takes @waits @needs */
/* FINDING: threads=2 locks=ladle sites=3 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @takes ladle */
/* SOURCE: @waits ready */
/* SOURCE: @needs ladle */
extern "C" {
#include "order.h"
}
#include <cstdio>
#include <latch>
#include <mutex>
#include <thread>

static std::mutex ladle;
static std::latch ready(1);

int main()
{
    std::thread barron([] {
        std::lock_guard guard(ladle); /* @takes */
        order_reach(1);
        ready.wait(); /* @waits */
    });
    std::thread olivia([] {
        order_await(1);
        std::lock_guard guard(ladle); /* @needs */
        ready.count_down();
    });
    barron.join();
    olivia.join();
    std::puts("Ready.");
}
