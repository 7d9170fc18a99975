// SPDX-License-Identifier: Apache-2.0
// The locks of the C++ library as clang's -Wthread-safety knows locks; a part of thread_safety.h,
// for a check alone.
//
// libstdc++'s classes carry no attributes, and none can be added to a class from outside. So each
// is given a class derived from it that has them, and from here on its name means that one: the
// program is read as it stands, std::mutex, std::lock_guard<std::mutex> and all. A guard is derived
// from that of the class underneath, so that condition variables take it as ever.
//
// Since that renames whatever else is called so, consistently, headers of the library that speak of
// locks come first.
//
#ifndef SNARL_THREAD_SAFETY_STD_HH
#define SNARL_THREAD_SAFETY_STD_HH

#include <chrono>
#include <condition_variable>
#include <future>
#include <iostream>
#include <memory>
#include <mutex>
#if __cplusplus >= 201402L
#include <shared_mutex>
#endif
#include <thread>

namespace std
{

// BASE as a lock. What BASE cannot do is an error only where it is asked for.
template <class BASE> class SNARL_CAPABILITY("mutex") snarl_lock : public BASE
{
  public:
    void lock() SNARL_ACQUIRE()
    {
        BASE::lock();
    }
    void unlock() SNARL_RELEASE()
    {
        BASE::unlock();
    }
    bool try_lock() SNARL_TRY_ACQUIRE(true)
    {
        return BASE::try_lock();
    }
    template <class TIME> bool try_lock_for(const TIME &time) SNARL_TRY_ACQUIRE(true)
    {
        return BASE::try_lock_for(time);
    }
    template <class TIME> bool try_lock_until(const TIME &time) SNARL_TRY_ACQUIRE(true)
    {
        return BASE::try_lock_until(time);
    }
    void lock_shared() SNARL_ACQUIRE_SHARED()
    {
        BASE::lock_shared();
    }
    void unlock_shared() SNARL_RELEASE_SHARED()
    {
        BASE::unlock_shared();
    }
    bool try_lock_shared() SNARL_TRY_ACQUIRE_SHARED(true)
    {
        return BASE::try_lock_shared();
    }
    template <class TIME> bool try_lock_shared_for(const TIME &time) SNARL_TRY_ACQUIRE_SHARED(true)
    {
        return BASE::try_lock_shared_for(time);
    }
    template <class TIME>
    bool try_lock_shared_until(const TIME &time) SNARL_TRY_ACQUIRE_SHARED(true)
    {
        return BASE::try_lock_shared_until(time);
    }
};

template <class BASE> inline void snarl_alone(const snarl_lock<BASE> &lock) SNARL_ASSERTS(lock);
template <class BASE> inline void snarl_alone(const snarl_lock<BASE> &)
{
}

typedef snarl_lock<mutex> snarl_mutex;
typedef snarl_lock<recursive_mutex> snarl_recursive_mutex;
typedef snarl_lock<timed_mutex> snarl_timed_mutex;
typedef snarl_lock<recursive_timed_mutex> snarl_recursive_timed_mutex;
#if __cplusplus >= 201402L
typedef snarl_lock<shared_timed_mutex> snarl_shared_timed_mutex;
#endif
#if __cplusplus >= 201703L
typedef snarl_lock<shared_mutex> snarl_shared_mutex;
#endif

// The class underneath, if it is one of these.
template <class M> struct snarl_underneath {
    typedef M type;
};
template <class BASE> struct snarl_underneath<snarl_lock<BASE>> {
    typedef BASE type;
};

template <class M> class SNARL_SCOPED_CAPABILITY snarl_lock_guard
{
  public:
    typedef M mutex_type;
    explicit snarl_lock_guard(M &lock) SNARL_ACQUIRE(lock) : guard_(lock)
    {
    }
    snarl_lock_guard(M &lock, adopt_lock_t adopt) SNARL_REQUIRES(lock) : guard_(lock, adopt)
    {
    }
    snarl_lock_guard(const snarl_lock_guard &) = delete;
    ~snarl_lock_guard() SNARL_RELEASE()
    {
    }

  private:
    lock_guard<typename snarl_underneath<M>::type> guard_;
};

// The functions are those of unique_lock and shared_lock: GUARD. ACQUIRES ... say as what.
#define SNARL_GUARD(guard, ACQUIRES)                                                               \
  public:                                                                                          \
    typedef guard<typename snarl_underneath<M>::type> base;                                        \
    snarl_##guard() noexcept                                                                       \
    {                                                                                              \
    }                                                                                              \
    explicit snarl_##guard(M &lock) ACQUIRES(lock) : base(lock)                                    \
    {                                                                                              \
    }                                                                                              \
    snarl_##guard(M &lock, defer_lock_t how) noexcept SNARL_EXCLUDES(lock) : base(lock, how)       \
    {                                                                                              \
    }                                                                                              \
    snarl_##guard(M &lock, try_to_lock_t how) SNARL_EXCLUDES(lock) : base(lock, how)               \
    {                                                                                              \
    }                                                                                              \
    template <class R, class P>                                                                    \
    snarl_##guard(M &lock, const chrono::duration<R, P> &time) SNARL_EXCLUDES(lock)                \
        : base(lock, time)                                                                         \
    {                                                                                              \
    }                                                                                              \
    template <class C, class D>                                                                    \
    snarl_##guard(M &lock, const chrono::time_point<C, D> &time) SNARL_EXCLUDES(lock)              \
        : base(lock, time)                                                                         \
    {                                                                                              \
    }                                                                                              \
    snarl_##guard(snarl_##guard &&other) noexcept : base(static_cast<base &&>(other))              \
    {                                                                                              \
    }                                                                                              \
    snarl_##guard &operator=(snarl_##guard &&other) noexcept                                       \
    {                                                                                              \
        base::operator=(static_cast<base &&>(other));                                              \
        return *this;                                                                              \
    }                                                                                              \
    ~snarl_##guard() SNARL_RELEASE_ANY()                                                           \
    {                                                                                              \
    }                                                                                              \
    void lock() ACQUIRES()                                                                         \
    {                                                                                              \
        base::lock();                                                                              \
    }                                                                                              \
    void unlock() SNARL_RELEASE_ANY()                                                              \
    {                                                                                              \
        base::unlock();                                                                            \
    }                                                                                              \
    M *snarl_mutex() const noexcept                                                                \
    {                                                                                              \
        return static_cast<M *>(base::mutex());                                                    \
    }                                                                                              \
    M *release() noexcept                                                                          \
    {                                                                                              \
        return static_cast<M *>(base::release());                                                  \
    }

template <class M>
class SNARL_SCOPED_CAPABILITY snarl_unique_lock
    : public unique_lock<typename snarl_underneath<M>::type>
{
    SNARL_GUARD(unique_lock, SNARL_ACQUIRE)
    snarl_unique_lock(M &lock, adopt_lock_t how) SNARL_REQUIRES(lock) : base(lock, how)
    {
    }
    bool try_lock() SNARL_TRY_ACQUIRE(true)
    {
        return base::try_lock();
    }
};

#if __cplusplus >= 201402L
template <class M>
class SNARL_SCOPED_CAPABILITY snarl_shared_lock
    : public shared_lock<typename snarl_underneath<M>::type>
{
    SNARL_GUARD(shared_lock, SNARL_ACQUIRE_SHARED)
    snarl_shared_lock(M &lock, adopt_lock_t how) SNARL_REQUIRES_SHARED(lock) : base(lock, how)
    {
    }
    bool try_lock() SNARL_TRY_ACQUIRE_SHARED(true)
    {
        return base::try_lock();
    }
};
#endif

#if __cplusplus >= 201703L
// Up to three locks: an attribute takes no pack of arguments.
template <class... M>
class snarl_scoped_lock : public scoped_lock<typename snarl_underneath<M>::type...>
{
  public:
    explicit snarl_scoped_lock(M &...locks)
        : scoped_lock<typename snarl_underneath<M>::type...>(locks...)
    {
    }
};

template <class A> class SNARL_SCOPED_CAPABILITY snarl_scoped_lock<A>
{
  public:
    typedef A mutex_type;
    explicit snarl_scoped_lock(A &a) SNARL_ACQUIRE(a) : guard_(a)
    {
    }
    snarl_scoped_lock(adopt_lock_t adopt, A &a) SNARL_REQUIRES(a) : guard_(adopt, a)
    {
    }
    snarl_scoped_lock(const snarl_scoped_lock &) = delete;
    ~snarl_scoped_lock() SNARL_RELEASE()
    {
    }

  private:
    scoped_lock<typename snarl_underneath<A>::type> guard_;
};

template <class A, class B> class SNARL_SCOPED_CAPABILITY snarl_scoped_lock<A, B>
{
  public:
    snarl_scoped_lock(A &a, B &b) SNARL_ACQUIRE(a, b) : guard_(a, b)
    {
    }
    snarl_scoped_lock(adopt_lock_t adopt, A &a, B &b) SNARL_REQUIRES(a, b) : guard_(adopt, a, b)
    {
    }
    snarl_scoped_lock(const snarl_scoped_lock &) = delete;
    ~snarl_scoped_lock() SNARL_RELEASE()
    {
    }

  private:
    scoped_lock<typename snarl_underneath<A>::type, typename snarl_underneath<B>::type> guard_;
};

template <class A, class B, class C> class SNARL_SCOPED_CAPABILITY snarl_scoped_lock<A, B, C>
{
  public:
    snarl_scoped_lock(A &a, B &b, C &c) SNARL_ACQUIRE(a, b, c) : guard_(a, b, c)
    {
    }
    snarl_scoped_lock(adopt_lock_t adopt, A &a, B &b, C &c) SNARL_REQUIRES(a, b, c)
        : guard_(adopt, a, b, c)
    {
    }
    snarl_scoped_lock(const snarl_scoped_lock &) = delete;
    ~snarl_scoped_lock() SNARL_RELEASE()
    {
    }

  private:
    scoped_lock<typename snarl_underneath<A>::type, typename snarl_underneath<B>::type,
                typename snarl_underneath<C>::type>
        guard_;
};

template <class... M> snarl_scoped_lock(M &...) -> snarl_scoped_lock<M...>;
template <class... M> snarl_scoped_lock(adopt_lock_t, M &...) -> snarl_scoped_lock<M...>;
#endif

// std::lock of two and of three. The library's takes any number, so these go before it; since what
// comes out is not to be run, they need not do the same.
template <class A, class B> void lock(A &a, B &b) SNARL_ACQUIRE(a, b) SNARL_UNCHECKED;
template <class A, class B> void lock(A &a, B &b)
{
    a.lock();
    b.lock();
}

template <class A, class B, class C>
void lock(A &a, B &b, C &c) SNARL_ACQUIRE(a, b, c) SNARL_UNCHECKED;
template <class A, class B, class C> void lock(A &a, B &b, C &c)
{
    a.lock();
    b.lock();
    c.lock();
}

} // namespace std

#define mutex                 snarl_mutex
#define recursive_mutex       snarl_recursive_mutex
#define timed_mutex           snarl_timed_mutex
#define recursive_timed_mutex snarl_recursive_timed_mutex
#define shared_timed_mutex    snarl_shared_timed_mutex
#define shared_mutex          snarl_shared_mutex
#define lock_guard            snarl_lock_guard
#define unique_lock           snarl_unique_lock
#define shared_lock           snarl_shared_lock
#define scoped_lock           snarl_scoped_lock

#endif
