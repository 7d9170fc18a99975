/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/suppress/suppress.h"

#include "finding/stack.h"

#include <string.h>

struct names {
    VEC(const char *) of; /* each once */
};

static void add_name(struct names *names, const char *name)
{
    vec_each (const char *, other, &names->of)
        if (strcmp(*other, name) == 0)
            return;
    *vec_push(&names->of) = name;
}

/* The modules in FINDING's stacks that have no names of functions (or of files). */
static void add_nameless(struct names *modules, const struct sn_finding *finding, bool files)
{
    vec_each (const struct sn_site, site, &finding->sites)
        for (size_t i = 0; i < site->stack.count; i++) {
            const struct sn_frame *frame = &site->stack.frames[i];
            if (frame->module && sn_frame_is_own(frame) && !(files ? frame->file : frame->function))
                add_name(modules, frame->module);
        }
}

static const char *missing_symbols(struct sn_arena *arena, const struct names *modules)
{
    struct sn_text text = {0};
    sn_text_puts(&text, "symbols are missing");
    vec_each (const char *, module, &modules->of)
        sn_text_printf(&text, "%s%s", module == modules->of.at ? " for " : ", ", *module);
    const char *kept = sn_strdup(arena, text.at);
    sn_text_release(&text);
    return kept;
}

/* The place for what is told of BY: it may be among the first BEFORE, which were applied when the
 * report was made. */
static struct sn_suppression_use *use_of(struct sn_report *report, const struct sn_suppressor *by,
                                         size_t before)
{
    for (size_t i = 0; i < before; i++) {
        struct sn_suppression_use *use = &report->suppressions.at[i];
        if (use->by.line == by->line && use->by.file && strcmp(use->by.file, by->file) == 0)
            return use;
    }
    return vec_push(&report->suppressions);
}

static void suppress(struct sn_report *report, struct sn_finding *finding,
                     const struct sn_suppressor *by)
{
    if (finding->status == SN_SUPPRESSED && finding->suppressed_by)
        return;
    struct sn_suppressor *kept = SN_NEW(&report->arena, struct sn_suppressor);
    *kept = *by;
    finding->status = SN_SUPPRESSED;
    finding->suppressed_by = kept;
}

static void apply(struct sn_report *report, const struct sn_suppression *one,
                  struct sn_suppression_use *use)
{
    struct names modules = {0};
    bool unknown = false;
    vec_each (struct sn_finding *, at, &report->findings) {
        enum sn_match match = sn_suppression_match(one, *at);
        if (match == SN_MATCH_YES) {
            suppress(report, *at, &use->by);
            use->findings++;
        } else if (match == SN_MATCH_UNKNOWN) {
            unknown = true;
            add_nameless(&modules, *at, false);
            if (!modules.of.count)
                add_nameless(&modules, *at, true);
        }
    }
    if (unknown)
        use->untried = one->untried ? sn_strdup(&report->arena, one->untried)
                                    : missing_symbols(&report->arena, &modules);
    vec_release(&modules.of);
}

void sn_report_suppress(struct sn_report *report, const struct sn_suppressions *suppressions,
                        int today)
{
    struct sn_arena *arena = &report->arena;
    size_t before = report->suppressions.count;
    vec_each (struct sn_suppression *, at, &suppressions->of) {
        const struct sn_suppression *one = *at;
        struct sn_suppression_use *use = use_of(report, &one->by, before);
        *use = (struct sn_suppression_use){
            .by = {sn_strdup(arena, one->by.file), one->by.line, sn_strdup(arena, one->by.reason)},
            .until = sn_strdup(arena, one->until),
            .expired = one->until && one->until_day < today};
        if (!use->expired)
            apply(report, one, use);
    }
}
