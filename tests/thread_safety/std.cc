// SPDX-License-Identifier: Apache-2.0
// The locks of the C++ library, and its guards, in a program that knows nothing of the check.
#include <condition_variable>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "snarl/thread_safety.h"

class shelf
{
  public:
    void put(const std::string &jar)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        jars_[jar]++;
        filled_.notify_one();
    }

    void deduced(const std::string &jar)
    {
        std::lock_guard guard(mutex_);
        jars_[jar]++;
        count();
    }

    int take(const std::string &jar)
    {
        std::unique_lock<std::mutex> guard(mutex_);
        while (jars_[jar] == 0)
            filled_.wait(guard);
        int left = --jars_[jar];
        guard.unlock();
        guard.lock();
        jars_[jar]++;
        return left;
    }

    void by_hand()
    {
        mutex_.lock();
        count();
        mutex_.unlock();
        if (mutex_.try_lock()) {
            count();
            mutex_.unlock();
        }
    }

    std::size_t unguarded()
    {
        return jars_.size(); // WARNS: requires holding mutex 'mutex_'
    }

    void forgets()
    {
        std::unique_lock<std::mutex> guard(mutex_);
        guard.unlock();
        count(); // WARNS: requires holding mutex 'mutex_'
    }

  private:
    void count() SNARL_REQUIRES(mutex_)
    {
        changes_++;
    }

    std::mutex mutex_;
    std::condition_variable filled_;
    std::map<std::string, int> jars_ SNARL_GUARDED_BY(mutex_);
    int changes_ SNARL_GUARDED_BY(mutex_) = 0;
};

static std::shared_mutex marker;
static std::recursive_mutex table;
static std::mutex pencil, paper;
static int today SNARL_GUARDED_BY(marker);
static int note SNARL_GUARDED_BY(pencil) SNARL_GUARDED_BY(paper);
static int crumbs SNARL_GUARDED_BY(table);

int look();

int look()
{
    std::shared_lock<std::shared_mutex> guard(marker);
    return today;
}

void turn();

void turn()
{
    {
        std::unique_lock guard(marker);
        today++;
    }
    std::shared_lock guard(marker);
    today++; // WARNS: requires holding mutex 'marker' exclusively
}

void write();

void write()
{
    {
        std::scoped_lock both(pencil, paper);
        note++;
    }
    {
        std::lock(pencil, paper);
        std::lock_guard<std::mutex> first(pencil, std::adopt_lock);
        std::lock_guard<std::mutex> second(paper, std::adopt_lock);
        note++;
    }
    std::scoped_lock one(pencil);
    note++; // WARNS: requires holding mutex 'paper' exclusively
}

int main()
{
    SNARL_ALONE(marker);
    today = 1;
    shelf shelf;
    std::thread other([&] { shelf.put("garlic"); });
    shelf.take("garlic");
    shelf.deduced("garlic");
    shelf.by_hand();
    shelf.forgets();
    other.join();
    turn();
    write();
    std::vector<std::thread> none;
    std::lock_guard<std::recursive_mutex> guard(table);
    crumbs++;
    return look() + static_cast<int>(shelf.unguarded());
}
