// SPDX-License-Identifier: Apache-2.0
// Allocates and frees in every way, and says what: memory.py compares the trace.
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <malloc.h>
#include <mutex>
#include <new>
#include <sys/mman.h>

static void begin(const void *block, std::size_t size)
{
    std::printf("alloc %p %zu\n", block, size);
}

template <typename Free> static void end(void *block, Free free)
{
    std::printf("free %p\n", block);
    free(block);
}

// Calls of the library are not known to be pairs.
template <typename Make, typename Free> static void life(std::size_t size, Make make, Free free)
{
    void *block = make(size);
    begin(block, size);
    end(block, free);
}

static void functions()
{
    const std::align_val_t wide{64};
    const std::nothrow_t &no = std::nothrow;
    auto gives_back = [](void *p) { std::free(p); };
    for (std::size_t size : {64ul, 320ul, 9024ul}) {
        life(size, [](std::size_t n) { return std::malloc(n); }, gives_back);
        life(size, [](std::size_t n) { return std::calloc(n / 4, 4); }, gives_back);
        life(size, [](std::size_t n) { return reallocarray(nullptr, n / 4, 4); }, gives_back);
        life(size, [](std::size_t n) { return std::realloc(nullptr, n); }, gives_back);
        life(size, [](std::size_t n) { return memalign(64, n); }, gives_back);
        life(size, [](std::size_t n) { return valloc(n); }, gives_back);
        life(size, [](std::size_t n) { return operator new(n); },
             [](void *p) { operator delete(p); });
        life(size, [](std::size_t n) { return operator new[](n); },
             [](void *p) { operator delete[](p); });
        life(size, [&](std::size_t n) { return operator new(n, no); },
             [&](void *p) { operator delete(p, no); });
        life(size, [](std::size_t n) { return operator new[](n); },
             [&](void *p) { operator delete[](p, no); });
        life(size, [](std::size_t n) { return operator new(n); },
             [&](void *p) { operator delete(p, size); });
        life(size, [&](std::size_t n) { return operator new(n, wide); },
             [&](void *p) { operator delete(p, wide); });
        life(size, [&](std::size_t n) { return operator new[](n, wide); },
             [&](void *p) { operator delete[](p, size, wide); });
        life(size, [&](std::size_t n) { return operator new(n, wide, no); },
             [&](void *p) { operator delete(p, wide, no); });
    }
}

static void moved()
{
    void *block = std::malloc(100), *after = std::malloc(100);
    begin(block, 100);
    std::printf("free %p\n", block);
    void *fresh = std::realloc(block, 100000);
    begin(fresh, 100000);
    end(fresh, [](void *p) { std::free(p); });
    std::free(after);
}

// Each address once, or the library would have to be asked which it took.
static void pages()
{
    enum { PAGE = 4096 };
    char *low = static_cast<char *>(
        mmap(nullptr, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    begin(low, 8 * PAGE);
    std::printf("free %p\n", low + 6 * PAGE);
    munmap(low + 6 * PAGE, 2 * PAGE);
    auto *mutex = new (low + PAGE) std::mutex;
    mutex->lock();
    mutex->unlock();
    std::printf("unmapped %p\n", static_cast<void *>(mutex));
    std::printf("free %p\n", low);
    auto *there = static_cast<char *>(mremap(low, 6 * PAGE, 9000 * PAGE, MREMAP_MAYMOVE));
    begin(there, 9000 * PAGE);
    std::printf("free %p\n", there);
    munmap(there, 9000 * PAGE);
}

static void library(const char *path)
{
    for (int i = 0; i < 2; i++) {
        void *handle = dlopen(path, RTLD_NOW);
        if (auto locks = reinterpret_cast<void (*)()>(dlsym(handle, "outer_locks")))
            locks();
        dlclose(handle);
    }
}

int main(int, char **argv)
{
    static char room[1 << 16];
    std::setvbuf(stdout, room, _IOFBF, sizeof room);
    functions();
    moved();
    pages();
    library(argv[1]);
}
