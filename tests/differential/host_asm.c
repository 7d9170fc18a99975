/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs each function of a random assembly program several times, each time from another random
 * state, and prints a number that says all that it left. With another thread beside it, every
 * second run is in a thread of its own, so that what one thread has used comes to another.
 *
 *     PROGRAM [lone|beside|interrupted [FUNCTION]]    FUNCTION alone: says its state in full
 */
#include "tests/differential/host_asm.h"

#include "tests/differential/companion.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { ROUNDS = 4, PAGE = 4096 };

struct asm_state asm_state __attribute__((aligned(64)));
uint8_t asm_near[ASM_NEAR] __attribute__((aligned(64)));

static uint64_t random_state;

/* splitmix64 */
static uint64_t next_random(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void fill(void *memory, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word = next_random();
        memcpy((char *)memory + i, &word, sizeof word);
    }
}

/* FNV-1a, by words */
static uint64_t number_of(uint64_t number, const void *memory, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, (const char *)memory + i, sizeof word);
        number = (number ^ word) * 0x100000001b3;
        number ^= number >> 29;
    }
    return number;
}

static void say_words(const char *name, const void *memory, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, (const char *)memory + i, sizeof word);
        printf("%s+%zu %016" PRIx64 "\n", name, i, word);
    }
}

static void *call(void *function)
{
    asm_functions[(uintptr_t)function]();
    return NULL;
}

static void run(uint64_t function, unsigned round, bool apart, bool in_full)
{
    enum { ARITHMETIC = 0x8d5 };
    void *buffer = (void *)asm_buffer;
    random_state = asm_seed * 1000003 + function * 101 + round;
    fill(&asm_state, sizeof asm_state);
    fill(buffer, asm_buffer_size);
    fill(asm_near, sizeof asm_near);
    asm_state.flags &= ARITHMETIC;
    if (apart)
        companion_apart(call, (void *)function);
    else
        call((void *)function);
    asm_state.flags &= ARITHMETIC;
    if (in_full) {
        say_words("vectors", asm_state.vectors, sizeof asm_state.vectors);
        say_words("masks", asm_state.masks, sizeof asm_state.masks);
        say_words("registers", asm_state.registers, sizeof asm_state.registers);
        say_words("flags", &asm_state.flags, sizeof asm_state.flags);
        say_words("near", asm_near, sizeof asm_near);
        say_words("buffer", buffer, asm_buffer_size);
    }
    printf("f%" PRIu64 " %u %016" PRIx64 " %016" PRIx64 "\n", function, round,
           number_of(1, &asm_state, sizeof asm_state),
           number_of(number_of(1, asm_near, sizeof asm_near), buffer, asm_buffer_size));
}

/* With nothing mapped on either side. */
static bool map_buffer(void)
{
    char *low = (char *)asm_buffer - PAGE;
    size_t size = asm_buffer_size + 2 * PAGE;
    return mmap(low, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
               low &&
           mprotect((void *)asm_buffer, asm_buffer_size, PROT_READ | PROT_WRITE) == 0;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "lone";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!map_buffer()) {
        puts("no room for the buffer");
        return 3;
    }
    const struct companion_range ranges[] = {{(const void *)asm_buffer, asm_buffer_size},
                                             {asm_near, sizeof asm_near}};
    companion_begins(way, ranges, 2);
    for (uint64_t function = 0; function < asm_count; function++) {
        if (argc > 2 && function != strtoul(argv[2], NULL, 10))
            continue;
        for (unsigned round = 0; round < ROUNDS; round++) {
            run(function, round, !companion_is(way, "lone") && round % 2, argc > 2);
            companion_next();
        }
    }
    companion_ends(way);
    return 0;
}
