/* SPDX-License-Identifier: Apache-2.0 */
/* Making the kitchen, a static variable that is made at first use, asks for the kitchen. */
/* EXPECT: self-deadlock observed @first @again */
/* HANGS */
/* SOURCE: @again only */
/* SOURCE: @first only */
#include <cstdio>
#include <thread>

struct Kitchen {
    int stoves;
    Kitchen();
};

static Kitchen &kitchen(int depth)
{
    if (depth == 0) {
        static Kitchen only; /* @first */ /* @again */
        return only;
    }
    return kitchen(depth - 1);
}

Kitchen::Kitchen() : stoves(kitchen(1).stoves + 1)
{
}

int main()
{
    std::thread barron([] { std::printf("Stoves: %d\n", kitchen(0).stoves); });
    barron.join();
}
