// SPDX-License-Identifier: Apache-2.0
// A larder with its lock as a member, and guards of all kinds.
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>

class larder
{
  public:
    void put(int garlic)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        add(garlic);
        filled_.notify_one();
    }

    int take()
    {
        std::unique_lock<std::mutex> guard(mutex_);
        while (garlic_ == 0)
            filled_.wait(guard);
        taken_++;
        return garlic_--;
    }

    int taken()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        return taken_;
    }

  private:
    void add(int garlic)
    {
        garlic_ += garlic;
    }

    int garlic_ = 0;
    int taken_ = 0;
    std::mutex mutex_;
    std::condition_variable filled_;
};

static std::shared_mutex marker;
static int today;

static int look()
{
    std::shared_lock<std::shared_mutex> guard(marker);
    return today;
}

static void turn()
{
    std::unique_lock<std::shared_mutex> guard(marker);
    today++;
}

int main()
{
    larder larder;
    int seen = 0;
    std::thread cook([&] {
        for (int i = 0; i < 40; i++) {
            larder.take();
            seen += look();
        }
    });
    std::thread shopper([&] {
        for (int i = 0; i < 40; i++) {
            larder.put(1);
            turn();
        }
    });
    cook.join();
    shopper.join();
    std::printf("%d taken\n", larder.taken() + (seen < 0));
}
