/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/sync_order.h"

static struct an_sync_lock *lock_at(struct an_sync_order *order, uint32_t lock)
{
    while (order->locks.count <= lock)
        (void)vec_push(&order->locks);
    return &order->locks.at[lock];
}

static uint32_t *sum_at(struct an_sums *sums, uint32_t i)
{
    while (sums->of.count <= i)
        (void)vec_push(&sums->of);
    return &sums->of.at[i];
}

static void next_epoch(struct an_sync_order *order, uint32_t thread, uint32_t number)
{
    while (order->epochs.count <= thread)
        (void)vec_push(&order->epochs);
    order->epochs.at[thread] = number + 1;
}

static void acquire(struct an_sync_order *order, struct tr_op op, bool shared)
{
    struct an_sync_lock *lock = lock_at(order, op.target);
    an_knowledge_learn(&order->knowledge, op.thread, &lock->released);
    if (!shared && lock->readers)
        an_knowledge_learn_sum(&order->knowledge, op.thread, lock->readers);
}

/* What the next writer knows holds all that readers had said. */
static void release(struct an_sync_order *order, struct tr_op op, uint32_t number)
{
    struct an_sync_lock *lock = lock_at(order, op.target);
    if (lock->readers)
        an_knowledge_drop_sum(&order->knowledge, &lock->readers);
    an_knowledge_stamp(&order->knowledge, op.thread, number, &lock->released);
}

static void fork_or_join(struct an_sync_order *order, uint32_t to, uint32_t from, uint32_t number)
{
    struct an_stamp stamp = {0};
    an_knowledge_stamp(&order->knowledge, from, number, &stamp);
    an_knowledge_learn(&order->knowledge, to, &stamp);
    an_knowledge_drop(&order->knowledge, &stamp);
}

void an_sync_order_op(struct an_sync_order *order, struct tr_op op, uint32_t number)
{
    struct an_knowledge *k = &order->knowledge;
    an_sync_order_thread(order, op.thread);
    switch ((enum tr_op_kind)op.kind) {
    case TR_OP_ACQUIRE:
    case TR_OP_TRY:
        acquire(order, op, false);
        break;
    case TR_OP_ACQUIRE_SHARED:
    case TR_OP_TRY_SHARED:
        acquire(order, op, true);
        break;
    case TR_OP_RELEASE:
        release(order, op, number);
        next_epoch(order, op.thread, number);
        break;
    case TR_OP_RELEASE_SHARED:
        an_knowledge_add(k, &lock_at(order, op.target)->readers, op.thread, number);
        next_epoch(order, op.thread, number);
        break;
    case TR_OP_FORK:
        an_sync_order_thread(order, op.target);
        if (op.target != op.thread)
            fork_or_join(order, op.target, op.thread, number);
        next_epoch(order, op.thread, number);
        break;
    case TR_OP_JOIN:
        an_sync_order_thread(order, op.target);
        if (op.target != op.thread)
            fork_or_join(order, op.thread, op.target, number);
        break;
    case TR_OP_SEND:
    case TR_OP_PUBLISH:
        an_knowledge_add(k, sum_at(&order->channels, op.target), op.thread, number);
        next_epoch(order, op.thread, number);
        break;
    case TR_OP_RECEIVE:
    case TR_OP_OBSERVE:
        an_knowledge_learn_sum(k, op.thread, *sum_at(&order->channels, op.target));
        break;
    case TR_OP_POST:
        an_knowledge_add(k, sum_at(&order->semaphores, op.target), op.thread, number);
        next_epoch(order, op.thread, number);
        break;
    case TR_OP_WAIT:
        an_knowledge_learn_sum(k, op.thread, *sum_at(&order->semaphores, op.target));
        break;
    default:
        break;
    }
}

void an_sync_order_release(struct an_sync_order *order)
{
    vec_release(&order->locks);
    vec_release(&order->channels.of);
    vec_release(&order->semaphores.of);
    vec_release(&order->epochs);
    an_knowledge_release(&order->knowledge);
}
