// SPDX-License-Identifier: Apache-2.0
// The locks of pthread.h in C++; members name their object's lock, wherever it is declared.
#include "snarl/thread_safety.h"

#include <pthread.h>

struct shelf {
    int jars SNARL_MEMBER_GUARDED_BY(lock);
    pthread_mutex_t lock;
};

static pthread_rwlock_t marker = PTHREAD_RWLOCK_INITIALIZER;
static int today SNARL_GUARDED_BY(marker);

int work(shelf &a, shelf &b);

int work(shelf &a, shelf &b)
{
    pthread_mutex_lock(&a.lock);
    a.jars++;
    b.jars++; // WARNS: requires holding mutex 'b.lock' exclusively
    pthread_mutex_unlock(&a.lock);
    pthread_rwlock_rdlock(&marker);
    int day = today;
    pthread_rwlock_unlock(&marker);
    return day;
}

int main()
{
    SNARL_ALONE(marker);
    return today;
}
