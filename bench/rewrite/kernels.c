/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads that share memory in one way each:
 *
 *     mm N       they read two matrices, and write their rows of a third
 *     hash N     a table with a lock for each bucket
 *     queue N    one makes items of a kilobyte, the other one uses them up
 *     list N     each walks its own list, and takes a lock between
 *
 * Prints a sum of what came out.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2, BUCKETS = 1024, ITEM = 1024, NODES = 10000, PLACES = 16 };

static int size;

static void both(void *(*body)(void *))
{
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, body, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static double *left, *right, *product;

static void *multiply(void *which)
{
    for (long row = (long)which; row < size; row += THREADS)
        for (int column = 0; column < size; column++) {
            double sum = 0;
            for (int i = 0; i < size; i++)
                sum += left[row * size + i] * right[i * size + column];
            product[row * size + column] = sum;
        }
    return NULL;
}

static double mm(void)
{
    size_t count = (size_t)size * (size_t)size;
    double sum = 0;
    left = malloc(count * sizeof *left);
    right = malloc(count * sizeof *right);
    product = malloc(count * sizeof *product);
    for (size_t i = 0; i < count; i++) {
        left[i] = (double)(i % 7);
        right[i] = (double)(i % 5);
    }
    both(multiply);
    for (size_t i = 0; i < count; i++)
        sum += product[i];
    return sum;
}

static struct bucket {
    pthread_mutex_t mutex;
    struct entry {
        struct entry *next;
        uint64_t key, value;
    } * first;
} buckets[BUCKETS];

static void count_key(uint64_t key)
{
    struct bucket *bucket = &buckets[key % BUCKETS];
    pthread_mutex_lock(&bucket->mutex);
    struct entry *entry = bucket->first;
    while (entry && entry->key != key)
        entry = entry->next;
    if (!entry) {
        entry = malloc(sizeof *entry);
        *entry = (struct entry){bucket->first, key, 0};
        bucket->first = entry;
    }
    entry->value++;
    pthread_mutex_unlock(&bucket->mutex);
}

static void *fill(void *which)
{
    uint64_t state = (uint64_t)which + 1;
    for (int i = 0; i < size; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        count_key(state >> 33 & 0x3fff);
    }
    return NULL;
}

static double hash(void)
{
    double sum = 0;
    for (int i = 0; i < BUCKETS; i++)
        pthread_mutex_init(&buckets[i].mutex, NULL);
    both(fill);
    for (int i = 0; i < BUCKETS; i++)
        for (const struct entry *entry = buckets[i].first; entry; entry = entry->next)
            sum += (double)(entry->key % 13 * entry->value);
    return sum;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned char *places[PLACES];
static int made, used;
static double used_up;

static void *pass(void *which)
{
    for (int i = 0; i < size; i++) {
        unsigned char *item = which ? NULL : malloc(ITEM);
        for (int at = 0; item && at < ITEM; at++)
            item[at] = (unsigned char)(i + at);
        pthread_mutex_lock(&mutex);
        while (which ? used == made : made - used == PLACES)
            pthread_cond_wait(&changed, &mutex);
        if (which)
            item = places[used++ % PLACES];
        else
            places[made++ % PLACES] = item;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&mutex);
        for (int at = 0; which && at < ITEM; at++)
            used_up += item[at];
        if (which)
            free(item);
    }
    return NULL;
}

static double queue(void)
{
    both(pass);
    return used_up;
}

static double walked[THREADS];

static void *walk(void *which)
{
    struct node {
        struct node *next;
        double value;
    } *nodes = calloc(NODES, sizeof *nodes);
    for (int i = 0; i < NODES; i++)
        nodes[i].next = i ? &nodes[i - 1] : NULL;
    for (int i = 0; i < size; i++) {
        for (struct node *node = &nodes[NODES - 1]; node; node = node->next)
            node->value += i;
        pthread_mutex_lock(&mutex);
        walked[(long)which] = nodes[0].value;
        pthread_mutex_unlock(&mutex);
    }
    free(nodes);
    return NULL;
}

static double list(void)
{
    both(walk);
    return walked[0] + walked[1];
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        double (*run)(void);
    } kernels[] = {{"mm", mm}, {"hash", hash}, {"queue", queue}, {"list", list}};
    for (unsigned i = 0; argc == 3 && i < sizeof kernels / sizeof *kernels; i++)
        if (strcmp(argv[1], kernels[i].name) == 0) {
            size = atoi(argv[2]);
            printf("%.0f\n", kernels[i].run());
            return 0;
        }
    fprintf(stderr, "usage: kernels mm|hash|queue|list N\n");
    return 2;
}
