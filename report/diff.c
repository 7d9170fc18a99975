/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/diff.h"

#include "finding/stack.h"
#include "report/page.h"
#include "report/renderer.h"
#include "report/suppressions.h"
#include "report/tell.h"

#include <stdint.h>

/* "garlic.c:14, garlic.c:20": where to look, each place once in a row. */
static void tell_places(struct sn_text *out, const struct sn_finding *finding)
{
    const struct sn_frame *last = NULL;
    vec_each (const struct sn_site, site, &finding->sites) {
        const struct sn_frame *place = sn_stack_place(&site->stack);
        if (!place || (last && place->line == last->line && place->file == last->file))
            continue;
        sn_text_puts(out, last ? ", " : "");
        sn_tell_place(out, place);
        last = place;
    }
}

static void tell(struct sn_page *page, const char *label, enum sn_style style,
                 const struct sn_finding *finding)
{
    const char *kind = sn_hazards[finding->kind].id;
    struct sn_text text = {0};
    sn_page_put(page, style, label);
    sn_text_printf(&text, "%s: %s [%s, %s]", sn_severity_name(finding->severity),
                   finding->title ? finding->title : kind, kind, sn_level_name(finding->level));
    sn_page_flow(page, SN_PLAIN, text.at, 4);
    sn_page_newline(page);
    sn_text_clear(&text);
    tell_places(&text, finding);
    if (text.length)
        sn_text_puts(&text, ", ");
    sn_text_printf(&text, "id %s", finding->id ? finding->id : "none");
    sn_page_indent(page, 4);
    sn_page_flow(page, SN_DIM, text.at, 4);
    sn_page_newline(page);
    sn_text_release(&text);
}

void sn_render_diff(struct sn_text *out, const struct sn_diff *diff, const struct sn_report *after,
                    const struct sn_render_options *options)
{
    struct sn_page page = {out, options->color, options->width ? options->width : 100, 0};
    vec_each (const struct sn_finding *, finding, &diff->added)
        tell(&page, "new: ", SN_RED, *finding);
    vec_each (const struct sn_finding *, finding, &diff->fixed)
        tell(&page, "fixed: ", SN_GREEN, *finding);
    if (options->verbose) {
        vec_each (const struct sn_finding *, finding, &diff->unchanged)
            tell(&page, "unchanged: ", SN_DIM, *finding);
        vec_each (const struct sn_finding *, finding, &diff->suppressed)
            tell(&page, "suppressed: ", SN_DIM, *finding);
    }
    sn_page_suppressions(&page, after, options->verbose);
    sn_text_printf(out, "snarl: %zu new, %zu fixed, %zu unchanged", diff->added.count,
                   diff->fixed.count, diff->unchanged.count);
    if (diff->suppressed.count)
        sn_text_printf(out, ", %zu suppressed", diff->suppressed.count);
    sn_text_puts(out, "\n");
}
