/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kitchen deletes itself in a member function, under a guard of its own mutex, which the guard
 * then unlocks.
 */
/* EXPECT: lock-destroyed-held observed @deletes @locks */
/* FINDING: threads=1 sites=2 */
/* SOURCE: @locks knife kitchen::knife */
/* SOURCE: @deletes this - */
extern "C" {
#include "order.h"
}
#include <cstdio>
#include <mutex>
#include <thread>

struct kitchen {
    std::mutex knife;
    int guests = 1;

    void leave()
    {
        std::unique_lock<std::mutex> guard(knife); /* @locks */
        if (--guests == 0) {
            guard.release();
            delete this; /* @deletes */
            order_tick();
        }
    }
};

int main()
{
    auto *place = new kitchen;
    std::thread steve([place] { place->leave(); });
    steve.join();
    std::printf("Closed.\n");
    return 0;
}
