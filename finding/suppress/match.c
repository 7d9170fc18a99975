/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a suppression matches has three answers, since a finding may lack the names that would
 * decide it. "and" is the least of them, "or" the greatest.
 *
 * A stack is compared frame by frame while a set of places is kept, up to which it may have been
 * matched: for each of them the best answer so far. So "..." costs no backtracking.
 */
#include "finding/suppress/glob.h"
#include "finding/suppress/suppress.h"

#include "finding/stack.h"

#include <stdlib.h>
#include <string.h>

typedef enum sn_match match;

static match least(match a, match b)
{
    return a < b ? a : b;
}

static match greatest(match a, match b)
{
    return a > b ? a : b;
}

static match yes_or_no(bool matches)
{
    return matches ? SN_MATCH_YES : SN_MATCH_NO;
}

/* What a missing name means: nobody misses those of the run-time libraries. */
static match missing(const struct sn_frame *frame, const char *glob)
{
    if (sn_glob_is_open(glob) && strchr(glob, '*'))
        return SN_MATCH_YES;
    return frame->module && sn_frame_is_own(frame) ? SN_MATCH_UNKNOWN : SN_MATCH_NO;
}

static match match_function(const char *glob, const struct sn_frame *frame)
{
    if (!frame->function)
        return missing(frame, glob);
    size_t length = sn_function_length(frame->function);
    if (sn_glob(glob, frame->function))
        return SN_MATCH_YES;
    if (!frame->function[length])
        return SN_MATCH_NO;
    char *plain = sn_malloc(length + 1);
    memcpy(plain, frame->function, length);
    plain[length] = '\0';
    bool matches = sn_glob(glob, plain);
    free(plain);
    return yes_or_no(matches);
}

static match match_file(const struct sn_frame_pattern *pattern, const struct sn_frame *frame)
{
    if (!frame->file)
        return missing(frame, pattern->file);
    if (pattern->line && frame->line != pattern->line)
        return SN_MATCH_NO;
    return yes_or_no(sn_glob_path(pattern->file, frame->file));
}

static bool match_module(const struct sn_frame_pattern *pattern, const struct sn_frame *frame)
{
    if (pattern->has_offset && frame->offset != pattern->offset)
        return false;
    return sn_glob(pattern->module, frame->module ? frame->module : "???");
}

/* ThreadSanitizer's way: any of the names will do. */
static match match_some(const struct sn_frame_pattern *pattern, const struct sn_frame *frame)
{
    const char *library = pattern->some_library ? pattern->some_library : pattern->some;
    if (frame->function && sn_glob(pattern->some, frame->function))
        return SN_MATCH_YES;
    if (frame->file && sn_glob(pattern->some, frame->file))
        return SN_MATCH_YES;
    if (frame->module && sn_glob(library, frame->module))
        return SN_MATCH_YES;
    return frame->function ? SN_MATCH_NO : missing(frame, pattern->some);
}

static match match_frame(const struct sn_frame_pattern *pattern, const struct sn_frame *frame)
{
    match result = SN_MATCH_YES;
    if (pattern->some)
        return match_some(pattern, frame);
    if (pattern->module)
        result = yes_or_no(match_module(pattern, frame));
    if (pattern->function && result)
        result = least(result, match_function(pattern->function, frame));
    if (pattern->file && result)
        result = least(result, match_file(pattern, frame));
    return result;
}

/* From each place on, frames that are not the programmer's own may be passed over. */
static void pass_over(const struct sn_stack *stack, match *reached)
{
    for (size_t i = 0; i < stack->count; i++)
        if (reached[i] && !sn_frame_is_own(&stack->frames[i]))
            reached[i + 1] = greatest(reached[i + 1], reached[i]);
}

/* REACHED[i]: so are the first i frames matched by the patterns so far. Adds PATTERN. */
static void advance(const struct sn_frame_pattern *pattern, const struct sn_stack *stack,
                    match *reached)
{
    if (pattern->any_number) {
        for (size_t i = 0; i < stack->count; i++)
            reached[i + 1] = greatest(reached[i + 1], reached[i]);
        return;
    }
    for (size_t i = stack->count; i > 0; i--) {
        match through = reached[i - 1];
        if (through)
            through = least(through, match_frame(pattern, &stack->frames[i - 1]));
        reached[i] = pattern->optional ? greatest(reached[i], through) : through;
    }
    if (!pattern->optional)
        reached[0] = SN_MATCH_NO;
}

static match match_stack(const struct sn_stack_pattern *pattern, const struct sn_stack *whole)
{
    struct sn_stack stack = sn_stack_skip_recorder(whole);
    match *reached = sn_calloc(stack.count + 1, sizeof *reached), best = SN_MATCH_NO;
    reached[0] = SN_MATCH_YES;
    vec_each (const struct sn_frame_pattern, frame, &pattern->frames) {
        if (!pattern->exact)
            pass_over(&stack, reached);
        advance(frame, &stack, reached);
    }
    for (size_t i = 0; i <= stack.count; i++)
        best = greatest(best, reached[i]);
    free(reached);
    return best;
}

/* Stacks that a suppression asks for, one after the other, and sites that they may be: a site is
 * given to one of them, which may have to look for another when a later one has no choice. */
struct pairing {
    const match *fits; /* [wanted][site] */
    size_t sites;
    size_t *owner; /* of each site: 1 + the wanted one, 0: none */
    bool *tried;
    match least;
};

static bool pair(struct pairing *pairing, size_t wanted)
{
    for (size_t site = 0; site < pairing->sites; site++) {
        if (pairing->tried[site] || pairing->fits[wanted * pairing->sites + site] < pairing->least)
            continue;
        pairing->tried[site] = true;
        if (!pairing->owner[site] || pair(pairing, pairing->owner[site] - 1)) {
            pairing->owner[site] = wanted + 1;
            return true;
        }
    }
    return false;
}

static bool all_paired(const match *fits, size_t wanted, size_t sites, match at_least)
{
    struct pairing pairing = {fits, sites, sn_calloc(sites, sizeof(size_t)),
                              sn_calloc(sites, sizeof(bool)), at_least};
    bool all = true;
    for (size_t i = 0; i < wanted && all; i++) {
        memset(pairing.tried, 0, sites * sizeof *pairing.tried);
        all = pair(&pairing, i);
    }
    free(pairing.owner);
    free(pairing.tried);
    return all;
}

static match match_stacks(const struct sn_suppression *suppression,
                          const struct sn_finding *finding)
{
    size_t wanted = 0, sites = finding->sites.count, row = 0;
    vec_each (const struct sn_stack_pattern, stack, &suppression->stacks)
        wanted += stack->count;
    if (!wanted || wanted > sites)
        return yes_or_no(!wanted);
    match *fits = sn_calloc(wanted * sites, sizeof *fits);
    vec_each (const struct sn_stack_pattern, stack, &suppression->stacks) {
        for (size_t i = 0; i < sites; i++)
            fits[row * sites + i] = match_stack(stack, &finding->sites.at[i].stack);
        for (size_t i = 1; i < stack->count; i++)
            memcpy(&fits[(row + i) * sites], &fits[row * sites], sites * sizeof *fits);
        row += stack->count;
    }
    match result = all_paired(fits, wanted, sites, SN_MATCH_YES)       ? SN_MATCH_YES
                   : all_paired(fits, wanted, sites, SN_MATCH_UNKNOWN) ? SN_MATCH_UNKNOWN
                                                                       : SN_MATCH_NO;
    free(fits);
    return result;
}

/* As it is, or without what changes from run to run. */
static bool match_name(const char *glob, const char *name)
{
    struct sn_text stable = {0};
    if (sn_glob(glob, name))
        return true;
    sn_text_puts(&stable, "");
    sn_stable_name(&stable, name);
    bool matches = sn_glob(glob, stable.at);
    sn_text_release(&stable);
    return matches;
}

static match match_variable(const char *glob, const struct sn_variable *variable)
{
    if (!variable)
        return SN_MATCH_NO;
    if (variable->name)
        return yes_or_no(match_name(glob, variable->name));
    bool symbol = variable->place && strcmp(variable->place, "heap") != 0;
    return symbol ? SN_MATCH_UNKNOWN : SN_MATCH_NO;
}

static match match_lock(const char *glob, const struct sn_finding *finding)
{
    match result = SN_MATCH_NO;
    vec_each (struct sn_lock *, lock, &finding->locks) {
        const char *name = (*lock)->name;
        if (name && match_name(glob, name))
            return SN_MATCH_YES;
        if (!name || strstr(name, " at 0x")) /* what symbols/ calls those without a symbol */
            result = SN_MATCH_UNKNOWN;
    }
    return result;
}

static match match_thread(const char *glob, const struct sn_finding *finding)
{
    vec_each (struct sn_thread *, thread, &finding->threads) {
        const char *name = (*thread)->name;
        if (!name && (*thread)->id == 0)
            name = "main";
        if (name && sn_glob(glob, name))
            return SN_MATCH_YES;
    }
    return SN_MATCH_NO;
}

static match match_all(const struct sn_suppression *suppression, const struct sn_finding *finding)
{
    match result = SN_MATCH_YES;
    vec_each (const char *const, glob, &suppression->variables)
        result = least(result, match_variable(*glob, finding->variable));
    vec_each (const char *const, glob, &suppression->locks)
        result = least(result, match_lock(*glob, finding));
    vec_each (const char *const, glob, &suppression->threads)
        result = least(result, match_thread(*glob, finding));
    return result ? least(result, match_stacks(suppression, finding)) : SN_MATCH_NO;
}

static match match_any_frame(const struct sn_frame_pattern *pattern, const struct sn_stack *stack)
{
    match result = SN_MATCH_NO;
    for (size_t i = 0; i < stack->count; i++)
        result = greatest(result, match_frame(pattern, &stack->frames[i]));
    return result;
}

static match match_caller(const struct sn_frame_pattern *pattern, const struct sn_stack *stack)
{
    const struct sn_frame *caller = sn_stack_caller(stack);
    const char *library = pattern->some_library ? pattern->some_library : pattern->some;
    return yes_or_no(caller && caller->module && sn_glob(library, caller->module));
}

static match match_place(const struct sn_suppression *suppression, const struct sn_stack *stack)
{
    if (suppression->where == SN_SUPPRESS_CALLER)
        return match_caller(&suppression->frame, stack);
    struct sn_stack rest = sn_stack_skip_recorder(stack);
    if (suppression->where == SN_SUPPRESS_TOP_FRAME && rest.count > 1)
        rest.count = 1;
    return match_any_frame(&suppression->frame, &rest);
}

/* ThreadSanitizer knows the variable, and no member or element of it ("table[3].count"). */
static match match_global(const char *glob, const struct sn_variable *variable)
{
    if (!variable || !variable->place || strcmp(variable->place, "global") != 0)
        return SN_MATCH_NO;
    match result = match_variable(glob, variable);
    size_t length = variable->name ? strcspn(variable->name, "[.") : 0;
    if (result || !length || !variable->name[length])
        return result;
    struct sn_text whole = {0};
    sn_text_add(&whole, variable->name, length);
    result = yes_or_no(sn_glob(glob, whole.at));
    sn_text_release(&whole);
    return result;
}

/* As ThreadSanitizer does: the stacks of the sites, the name of a global variable; where threads
 * were made counts only if they are what it is about. */
static match match_anywhere(const struct sn_suppression *suppression,
                            const struct sn_finding *finding)
{
    match result = SN_MATCH_NO;
    vec_each (const struct sn_site, site, &finding->sites)
        result = greatest(result, match_place(suppression, &site->stack));
    if (finding->kind == SN_THREAD_LEAK)
        vec_each (struct sn_thread *, thread, &finding->threads)
            result = greatest(result, match_place(suppression, &(*thread)->created_at));
    if (suppression->where == SN_SUPPRESS_ANY_FRAME)
        result = greatest(result, match_global(suppression->frame.some, finding->variable));
    return result;
}

enum sn_match sn_suppression_match(const struct sn_suppression *suppression,
                                   const struct sn_finding *finding)
{
    if (!(suppression->kinds >> finding->kind & 1))
        return SN_MATCH_NO;
    if (suppression->id && (!finding->id || strcmp(suppression->id, finding->id) != 0))
        return SN_MATCH_NO;
    if (suppression->untried)
        return SN_MATCH_UNKNOWN;
    return suppression->where == SN_SUPPRESS_ALL ? match_all(suppression, finding)
                                                 : match_anywhere(suppression, finding);
}
