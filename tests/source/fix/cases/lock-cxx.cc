/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: length of queue */
/* SITE: 1 write @write queue::add queue */
/* SITE: 2 read @read queue::is_empty */
/* FIX: under_lock */
#include <mutex>

class queue
{
  public:
    void add()
    {
        std::lock_guard guard(lock_);
        length_++; /* @write */
    }
    bool is_empty()
    {
        return length_ == 0; /* @read */
    }

  private:
    std::mutex lock_;
    int length_ = 0;
};

static queue all;

int main()
{
    all.add();
    return all.is_empty() ? 1 : 0;
}
