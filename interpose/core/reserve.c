/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sandboxes. A program may forbid itself system calls, by seccomp, and is killed for what it does
 * then: any call of ours would be its death. So before it does that a piece of the trace and some
 * memory are put aside, and from then on the recorder makes no system call at all: each fails as if
 * the system did not know it (system.h), and all that could not be told so is told by what the
 * reserve holds. When that is used up, events are lost. No stack is walked any more: libunwind
 * makes calls of its own. A filter that was there before the program started is none of this.
 *
 * The piece of the trace also serves where the file can no longer be opened by its name
 * (hook_privileges.c).
 */
#include "interpose/core/fork.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "interpose/core/poison.h"

enum { MEMORY = 64 << 20, PATIENCE = 100000 };

int rec_no_system, rec_no_clock, rec_closing;
uint64_t rec_clock_stopped;

static int sandboxes; /* entered, or being entered; atomic */
static int inside;    /* threads that make several calls, of which none may be left out; atomic */

static int ahead; /* a piece of the file was put aside for what may come; atomic */

/* What is put aside; USED only grows, and may not pass SIZE. */
struct reserve {
    char *start;
    uint64_t size, used;
};
static struct reserve memory, file;
static uint64_t file_offset;

static void *take(struct reserve *from, uint64_t size, enum tr_loss otherwise)
{
    uint64_t used = __atomic_load_n(&from->used, __ATOMIC_RELAXED);
    do
        if (size > __atomic_load_n(&from->size, __ATOMIC_ACQUIRE) - used) {
            rec_lost(otherwise);
            return NULL;
        }
    while (!__atomic_compare_exchange_n(&from->used, &used, used + size, 0, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
    return from->start + used;
}

void *rec_reserve_memory(uint64_t size)
{
    return take(&memory, (size + 4095) & ~4095ull, TR_LOSS_SANDBOX);
}

void rec_reserve_keep(uint8_t *place, uint64_t offset, uint64_t size)
{
    file_offset = offset;
    file.start = (char *)place;
    file.used = 0;
    __atomic_store_n(&file.size, size, __ATOMIC_RELEASE); /* from now on others take of it */
}

void rec_reserve_ahead(void)
{
    if (!__atomic_exchange_n(&ahead, 1, __ATOMIC_RELAXED) && !file.size &&
        !__atomic_load_n(&rec_closing, __ATOMIC_SEQ_CST))
        rec_chunk_reserve();
}

uint8_t *rec_reserve_take(uint64_t *offset, uint32_t size)
{
    char *place = take(&file, size, rec_closing ? TR_LOSS_SANDBOX : TR_LOSS_NO_SPACE);
    if (place)
        *offset = file_offset + (uint64_t)(place - file.start);
    return (uint8_t *)place;
}

void rec_reserve_forget(void)
{
    file = (struct reserve){NULL, 0, 0};
    inside = ahead = 0;
}

bool rec_system_enter(void)
{
    __atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST);
    if (rec_likely(!__atomic_load_n(&rec_closing, __ATOMIC_SEQ_CST)))
        return true;
    rec_system_leave();
    return false;
}

void rec_system_leave(void)
{
    __atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
}

static void close_system(void)
{
    struct rec_stream *s = rec_enter();
    if (file.used == file.size)
        rec_chunk_reserve();
    void *aside = memory.start ? NULL : rec_sys_memory(MEMORY);
    if (aside)
        memory = (struct reserve){aside, MEMORY, 0};
    __atomic_store_n(&rec_closing, 1, __ATOMIC_SEQ_CST);
    rec_fork_before(); /* nobody is in libunwind, nor will be */
    for (int n = 0; n < PATIENCE && __atomic_load_n(&inside, __ATOMIC_SEQ_CST); n++)
        rec_sys_yield();
    __atomic_store_n(&rec_no_system, 1, __ATOMIC_SEQ_CST);
    if (s)
        rec_leave(s);
}

/* One that enters after another goes no further before that one is ready. */
static void enters(void)
{
    if (__atomic_fetch_add(&sandboxes, 1, __ATOMIC_SEQ_CST) == 0)
        close_system();
    else
        for (int n = 0; n < PATIENCE && !__atomic_load_n(&rec_no_system, __ATOMIC_SEQ_CST); n++)
            rec_sys_yield();
}

static void stays_out(void)
{
    if (__atomic_sub_fetch(&sandboxes, 1, __ATOMIC_SEQ_CST))
        return;
    __atomic_store_n(&rec_no_system, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&rec_closing, 0, __ATOMIC_SEQ_CST);
    rec_fork_after(false);
}

/* In strict mode the kernel also forbids reading the time stamp counter. */
static void stops_clock(void)
{
    rec_clock_stopped = rec_tsc();
    __atomic_store_n(&rec_no_clock, 1, __ATOMIC_SEQ_CST);
}

bool rec_sandbox_enters(long number, long a, long b)
{
    bool by_prctl = number == SYS_prctl && a == PR_SET_SECCOMP;
    bool by_call =
        number == SYS_seccomp && (a == SECCOMP_SET_MODE_STRICT || a == SECCOMP_SET_MODE_FILTER);
    bool timeless = (by_prctl && b == SECCOMP_MODE_STRICT) ||
                    (by_call && a == SECCOMP_SET_MODE_STRICT) ||
                    (number == SYS_prctl && a == PR_SET_TSC && b == PR_TSC_SIGSEGV);
    if (!rec_live.on || !(by_prctl || by_call || timeless))
        return false;
    int error = errno;
    if (timeless)
        stops_clock();
    if (by_prctl || by_call)
        enters();
    errno = error;
    return by_prctl || by_call;
}

void rec_sandbox_fails(void)
{
    rec_no_clock = 0;
    stays_out();
}
