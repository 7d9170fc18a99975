/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is made once, whoever comes first: by std::call_once, with a first try that throws, by a
 * static variable of a function, by one of a template, and what each thread has for itself.
 */
/* EXPECT: nothing */
/* REWRITE: possible */
/* TSAN: its pthread_once waits for ever behind a try that threw */
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct Menu {
    std::vector<std::string> dishes{"soup", "sushi", "garlic"};
    int prices[3] = {4, 9, 1};
};

static std::once_flag flag, stubborn;
static std::unique_ptr<Menu> by_call;
static int tries;
static std::atomic<int> locals_gone;

static const Menu &of_function()
{
    static const Menu menu;
    return menu;
}

template <int N> static const std::string &of_template()
{
    static const std::string text = std::to_string(N);
    return text;
}

struct Local {
    std::string name = "local";
    ~Local()
    {
        locals_gone++;
    }
};

static thread_local Local local;

static void work(int *sum)
{
    std::call_once(flag, [] { by_call = std::make_unique<Menu>(); });
    try {
        std::call_once(stubborn, [] {
            if (tries++ == 0)
                throw std::string("again");
        });
    } catch (const std::string &) {
    }
    local.name += "s";
    *sum = by_call->prices[1] + of_function().prices[0] + (int)by_call->dishes[2].size() +
           (int)of_template<42>().size() + (int)local.name.size();
}

int main()
{
    int sums[4] = {};
    std::vector<std::thread> threads;
    for (int &sum : sums)
        threads.emplace_back(work, &sum);
    for (auto &thread : threads)
        thread.join();
    std::printf("%d %d %d %d, tries %d, gone %d\n", sums[0], sums[1], sums[2], sums[3], tries,
                locals_gone.load());
}
