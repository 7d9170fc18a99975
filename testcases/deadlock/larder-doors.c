/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The larder that two kitchens share has two doors, and each kitchen, a process of its own, closes
 * both while it is inside: one begins with the front, the other with the back.
 */
/* EXPECT: deadlock observed @front_first @then_back @back_first @then_front */
/* FINDING: threads=2 sites=4 */
/* SHARES: memory */
/* HANGS */
/* SOURCE: @front_first larder->front larder::front */
/* SOURCE: @then_back larder->back larder::back */
/* SOURCE: @back_first larder->back larder::back */
/* SOURCE: @then_front larder->front larder::front */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct larder {
    /* SOURCE: @front_first larder->front larder::front */
    /* SOURCE: @then_back larder->back larder::back */
    /* SOURCE: @back_first larder->back larder::back */
    /* SOURCE: @then_front larder->front larder::front */
    pthread_mutex_t front, back;
    sem_t closed; /* how many have closed their first door */
};

static void both_inside(struct larder *larder)
{
    int closed;
    sem_post(&larder->closed);
    do {
        usleep(1000);
        sem_getvalue(&larder->closed, &closed);
    } while (closed < 2);
}

static void first_kitchen(struct larder *larder)
{
    pthread_mutex_lock(&larder->front); /* @front_first */
    both_inside(larder);
    pthread_mutex_lock(&larder->back); /* @then_back */
    pthread_mutex_unlock(&larder->back);
    pthread_mutex_unlock(&larder->front);
}

static void second_kitchen(struct larder *larder)
{
    pthread_mutex_lock(&larder->back); /* @back_first */
    both_inside(larder);
    pthread_mutex_lock(&larder->front); /* @then_front */
    pthread_mutex_unlock(&larder->front);
    pthread_mutex_unlock(&larder->back);
}

int main(void)
{
    struct larder *larder =
        mmap(NULL, sizeof *larder, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&larder->front, &shared);
    pthread_mutex_init(&larder->back, &shared);
    sem_init(&larder->closed, 1, 0);
    if (fork() == 0) {
        second_kitchen(larder);
        _exit(0);
    }
    first_kitchen(larder);
    wait(NULL);
    printf("Both have cooked.\n");
    return 0;
}
