/* SPDX-License-Identifier: Apache-2.0 */
/* The last one to leave the kitchen joins all threads, its own among them: std::thread throws. */
/* EXPECT: self-deadlock observed @joins */
/* SOURCE: @joins barron */
extern "C" {
#include "order.h"
}
#include <cstdio>
#include <system_error>
#include <thread>

static std::thread barron;

static void leave()
{
    order_await(1);
    try {
        barron.join(); /* @joins */
    } catch (const std::system_error &error) {
        std::printf("%d\n", error.code() == std::errc::resource_deadlock_would_occur);
    }
}

int main()
{
    barron = std::thread(leave);
    order_reach(1);
    barron.join();
}
