/* SPDX-License-Identifier: Apache-2.0 */
/* Three guests are waited for, and two come. */
/* EXPECT: stuck-thread observed @waits */
/* HANGS */
/* SOURCE: @waits guests */

#include <cstdio>
#include <latch>
#include <thread>

static std::latch guests(3);

static void arrive()
{
    guests.count_down();
}

int main()
{
    std::thread olivia(arrive), steve(arrive);
    guests.wait(); /* @waits */
    olivia.join();
    steve.join();
    std::puts("All are here.");
}
