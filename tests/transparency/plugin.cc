// SPDX-License-Identifier: Apache-2.0
// A library that alone brings the C++ run-time into a program in C.
#include <cstdio>
#include <cstring>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef OWN_NEW
static int made, gone;

void *operator new(std::size_t size)
{
    made++;
    if (void *block = std::malloc(size))
        return block;
    throw std::bad_alloc();
}

void operator delete(void *block) noexcept
{
    gone++;
    std::free(block);
}

void operator delete(void *block, std::size_t) noexcept
{
    gone++;
    std::free(block);
}
#endif

extern "C" {
int __cxa_atexit(void (*function)(void *), void *argument, void *library);
extern void *__dso_handle __attribute__((visibility("hidden")));
}

/* At the end the C library calls operator delete, as if for itself: so do destructors of objects
 * that end with a jump there. */
static void keep_to_the_end()
{
    void (*deletes)(void *) = [](void *block) { ::operator delete(block); };
    void (*calls)(void *) = &::operator delete;
    __cxa_atexit(deletes, ::operator new(10), &__dso_handle);
    __cxa_atexit(calls, ::operator new(20), &__dso_handle);
}

static int handled;

static void gives_up()
{
    handled++;
    std::set_new_handler(nullptr);
}

extern "C" void plugin_works()
{
    keep_to_the_end();
    std::map<std::string, std::vector<int>> map;
    for (int i = 0; i < 100; i++)
        map["a rather long key, number " + std::to_string(i)].resize(static_cast<std::size_t>(i));
    std::printf("%zu entries\n", map.size());
    std::set_new_handler(gives_up);
    volatile std::size_t huge = static_cast<std::size_t>(-1) / 4;
    try {
        char *block = new char[huge];
        std::printf("a block, of all things: %d\n", block != nullptr);
    } catch (const std::bad_alloc &) {
        std::printf("bad_alloc, handler called %d times\n", handled);
    }
    std::printf("nothrow: %d\n", new (std::nothrow) char[huge] != nullptr);
#ifdef OWN_NEW
    std::printf("its own operator new: %d, delete: %d\n", made > 100, gone > 100);
#endif
}
