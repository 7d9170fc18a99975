/* SPDX-License-Identifier: Apache-2.0 */
/* Results that come later: promises, tasks, asynchronous calls, and what they throw. */
/* EXPECT: nothing */
/* REWRITE: possible */
#include <cstdio>
#include <future>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

static std::vector<int> squares(int count)
{
    std::vector<int> result(count);
    for (int i = 0; i < count; i++)
        result[i] = i * i;
    return result;
}

static int fails(int)
{
    throw std::runtime_error("no such dish");
}

int main()
{
    std::promise<std::unique_ptr<int>> promise;
    auto promised = promise.get_future();
    std::thread keeps([&] { promise.set_value(std::make_unique<int>(41)); });

    std::packaged_task<std::vector<int>(int)> task(squares);
    auto done = task.get_future();
    std::thread works(std::move(task), 100);

    auto later = std::async(std::launch::async, squares, 200);
    auto failing = std::async(std::launch::async, fails, 1);
    auto deferred = std::async(std::launch::deferred, squares, 3);

    std::promise<int> one;
    std::shared_future<int> shared = one.get_future().share();
    std::vector<std::future<int>> sums;
    for (int i = 0; i < 3; i++)
        sums.push_back(std::async(std::launch::async, [shared, i] { return shared.get() + i; }));
    one.set_value(1000);

    auto all = done.get(), more = later.get();
    int sum = *promised.get();
    for (auto &each : sums)
        sum += each.get();
    std::printf("%d %d %d %zu\n", sum, std::accumulate(all.begin(), all.end(), 0),
                std::accumulate(more.begin(), more.end(), 0), deferred.get().size());
    try {
        std::printf("%d\n", failing.get());
    } catch (const std::runtime_error &error) {
        std::printf("%s\n", error.what());
    }
    keeps.join();
    works.join();
}
