/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guard adopts a mutex that nobody has locked, and unlocks it at the end.
 */
/* EXPECT: unlock-not-held observed @adopts */
/* SOURCE: @adopts pencil */
extern "C" {
#include "order.h"
}
#include <cstdio>
#include <mutex>
#include <thread>

static std::mutex pencil;
static int garlic_count;

static void shopper()
{
    {
        std::lock_guard<std::mutex> guard(pencil, std::adopt_lock); /* @adopts */
        garlic_count++;
    } /* @adopts */
    order_tick();
}

int main()
{
    std::thread barron(shopper);
    barron.join();
    std::printf("Garlic: %d\n", garlic_count);
    return 0;
}
