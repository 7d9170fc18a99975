/* SPDX-License-Identifier: Apache-2.0 */
/* Olivia promised a dish, and forgets it when there is no salt. */
/* EXPECT: stuck-thread observed @waits */
/* HANGS */
/* SOURCE: @waits dish */

#include <cstdio>
#include <future>
#include <thread>

static std::promise<int> order;

static void olivia(bool has_salt)
{
    if (has_salt)
        order.set_value(3);
}

int main()
{
    std::thread cook(olivia, false);
    std::future<int> dish = order.get_future();
    std::printf("%d dishes\n", dish.get()); /* @waits */
    cook.join();
}
