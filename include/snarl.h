/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations: tell snarl of locks and order that it cannot see by itself.
 *
 * Locks from the pthread, C11 and C++ libraries need none of this. A lock of your own making does:
 *
 *     void spin_lock(struct spin *s)
 *     {
 *         snarl_lock_request(s, SNARL_EXCLUSIVE);      about to wait: names the wait if it hangs
 *         while (atomic_exchange(&s->taken, 1))
 *             pause();
 *         snarl_lock_acquired(s, SNARL_EXCLUSIVE);     got it
 *     }
 *
 *     void spin_unlock(struct spin *s)
 *     {
 *         snarl_lock_releases(s, SNARL_EXCLUSIVE);     about to give it back
 *         atomic_store(&s->taken, 0);
 *     }
 *
 * One header and no library: where the program runs without snarl, each line costs a load and a
 * branch that is never taken; with SNARL_DISABLE defined, nothing at all. For C and C++, for
 * executables and libraries, position independent or not. Every argument is evaluated once.
 */
#ifndef SNARL_H
#define SNARL_H

#ifdef __cplusplus
extern "C" {
#endif

/* How a lock is taken. */
#define SNARL_EXCLUSIVE 0u
#define SNARL_SHARED    1u /* by a reader, together with others */
#define SNARL_TRY       2u /* by a call that does not wait; may be added to either */
#define SNARL_TIMED     4u /* by a call that waits no longer than a time */

/* What sort of lock it is. */
#define SNARL_RECURSIVE 1u /* its holder may take it again */
#define SNARL_READERS   2u /* readers may share it */

/* What stops and starts again within a thread; may be nested. */
#define SNARL_READS    1u
#define SNARL_WRITES   2u
#define SNARL_ACCESSES 3u

/* The numbers are permanent. */
enum snarl_annotation {
    SNARL_LOCK_CREATED = 1,
    SNARL_LOCK_DESTROYED = 2,
    SNARL_LOCK_REQUEST = 3,
    SNARL_LOCK_ACQUIRED = 4,
    SNARL_LOCK_FAILED = 5,
    SNARL_LOCK_RELEASES = 6,
    SNARL_HAPPENS_BEFORE = 7,
    SNARL_HAPPENS_AFTER = 8,
    SNARL_BENIGN_RACE = 9,
    SNARL_IGNORE_BEGIN = 10,
    SNARL_IGNORE_END = 11,
    SNARL_THREAD_NAME = 12
};

/* Addresses are told, never looked at. */
#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 11
#define SNARL_TOLD __attribute__((always_inline, unused, access(none, 2)))
#else
#define SNARL_TOLD __attribute__((always_inline, unused))
#endif

#ifndef SNARL_DISABLE

typedef void snarl_annotate_function(unsigned what, unsigned long address, unsigned long number,
                                     const char *text);

/* The recorder's entry, or NULL. By way of the global offset table, since only that is filled in
 * when the program is loaded, also in executables at a fixed address. */
#if defined __x86_64__ && !defined __ILP32__
#define SNARL_ENTRY()                                                                              \
    __extension__({                                                                                \
        snarl_annotate_function *snarl_entry;                                                      \
        __asm__(".weak snarl_annotate\n\tmovq snarl_annotate@GOTPCREL(%%rip), %0"                  \
                : "=r"(snarl_entry));                                                              \
        snarl_entry;                                                                               \
    })
#else
extern snarl_annotate_function snarl_annotate __attribute__((weak));
#define SNARL_ENTRY() (&snarl_annotate)
#endif

static inline SNARL_TOLD void snarl_tell(unsigned what, const volatile void *address,
                                         unsigned long number, const char *text)
{
    snarl_annotate_function *entry = SNARL_ENTRY();
    if (__builtin_expect(entry != 0, 0)) {
        entry(what, (unsigned long)address, number, text);
        __asm__ volatile(""); /* or a function that ends so would not be on the stack */
    }
}

#else

static inline SNARL_TOLD void snarl_tell(unsigned what, const volatile void *address,
                                         unsigned long number, const char *text)
{
    (void)what, (void)address, (void)number, (void)text;
}

#endif

/* A lock begins, and ends. Both may be left out; a lock that lies where an earlier one was needs
 * them. NAME, for reports, may be NULL. */
#define snarl_lock_created(lock, sort, name) snarl_tell(SNARL_LOCK_CREATED, (lock), (sort), (name))
#define snarl_lock_destroyed(lock)           snarl_tell(SNARL_LOCK_DESTROYED, (lock), 0, 0)

/* Before a wait; after it with or without success; before giving back. HOW as above. */
#define snarl_lock_request(lock, how)  snarl_tell(SNARL_LOCK_REQUEST, (lock), (how), 0)
#define snarl_lock_acquired(lock, how) snarl_tell(SNARL_LOCK_ACQUIRED, (lock), (how), 0)
#define snarl_lock_failed(lock, how)   snarl_tell(SNARL_LOCK_FAILED, (lock), (how), 0)
#define snarl_lock_releases(lock, how) snarl_tell(SNARL_LOCK_RELEASES, (lock), (how), 0)

/* What a thread did before the first comes before what any thread does after the second, for the
 * same KEY (an address that nothing else uses so). */
#define snarl_happens_before(key) snarl_tell(SNARL_HAPPENS_BEFORE, (key), 0, 0)
#define snarl_happens_after(key)  snarl_tell(SNARL_HAPPENS_AFTER, (key), 0, 0)

/* Races on these bytes are known and meant. Until the memory is freed. */
#define snarl_benign_race(address, size, reason)                                                   \
    snarl_tell(SNARL_BENIGN_RACE, (address), (size), (reason))

/* Accesses of this thread that are not to be looked at: WHAT is SNARL_READS, ... */
#define snarl_ignore_begin(what) snarl_tell(SNARL_IGNORE_BEGIN, 0, (what), 0)
#define snarl_ignore_end(what)   snarl_tell(SNARL_IGNORE_END, 0, (what), 0)

/* The calling thread's name in reports. */
#define snarl_thread_name(name) snarl_tell(SNARL_THREAD_NAME, 0, 0, (name))

#ifdef __cplusplus
}
#endif

#endif
