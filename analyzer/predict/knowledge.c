/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/knowledge.h"

enum { LANES = 8 };

#if defined __x86_64__ && defined __OPTIMIZE__ && !defined __SANITIZE_ADDRESS__
#define WIDE __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define WIDE
#endif
#ifdef __clang__
#undef WIDE
#define WIDE
#endif

/* INTO becomes the larger of both in each of COUNT components; says whether that changed any. */
WIDE static bool maximize(uint32_t *restrict into, const uint32_t *restrict from, uint32_t count)
{
    into = __builtin_assume_aligned(into, LANES * sizeof *into);
    from = __builtin_assume_aligned(from, LANES * sizeof *from);
    uint32_t changed = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t larger = into[i] > from[i] ? into[i] : from[i];
        changed |= larger ^ into[i];
        into[i] = larger;
    }
    return changed != 0;
}

static uint32_t *rows_new(size_t rows, uint32_t stride)
{
    size_t size = rows * stride * sizeof(uint32_t);
    uint32_t *new = aligned_alloc(LANES * sizeof(uint32_t), size);
    if (!new)
        abort();
    memset(new, 0, size);
    return new;
}

/* Makes rows of THREADS numbers of those that are there. */
static void restride(struct an_knowledge *k, uint32_t threads)
{
    uint32_t stride = (threads + LANES - 1) / LANES * LANES;
    uint32_t *now = rows_new(threads, stride);
    for (uint32_t t = 0; t < k->threads; t++)
        memcpy(&now[(size_t)t * stride], &k->now[(size_t)t * k->stride],
               k->stride * sizeof *k->now);
    free(k->now);
    k->now = now;
    for (size_t i = 1; i < k->rows.count; i++) {
        uint32_t *row = rows_new(1, stride);
        memcpy(row, k->rows.at[i], k->stride * sizeof *row);
        free(k->rows.at[i]);
        k->rows.at[i] = row;
    }
    k->stride = stride;
}

void an_knowledge_widen(struct an_knowledge *k, uint32_t thread)
{
    if (thread < k->threads)
        return;
    if (!k->rows.count) {
        (void)vec_push(&k->rows);
        (void)vec_push(&k->references);
    }
    uint32_t threads = k->threads * 2 > thread ? k->threads * 2 : thread + 1;
    restride(k, threads);
    k->shared = sn_realloc(k->shared, threads * sizeof *k->shared);
    for (; k->threads < threads; k->threads++) {
        k->now[(size_t)k->threads * k->stride + k->threads] = UINT32_MAX;
        k->shared[k->threads] = 0;
    }
}

/* A row with one reference, of any content. */
static uint32_t row_new(struct an_knowledge *k)
{
    uint32_t row;
    if (k->spare.count) {
        row = *vec_pop(&k->spare);
    } else {
        row = (uint32_t)k->rows.count;
        *vec_push(&k->rows) = rows_new(1, k->stride);
        (void)vec_push(&k->references);
    }
    k->references.at[row] = 1;
    return row;
}

static void row_drop(struct an_knowledge *k, uint32_t row)
{
    if (row && --k->references.at[row] == 0)
        *vec_push(&k->spare) = row;
}

static void learned(struct an_knowledge *k, uint32_t thread)
{
    row_drop(k, k->shared[thread]);
    k->shared[thread] = 0;
}

void an_knowledge_drop(struct an_knowledge *k, struct an_stamp *stamp)
{
    row_drop(k, stamp->row);
    *stamp = (struct an_stamp){0};
}

void an_knowledge_stamp(struct an_knowledge *k, uint32_t thread, uint32_t number,
                        struct an_stamp *stamp)
{
    uint32_t row = k->shared[thread];
    if (!row) {
        row = k->shared[thread] = row_new(k); /* the thread's own reference */
        memcpy(k->rows.at[row], an_knowledge_of(k, thread), k->stride * sizeof(uint32_t));
        k->rows.at[row][thread] = 0;
    }
    if (stamp->row != row) {
        k->references.at[row]++;
        row_drop(k, stamp->row);
    }
    *stamp = (struct an_stamp){row, thread, number};
}

void an_knowledge_learn(struct an_knowledge *k, uint32_t thread, const struct an_stamp *stamp)
{
    uint32_t *now = &k->now[(size_t)thread * k->stride];
    if (!stamp->row || stamp->number <= now[stamp->thread])
        return;
    now[stamp->thread] = stamp->number;
    maximize(now, k->rows.at[stamp->row], k->stride);
    learned(k, thread);
}

void an_knowledge_add(struct an_knowledge *k, uint32_t *sum, uint32_t thread, uint32_t number)
{
    if (!*sum) {
        *sum = row_new(k);
        memset(k->rows.at[*sum], 0, k->stride * sizeof(uint32_t));
    }
    uint32_t *row = k->rows.at[*sum];
    uint32_t own = row[thread];
    maximize(row, an_knowledge_of(k, thread), k->stride);
    row[thread] = own > number ? own : number;
}

void an_knowledge_learn_sum(struct an_knowledge *k, uint32_t thread, uint32_t sum)
{
    if (sum && maximize(&k->now[(size_t)thread * k->stride], k->rows.at[sum], k->stride))
        learned(k, thread);
}

void an_knowledge_drop_sum(struct an_knowledge *k, uint32_t *sum)
{
    row_drop(k, *sum);
    *sum = 0;
}

void an_knowledge_release(struct an_knowledge *k)
{
    vec_each (uint32_t *, row, &k->rows)
        free(*row);
    vec_release(&k->rows);
    vec_release(&k->references);
    vec_release(&k->spare);
    free(k->now);
    free(k->shared);
    *k = (struct an_knowledge){0};
}
