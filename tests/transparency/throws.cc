// SPDX-License-Identifier: Apache-2.0
// Exceptions thrown out of signal handlers (-fnon-call-exceptions).
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <pthread.h>
#include <stdexcept>

namespace
{
std::mutex mutex;

void works()
{
    std::lock_guard<std::mutex> guard(mutex);
    std::free(std::malloc(100));
}

void throws(int signal)
{
    works();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    throw std::runtime_error(signal == SIGSEGV ? "a fault" : "a signal");
}

struct guarded {
    ~guarded()
    {
        works();
    }
};

__attribute__((noinline)) int reads(volatile int *place)
{
    guarded here;
    return *place;
}

__attribute__((noinline)) void raises(int depth)
{
    guarded here;
    if (depth)
        raises(depth - 1);
    else
        std::raise(SIGUSR1);
}

void *in_thread(void *)
{
    for (int i = 0; i < 100; i++) {
        try {
            reads(nullptr);
        } catch (const std::exception &caught) {
            if (i % 25 == 0)
                std::printf("%s\n", caught.what());
        }
        works();
    }
    return nullptr;
}
} // namespace

int main()
{
    std::signal(SIGSEGV, throws);
    std::signal(SIGUSR1, throws);
    in_thread(nullptr);
    for (int depth = 0; depth < 50; depth++) {
        try {
            raises(depth);
        } catch (const std::exception &caught) {
            if (depth % 10 == 0)
                std::printf("%s from %d\n", caught.what(), depth);
        }
        works();
    }
    pthread_t thread;
    pthread_create(&thread, nullptr, in_thread, nullptr);
    pthread_join(thread, nullptr);
    return 0;
}
