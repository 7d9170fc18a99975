/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lock guards what, written into the source, for `clang -Wthread-safety` to check.
 * `snarl-source annotate` writes it from what a trace has shown; it can be written by hand, too:
 *
 *     static pthread_mutex_t pencil = PTHREAD_MUTEX_INITIALIZER;
 *     static unsigned garlic_count SNARL_GUARDED_BY(pencil);
 *     static void buy(unsigned garlic) SNARL_REQUIRES(pencil);
 *
 *     clang -fsyntax-only -Wthread-safety FILE.c
 *     clang++ -fsyntax-only -Wthread-safety -DSNARL_CHECK -include snarl/thread_safety.h FILE.cc
 *
 * Other compilers see nothing of it. Clang does not know that the locks of pthread.h and threads.h
 * are locks: here it is told, by declaring their types and functions again. What a program is made
 * of stays the same, and so does what is declared in it.
 *
 * With SNARL_CHECK it is told of std::mutex and its like, too, by other classes in their place
 * (thread_safety_std.hh). That is for a check alone: what comes out is not to be linked.
 *
 * A member of a C structure that names a lock of the same object needs SNARL_MEMBER_GUARDED_BY: up
 * to now clang can check it in C++ alone. SNARL_CHECK_MEMBERS makes it check it in C as well, for a
 * clang that can (-fexperimental-late-parse-attributes).
 */
#ifndef SNARL_THREAD_SAFETY_H
#define SNARL_THREAD_SAFETY_H

#if defined __clang__ && !defined SNARL_DISABLE
#define SNARL_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define SNARL_ATTRIBUTE(attribute)
#endif

/* Behind the name of a variable or of a C++ class's member: whoever reads it holds X, at least as a
 * reader; whoever writes it holds it alone. PT: the same of what it points to. */
#define SNARL_GUARDED_BY(x)    SNARL_ATTRIBUTE(guarded_by(x))
#define SNARL_PT_GUARDED_BY(x) SNARL_ATTRIBUTE(pt_guarded_by(x))

/* The same for a member of a structure that C reads, and a lock that is a member as well. */
#if defined __cplusplus || defined SNARL_CHECK_MEMBERS
#define SNARL_MEMBER_GUARDED_BY(x)    SNARL_GUARDED_BY(x)
#define SNARL_MEMBER_PT_GUARDED_BY(x) SNARL_PT_GUARDED_BY(x)
#else
#define SNARL_MEMBER_GUARDED_BY(x)
#define SNARL_MEMBER_PT_GUARDED_BY(x)
#endif

/* Behind a lock: it is taken before, after these (clang checks it with -Wthread-safety-beta). */
#define SNARL_ACQUIRED_BEFORE(...) SNARL_ATTRIBUTE(acquired_before(__VA_ARGS__))
#define SNARL_ACQUIRED_AFTER(...)  SNARL_ATTRIBUTE(acquired_after(__VA_ARGS__))

/* Behind the declaration of a function: its callers hold these, alone or at least as readers; */
#define SNARL_REQUIRES(...)        SNARL_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define SNARL_REQUIRES_SHARED(...) SNARL_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
/* its callers do not hold these, since it takes them itself; */
#define SNARL_EXCLUDES(...) SNARL_ATTRIBUTE(locks_excluded(__VA_ARGS__))
/* it takes them, and returns with them; gives them back; takes them if it returns the first
 * argument (true, false or a number: clang follows no other comparisons, as with thrd_success). */
#define SNARL_ACQUIRE(...)            SNARL_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define SNARL_ACQUIRE_SHARED(...)     SNARL_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define SNARL_RELEASE(...)            SNARL_ATTRIBUTE(release_capability(__VA_ARGS__))
#define SNARL_RELEASE_SHARED(...)     SNARL_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define SNARL_RELEASE_ANY(...)        SNARL_ATTRIBUTE(release_generic_capability(__VA_ARGS__))
#define SNARL_TRY_ACQUIRE(...)        SNARL_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define SNARL_TRY_ACQUIRE_SHARED(...) SNARL_ATTRIBUTE(try_acquire_shared_capability(__VA_ARGS__))
/* What it does is not to be checked. */
#define SNARL_UNCHECKED SNARL_ATTRIBUTE(no_thread_safety_analysis)

/* In front of a class's name: its objects are locks; hold a lock while they live. */
#define SNARL_CAPABILITY(name)  SNARL_ATTRIBUTE(capability(name))
#define SNARL_SCOPED_CAPABILITY SNARL_ATTRIBUTE(scoped_lockable)

/* SNARL_ALONE(lock): a statement that says that from here on, to the end of the function, there is
 * no other thread that would need LOCK, since none was made yet or all were joined. Does nothing.
 */
#if !defined __clang__ || defined SNARL_DISABLE
#define SNARL_ALONE(lock) ((void)0)
#elif defined __cplusplus
#define SNARL_ALONE(lock) snarl_alone(lock)
#else
/* clang-format off */
#define SNARL_ALONE(lock)                                                                          \
    _Generic(&(lock), pthread_mutex_t *: snarl_alone_mutex,                                        \
             pthread_rwlock_t *: snarl_alone_rwlock SNARL_ALONE_MORE)(&(lock))
/* clang-format on */
#endif

#if defined __clang__ && !defined SNARL_DISABLE

#include <pthread.h>

/* clang wants to see of a function declared again in C++ that it throws nothing. */
#if defined __cplusplus && defined __THROWNL
#define SNARL_NOTHROW __THROWNL
#else
#define SNARL_NOTHROW
#endif
#define SNARL_ASSERTS(x) SNARL_ATTRIBUTE(assert_capability(x))

#ifdef __cplusplus
extern "C" {
#endif

typedef pthread_mutex_t pthread_mutex_t SNARL_CAPABILITY("mutex");
int pthread_mutex_lock(pthread_mutex_t *mutex) SNARL_NOTHROW SNARL_ACQUIRE(*mutex);
int pthread_mutex_trylock(pthread_mutex_t *mutex) SNARL_NOTHROW SNARL_TRY_ACQUIRE(0, *mutex);
int pthread_mutex_unlock(pthread_mutex_t *mutex) SNARL_NOTHROW SNARL_RELEASE(*mutex);
int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex) SNARL_REQUIRES(*mutex);
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                           const struct timespec *until) SNARL_REQUIRES(*mutex);
#ifdef __USE_XOPEN2K
int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until) SNARL_NOTHROW
    SNARL_TRY_ACQUIRE(0, *mutex);
#endif

#if defined __USE_UNIX98 || defined __USE_XOPEN2K
typedef pthread_rwlock_t pthread_rwlock_t SNARL_CAPABILITY("rwlock");
int pthread_rwlock_rdlock(pthread_rwlock_t *lock) SNARL_NOTHROW SNARL_ACQUIRE_SHARED(*lock);
int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock) SNARL_NOTHROW
    SNARL_TRY_ACQUIRE_SHARED(0, *lock);
int pthread_rwlock_wrlock(pthread_rwlock_t *lock) SNARL_NOTHROW SNARL_ACQUIRE(*lock);
int pthread_rwlock_trywrlock(pthread_rwlock_t *lock) SNARL_NOTHROW SNARL_TRY_ACQUIRE(0, *lock);
int pthread_rwlock_unlock(pthread_rwlock_t *lock) SNARL_NOTHROW SNARL_RELEASE_ANY(*lock);
static inline void snarl_alone_rwlock(const pthread_rwlock_t *lock) SNARL_ASSERTS(*lock);
static inline void snarl_alone_rwlock(const pthread_rwlock_t *lock)
{
    (void)lock;
}
#endif
#ifdef __USE_XOPEN2K
int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until) SNARL_NOTHROW
    SNARL_TRY_ACQUIRE_SHARED(0, *lock);
int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until) SNARL_NOTHROW
    SNARL_TRY_ACQUIRE(0, *lock);

typedef pthread_spinlock_t pthread_spinlock_t SNARL_CAPABILITY("spin lock");
int pthread_spin_lock(pthread_spinlock_t *lock) SNARL_NOTHROW SNARL_ACQUIRE(*lock);
int pthread_spin_trylock(pthread_spinlock_t *lock) SNARL_NOTHROW SNARL_TRY_ACQUIRE(0, *lock);
int pthread_spin_unlock(pthread_spinlock_t *lock) SNARL_NOTHROW SNARL_RELEASE(*lock);
static inline void snarl_alone_spin(const pthread_spinlock_t *lock) SNARL_ASSERTS(*lock);
static inline void snarl_alone_spin(const pthread_spinlock_t *lock)
{
    (void)lock;
}
#endif

#if defined __USE_GNU && defined __GLIBC__ && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 30)
int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                            const struct timespec *until) SNARL_NOTHROW
    SNARL_TRY_ACQUIRE(0, *mutex);
int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                           const struct timespec *until) SNARL_REQUIRES(*mutex);
int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
                               const struct timespec *until) SNARL_NOTHROW
    SNARL_TRY_ACQUIRE_SHARED(0, *lock);
int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
                               const struct timespec *until) SNARL_NOTHROW
    SNARL_TRY_ACQUIRE(0, *lock);
#endif

static inline void snarl_alone_mutex(const pthread_mutex_t *lock) SNARL_ASSERTS(*lock);
static inline void snarl_alone_mutex(const pthread_mutex_t *lock)
{
    (void)lock;
}

/* threads.h is no part of C++, nor of C before C11. */
#if !defined __cplusplus && __STDC_VERSION__ >= 201112L && !defined __STDC_NO_THREADS__
#include <threads.h>
typedef mtx_t mtx_t SNARL_CAPABILITY("mutex");
int mtx_lock(mtx_t *mutex) SNARL_ACQUIRE(*mutex);
int mtx_trylock(mtx_t *mutex) SNARL_TRY_ACQUIRE(0, *mutex);
int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict until)
    SNARL_TRY_ACQUIRE(0, *mutex);
int mtx_unlock(mtx_t *mutex) SNARL_RELEASE(*mutex);
int cnd_wait(cnd_t *cond, mtx_t *mutex) SNARL_REQUIRES(*mutex);
int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex,
                  const struct timespec *restrict until) SNARL_REQUIRES(*mutex);
static inline void snarl_alone_mtx(const mtx_t *lock) SNARL_ASSERTS(*lock);
static inline void snarl_alone_mtx(const mtx_t *lock)
{
    (void)lock;
}
/* clang-format off */
#define SNARL_ALONE_MORE , pthread_spinlock_t *: snarl_alone_spin, mtx_t *: snarl_alone_mtx
#elif defined __USE_XOPEN2K
#define SNARL_ALONE_MORE , pthread_spinlock_t *: snarl_alone_spin
/* clang-format on */
#else
#define SNARL_ALONE_MORE
#endif

#ifdef __cplusplus
}

template <class LOCK> inline void snarl_alone(const LOCK &) /* one that clang knows nothing of */
{
}
inline void snarl_alone(const pthread_mutex_t &lock) SNARL_ASSERTS(lock);
inline void snarl_alone(const pthread_mutex_t &)
{
}
#if defined __USE_UNIX98 || defined __USE_XOPEN2K
inline void snarl_alone(const pthread_rwlock_t &lock) SNARL_ASSERTS(lock);
inline void snarl_alone(const pthread_rwlock_t &)
{
}
#endif
#ifdef __USE_XOPEN2K
inline void snarl_alone(const pthread_spinlock_t &lock) SNARL_ASSERTS(lock);
inline void snarl_alone(const pthread_spinlock_t &)
{
}
#endif
#if defined SNARL_CHECK && __cplusplus >= 201103L
#include "thread_safety_std.hh"
#endif
#endif

#endif
#endif
