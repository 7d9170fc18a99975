/* SPDX-License-Identifier: Apache-2.0 */
/* What C++'s library orders on the program's behalf: no race. */
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

struct pantry {
    int shelf[10];
    pantry()
    {
        static std::atomic<int> tries;
        if (tries++ == 0)
            throw std::runtime_error("not yet");
        for (int &place : shelf)
            place = 5;
    }
};

static pantry &the_pantry()
{
    static pantry p;
    return p;
}

static auto word = std::make_shared<std::string>("a string that is longer than its object");
static std::once_flag once;
static int once_value;
static std::atomic<int> sum;

static void work()
{
    for (int i = 0; i < 1000; i++) {
        try {
            sum += the_pantry().shelf[i % 10];
        } catch (std::runtime_error &) {
        }
    }
    auto mine = word;
    sum += (int)mine->size();
    std::call_once(once, [] { once_value = 3; });
    sum += once_value;
}

int main()
{
    std::thread a(work), b(work), c(work);
    a.join();
    b.join();
    c.join();
    std::printf("%s\n", sum > 14000 ? "done" : "wrong");
}
