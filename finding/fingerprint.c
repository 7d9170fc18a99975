/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finding is written down as text without anything that changes from run to run or from build to
 * build, and the text is hashed. Each thread's sites, in their order, make a party; the parties are
 * sorted, since which thread came first is chance:
 *
 *     deadlock
 *     holds chopstick_a philosopher<main|waits chopstick_b philosopher<main
 *     holds chopstick_b philosopher<main|waits chopstick_a philosopher<main
 *
 * Two findings with one text are one finding if their sites also lie on the same source lines. If
 * they do not, the lines decide the order in which all but the first get a number behind their id.
 */
#include "finding/finding.h"

#include "base/map.h"
#include "finding/cause.h"
#include "finding/function.h"
#include "finding/index.h"
#include "finding/stack.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Deeper frames say where the work came from rather than what is wrong with it. */
enum { FRAMES = 16 };

struct mark { /* what the merging needs to know of a finding */
    struct sn_finding *finding;
    uint64_t hash;
    char *places;
    size_t order; /* as found */
};

void sn_stable_name(struct sn_text *out, const char *name)
{
    for (const char *at = name; *at;) {
        size_t word = strcspn(at, " ()"), length;
        const char *end = at + word;
        if (*at == '/' || memchr(at, '/', word))
            while (memchr(at, '/', (size_t)(end - at)))
                at++;
        for (; at < end; at += length) {
            length = 1;
            if (at[0] == '0' && at[1] == 'x')
                length = 2 + strspn(at + 2, "0123456789abcdefABCDEF");
            else if ((at[0] == ':' || at[0] == '#') && isdigit((unsigned char)at[1]))
                length = 1 + strspn(at + 1, "0123456789");
            else
                sn_text_add(out, at, 1);
        }
        length = strspn(at, " ()");
        sn_text_add(out, at, length);
        at += length;
    }
}

static const char *frame_name(const struct sn_frame *frame)
{
    if (frame->function)
        return frame->function;
    return frame->module ? frame->module : "?";
}

static void add_frames(struct sn_text *out, const struct sn_stack *whole)
{
    struct sn_stack stack = sn_stack_trim(whole);
    const struct sn_frame *place = sn_stack_place(whole);
    bool own = place && sn_frame_is_own(place);
    struct sn_text last = {0}, name = {0};
    size_t shown = 0, end = 0; /* of all but the outermost */
    for (size_t i = 0; i < stack.count && shown < FRAMES; i++) {
        if (sn_frame_is_handler_call(&stack.frames[i]))
            break; /* what a signal handler interrupted is chance */
        sn_text_clear(&name);
        sn_function_key(&name, frame_name(&stack.frames[i]));
        if ((own && !sn_frame_is_own(&stack.frames[i])) || (shown && strcmp(name.at, last.at) == 0))
            continue; /* a recursion's depth is chance */
        end = out->length;
        sn_text_printf(out, "%s%s", shown++ ? "<" : " ", name.at);
        sn_text_clear(&last);
        sn_text_puts(&last, name.at);
    }
    /* The lambda in which a thread begins may have jumped to the only function that it calls. */
    if (shown > 1 && sn_function_is_lambda(last.at))
        out->at[out->length = end] = '\0';
    sn_text_release(&last);
    sn_text_release(&name);
}

static void add_lock(struct sn_text *out, const struct sn_lock *lock)
{
    sn_text_puts(out, " ");
    if (lock->name)
        sn_stable_name(out, lock->name);
    else
        sn_text_puts(out, lock->type ? lock->type : "lock");
}

/* Whether a race's access was the read or the write half of `count++` is chance as well. */
static const char *role_name(const struct sn_finding *finding, const struct sn_site *site)
{
    bool access = site->role == SN_ROLE_READ || site->role == SN_ROLE_WRITE;
    return finding->kind == SN_DATA_RACE && access ? "access" : sn_role_name(site->role);
}

static void add_site(struct sn_text *out, const struct sn_finding *finding,
                     const struct sn_site *site)
{
    sn_text_puts(out, role_name(finding, site));
    const struct sn_lock *lock = sn_finding_lock(finding, site->lock);
    if (lock)
        add_lock(out, lock);
    add_frames(out, &site->stack);
}

static void add_place(struct sn_text *out, const struct sn_finding *finding,
                      const struct sn_site *site)
{
    (void)finding;
    const struct sn_frame *place = sn_stack_place(&site->stack);
    if (place && place->file)
        sn_text_printf(out, "%s:%08u", place->file, place->line);
    else if (place)
        sn_text_printf(out, "%s+%016llx", place->module ? place->module : "?",
                       (unsigned long long)place->offset);
}

struct lines {
    VEC(struct sn_text) of;
};

static int compare_lines(const void *a, const void *b)
{
    return strcmp(((const struct sn_text *)a)->at, ((const struct sn_text *)b)->at);
}

/* Appends LINES in alphabetical order, and releases them. */
static void add_sorted(struct sn_text *out, struct lines *lines)
{
    if (lines->of.count)
        qsort(lines->of.at, lines->of.count, sizeof *lines->of.at, compare_lines);
    vec_each (struct sn_text, line, &lines->of) {
        sn_text_printf(out, "\n%s", line->at);
        sn_text_release(line);
    }
    vec_release(&lines->of);
}

typedef void describe(struct sn_text *, const struct sn_finding *, const struct sn_site *);

/* Which site belongs to which party. Who of many posted a semaphore once too often, and who waited
 * for it, is chance: there each is one. */
static uint64_t party_of(const struct sn_finding *finding, const struct sn_site *site)
{
    if (finding->kind == SN_SEMAPHORE_OVER_RELEASE)
        return (uint64_t)(site - finding->sites.at);
    return (uint64_t)site->process << 32 | site->thread;
}

/* Appends one line for each thread: its sites in their order, as SITE writes them. */
static void add_parties(struct sn_text *out, const struct sn_finding *finding, describe *site)
{
    struct sn_map index = {0};
    struct lines parties = {0};
    vec_each (struct sn_site, s, &finding->sites) {
        uint64_t *party = sn_map_at(&index, party_of(finding, s));
        if (!*party) {
            (void)vec_push(&parties.of);
            *party = parties.of.count;
        }
        struct sn_text *text = &parties.of.at[*party - 1];
        sn_text_puts(text, text->length ? "|" : "");
        site(text, finding, s);
    }
    add_sorted(out, &parties);
    sn_map_release(&index);
}

static bool has_a_role(const struct sn_finding *finding, uint32_t lock)
{
    vec_each (struct sn_site, site, &finding->sites)
        if (site->lock == lock)
            return true;
    return false;
}

/* The locks that the finding is about; those that somebody happened to hold, or that a witness
 * leads past, differ by path. */
static void add_locks(struct sn_text *out, const struct sn_finding *finding)
{
    struct lines names = {0};
    vec_each (struct sn_lock *, lock, &finding->locks) {
        if (!has_a_role(finding, (*lock)->id))
            continue;
        struct sn_text *line = vec_push(&names.of);
        sn_text_puts(line, "lock");
        add_lock(line, *lock);
    }
    add_sorted(out, &names);
}

static void add_variable(struct sn_text *out, const struct sn_variable *variable)
{
    if (!variable)
        return;
    sn_text_puts(out, "\nvariable ");
    if (variable->name)
        sn_stable_name(out, variable->name);
    else
        sn_text_puts(out, variable->place ? variable->place : "?");
    add_frames(out, &variable->allocated_at);
}

static struct mark mark_of(struct sn_finding *finding, size_t order)
{
    struct sn_text text = {0};
    sn_text_puts(&text, sn_hazards[finding->kind].id);
    add_parties(&text, finding, add_site);
    add_locks(&text, finding);
    add_variable(&text, finding->variable);
    struct mark mark = {finding, sn_hash(text.at, text.length), NULL, order};
    sn_text_clear(&text);
    add_parties(&text, finding, add_place);
    mark.places = text.at;
    return mark;
}

static bool depends(const struct sn_finding *finding)
{
    return finding->depends_on_finding || finding->depends_on;
}

/* Equal ids together, in them equal places, in them the one to keep first: the most certain, then
 * the one that depends on nothing, then the first one found. */
static int compare_marks(const void *left, const void *right)
{
    const struct mark *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    int places = strcmp(a->places, b->places);
    if (places)
        return places;
    if (a->finding->level != b->finding->level)
        return (int)a->finding->level - (int)b->finding->level;
    if (depends(a->finding) != depends(b->finding))
        return depends(a->finding) - depends(b->finding);
    return a->order < b->order ? -1 : 1;
}

/* Gives ids, leaves only the survivors in MARKS and in the report, and notes in SURVIVORS who took
 * whose place. Returns how many are left. */
static size_t merge(struct sn_report *report, struct mark *marks, size_t count,
                    struct sn_map *survivors)
{
    size_t kept = 0;
    unsigned ordinal = 1;
    for (size_t i = 0; i < count; i++) {
        struct mark *last = kept ? &marks[kept - 1] : NULL, *this = &marks[i];
        bool same = last && last->hash == this->hash;
        if (same && strcmp(last->places, this->places) == 0) {
            last->finding->count += this->finding->count;
            *sn_map_at(survivors, (uintptr_t)this->finding) = (uintptr_t)last->finding;
            free(this->places);
            continue;
        }
        ordinal = same ? ordinal + 1 : 1;
        struct sn_finding *finding = this->finding;
        finding->id = sn_sprintf(&report->arena, "1:%016llx", (unsigned long long)this->hash);
        if (ordinal > 1)
            finding->id = sn_sprintf(&report->arena, "%s-%u", finding->id, ordinal);
        marks[kept++] = *this;
    }
    return kept;
}

static int compare_findings(const void *left, const void *right)
{
    const struct sn_finding *a = *(struct sn_finding *const *)left;
    const struct sn_finding *b = *(struct sn_finding *const *)right;
    if (a->level != b->level)
        return (int)a->level - (int)b->level;
    if (a->severity != b->severity)
        return (int)b->severity - (int)a->severity;
    if (a->kind != b->kind)
        return (int)a->kind - (int)b->kind;
    return strcmp(a->id, b->id);
}

void sn_report_fingerprint(struct sn_report *report)
{
    size_t count = report->findings.count;
    struct mark *marks = sn_calloc(count, sizeof *marks);
    struct sn_map survivors = {0};
    for (size_t i = 0; i < count; i++)
        marks[i] = mark_of(report->findings.at[i], i);
    qsort(marks, count, sizeof *marks, compare_marks);
    report->findings.count = count = merge(report, marks, count, &survivors);
    for (size_t i = 0; i < count; i++) {
        struct sn_finding *finding = marks[i].finding, *earlier = finding->depends_on_finding;
        uint64_t *survivor = sn_map_find(&survivors, (uintptr_t)earlier);
        if (survivor)
            earlier = (struct sn_finding *)(uintptr_t)*survivor;
        if (earlier)
            finding->depends_on = earlier == finding ? NULL : earlier->id;
        finding->depends_on_finding = earlier == finding ? NULL : earlier;
        report->findings.at[i] = finding;
        free(marks[i].places);
    }
    size_t cursor = 0;
    for (struct sn_map_slot *gone; (gone = sn_map_next(&survivors, &cursor));)
        sn_finding_release((struct sn_finding *)(uintptr_t)gone->key);
    sn_map_release(&survivors);
    free(marks);
    if (count)
        qsort(report->findings.at, count, sizeof *report->findings.at, compare_findings);
    sn_report_causes(report);
}
