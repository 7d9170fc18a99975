/* SPDX-License-Identifier: Apache-2.0 */
/* Two guests are waited for, and come. */
/* EXPECT: nothing */

#include <cstdio>
#include <latch>
#include <thread>

static std::latch guests(2);

static void arrive()
{
    guests.count_down();
}

int main()
{
    std::thread olivia(arrive), steve(arrive);
    guests.wait();
    olivia.join();
    steve.join();
    std::puts("All are here.");
}
