/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the kitchen, once, counts its stoves, which opens it, once. */
/* EXPECT: self-deadlock observed @opens @again */
/* HANGS */
/* SOURCE: @again opened */
/* SOURCE: @opens opened */
#include <cstdio>
#include <mutex>
#include <thread>

static std::once_flag opened;
static int stoves;

static int count_stoves();

static void open_kitchen()
{
    stoves = 1 + count_stoves();
}

static int count_stoves()
{
    std::call_once(opened, open_kitchen); /* @again */
    return stoves;
}

int main()
{
    std::thread barron([] { std::call_once(opened, open_kitchen); }); /* @opens */
    barron.join();
    std::printf("Stoves: %d\n", stoves);
}
