/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goes through the findings and replaces addresses by what they mean. First stacks, since a block
 * on the heap is named after the place that made it; then locks and variables; then the texts that
 * mention them.
 */
#include "symbols/symbols.h"

#include "base/map.h"
#include "base/text.h"
#include "finding/activity.h"
#include "finding/locking.h"
#include "finding/stack.h"
#include "symbols/places.h"

#include <stdio.h>
#include <string.h>

struct telling {
    struct sn_symbols *symbols;
    struct sn_report *report;
    struct sn_map kept; /* a string of the symbols' to its copy in the report */
    struct sn_map done; /* threads, locks and variables, which findings may share */
    uint32_t process;   /* whose they are; 0: all are */
};

/* Is OBJECT met for the first time? */
static bool is_new(struct telling *t, const void *object)
{
    uint64_t *done = sn_map_at(&t->done, (uintptr_t)object);
    bool is = !*done;
    *done = 1;
    return is;
}

static bool is_meant(const struct telling *t, uint32_t process)
{
    return !t->process || t->process == process;
}

static const char *keep(struct telling *t, const char *string)
{
    if (!string)
        return NULL;
    uint64_t *copy = sn_map_at(&t->kept, (uintptr_t)string);
    if (!*copy)
        *copy = (uintptr_t)sn_strdup(&t->report->arena, string);
    return (const char *)(uintptr_t)*copy;
}

static struct sn_frame keep_frame(struct telling *t, const struct sn_frame *frame)
{
    struct sn_frame kept = *frame;
    kept.function = keep(t, frame->function);
    kept.file = keep(t, frame->file);
    kept.module = keep(t, frame->module);
    return kept;
}

static bool is_recorder(const struct sn_frame *frame)
{
    return frame->module && strncmp(frame->module, "libsnarl.so", strlen("libsnarl.so")) == 0;
}

/* Makes a new array: the old one may be shared. The recorder's own frames go: the hook's, and those
 * that stand between the C library and a routine of the program's (threads, handlers, timers). */
static void tell_stack(struct telling *t, struct sn_stack *stack)
{
    VEC(struct sn_frame) told = {0};
    for (size_t i = 0; i < stack->count; i++) {
        uint64_t pc = stack->frames[i].pc;
        const struct sn_stack parts[] = {
            sn_symbols_jumps(t->symbols, i ? stack->frames[i - 1].pc : 0, pc),
            sn_symbols_places(t->symbols, pc),
        };
        for (size_t part = 0; part < 2; part++)
            for (size_t j = 0; j < parts[part].count; j++)
                if (!is_recorder(&parts[part].frames[j]))
                    *vec_push(&told) = keep_frame(t, &parts[part].frames[j]);
    }
    *stack =
        (struct sn_stack){SN_NEW_ARRAY(&t->report->arena, struct sn_frame, told.count), told.count};
    if (told.count)
        memcpy(stack->frames, told.at, told.count * sizeof *told.at);
    vec_release(&told);
}

/* Names -----------------------------------------------------------------------------------------
 */

/* "block of 64 bytes made at queue.c:31"; WHAT: what is in it, if that is known. */
static const char *block_name(struct telling *t, uint64_t size, const struct sn_stack *made_at,
                              const char *what)
{
    char bytes[48] = "heap block", where[32] = "";
    const struct sn_frame *place = sn_stack_place(made_at);
    const char *by = place ? place->function : NULL;
    if (size)
        snprintf(bytes, sizeof bytes, "block of %llu byte%s", (unsigned long long)size,
                 size == 1 ? "" : "s");
    if (place && place->file && place->line) {
        snprintf(where, sizeof where, ":%u", place->line);
        by = sn_base_name(place->file);
    } else if (place && !by) {
        snprintf(where, sizeof where, "+0x%llx", (unsigned long long)place->offset);
        by = place->module;
    }
    what = what ? what : bytes;
    if (!by)
        return sn_strdup(&t->report->arena, what);
    return sn_sprintf(&t->report->arena, "%s made %s %s%s", what, *where ? "at" : "by", by, where);
}

/* Where what was moved with its module (tr_reader_place) lay in the process. */
static uint64_t real_address(struct telling *t, uint64_t address)
{
    const struct sn_module *module = sn_symbols_module_at(t->symbols, address);
    return module ? address - module->of->moved : address;
}

/* What a programmer calls an object of TYPE. */
static const char *type_name(const char *type)
{
    static const struct {
        const char *type, *name;
    } names[] = {{"cond", "condition variable"}, {"sem", "semaphore"}};
    for (size_t i = 0; type && i < sizeof names / sizeof *names; i++)
        if (strcmp(type, names[i].type) == 0)
            return names[i].name;
    return type ? type : "lock";
}

/* "head.next of struct queue made at queue.c:31", or NULL. */
static const char *member_name(struct telling *t, const struct sn_stack *made_at,
                               uint64_t block_size, uint64_t offset, uint64_t size)
{
    uint64_t pcs[8];
    size_t count = 0;
    for (size_t i = 0; i < made_at->count && count < sizeof pcs / sizeof *pcs; i++)
        if (made_at->frames[i].pc && (!count || pcs[count - 1] != made_at->frames[i].pc))
            pcs[count++] = made_at->frames[i].pc;
    const char *what = block_size ? sn_member_of_block(t->symbols, pcs, count, block_size, offset,
                                                       size, &t->symbols->arena)
                                  : NULL;
    return what ? block_name(t, block_size, made_at, what) : NULL;
}

static const char *owner_name(struct sn_arena *arena, uint32_t thread)
{
    return thread ? sn_sprintf(arena, "thread #%u", thread) : "the main thread";
}

/* The name of the SIZE bytes at ADDRESS if they are part of a module: its variable, or NULL.
 * *MODULE gets the module, or NULL. */
static const char *global_name(struct telling *t, uint64_t address, uint64_t size,
                               struct sn_frame *declared_at, struct sn_module **module)
{
    *module = sn_symbols_module_at(t->symbols, address);
    if (!*module)
        return NULL;
    return keep(t, sn_variable_at(*module, address - (*module)->of->base, size, declared_at,
                                  &t->symbols->arena));
}

static const char *lock_name(struct telling *t, const struct sn_lock *lock)
{
    struct sn_arena *arena = &t->report->arena;
    const char *type = type_name(lock->type);
    const char *member =
        member_name(t, &lock->allocated_at, lock->block_size, lock->block_offset, 0);
    if (member)
        return member;
    if (lock->allocated_at.count || lock->block_size)
        return sn_sprintf(arena, "%s at +%llu in the %s", type,
                          (unsigned long long)lock->block_offset,
                          block_name(t, lock->block_size, &lock->allocated_at, NULL));
    if (lock->on_stack)
        return sn_sprintf(arena, "%s on the stack of %s", type, owner_name(arena, lock->stack_of));
    struct sn_module *module;
    const char *name = global_name(t, lock->address, 0, NULL, &module);
    if (name)
        return name;
    if (module && module->name)
        return sn_sprintf(arena, "%s at 0x%llx in %s", type,
                          (unsigned long long)(lock->address - module->of->base), module->name);
    return sn_sprintf(arena, "%s 0x%llx", type, (unsigned long long)lock->address);
}

/* What lies in a thread's stack, or nowhere, may be a thread-local variable of the executable. */
static bool name_thread_local(struct telling *t, struct sn_variable *variable)
{
    if (!variable->from_thread || !t->symbols->modules.count)
        return false;
    struct sn_module *module =
        sn_symbols_module_at(t->symbols, t->symbols->modules.at[0].of->start);
    uint64_t address = module ? sn_module_thread_local(module, variable->from_thread) : 0;
    const char *name = address ? sn_variable_at(module, address, variable->size,
                                                &variable->declared_at, &t->symbols->arena)
                               : NULL;
    if (!name)
        return false;
    variable->place = "tls";
    variable->name = keep(t, name);
    variable->declared_at.module = variable->declared_at.file ? module->name : NULL;
    variable->declared_at = keep_frame(t, &variable->declared_at);
    return true;
}

static void name_variable(struct telling *t, struct sn_variable *variable)
{
    struct sn_arena *arena = &t->report->arena;
    struct sn_module *module = NULL;
    if (name_thread_local(t, variable))
        return;
    if (variable->allocated_at.count || variable->block_size) {
        variable->place = "heap";
        variable->name = member_name(t, &variable->allocated_at, variable->block_size,
                                     variable->block_offset, variable->size);
        if (!variable->name)
            variable->name = block_name(t, variable->block_size, &variable->allocated_at, NULL);
    } else if (variable->place && strcmp(variable->place, "stack") == 0) {
        variable->name =
            sn_sprintf(arena, "local variable of %s", owner_name(arena, variable->stack_of));
    } else if (!variable->place || strcmp(variable->place, "global") == 0) {
        struct sn_frame *declared = &variable->declared_at;
        variable->name = global_name(t, variable->address, variable->size, declared, &module);
        variable->place = module ? "global" : NULL;
        declared->module = declared->file ? module->name : NULL;
        *declared = keep_frame(t, declared);
    }
}

/* Several locks of a finding may come from one place in a loop: their numbers tell them apart. */
static void tell_locks_apart(struct telling *t, struct sn_finding *finding)
{
    size_t count = finding->locks.count;
    for (size_t i = 0; i < count; i++) {
        const char *name = finding->locks.at[i]->name;
        bool alone = true;
        for (size_t j = i + 1; j < count; j++) {
            struct sn_lock *other = finding->locks.at[j];
            if (other == finding->locks.at[i] || strcmp(other->name, name) != 0)
                continue;
            alone = false;
            other->name = sn_sprintf(&t->report->arena, "%s #%u", name, other->id);
        }
        if (!alone)
            finding->locks.at[i]->name =
                sn_sprintf(&t->report->arena, "%s #%u", name, finding->locks.at[i]->id);
    }
}

/* Texts -----------------------------------------------------------------------------------------
 */

static void add_variable(struct sn_text *text, const struct sn_variable *variable)
{
    if (variable && variable->name)
        sn_text_puts(text, variable->name);
    else if (variable)
        sn_text_printf(text, "memory at 0x%llx", (unsigned long long)variable->address);
    else
        sn_text_puts(text, "memory");
}

static void add_lock(struct sn_text *text, const struct sn_finding *finding, uint32_t id)
{
    const struct sn_lock *lock = NULL;
    vec_each (struct sn_lock *, l, &finding->locks)
        if ((*l)->id == id)
            lock = *l;
    if (lock)
        sn_text_puts(text, lock->name);
    else
        sn_text_printf(text, "lock %u", id);
}

/* Appends what the placeholder at AT stands for. Returns its length; 0: it is none. */
static size_t add_placeholder(struct sn_text *text, const struct sn_finding *finding,
                              const char *at)
{
    static const char variable[] = "%VARIABLE%";
    unsigned id;
    int length = 0;
    if (strncmp(at, variable, strlen(variable)) == 0) {
        add_variable(text, finding->variable);
        return strlen(variable);
    }
    if (sscanf(at, "%%LOCK %10u%%%n", &id, &length) != 1 || length == 0)
        return 0;
    add_lock(text, finding, id);
    return (size_t)length;
}

static const char *tell_text(struct telling *t, const struct sn_finding *finding,
                             const char *template)
{
    if (!template || !strchr(template, '%'))
        return template;
    struct sn_text text = {0};
    while (*template) {
        size_t plain = strcspn(template, "%");
        sn_text_add(&text, template, plain);
        template += plain;
        size_t length = *template ? add_placeholder(&text, finding, template) : 0;
        if (*template && !length) {
            sn_text_add(&text, template, 1);
            length = 1;
        }
        template += length;
    }
    const char *told = sn_strndup(&t->report->arena, text.at, text.length);
    sn_text_release(&text);
    return told;
}

/* Findings --------------------------------------------------------------------------------------
 */

static void tell_variable(struct telling *t, struct sn_variable *variable)
{
    if (!is_new(t, variable))
        return;
    tell_stack(t, &variable->allocated_at);
    if (!variable->name)
        name_variable(t, variable);
    variable->address = real_address(t, variable->address);
}

static void tell_parties(struct telling *t, struct sn_finding *finding)
{
    vec_each (struct sn_lock *, lock, &finding->locks) {
        if (!is_new(t, *lock))
            continue;
        tell_stack(t, &(*lock)->created_at);
        tell_stack(t, &(*lock)->allocated_at);
        if (!(*lock)->name)
            (*lock)->name = lock_name(t, *lock);
        (*lock)->address = real_address(t, (*lock)->address);
    }
    tell_locks_apart(t, finding);
    if (finding->variable)
        tell_variable(t, finding->variable);
}

static void tell_finding(struct telling *t, struct sn_finding *finding)
{
    vec_each (struct sn_thread *, thread, &finding->threads)
        if (is_meant(t, (*thread)->process) && is_new(t, *thread))
            tell_stack(t, &(*thread)->created_at);
    bool meant = is_meant(t, finding->process);
    if (meant)
        tell_parties(t, finding);
    vec_each (struct sn_site, site, &finding->sites)
        if (is_meant(t, site->process)) {
            tell_stack(t, &site->stack);
            site->note = tell_text(t, finding, site->note);
        }
    if (!meant)
        return;
    vec_each (struct sn_step, step, &finding->witness) {
        if (step->at.pc)
            step->at = keep_frame(t, &sn_symbols_places(t->symbols, step->at.pc).frames[0]);
        step->what = tell_text(t, finding, step->what);
    }
    finding->title = tell_text(t, finding, finding->title);
    finding->explanation = tell_text(t, finding, finding->explanation);
    finding->reason = tell_text(t, finding, finding->reason);
}

static void tell_locking(struct telling *t, struct sn_locking *locking)
{
    if (locking->named)
        return;
    tell_finding(t, &locking->cast);
    vec_each (struct sn_stack, stack, &locking->stacks)
        tell_stack(t, stack);
    vec_each (struct sn_variable *, variable, &locking->variables)
        tell_variable(t, *variable);
    locking->named = true;
}

/* Says once for each file why its symbols were not used. */
static void add_notes(struct telling *t)
{
    vec_each (struct sn_module, module, &t->symbols->modules) {
        bool told = !module->trouble;
        vec_each (const char *, note, &t->report->notes)
            told = told || strcmp(*note, module->trouble) == 0;
        if (!told)
            *vec_push(&t->report->notes) = keep(t, module->trouble);
    }
}

void sn_symbols_report(struct sn_symbols *symbols, struct sn_report *report, size_t first,
                       uint32_t process)
{
    struct telling t = {.symbols = symbols, .report = report, .process = process};
    for (size_t i = first; i < report->findings.count; i++)
        tell_finding(&t, report->findings.at[i]);
    vec_each (struct sn_activity *, activity, &report->activities)
        if (!(*activity)->named) {
            tell_finding(&t, &(*activity)->cast);
            (*activity)->named = true;
        }
    vec_each (struct sn_locking *, locking, &report->lockings)
        tell_locking(&t, *locking);
    add_notes(&t);
    sn_map_release(&t.kept);
    sn_map_release(&t.done);
}
