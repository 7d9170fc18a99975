/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses of every form that the compilers tell apart. What the trace must hold, in this order, is
 * printed: "read SIZE ADDRESS", "write SIZE ADDRESS". */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct __attribute__((packed)) packed {
    char c;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
};
struct odd {
    char bytes[11];
};
struct bits {
    unsigned a : 3, b : 13;
};

static uint8_t one;
static uint16_t two;
static uint32_t four;
static uint64_t eight;
static unsigned __int128 sixteen;
static _Alignas(8) struct packed packed;
static struct odd odd, other;
static struct bits bits;
static volatile int vol;
static __thread int tls;
static char heap_like[64];
static uint64_t sink;

#define APART __attribute__((noinline))

APART static void reads(void)
{
    sink += one;
    sink += two;
    sink += four;
    sink += eight;
}
APART static void writes(void)
{
    one = 1;
    two = 2;
    four = 4;
    eight = 8;
}
APART static unsigned __int128 read_16(void)
{
    return sixteen;
}
APART static void write_16(unsigned __int128 value)
{
    sixteen = value;
}
APART static void packed_writes(void)
{
    packed.two = 2;
    packed.four = 4;
    packed.eight = 8;
}
APART static uint64_t packed_reads(void)
{
    return packed.two + packed.four + packed.eight;
}
APART static void copy_odd(void)
{
    odd = other;
}
APART static void set_bits(unsigned value)
{
    bits.b = value & 0x1fff;
}
APART static int read_volatile(void)
{
    return vol;
}
APART static void write_volatile(void)
{
    vol = 7;
}
APART static void write_tls(int *p)
{
    *p = 3;
}

static void expect(const char *what, unsigned size, const volatile void *p)
{
    printf("%s %u %p\n", what, size, (void *)p);
}

int main(void)
{
    reads();
    writes();
    sink += (uint64_t)read_16();
    write_16(5);
    packed_writes();
    sink += packed_reads();
    copy_odd();
    set_bits(9);
    sink += (uint64_t)read_volatile();
    write_volatile();
    write_tls(&tls);
    heap_like[13] = 1;

    expect("read", 1, &one);
    expect("read", 2, &two);
    expect("read", 4, &four);
    expect("read", 8, &eight);
    expect("write", 1, &one);
    expect("write", 2, &two);
    expect("write", 4, &four);
    expect("write", 8, &eight);
    expect("read", 16, &sixteen);
    expect("write", 16, &sixteen);
    expect("write", 2, (char *)&packed + 1);
    expect("write", 4, (char *)&packed + 3);
    expect("write", 8, (char *)&packed + 7);
    expect("read", 2, (char *)&packed + 1);
    expect("read", 4, (char *)&packed + 3);
    expect("read", 8, (char *)&packed + 7);
    expect("write", 4, &vol);
    expect("write", 4, &tls);
    expect("write", 1, heap_like + 13);
    expect("covered-read", sizeof other, &other);
    expect("covered-write", sizeof odd, &odd);
    expect("covered-write", 2, &bits);
    return 0;
}
