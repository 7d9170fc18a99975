/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/core/shared.h"

#include "interpose/access/filter/owner.h"
#include "interpose/core/order.h"

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "interpose/core/poison.h"

enum { KEY_FORK = 58 }; /* of keys (rec_channel): beside TR_CHILDREN_END and inodes */

struct rec_shared rec_shared = {.low = UINT64_MAX};
static __thread uint64_t fork_key __attribute__((tls_model("initial-exec")));

static void tell(struct rec_stream *s, const struct rec_shared_range *range)
{
    rec_emit(s, &(struct tr_event){.kind = TR_SHARED_MEMORY,
                                   .object = range->low,
                                   .a0 = range->high - range->low,
                                   .a1 = range->identity,
                                   .a2 = range->offset});
}

static void widen(uint64_t low, uint64_t high, uint32_t used)
{
    uint64_t known = rec_shared.low;
    uint32_t before = rec_shared.used;
    while (used > before && !__atomic_compare_exchange_n(&rec_shared.used, &before, used, false,
                                                         __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        ;
    while (low < known && !__atomic_compare_exchange_n(&rec_shared.low, &known, low, false,
                                                       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        ;
    known = rec_shared.high;
    while (high > known && !__atomic_compare_exchange_n(&rec_shared.high, &known, high, false,
                                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        ;
}

void rec_shared_add(struct rec_stream *s, const void *low, uint64_t size, uint64_t identity,
                    uint64_t offset, bool data)
{
    if (data)
        __atomic_store_n(&rec_shared.has_data, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < REC_SHARED_RANGES; i++) {
        struct rec_shared_range *range = &rec_shared.at[i];
        uint64_t nobody = 0;
        if (!__atomic_compare_exchange_n(&range->low, &nobody, (uint64_t)low, false,
                                         __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
            continue;
        range->identity = identity;
        range->offset = offset;
        __atomic_store_n(&range->high, (uint64_t)low + size, __ATOMIC_RELEASE);
        widen((uint64_t)low, (uint64_t)low + size, i + 1);
        if (s)
            tell(s, range);
        return;
    }
}

/* Files of a disk that are only read are as they are: tables of locales, fonts, programs. */
static bool may_change(const struct statfs *system, int protection)
{
    return protection & PROT_WRITE || system->f_type == TMPFS_MAGIC ||
           system->f_type == HUGETLBFS_MAGIC;
}

void rec_shared_mapped(struct rec_stream *s, const void *low, uint64_t size, int protection,
                       int flags, int fd, uint64_t offset)
{
    struct stat file;
    struct statfs system;
    int type = flags & MAP_TYPE;
    if ((type != MAP_SHARED && type != MAP_SHARED_VALIDATE) || !size)
        return;
    if (flags & MAP_ANONYMOUS)
        rec_shared_add(s, low, size, rec_mix(rec_mix(2, rec_tsc()), (uint64_t)rec_sys_getpid()), 0,
                       true);
    else if (rec_syscall3(SYS_fstat, fd, (long)&file, 0) == 0 && S_ISREG(file.st_mode) &&
             rec_syscall3(SYS_fstatfs, fd, (long)&system, 0) == 0 &&
             may_change(&system, protection))
        rec_shared_add(s, low, size, rec_mix(rec_mix(1, file.st_ino), file.st_dev), offset, true);
}

/* What is left of a range on either side is no more known. */
void rec_shared_gone(const void *low, uint64_t size)
{
    uint64_t from = (uint64_t)low, to = from + size;
    for (unsigned i = 0; i < rec_shared.used; i++) {
        struct rec_shared_range *range = &rec_shared.at[i];
        uint64_t high = __atomic_load_n(&range->high, __ATOMIC_ACQUIRE);
        if (!high || high <= from || range->low >= to ||
            !__atomic_compare_exchange_n(&range->high, &high, 0, false, __ATOMIC_SEQ_CST,
                                         __ATOMIC_RELAXED))
            continue;
        __atomic_store_n(&range->low, 0, __ATOMIC_RELEASE);
    }
}

void rec_shared_moved(struct rec_stream *s, const void *old, uint64_t old_size, const void *new,
                      uint64_t size)
{
    for (unsigned i = 0; i < rec_shared.used; i++) {
        struct rec_shared_range range = rec_shared.at[i];
        if ((uint64_t)old < range.low || (uint64_t)old >= range.high)
            continue;
        rec_shared_gone(old, old_size);
        rec_shared_add(s, new, size, range.identity, range.offset + ((uint64_t)old - range.low),
                       true);
        return;
    }
}

void rec_shared_tell(struct rec_stream *s)
{
    for (unsigned i = 0; i < rec_shared.used; i++)
        if (rec_shared.at[i].high)
            tell(s, &rec_shared.at[i]);
}

void rec_shared_fork_before(void)
{
    int error = errno;
    struct rec_stream *s = rec_shares_memory() ? rec_enter() : NULL;
    fork_key = 0;
    if (s) {
        fork_key = (rec_tsc() & ((1ull << (KEY_FORK - 1)) - 1)) | 1ull << KEY_FORK;
        rec_sync(s, TR_HB_BEFORE, TR_BY_PROCESS, 0, (uint64_t)rec_channel(fork_key), 1);
        rec_leave(s);
    }
    errno = error;
}

void rec_shared_fork_in_child(struct rec_stream *s)
{
    if (!rec_shares_memory())
        return;
    if (rec_shares_data())
        rec_words_alone(false);
    if (!fork_key)
        return;
    rec_sync(s, TR_HB_AFTER, TR_BY_PROCESS, 0, (uint64_t)rec_channel(fork_key), 1);
}

void rec_shared_child_ended(uint64_t cfa)
{
    if (rec_shares_memory())
        rec_after((const void *)TR_CHILDREN_END, TR_BY_PROCESS, cfa);
}
