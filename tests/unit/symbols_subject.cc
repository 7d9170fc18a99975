/* SPDX-License-Identifier: Apache-2.0 */
/* The same as symbols_subject.c for what only C++ has: scopes, classes, hidden insides. */
#include <cstdint>
#include <cstdio>
#include <link.h>
#include <map>
#include <mutex>

namespace kitchen
{

struct base {
    int weight;
    static int made; /* MARK made */
};

struct dish : base {
    int price;
    std::mutex guard;
};

int base::made;
dish menu[4];
std::mutex door;
static int orders;
std::map<int, int> stock;

namespace
{
int hidden;
}

template <class T> __attribute__((noinline)) void *work(T)
{
    static int calls;
    __asm__ volatile("" ::"r"(&calls) : "memory");
    std::printf("calls %p\n", static_cast<void *>(&calls));
    return __builtin_return_address(0);
}

struct cook {
    int turns = 0;

    __attribute__((noinline)) void *serve(int plates)
    {
        void *pc = work(plates); /* MARK serve */
        turns += plates;
        return pc;
    }
};

} // namespace kitchen

int main()
{
    using namespace kitchen;
    dl_iterate_phdr(
        [](dl_phdr_info *info, size_t, void *) {
            uint64_t end = 0;
            for (int i = 0; i < info->dlpi_phnum; i++)
                if (info->dlpi_phdr[i].p_type == PT_LOAD)
                    end = info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
            std::printf("module %#lx %#lx %#lx\n", static_cast<long>(info->dlpi_addr),
                        static_cast<long>(info->dlpi_addr),
                        static_cast<long>(info->dlpi_addr + end));
            return 1;
        },
        nullptr);
    cook ann;
    void *pc = ann.serve(3);
    auto ring = [](int times) {
        void *from = work(times); /* MARK ring */
        orders += times;
        return from;
    };
    std::printf("ring %p\n", ring(2));
    orders += base::made + hidden;
    std::printf("serve %p\nmade %p\nguard %p\nweight %p\n", pc, static_cast<void *>(&base::made),
                static_cast<void *>(&menu[2].guard), static_cast<void *>(&menu[1].weight));
    std::printf("door %p\norders %p\nhidden %p\nstock %p\n", static_cast<void *>(&door),
                static_cast<void *>(&orders), static_cast<void *>(&hidden),
                static_cast<void *>(&stock));
    return 0;
}
