/* SPDX-License-Identifier: Apache-2.0 */
/* Hash, then compare: a table from hash to the latest stack with it, and a chain from there. */
#include "trace/stacks.h"

/* A count, then each address as the difference to the one before. */
static bool decode(struct tr_stacks *stacks, const uint8_t *p, const uint8_t *end)
{
    uint64_t count, step, pc = 0;
    p = tr_get(p, end, &count);
    if (!p || count > (uint64_t)(end - p)) /* each takes a byte at least */
        return false;
    vec_clear(&stacks->scratch);
    while (count--) {
        if (!(p = tr_get(p, end, &step)))
            return false;
        pc += (uint64_t)tr_unzigzag(step);
        *vec_push(&stacks->scratch) = pc;
    }
    return true;
}

static uint32_t intern(struct tr_stacks *stacks, const uint64_t *pcs, uint32_t count)
{
    uint64_t hash = count;
    for (uint32_t i = 0; i < count; i++)
        hash = sn_mix(hash + pcs[i]);
    uint64_t *head = sn_map_at(&stacks->by_hash, hash);
    for (uint32_t n = (uint32_t)*head; n; n = stacks->known.at[n - 1].next) {
        const struct tr_stack *stack = &stacks->known.at[n - 1].stack;
        if (stack->count == count && memcmp(stack->pcs, pcs, count * sizeof *pcs) == 0)
            return n;
    }
    uint64_t *copy = SN_NEW_ARRAY(&stacks->arena, uint64_t, count);
    memcpy(copy, pcs, count * sizeof *pcs);
    *vec_push(&stacks->known) = (struct tr_known_stack){{copy, count}, (uint32_t)*head};
    *head = stacks->known.count;
    return (uint32_t)stacks->known.count;
}

bool tr_stacks_number(struct tr_stacks *stacks, const uint8_t *bytes, uint32_t length,
                      const struct tr_modules *modules, uint64_t time, uint32_t *number)
{
    *number = 0;
    if (!decode(stacks, bytes, bytes + length))
        return false;
    if (modules->grounds.count)
        vec_each (uint64_t, pc, &stacks->scratch)
            *pc = tr_modules_place(modules, *pc - 1, time) + 1;
    if (stacks->scratch.count)
        *number = intern(stacks, stacks->scratch.at, (uint32_t)stacks->scratch.count);
    return true;
}

struct tr_stack tr_stacks_get(const struct tr_stacks *stacks, uint32_t number)
{
    if (!number || number > stacks->known.count)
        return (struct tr_stack){0};
    return stacks->known.at[number - 1].stack;
}

void tr_stacks_release(struct tr_stacks *stacks)
{
    sn_arena_release(&stacks->arena);
    vec_release(&stacks->known);
    vec_release(&stacks->scratch);
    sn_map_release(&stacks->by_hash);
}
