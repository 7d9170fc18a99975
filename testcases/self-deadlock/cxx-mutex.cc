/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list whose functions each lock it by a guard, and one of them calls another: std::mutex is not
 * recursive.
 */
/* EXPECT: self-deadlock observed @potato @garlic */
/* FINDING: locks=pencil */
/* HANGS */
/* SOURCE: @garlic pencil */
/* SOURCE: @potato pencil */
#include <cstdio>
#include <mutex>
#include <thread>

static std::mutex pencil;
static int garlic_count, potato_count;

static void add_garlic()
{
    std::lock_guard<std::mutex> guard(pencil); /* @garlic */
    garlic_count++;
}

static void add_potato()
{
    std::unique_lock<std::mutex> lock(pencil); /* @potato */
    potato_count++;
    add_garlic();
}

int main()
{
    std::thread barron(add_potato);
    barron.join();
    std::printf("We should buy %d garlic and %d potatoes.\n", garlic_count, potato_count);
}
