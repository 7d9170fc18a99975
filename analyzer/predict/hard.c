/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/hard.h"

static struct an_hard_thread *thread_of(struct an_hard *hard, uint32_t number)
{
    while (hard->threads.count <= number) {
        struct an_hard_thread *new = vec_push(&hard->threads);
        an_vector_set(&new->clock, (uint32_t)hard->threads.count - 1, 1);
    }
    return &hard->threads.at[number];
}

static void learn(struct an_hard_thread *thread, const struct an_vector *past)
{
    an_vector_join(&thread->clock, past);
    thread->version++;
}

/* What comes next is not known to those who know what was. */
static void tick(struct an_hard_thread *thread, uint32_t number)
{
    thread->clock.at[number]++;
    thread->version++;
}

static void fork_or_join(struct an_hard *hard, uint32_t from, uint32_t to)
{
    (void)thread_of(hard, from > to ? from : to);
    learn(&hard->threads.at[to], &hard->threads.at[from].clock);
    tick(&hard->threads.at[from], from);
}

#define channel_at(channels, number)                                                               \
    ({                                                                                             \
        while ((channels)->count <= (number))                                                      \
            (void)vec_push(channels);                                                              \
        &(channels)->at[number];                                                                   \
    })

static void send(struct an_hard_thread *thread, uint32_t number, struct an_vector *channel)
{
    an_vector_join(channel, &thread->clock);
    tick(thread, number);
}

void an_hard_op(struct an_hard *hard, struct tr_op op)
{
    struct an_hard_thread *thread = thread_of(hard, op.thread);
    switch (op.kind) {
    case TR_OP_FORK:
        fork_or_join(hard, op.thread, op.target);
        break;
    case TR_OP_JOIN:
        fork_or_join(hard, op.target, op.thread);
        break;
    case TR_OP_PUBLISH:
        if (!hard->wide)
            break;
        __attribute__((fallthrough));
    case TR_OP_SEND:
        send(thread, op.thread, channel_at(&hard->channels, op.target));
        break;
    case TR_OP_OBSERVE:
        if (!hard->wide)
            break;
        __attribute__((fallthrough));
    case TR_OP_RECEIVE:
        learn(thread, channel_at(&hard->channels, op.target));
        break;
    case TR_OP_POST:
        if (hard->wide)
            send(thread, op.thread, channel_at(&hard->semaphores, op.target));
        break;
    case TR_OP_WAIT:
        if (hard->wide)
            learn(thread, channel_at(&hard->semaphores, op.target));
        break;
    default:
        break;
    }
}

void an_hard_release(struct an_hard *hard)
{
    vec_each (struct an_hard_thread, thread, &hard->threads)
        an_vector_release(&thread->clock);
    vec_each (struct an_vector, channel, &hard->channels)
        an_vector_release(channel);
    vec_each (struct an_vector, semaphore, &hard->semaphores)
        an_vector_release(semaphore);
    vec_release(&hard->threads);
    vec_release(&hard->channels);
    vec_release(&hard->semaphores);
}
