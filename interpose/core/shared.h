/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that other processes may use, too: mappings of MAP_SHARED that can be written or that are
 * no files of a disk, System V segments, named semaphores. What others do there their own recorders
 * tell, so each access of this process is told there, once in an epoch, also while it has one
 * thread; and what orders it is stamped, for only time orders events of different processes.
 *
 * All of it is known before any stream is, and without a lock: mappings come at any time.
 */
#ifndef REC_CORE_SHARED_H
#define REC_CORE_SHARED_H

#include "interpose/core/hash.h"
#include "interpose/core/rec.h"

enum { REC_SHARED_RANGES = 64 }; /* further ones are this process's alone */

struct rec_shared_range {
    uint64_t low, high; /* high 0: free, or not ready */
    uint64_t identity;  /* of what is mapped, the same in each process */
    uint64_t offset;    /* of LOW in it */
};

extern struct rec_shared {
    uint64_t low, high; /* all of them lie between; they only grow */
    uint32_t used;      /* of the places below; it only grows, too */
    bool has_data;      /* there was more than semaphores */
    struct rec_shared_range at[REC_SHARED_RANGES];
} rec_shared;

/* Was there ever such memory? */
static inline bool rec_shares_memory(void)
{
    return __atomic_load_n(&rec_shared.high, __ATOMIC_RELAXED);
}

/* In which there may be data of the program's: only then is it worth looking at accesses. */
static inline bool rec_shares_data(void)
{
    return __atomic_load_n(&rec_shared.has_data, __ATOMIC_RELAXED);
}

static inline bool rec_is_shared(uint64_t address)
{
    if (rec_likely(address >= __atomic_load_n(&rec_shared.high, __ATOMIC_RELAXED)) ||
        address < __atomic_load_n(&rec_shared.low, __ATOMIC_RELAXED))
        return false;
    for (unsigned i = 0; i < rec_shared.used; i++)
        if (address < __atomic_load_n(&rec_shared.at[i].high, __ATOMIC_RELAXED) &&
            address >= rec_shared.at[i].low)
            return true;
    return false;
}

/* [LOW, LOW + SIZE) is now what IDENTITY says, from OFFSET on: an object of the C library's, or the
 * program's DATA. S: NULL where none is at hand. */
void rec_shared_add(struct rec_stream *s, const void *low, uint64_t size, uint64_t identity,
                    uint64_t offset, bool data);
/* [LOW, LOW + SIZE) is what mmap made of these arguments. */
void rec_shared_mapped(struct rec_stream *s, const void *low, uint64_t size, int protection,
                       int flags, int fd, uint64_t offset);
/* [OLD, OLD + OLD_SIZE) has become [NEW, NEW + SIZE). */
void rec_shared_moved(struct rec_stream *s, const void *old, uint64_t old_size, const void *new,
                      uint64_t size);
/* It is something else now, or nothing. */
void rec_shared_gone(const void *low, uint64_t size);
/* At the start of a trace: what was there before. */
void rec_shared_tell(struct rec_stream *s);

/* What the forking thread did so far comes before what its child will do: around the fork. */
void rec_shared_fork_before(void);
void rec_shared_fork_in_child(struct rec_stream *s);
/* A child process has ended, and the caller knows. */
void rec_shared_child_ended(uint64_t cfa);

#endif
