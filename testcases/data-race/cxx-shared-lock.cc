/* SPDX-License-Identifier: Apache-2.0 */
/* Two write under a lock for readers: std::shared_lock keeps writers out, and not each other. */
/* EXPECT: data-race observed @add */
/* FINDING: variable=visitors */
/* SOURCE: @add visitors */
extern "C" {
#include "order.h"
}
#include <cstdio>
#include <shared_mutex>
#include <thread>

static std::shared_mutex book;
static int visitors;

static void sign()
{
    order_meet(1, 2);
    std::shared_lock lock(book);
    visitors++; /* @add */
    order_meet(2, 2);
}

int main()
{
    std::thread one(sign), two(sign);
    one.join();
    two.join();
    std::printf("%s\n", visitors > 0 ? "visited" : "empty");
}
