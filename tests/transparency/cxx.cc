// SPDX-License-Identifier: Apache-2.0
// What C++ makes of threads: destructors of thread-local objects, exceptions through locks, the
// standard library's own ways of waiting.
#include <chrono>
#include <condition_variable>
#include <future>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

static std::mutex mutex;

struct Local {
    std::string name = "thread-local object";
    ~Local()
    {
        std::lock_guard<std::mutex> guard(mutex);
        std::cout << "end of a " << name << std::endl;
    }
};

static thread_local Local local;

static void throws_through(int depth)
{
    std::lock_guard<std::mutex> guard(mutex);
    std::mutex inner;
    std::unique_lock<std::mutex> second(inner);
    if (depth == 0)
        throw std::runtime_error("from the depth");
    second.unlock();
    struct Unlocked {
        Unlocked()
        {
            mutex.unlock();
        }
        ~Unlocked()
        {
            mutex.lock();
        }
    } unlocked;
    throws_through(depth - 1);
}

static void exceptions()
{
    for (int depth = 0; depth < 50; depth += 7) {
        try {
            throws_through(depth);
        } catch (const std::exception &e) {
            std::cout << depth << ": " << e.what() << std::endl;
        }
    }
    std::cout << "free again: " << mutex.try_lock() << std::endl;
    mutex.unlock();
}

static void once()
{
    static std::once_flag flag;
    for (int i = 0; i < 4; i++) {
        try {
            std::call_once(flag, [i] {
                std::cout << "once, try " << i << std::endl;
                if (i < 2)
                    throw i;
            });
        } catch (int thrown) {
            std::cout << "thrown " << thrown << std::endl;
        }
    }
    static pthread_once_t control = PTHREAD_ONCE_INIT;
    for (int i = 0; i < 2; i++) {
        try {
            pthread_once(&control, [] {
                static int calls;
                if (!calls++)
                    throw std::string("first");
                std::cout << "second" << std::endl;
            });
        } catch (const std::string &what) {
            std::cout << what << std::endl;
        }
    }
}

static void waiting()
{
    using namespace std::chrono_literals;
    std::condition_variable cond;
    std::condition_variable_any any;
    std::shared_timed_mutex shared;
    std::timed_mutex timed;
    std::recursive_timed_mutex recursive;
    bool ready = false;
    std::thread waiter([&] {
        local.name += " of the waiter";
        std::unique_lock<std::mutex> lock(mutex);
        cond.wait(lock, [&] { return ready; });
    });
    {
        std::lock_guard<std::mutex> lock(mutex);
        ready = true;
    }
    cond.notify_all();
    waiter.join();
    std::unique_lock<std::mutex> lock(mutex);
    std::cout << (cond.wait_for(lock, 1ms, [] { return false; })) << std::endl;
    std::cout << (cond.wait_until(lock, std::chrono::system_clock::now() + 1ms) ==
                  std::cv_status::timeout)
              << std::endl;
    std::cout << (any.wait_for(lock, 1ms) == std::cv_status::timeout) << std::endl;
    lock.unlock();
    std::shared_lock<std::shared_timed_mutex> reader(shared);
    std::cout << shared.try_lock_for(1ms) << shared.try_lock_shared_for(1ms) << std::endl;
    shared.unlock_shared();
    std::cout << timed.try_lock_for(1ms);
    std::thread([&] {
        std::cout << timed.try_lock_for(1ms)
                  << timed.try_lock_until(std::chrono::system_clock::now()) << std::endl;
    }).join();
    timed.unlock();
    recursive.lock();
    std::cout << recursive.try_lock_for(1ms) << std::endl;
    recursive.unlock();
    recursive.unlock();
    try {
        std::unique_lock<std::mutex> none;
        none.lock();
    } catch (const std::system_error &e) {
        std::cout << e.code() << std::endl;
    }
    try {
        std::unique_lock<std::shared_timed_mutex> writer(shared, std::defer_lock);
        reader.unlock();
        writer.lock();
        shared.lock(); /* EDEADLK */
    } catch (const std::system_error &e) {
        std::cout << e.code() << std::endl;
    }
}

static void futures()
{
    auto value = std::async(std::launch::async, [] { return 42; });
    auto failing =
        std::async(std::launch::async, []() -> int { throw std::runtime_error("async"); });
    std::cout << value.get() << std::endl;
    try {
        failing.get();
    } catch (const std::exception &e) {
        std::cout << e.what() << std::endl;
    }
    std::vector<std::thread> threads;
    std::atomic<int> sum = 0;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([&, i] {
            auto block = std::make_unique<std::mutex>();
            std::scoped_lock both(*block, mutex);
            sum += i;
        });
    for (auto &thread : threads)
        thread.join();
    std::cout << sum << std::endl;
}

static void ends(const std::string &how)
{
    if (how == "terminate")
        std::thread([] { throw 1; }).join();
    if (how == "exit-in-thread")
        std::thread([] { std::exit(3); }).join();
    if (how == "uncaught")
        throw std::runtime_error("nobody catches");
}

int main(int argc, char **argv)
{
    local.name += " of main";
    for (int i = 1; i < argc; i++)
        ends(argv[i]);
    exceptions();
    once();
    waiting();
    futures();
}
