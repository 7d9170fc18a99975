// SPDX-License-Identifier: Apache-2.0
// operator new and delete in every form: what comes back, what is thrown, what is called on the way.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

static int handled;

static void handler()
{
    if (++handled % 3 == 0)
        std::set_new_handler(nullptr);
}

static void say(const char *what, void *block, std::size_t alignment)
{
    std::printf("%s: %s, aligned %d\n", what, block ? "a block" : "none",
                reinterpret_cast<std::uintptr_t>(block) % alignment == 0);
}

struct alignas(256) Wide {
    char bytes[256];
};

struct Throws {
    Throws()
    {
        throw 5;
    }
    char bytes[40];
};

static void forms()
{
    const std::align_val_t wide{256};
    const std::nothrow_t &no = std::nothrow;
    for (std::size_t size : {0ul, 1ul, 64ul, 5000ul, 1ul << 21}) {
        void *blocks[] = {operator new(size),           operator new[](size),
                          operator new(size, no),       operator new[](size, no),
                          operator new(size, wide),     operator new[](size, wide),
                          operator new(size, wide, no), operator new[](size, wide, no)};
        for (int i = 0; i < 8; i++)
            say("new", blocks[i], i < 4 ? 8 : 256);
        operator delete(blocks[0]);
        operator delete[](blocks[1]);
        operator delete(blocks[2], no);
        operator delete[](blocks[3], no);
        operator delete(blocks[4], wide);
        operator delete[](blocks[5], size, wide);
        operator delete(blocks[6], wide, no);
        operator delete[](blocks[7], wide, no);
        operator delete(operator new(size), size);
        operator delete[](operator new[](size), size);
    }
    operator delete(nullptr);
    operator delete[](nullptr, no);
    auto single = std::make_unique<Wide>();
    auto many = std::make_unique<Wide[]>(5);
    say("wide", single.get(), 256);
    say("wide", many.get(), 256);
    try {
        delete new Throws;
    } catch (int thrown) {
        std::printf("the constructor threw %d\n", thrown);
    }
}

template <typename Call> static void refused(const char *what, Call call)
{
    std::set_new_handler(handler);
    handled = 0;
    try {
        void *block = call();
        std::printf("%s: %d, handler %d times\n", what, block != nullptr, handled);
    } catch (const std::bad_array_new_length &) {
        std::printf("%s: bad length, handler %d times\n", what, handled);
    } catch (const std::bad_alloc &) {
        std::printf("%s: bad_alloc, handler %d times\n", what, handled);
    }
}

static void refusals()
{
    volatile std::size_t huge = static_cast<std::size_t>(-1) / 4, worse = huge * 3;
    const std::align_val_t wide{256};
    refused("new", [&] { return operator new(huge); });
    refused("new[]", [&] { return operator new[](huge); });
    refused("nothrow", [&] { return operator new(huge, std::nothrow); });
    refused("nothrow[]", [&] { return operator new[](huge, std::nothrow); });
    refused("aligned", [&] { return operator new(huge, wide); });
    refused("aligned[]", [&] { return operator new[](huge, wide); });
    refused("aligned nothrow", [&] { return operator new(huge, wide, std::nothrow); });
    refused("aligned nothrow[]", [&] { return operator new[](huge, wide, std::nothrow); });
    refused("length", [&] { return static_cast<void *>(new long[worse]); });
}

static void churn()
{
    std::vector<std::thread> threads;
    std::mutex mutex;
    long sum = 0;
    for (int t = 0; t < 3; t++)
        threads.emplace_back([&] {
            for (int i = 0; i < 2000; i++) {
                auto lock = std::make_unique<std::mutex>();
                std::vector<int> numbers(static_cast<std::size_t>(i % 50), i);
                std::lock_guard<std::mutex> own(*lock), guard(mutex);
                sum += static_cast<long>(numbers.size());
            }
        });
    for (auto &thread : threads)
        thread.join();
    std::printf("%ld\n", sum);
}

int main()
{
    forms();
    refusals();
    churn();
}
