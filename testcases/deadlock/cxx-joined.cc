/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a std::jthread joins it, under a mutex that the thread wants. */
/* EXPECT: deadlock observed @takes @joins @needs */
/* FINDING: threads=2 locks=ladle sites=3 */
/* HANGS */
/* FLAGS: gcc -Wno-maybe-uninitialized */
/* SOURCE: @takes ladle */
/* SOURCE: @needs ladle */
extern "C" {
#include "order.h"
}
#include <cstdio>
#include <mutex>
#include <thread>

static std::mutex ladle;

int main()
{
    std::lock_guard guard(ladle); /* @takes */
    {
        std::jthread helper([] {
            order_await(1);
            std::lock_guard mine(ladle); /* @needs */
        });
        order_reach(1);
    } /* @joins */
    std::puts("The soup is ready.");
}
