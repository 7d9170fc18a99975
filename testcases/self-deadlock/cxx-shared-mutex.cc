/* SPDX-License-Identifier: Apache-2.0 */
/* Barron reads the calendar by a shared lock, and asks for a unique one on top of it. */
/* EXPECT: self-deadlock observed @reads @writes */
/* FINDING: locks=calendar */
/* HANGS */
/* SOURCE: @reads calendar */
/* SOURCE: @writes calendar */
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>

static std::shared_mutex calendar;
static int today;

static void correct()
{
    std::shared_lock reader(calendar); /* @reads */
    if (today == 0) {
        std::unique_lock writer(calendar); /* @writes */
        today = 1;
    }
}

int main()
{
    std::jthread barron(correct);
    barron.join();
    std::printf("Today: %d\n", today);
}
