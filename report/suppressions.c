/* SPDX-License-Identifier: Apache-2.0 */
#include "report/suppressions.h"

#include "report/tell.h"

#include <string.h>

enum { NAMED = 5 }; /* so many of a kind are named where not all are */

typedef const struct sn_suppression_use use;

static void tell_place(struct sn_text *out, const struct sn_suppressor *by)
{
    sn_text_printf(out, "%s:%u", by->file && *by->file ? by->file : "?", by->line);
}

void sn_tell_suppressor(struct sn_text *out, const struct sn_suppressor *by)
{
    tell_place(out, by);
    if (by->reason)
        sn_text_printf(out, ": %s", by->reason);
}

static void tell_expired(struct sn_page *page, use *one)
{
    struct sn_text text = {0};
    sn_text_printf(&text, "this suppression has expired (until=%s), and does not apply: ",
                   one->until ? one->until : "?");
    sn_tell_suppressor(&text, &one->by);
    sn_page_own_line(page, "note: ", SN_CYAN, text.at);
    sn_text_release(&text);
}

static void tell_used(struct sn_page *page, use *one)
{
    struct sn_text text = {0};
    sn_tell_suppressor(&text, &one->by);
    sn_text_puts(&text, " (suppressed ");
    sn_tell_count(&text, one->findings, "finding");
    sn_text_puts(&text, ")");
    sn_page_own_line(page, "suppression: ", SN_DIM, text.at);
    sn_text_release(&text);
}

static bool is_unused(use *one)
{
    return !one->findings && !one->expired && !one->untried;
}

static bool is_untried_for(use *one, const char *why)
{
    return !one->findings && !one->expired && one->untried && strcmp(one->untried, why) == 0;
}

/* "3 suppressions SAY: a.supp:3, a.supp:9 ..." of those that IS says; nothing if there are none. */
static void tell_group(struct sn_page *page, const struct sn_report *report, bool verbose,
                       bool is(use *, const char *), const char *why, const char *say)
{
    struct sn_text text = {0}, places = {0};
    uint64_t count = 0;
    vec_each (use, one, &report->suppressions) {
        if (!is(one, why) || (++count > NAMED && !verbose))
            continue;
        sn_text_puts(&places, count > 1 ? ", " : ": ");
        tell_place(&places, &one->by);
    }
    if (count) {
        sn_tell_count(&text, count, "suppression");
        sn_text_printf(&text, " %s%s%s", say, why ? why : "", places.at);
        if (count > NAMED && !verbose)
            sn_text_puts(&text, " ... (-v names all)");
        sn_page_own_line(page, "note: ", SN_CYAN, text.at);
    }
    sn_text_release(&text);
    sn_text_release(&places);
}

static bool is_unused_for(use *one, const char *why)
{
    (void)why;
    return is_unused(one);
}

static bool is_first_with(const struct sn_report *report, use *one)
{
    vec_each (use, other, &report->suppressions)
        if (is_untried_for(other, one->untried))
            return other == one;
    return false;
}

void sn_page_suppressions(struct sn_page *page, const struct sn_report *report, bool verbose)
{
    vec_each (use, one, &report->suppressions) {
        if (one->expired)
            tell_expired(page, one);
        else if (verbose && one->findings)
            tell_used(page, one);
    }
    vec_each (use, one, &report->suppressions)
        if (one->untried && is_first_with(report, one))
            tell_group(page, report, verbose, is_untried_for, one->untried, "could not be tried: ");
    tell_group(page, report, verbose, is_unused_for, NULL, "matched nothing");
}
