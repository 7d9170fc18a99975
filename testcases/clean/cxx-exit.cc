/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things that one thread makes and the end of the process takes down in another: a static variable
 * of a function, and a handler. The threads are detached, and main does not know when they are
 * done; but whatever is taken down has been made before.
 */
/* EXPECT: nothing */
extern "C" {
#include "order.h"
}
#include <cstdio>
#include <cstdlib>
#include <thread>

struct Board {
    int lines = 0;
    ~Board()
    {
        std::printf("%d lines\n", lines);
    }
};

static int guests;

static void say_guests()
{
    std::printf("%d guests\n", guests);
}

static void write_board()
{
    static Board board{3};
    order_reach(1);
}

static void count_guests()
{
    order_await(1);
    guests = 5;
    std::atexit(say_guests);
    order_reach(2);
}

int main()
{
    std::thread(write_board).detach();
    std::thread(count_guests).detach();
    order_await(2);
}
