/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barron waits in the kitchen for soup on the tray. std::condition_variable gives the tray's mutex
 * back, but not the kitchen's, through which Olivia has to bring it.
 */
/* EXPECT: deadlock observed @kitchen @waits @enters */
/* FINDING: threads=2 locks=bell,kitchen sites=3 */
/* HANGS */
/* RUN: --hang 1 */
/* SOURCE: @kitchen kitchen */
/* SOURCE: @waits bell */
/* SOURCE: @enters kitchen */
extern "C" {
#include "order.h"
}
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

static std::mutex kitchen, tray;
static std::condition_variable bell;
static int soups;

int main()
{
    std::thread barron([] {
        std::lock_guard guard(kitchen); /* @kitchen */
        std::unique_lock lock(tray);
        order_reach(1);
        bell.wait(lock, [] { return soups > 0; }); /* @waits */
        soups--;
    });
    std::thread olivia([] {
        order_await(1);
        std::scoped_lock guards(kitchen); /* @enters */
        std::lock_guard guard(tray);
        soups++;
        bell.notify_one();
    });
    barron.join();
    olivia.join();
    std::printf("Soups left: %d\n", soups);
}
