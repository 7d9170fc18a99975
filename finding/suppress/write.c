/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A suppression says what the fingerprint rests on: the kind, the functions of one's own code on
 * each stack, with their modules, the names of the variable and of the locks. Where that fits
 * another finding of the report as well, or is next to nothing, the id is added.
 */
#include "finding/suppress/glob.h"
#include "finding/suppress/suppress.h"

#include "finding/stack.h"

#include <string.h>

enum { FRAMES = 16 }; /* as the fingerprint has */

struct written_stack {
    struct sn_text frames;
    uint32_t count; /* of sites that have it */
};

struct writing {
    struct sn_text *out;
    const struct sn_finding *finding;
    VEC(struct written_stack) stacks;
    bool vague; /* so far it says no more than the kind */
};

/* What is no printable ASCII as '?'. */
static void put_plain(struct sn_text *out, const char *text)
{
    for (; *text; text++)
        sn_text_add(out, *text < ' ' || *text > '~' ? "?" : text, 1);
}

static void put_glob(struct sn_text *out, const char *text)
{
    sn_glob_quote(out, text, strlen(text));
}

static bool is_said(const char *name)
{
    return name && *name;
}

static void put_frame(struct sn_text *out, const struct sn_frame *frame)
{
    bool function = is_said(frame->function), module = is_said(frame->module);
    sn_text_puts(out, "    ");
    if (function) {
        sn_text_puts(out, "function=");
        sn_glob_quote(out, frame->function, sn_function_length(frame->function));
    }
    if (module) {
        sn_text_puts(out, function ? " & module=" : "module=");
        put_glob(out, frame->module);
    }
    if (module && !function)
        sn_text_printf(out, "+0x%llx", (unsigned long long)frame->offset);
    sn_text_puts(out, "\n");
}

/* Do both come out as the same line? A recursion's depth is chance. */
static bool is_same(const struct sn_frame *a, const struct sn_frame *b)
{
    if (!a || !a->function || !b->function)
        return false;
    size_t length = sn_function_length(a->function);
    return length == sn_function_length(b->function) &&
           memcmp(a->function, b->function, length) == 0;
}

static void put_frames(struct sn_text *out, const struct sn_stack *whole)
{
    struct sn_stack stack = sn_stack_trim(whole);
    const struct sn_frame *place = sn_stack_place(whole), *last = NULL;
    bool own = place && sn_frame_is_own(place), gap = false;
    for (size_t i = 0, shown = 0; i < stack.count && shown < FRAMES; i++) {
        const struct sn_frame *frame = &stack.frames[i];
        if (sn_frame_is_handler_call(frame))
            return;
        if (own && !sn_frame_is_own(frame))
            continue;
        bool said = is_said(frame->function) || is_said(frame->module);
        if (!said || is_same(last, frame)) {
            gap = gap || shown > 0;
            continue;
        }
        if (gap)
            sn_text_puts(out, "    ...\n");
        gap = false;
        put_frame(out, frame);
        last = frame;
        shown++;
    }
}

/* Stacks that look alike are one, with their number. */
static void add_stack(struct writing *writing, const struct sn_stack *stack)
{
    struct sn_text frames = {0};
    put_frames(&frames, stack);
    if (!frames.length)
        return;
    vec_each (struct written_stack, other, &writing->stacks) {
        if (strcmp(other->frames.at, frames.at) == 0) {
            other->count++;
            sn_text_release(&frames);
            return;
        }
    }
    *vec_push(&writing->stacks) = (struct written_stack){frames, 1};
}

static void put_name(struct writing *writing, const char *key, const char *name)
{
    struct sn_text stable = {0};
    sn_stable_name(&stable, name);
    if (stable.length) {
        sn_text_printf(writing->out, "  %s=", key);
        put_glob(writing->out, stable.at);
        sn_text_puts(writing->out, "\n");
        writing->vague = false;
    }
    sn_text_release(&stable);
}

static bool is_about(const struct sn_finding *finding, const struct sn_lock *lock)
{
    vec_each (const struct sn_site, site, &finding->sites)
        if (site->lock == lock->id)
            return true;
    return false;
}

static void put_body(struct writing *writing)
{
    const struct sn_finding *finding = writing->finding;
    if (finding->variable && finding->variable->name)
        put_name(writing, "variable", finding->variable->name);
    vec_each (struct sn_lock *, lock, &finding->locks)
        if ((*lock)->name && is_about(finding, *lock))
            put_name(writing, "lock", (*lock)->name);
    vec_each (const struct sn_site, site, &finding->sites)
        add_stack(writing, &site->stack);
    vec_each (struct written_stack, stack, &writing->stacks) {
        sn_text_puts(writing->out, "  stack");
        if (stack->count > 1)
            sn_text_printf(writing->out, " %u", stack->count);
        sn_text_printf(writing->out, "\n%s", stack->frames.at);
        sn_text_release(&stack->frames);
        writing->vague = false;
    }
    vec_release(&writing->stacks);
}

enum fit { FITS_NOT, FITS_OTHERS_TOO, FITS };

/* What BODY matches: not its own finding, where names are such that they cannot be written down;
 * others of the report, too; or just its own. */
static enum fit fit_of(const struct sn_text *head, const struct sn_text *body,
                       const struct sn_report *report, const struct sn_finding *finding)
{
    enum fit fit = FITS;
    struct sn_suppressions parsed = {0};
    struct sn_text text = {0};
    sn_text_printf(&text, "%s  reason=to be tried\n%s", head->at, body->at);
    if (sn_suppressions_parse(&parsed, NULL, text.at, text.length, NULL) < 0 ||
        sn_suppression_match(parsed.of.at[0], finding) != SN_MATCH_YES)
        fit = FITS_NOT;
    for (size_t i = 0; i < report->findings.count && fit == FITS; i++) {
        const struct sn_finding *other = report->findings.at[i];
        if (other != finding && sn_suppression_match(parsed.of.at[0], other) == SN_MATCH_YES)
            fit = FITS_OTHERS_TOO;
    }
    sn_text_release(&text);
    sn_suppressions_release(&parsed);
    return fit;
}

void sn_suppression_write(struct sn_text *out, const struct sn_report *report,
                          const struct sn_finding *finding)
{
    struct sn_text head = {0}, body = {0}, title = {0};
    struct writing writing = {.out = &body, .finding = finding, .vague = true};
    const char *kind = sn_hazards[finding->kind].id;
    sn_text_puts(&body, "");
    sn_text_printf(&head, "suppress %s\n", kind);
    put_body(&writing);
    sn_stable_name(&title, finding->title ? finding->title : kind);
    sn_text_puts(out, "# ");
    put_plain(out, title.length ? title.at : kind);
    sn_text_printf(out, "\n%s  # reason=\n", head.at);
    enum fit fit = fit_of(&head, &body, report, finding);
    if (finding->id && (writing.vague || fit != FITS)) {
        sn_text_puts(out, "  id=");
        put_plain(out, finding->id);
        sn_text_puts(out, "\n");
    }
    if (fit != FITS_NOT)
        sn_text_puts(out, body.at);
    sn_text_release(&head);
    sn_text_release(&body);
    sn_text_release(&title);
}
