/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was accessed under which locks, as JSON (snarl-locking/1, docs/snarl-locking-1.schema.json),
 * for programs that conclude from it which lock guards what: snarl-source annotate. Frames and
 * stacks stand in it once, and are told by their numbers.
 */
#include "finding/json_parts.h"
#include "report/lock_roles.h"
#include "report/renderer.h"
#include "report/tree.h"

#include <stdio.h>

#define SET(object, key, value) json_object_set_new((object), (key), (value))

static json_t *number(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *stack_array(const struct sn_lock_roles *roles, size_t stack)
{
    json_t *array = json_array();
    for (size_t i = roles->firsts.at[stack + 1]; i-- > roles->firsts.at[stack];)
        json_array_append_new(array, number(roles->numbers.at[i]));
    return array;
}

static json_t *stacks(const struct sn_lock_roles *roles)
{
    json_t *array = json_array();
    for (size_t i = 0; i < roles->of->stacks.count; i++)
        json_array_append_new(array, stack_array(roles, i));
    return array;
}

static json_t *frames(const struct sn_lock_roles *roles)
{
    json_t *array = json_array();
    vec_each (const struct sn_frame *, frame, &roles->frames)
        json_array_append_new(array, sn_json_frame(*frame));
    return array;
}

static json_t *frame_arrays(const struct sn_stack *stack)
{
    json_t *array = json_array();
    for (size_t i = 0; i < stack->count; i++)
        json_array_append_new(array, sn_json_frame(&stack->frames[i]));
    return array;
}

static const char *place_of(const struct sn_lock *lock)
{
    return lock->block_size ? "heap" : lock->on_stack ? "stack" : "global";
}

static json_t *locks(const struct sn_locking *locking)
{
    json_t *array = json_array();
    for (size_t i = 0; i < locking->cast.locks.count; i++) {
        const struct sn_lock *lock = locking->cast.locks.at[i];
        json_t *object = json_object();
        SET(object, "name", sn_json_text(lock->name));
        SET(object, "type", sn_json_text(lock->type));
        SET(object, "place", json_string(place_of(lock)));
        SET(object, "objects", number(locking->objects.at[i]));
        SET(object, "created_at", frame_arrays(&lock->created_at));
        SET(object, "allocated_at", frame_arrays(&lock->allocated_at));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *variables(const struct sn_locking *locking)
{
    json_t *array = json_array();
    vec_each (struct sn_variable *, at, &locking->variables) {
        const struct sn_variable *variable = *at;
        const struct sn_frame *declared = &variable->declared_at;
        json_t *object = json_object();
        SET(object, "name", sn_json_text(variable->name));
        SET(object, "place", sn_json_text(variable->place));
        SET(object, "size", number(variable->size));
        SET(object, "block_size",
            variable->block_size ? number(variable->block_size) : json_null());
        SET(object, "block_offset",
            variable->block_size ? number(variable->block_offset) : json_null());
        SET(object, "declared_at", declared->file ? sn_json_frame(declared) : json_null());
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *mode(bool shared)
{
    return json_string(shared ? "read" : "write");
}

static json_t *held_array(const struct sn_use *use)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < use->held_count; i++) {
        const struct sn_use_lock *held = &use->held[i];
        json_t *object = json_object();
        SET(object, "lock", number(held->lock));
        SET(object, "mode", mode(held->shared));
        SET(object, "stack", number(held->stack));
        bool near = use->variable && !held->apart;
        SET(object, "distance",
            near ? json_pack("[I,I]", (json_int_t)held->from, (json_int_t)held->to) : json_null());
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *users(uint64_t threads)
{
    char hex[24];
    snprintf(hex, sizeof hex, "0x%llx", (unsigned long long)threads);
    return json_string(hex);
}

static json_t *use_object(const struct sn_use *use)
{
    json_t *object = json_object();
    SET(object, "kind", json_string(sn_use_kind_name(use->kind)));
    SET(object, "stack", number(use->stack));
    SET(object, "size", use->variable ? number(use->size) : json_null());
    SET(object, "variable", use->variable ? number(use->variable - 1) : json_null());
    SET(object, "lock", use->lock ? number(use->lock - 1) : json_null());
    SET(object, "mode", use->lock ? mode(use->shared) : json_null());
    SET(object, "held", held_array(use));
    SET(object, "count", number(use->count));
    SET(object, "alone", number(use->alone));
    SET(object, "initial", number(use->initial));
    SET(object, "own", number(use->own));
    SET(object, "threads", number((uint64_t)__builtin_popcountll(use->users)));
    SET(object, "users", users(use->users));
    SET(object, "coarse", json_boolean(use->coarse));
    return object;
}

static json_t *uses(const struct sn_locking *locking)
{
    json_t *array = json_array();
    vec_each (const struct sn_use, use, &locking->uses)
        json_array_append_new(array, use_object(use));
    return array;
}

static json_t *roles_array(const struct sn_function_locks *function)
{
    json_t *array = json_array();
    vec_each (const struct sn_lock_role, role, &function->roles) {
        json_t *object = json_object();
        SET(object, "lock", number(role->lock));
        SET(object, "held", number(role->held));
        SET(object, "held_shared", number(role->shared));
        SET(object, "taken", number(role->taken));
        SET(object, "returned", number(role->returned));
        SET(object, "released", number(role->released));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *functions(const struct sn_lock_roles *roles)
{
    json_t *array = json_array();
    vec_each (const struct sn_function_locks, function, &roles->functions) {
        if (!function->seen)
            continue;
        json_t *object = json_object();
        SET(object, "frame", number(function->frame));
        SET(object, "seen", number(function->seen));
        SET(object, "alone", number(function->alone));
        SET(object, "locks", roles_array(function));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *pair_object(const struct sn_lock_pair *pair)
{
    json_t *object = json_object();
    SET(object, "held", number(pair->held));
    SET(object, "taken", number(pair->taken));
    SET(object, "held_stack", number(pair->held_stack));
    SET(object, "taken_stack", number(pair->taken_stack));
    SET(object, "count", number(pair->count));
    SET(object, "alone", number(pair->alone));
    return object;
}

static json_t *order(const struct sn_lock_roles *roles)
{
    json_t *array = json_array();
    vec_each (const struct sn_lock_pair, pair, &roles->order)
        json_array_append_new(array, pair_object(pair));
    return array;
}

static json_t *process_object(const struct sn_locking *locking)
{
    struct sn_lock_roles roles;
    sn_lock_roles_init(&roles, locking);
    json_t *object = json_object();
    SET(object, "process", number(locking->cast.process));
    SET(object, "locks", locks(locking));
    SET(object, "variables", variables(locking));
    SET(object, "uses", uses(locking));
    SET(object, "functions", functions(&roles));
    SET(object, "order", order(&roles));
    SET(object, "stacks", stacks(&roles));
    SET(object, "frames", frames(&roles));
    sn_lock_roles_release(&roles);
    return object;
}

static json_t *recording(const struct sn_report *report)
{
    json_t *object = json_object();
    SET(object, "complete", json_boolean(report->complete));
    SET(object, "incomplete_reason", sn_json_text(report->incomplete_reason));
    SET(object, "access_source", sn_json_text(report->access_source));
    return object;
}

static void render(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    (void)options;
    json_t *document = json_object(), *processes = json_array();
    SET(document, "schema", json_string("snarl-locking/1"));
    SET(document, "snarl", json_string(SNARL_VERSION));
    SET(document, "recording", recording(report));
    vec_each (struct sn_locking *, locking, &report->lockings)
        json_array_append_new(processes, process_object(*locking));
    SET(document, "processes", processes);
    sn_tree_write(out, document);
}

const struct sn_renderer sn_render_locking = {
    .name = "locking", .render = render, .locking = true, .only_draws = true};
