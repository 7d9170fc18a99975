/* SPDX-License-Identifier: Apache-2.0 */
/* A rendezvous by std::binary_semaphore, at which both wait before they say that they have come. */
/* EXPECT: deadlock observed @barron @olivia */
/* FINDING: threads=2 sites=2 */
/* HANGS */
/* RUN: --timeout=2 */
/* SOURCE: @barron olivia_came */
/* SOURCE: @olivia barron_came */
#include <cstdio>
#include <semaphore>
#include <thread>

static std::binary_semaphore barron_came(0), olivia_came(0);

int main()
{
    std::thread barron([] {
        olivia_came.acquire(); /* @barron */
        barron_came.release();
    });
    std::thread olivia([] {
        barron_came.acquire(); /* @olivia */
        olivia_came.release();
    });
    barron.join();
    olivia.join();
    std::puts("They have met.");
}
