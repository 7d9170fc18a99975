/* SPDX-License-Identifier: Apache-2.0 */
#include "report/lock_roles.h"

#include "finding/index.h"
#include "finding/stack.h"

#include <string.h>

static uint64_t text_key(uint64_t key, const char *text)
{
    return sn_mix(key ^ (text ? sn_hash(text, strlen(text)) : 1));
}

/* Frames ----------------------------------------------------------------------------------------
 */

static uint32_t function_number(struct sn_lock_roles *roles, uint32_t frame)
{
    const struct sn_frame *of = roles->frames.at[frame];
    uint64_t key = text_key(text_key(text_key(2, of->function), of->file), of->module);
    uint64_t *known = sn_map_at(&roles->known_functions, of->function ? key : ~(uint64_t)frame);
    if (!*known) {
        *vec_push(&roles->functions) = (struct sn_function_locks){.frame = frame};
        *known = roles->functions.count;
    }
    return (uint32_t)*known - 1;
}

static uint32_t frame_number(struct sn_lock_roles *roles, const struct sn_frame *frame)
{
    uint64_t key = text_key(text_key(text_key(2, frame->function), frame->file), frame->module);
    key = sn_mix(sn_mix(key ^ frame->line) ^ frame->column);
    key = sn_mix(sn_mix(key ^ (frame->module ? frame->offset : frame->pc)) ^ frame->inlined);
    uint64_t *known = sn_map_at(&roles->known_frames, key);
    if (!*known) {
        *vec_push(&roles->frames) = frame;
        *known = roles->frames.count;
        *vec_push(&roles->functions_of) = function_number(roles, (uint32_t)*known - 1);
    }
    return (uint32_t)*known - 1;
}

static void number_stacks(struct sn_lock_roles *roles)
{
    vec_each (const struct sn_stack, whole, &roles->of->stacks) {
        struct sn_stack stack = sn_stack_trim(whole);
        *vec_push(&roles->firsts) = roles->numbers.count;
        for (size_t i = stack.count; i-- > 0;) {
            uint32_t number = frame_number(roles, &stack.frames[i]);
            *vec_push(&roles->numbers) = number;
        }
    }
    *vec_push(&roles->firsts) = roles->numbers.count;
}

struct frames { /* of a stack, outermost first */
    const uint32_t *at;
    size_t count;
};

static struct frames frames_of(const struct sn_lock_roles *roles, uint32_t stack)
{
    size_t first = roles->firsts.at[stack];
    return (struct frames){roles->numbers.at + first, roles->firsts.at[stack + 1] - first};
}

/* Of a stack the frames that lie in calls which both stacks were made in, and the rest of the
 * other one. */
struct split {
    size_t outside;       /* frames of WHERE up to the call in which the lock was taken */
    struct frames inside; /* of TAKEN: calls that are over */
};

static bool same_function(const struct sn_lock_roles *roles, uint32_t a, uint32_t b)
{
    return roles->functions_of.at[a] == roles->functions_of.at[b];
}

/* One of the two may lack frames that the other has: code that tells its calls itself knows nothing
 * of that which doesn't. So a call is looked for on all that is left of the other stack; what is
 * taken for the same call and is none makes less of what is known of the function, not more. */
static struct split split_of(const struct sn_lock_roles *roles, struct frames where,
                             struct frames taken)
{
    struct split split = {.inside = taken};
    for (; split.outside < where.count; split.outside++) {
        uint32_t frame = where.at[split.outside];
        size_t at = 0;
        while (at < split.inside.count && !same_function(roles, frame, split.inside.at[at]))
            at++;
        if (at == split.inside.count)
            break;
        bool same_place = frame == split.inside.at[at];
        split.inside.at += at + 1;
        split.inside.count -= at + 1;
        if (!same_place)
            return (struct split){split.outside + 1, split.inside};
    }
    return split;
}

/* Functions -------------------------------------------------------------------------------------
 */

static struct sn_lock_role *role_of(struct sn_lock_roles *roles, uint32_t frame, uint32_t lock)
{
    struct sn_function_locks *function = &roles->functions.at[roles->functions_of.at[frame]];
    vec_each (struct sn_lock_role, role, &function->roles)
        if (role->lock == lock)
            return role;
    struct sn_lock_role *role = vec_push(&function->roles);
    role->lock = lock;
    return role;
}

/* Is FRAME's function met at I for the first time? It may have called itself. */
static bool is_first(const struct sn_lock_roles *roles, struct frames where, size_t i)
{
    uint32_t function = roles->functions_of.at[where.at[i]];
    for (size_t before = 0; before < i; before++)
        if (roles->functions_of.at[where.at[before]] == function)
            return false;
    return true;
}

static void count_held(struct sn_lock_roles *roles, const struct sn_use *use,
                       const struct sn_use_lock *held, uint64_t count)
{
    struct frames where = frames_of(roles, use->stack);
    struct split split = split_of(roles, where, frames_of(roles, held->stack));
    size_t outside = split.outside;
    for (size_t i = 0; i < where.count; i++) {
        if (!is_first(roles, where, i))
            continue;
        struct sn_lock_role *role = role_of(roles, where.at[i], held->lock);
        *(i < outside ? &role->taken : &role->held) += count;
        role->shared += i >= outside && held->shared ? count : 0;
        role->released +=
            i >= outside && use->kind == SN_USE_RELEASE && held == use->held ? count : 0;
    }
    for (size_t i = 0; i < split.inside.count; i++)
        if (is_first(roles, split.inside, i))
            role_of(roles, split.inside.at[i], held->lock)->returned += count;
}

static void count_use(struct sn_lock_roles *roles, const struct sn_use *use)
{
    struct frames where = frames_of(roles, use->stack);
    uint64_t nothing = use->alone + use->initial;
    for (size_t i = 0; i < where.count; i++) {
        struct sn_function_locks *function =
            &roles->functions.at[roles->functions_of.at[where.at[i]]];
        if (!is_first(roles, where, i))
            continue;
        function->seen += use->count;
        function->alone += nothing;
    }
    if (use->count > nothing)
        for (uint32_t i = 0; i < use->held_count; i++)
            count_held(roles, use, &use->held[i], use->count - nothing);
}

/* Order -----------------------------------------------------------------------------------------
 */

static void count_order(struct sn_lock_roles *roles, const struct sn_use *use)
{
    for (uint32_t i = 0; i < use->held_count; i++) {
        uint64_t pair = (uint64_t)use->held[i].lock << 32 | (use->lock - 1);
        uint64_t *known = sn_map_at(&roles->known_pairs, pair);
        if (!*known) {
            *vec_push(&roles->order) = (struct sn_lock_pair){
                .held = use->held[i].lock,
                .taken = use->lock - 1,
                .held_stack = use->held[i].stack,
                .taken_stack = use->stack,
            };
            *known = roles->order.count;
        }
        roles->order.at[*known - 1].count += use->count;
        roles->order.at[*known - 1].alone += use->alone;
    }
}

void sn_lock_roles_init(struct sn_lock_roles *roles, const struct sn_locking *locking)
{
    *roles = (struct sn_lock_roles){.of = locking};
    number_stacks(roles);
    vec_each (const struct sn_use, use, &locking->uses) {
        if (!use->coarse)
            count_use(roles, use);
        if (use->kind == SN_USE_ACQUIRE)
            count_order(roles, use);
    }
}

void sn_lock_roles_release(struct sn_lock_roles *roles)
{
    vec_each (struct sn_function_locks, function, &roles->functions)
        vec_release(&function->roles);
    vec_release(&roles->functions);
    vec_release(&roles->frames);
    vec_release(&roles->functions_of);
    vec_release(&roles->numbers);
    vec_release(&roles->firsts);
    vec_release(&roles->order);
    sn_map_release(&roles->known_frames);
    sn_map_release(&roles->known_functions);
    sn_map_release(&roles->known_pairs);
}
