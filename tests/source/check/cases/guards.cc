/* SPDX-License-Identifier: Apache-2.0 */
/* Guards of C++, and classes that are some. */
/* CHECK: abandoned-lock @plain-takes @plain-out @plain-back */
/* CHECK: self-deadlock @guard-holds @guard-again */
/* CHECK: self-deadlock @class-holds @class-again */
/* CHECK: wait-without-predicate @wait-reads @waits @wait-takes */
/* CHECK: deadlock @one @then-two @two @then-one */
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

static std::mutex pencil, spoon, ladle;
static std::shared_mutex menu;
static std::recursive_mutex notebook;
static std::condition_variable bell;
static int total;

class larder
{
  public:
    int take()
    {
        door_.lock(); // @plain-takes
        if (garlic_ == 0)
            return 0; // @plain-out
        garlic_--;
        door_.unlock(); // @plain-back
        return 1;
    }

    int count() const
    {
        std::lock_guard lock(door_); // @class-again
        return garlic_;
    }

    int twice() const
    {
        std::lock_guard lock(door_); // @class-holds
        return 2 * count();
    }

    void open()
    {
        door_.lock();
    }
    void close()
    {
        door_.unlock();
    }

  private:
    mutable std::mutex door_;
    int garlic_ = 0;
};

int early(int count)
{
    std::lock_guard<std::mutex> lock(pencil);
    if (count > total)
        return -1;
    total -= count;
    return 0;
}

int unlocks(int count)
{
    std::unique_lock lock(pencil);
    if (count > total) {
        lock.unlock();
        return early(count);
    }
    total++;
    lock.unlock();
    total += early(1);
    lock.lock();
    return total;
}

int deferred(bool yes)
{
    std::unique_lock lock(spoon, std::defer_lock);
    if (yes)
        lock.lock();
    std::shared_lock reader(menu);
    std::unique_lock other(ladle, std::try_to_lock);
    return total;
}

std::unique_lock<std::mutex> handed_out()
{
    std::unique_lock lock(pencil);
    total++;
    return lock;
}

void both()
{
    std::lock(pencil, spoon);
    std::lock_guard one(pencil, std::adopt_lock), other(spoon, std::adopt_lock);
    total++;
}

void both_other()
{
    std::scoped_lock lock(spoon, pencil);
    total++;
}

void again()
{
    std::lock_guard lock(spoon);  // @guard-holds
    std::lock_guard other(spoon); // @guard-again
    std::lock_guard first(notebook);
    std::lock_guard second(notebook);
}

void waits()
{
    std::unique_lock lock(pencil); // @wait-takes
    bell.wait(lock, [] { return total > 0; });
    while (total == 1)
        bell.wait(lock);
    if (total == 2) // @wait-reads
        return;
    bell.wait_for(lock, std::chrono::seconds(1), [] { return total > 3; });
    bell.wait(lock); // @waits
}

int with_class(larder &one)
{
    one.open();
    total++;
    one.close();
    return one.take();
}

template <typename T> struct shelf {
    std::mutex front, back;
    T things[4];

    T first()
    {
        std::lock_guard one(front); // @one
        std::lock_guard two(back);  // @then-two
        return things[0];
    }

    T last()
    {
        std::lock_guard two(back);  // @two
        std::lock_guard one(front); // @then-one
        return things[3];
    }
};

int use(shelf<int> &shelf)
{
    return shelf.first() + shelf.last();
}

int main()
{
    larder one;
    return with_class(one);
}
