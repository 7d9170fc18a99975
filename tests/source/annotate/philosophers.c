/* SPDX-License-Identifier: Apache-2.0 */
/* Two philosophers who take both chopsticks, in one order, by their names. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t chopstick_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t chopstick_b = PTHREAD_MUTEX_INITIALIZER;
static int sushi_count = 150;

static void eat(void)
{
    sushi_count--;
}

static void *barron(void *arg)
{
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&chopstick_a);
        pthread_mutex_lock(&chopstick_b);
        eat();
        pthread_mutex_unlock(&chopstick_b);
        pthread_mutex_unlock(&chopstick_a);
    }
    return arg;
}

static void *olivia(void *arg)
{
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&chopstick_a);
        pthread_mutex_lock(&chopstick_b);
        if (sushi_count > 0)
            eat();
        pthread_mutex_unlock(&chopstick_b);
        pthread_mutex_unlock(&chopstick_a);
    }
    return arg;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, barron, NULL);
    pthread_create(&threads[1], NULL, olivia, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("Sushi left: %d\n", sushi_count);
    return 0;
}
