/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory by the page: mapped, unmapped, moved, thrown away. What lay there before is another's: its
 * locks end, and where accesses are recorded the trace is told. The C library's own mappings
 * (stacks of threads, its heap) do not pass here; those of other allocators do.
 *
 * An allocator may map before anything of ours is ready, in the middle of its own start: nothing is
 * looked for then, and the system is asked directly, as the C library does.
 */
#include "interpose/core/shared.h"

#include <limits.h>
#include <stdarg.h>

#include "interpose/core/poison.h"

enum { PAGE = 4096, LOOKED_AT = 1 << 20 /* bytes: who used more than that is not looked for */ };

static uint64_t pages_of(uint64_t size)
{
    return (size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

/* A raw call's result, as the C library gives it. */
static long result_of(long result)
{
    if (result >= 0 || result < -4095)
        return result;
    errno = (int)-result;
    return -1;
}

static struct rec_stream *enter(bool worth)
{
    return rec_likely(rec_live.on) && worth ? rec_enter() : NULL;
}

static void tell(struct rec_stream *s, uint8_t kind, uint32_t mode, const void *low, uint64_t size,
                 uint64_t version, uint64_t cfa)
{
    rec_access_forget(s, low, size);
    rec_emit(s, &(struct tr_event){.kind = kind,
                                   .mode = TR_HEAP_MAPPED | mode,
                                   .stack = rec_stack(s, cfa),
                                   .object = (uint64_t)low,
                                   .version = version,
                                   .a0 = size});
}

/* What MAP_SHARED made is told behind what it replaces. */
static void shared(const void *low, uint64_t size, int protection, int flags, int fd,
                   uint64_t offset)
{
    int error = errno;
    if (flags & MAP_FIXED)
        rec_shared_gone(low, size);
    if (flags & MAP_SHARED) {
        struct rec_stream *s = enter(true);
        rec_shared_mapped(s, low, size, protection, flags, fd, offset);
        if (s)
            rec_leave(s);
    }
    errno = error;
}

/* [LOW, LOW + SIZE) is new. Where something lay there before, that has ended. */
static void mapped(const void *low, uint64_t size, bool over, uint64_t cfa)
{
    bool objects = over && rec_objects_maybe_in(low, size);
    int error = errno;
    struct rec_stream *s = enter(rec_config.heap || objects);
    if (s) {
        if (objects)
            rec_objects_end_in(s, low, size, TR_END_UNMAP, cfa);
        if (rec_config.heap)
            tell(s, TR_ALLOC, 0, low, size, rec_counter_next(low), cfa);
        rec_leave(s);
    }
    errno = error;
}

static void *map(void *address, size_t size, int protection, int flags, int fd, off_t offset,
                 uint64_t cfa)
{
    void *low =
        rec_likely(rec_real.mmap != NULL)
            ? rec_real.mmap(address, size, protection, flags, fd, offset)
            : (void *)result_of(offset % PAGE ? -EINVAL
                                              : rec_syscall6(SYS_mmap, (long)address, (long)size,
                                                             protection, flags, fd, offset));
    if (low == MAP_FAILED)
        return low;
    if (rec_live.on)
        mapped(low, pages_of(size), flags & MAP_FIXED, cfa);
    if (flags & (MAP_SHARED | MAP_FIXED))
        shared(low, pages_of(size), protection, flags, fd, (uint64_t)offset);
    return low;
}

REC_EXPORT void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map(address, size, protection, flags, fd, offset, rec_here());
}

REC_EXPORT void *mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map(address, size, protection, flags, fd, offset, rec_here());
}

/* What the system will refuse ends nothing. */
static bool sound(const void *address, size_t size)
{
    return (uint64_t)address % PAGE == 0 && size && (uint64_t)address < LONG_MAX &&
           size < LONG_MAX - (uint64_t)address;
}

REC_EXPORT int munmap(void *address, size_t size)
{
    if (rec_shares_memory() && sound(address, size))
        rec_shared_gone(address, pages_of(size));
    if (rec_live.on && sound(address, size)) {
        uint64_t all = pages_of(size);
        bool objects = rec_objects_maybe_in(address, all);
        int error = errno;
        struct rec_stream *s = enter(rec_config.heap || objects);
        if (s) {
            if (rec_config.heap && all <= LOOKED_AT)
                rec_access_ends(s, address, all);
            if (rec_config.heap)
                tell(s, TR_FREE, 0, address, all, rec_counter_next(address), rec_here());
            if (objects)
                rec_objects_end_in(s, address, all, TR_END_UNMAP, rec_here());
            rec_leave(s);
        }
        errno = error;
    }
    return rec_likely(rec_real.munmap != NULL)
               ? rec_real.munmap(address, size)
               : (int)result_of(rec_syscall3(SYS_munmap, (long)address, (long)size, 0));
}

/* What goes of the old place: nothing is known before the call, but its number must be taken then.
 */
struct moving {
    const char *old;
    uint64_t old_size, size;
    uint64_t version, tail_version;
    bool stays; /* the old place keeps a mapping */
    bool fixed; /* the new place may have had one */
};

static void move_begins(struct moving *moving)
{
    if (rec_config.heap) {
        moving->version = rec_counter_next(moving->old);
        if (moving->size < moving->old_size)
            moving->tail_version = rec_counter_next(moving->old + moving->size);
    }
    if (rec_objects_maybe_in(moving->old, moving->old_size))
        rec_objects_note_in(moving->old, moving->old_size);
}

/* [LOW, LOW + SIZE) of the old place is no more, or is blank. */
static void vacated(struct rec_stream *s, const char *low, uint64_t size, uint64_t version,
                    uint64_t cfa)
{
    if (rec_config.heap)
        tell(s, TR_FREE, 0, low, size, version, cfa);
    if (rec_objects_maybe_in(low, size))
        rec_objects_end_noted_in(s, low, size, TR_END_UNMAP, cfa);
}

static void move_ended(const struct moving *moving, const char *new, uint64_t cfa)
{
    int error = errno;
    struct rec_stream *s = enter(true);
    if (!s)
        return;
    if (new == moving->old) {
        if (moving->size < moving->old_size)
            vacated(s, new + moving->size, moving->old_size - moving->size, moving->tail_version,
                    cfa);
        else if (moving->size > moving->old_size && rec_config.heap)
            tell(s, TR_ALLOC, 0, new + moving->old_size, moving->size - moving->old_size,
                 rec_counter_next(new + moving->old_size), cfa);
    } else if (moving->old_size) {
        vacated(s, moving->old, moving->old_size, moving->version, cfa);
        if (moving->stays && rec_config.heap)
            tell(s, TR_ALLOC, 0, moving->old, moving->old_size, rec_counter_next(moving->old), cfa);
    }
    rec_leave(s);
    if (new != moving->old)
        mapped(new, moving->size, moving->fixed, cfa);
    errno = error;
}

static void shared_moved(const void *old, uint64_t old_size, const void *new, uint64_t size)
{
    int error = errno;
    struct rec_stream *s = enter(true);
    rec_shared_moved(s, old, old_size, new, size);
    if (s)
        rec_leave(s);
    errno = error;
}

REC_EXPORT void *mremap(void *address, size_t old_size, size_t size, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    void *wanted = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) ? va_arg(more, void *) : NULL;
    va_end(more);
    struct moving moving = {.old = address,
                            .old_size = pages_of(old_size),
                            .size = pages_of(size),
                            .stays = flags & MREMAP_DONTUNMAP,
                            .fixed = flags & MREMAP_FIXED};
    bool tells = rec_live.on && sound(address, size) && sound(address, old_size + !old_size);
    if (tells)
        move_begins(&moving);
    void *new = rec_likely(rec_real.mremap != NULL)
                    ? rec_real.mremap(address, old_size, size, flags, wanted)
                    : (void *)result_of(rec_syscall6(SYS_mremap, (long)address, (long)old_size,
                                                     (long)size, flags, (long)wanted, 0));
    if (tells && new != MAP_FAILED)
        move_ended(&moving, new, rec_here());
    if (rec_shares_memory() && new != MAP_FAILED)
        shared_moved(address, pages_of(old_size), new, pages_of(size));
    return new;
}

/*
 * Pages thrown away come back blank, as new memory; those of a shared mapping come back as they
 * were. Nobody says which it is: a lock that is held stays what it is.
 */
REC_EXPORT int madvise(void *address, size_t size, int advice)
{
    int result = rec_likely(rec_real.madvise != NULL)
                     ? rec_real.madvise(address, size, advice)
                     : (int)result_of(rec_syscall3(SYS_madvise, (long)address, (long)size, advice));
    if (rec_likely(!rec_live.on) || result || !size ||
        (advice != MADV_DONTNEED && advice != MADV_FREE))
        return result;
    uint64_t all = pages_of(size);
    bool objects = rec_objects_maybe_in(address, all);
    int error = errno;
    struct rec_stream *s = enter(rec_config.heap || objects);
    if (s) {
        if (objects)
            rec_objects_renew_in(s, address, all);
        if (rec_config.heap)
            tell(s, TR_ALLOC, TR_HEAP_RESIZED, address, all, rec_counter_next(address), rec_here());
        rec_leave(s);
    }
    errno = error;
    return result;
}
