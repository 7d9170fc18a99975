/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GitLab's Code Quality report: an array of issues. GitLab compares those of a merge request with
 * those of its target by their fingerprints: known findings belong into both, and what is fixed is
 * simply not there. Suppressed ones it never sees.
 */
#include "report/markup.h"
#include "report/renderer.h"
#include "report/spot.h"
#include "report/tell.h"
#include "report/tree.h"

#define SET(object, key, value) json_object_set_new((object), (key), (value))

static const char *severity(const struct sn_finding *finding)
{
    bool possible = finding->level == SN_POSSIBLE;
    switch (finding->severity) {
    case SN_SEVERITY_ERROR:
        return possible ? "major" : "critical";
    case SN_SEVERITY_WARNING:
        return possible ? "minor" : "major";
    case SN_SEVERITY_NOTE:
        break;
    }
    return "info";
}

/* "data race on garlic_count (observed): thread 1 (Olivia) writes ...; thread 2 (Steve) ..." */
static json_t *description(const struct sn_report *report, const struct sn_finding *finding)
{
    const char *id = sn_hazards[finding->kind].id;
    struct sn_text text = {0}, plain = {0};
    sn_text_printf(&text, "%s (%s)", finding->title && *finding->title ? finding->title : id,
                   sn_level_name(finding->level));
    sn_plain(&plain, text.at, SN_LONGEST);
    for (size_t i = 0; i < finding->sites.count && plain.length < SN_LONGEST; i++) {
        const struct sn_site *site = &finding->sites.at[i];
        sn_text_clear(&text);
        sn_tell_thread(&text, report, finding, site->process, site->thread);
        sn_text_puts(&text, " ");
        sn_tell_site(&text, report, finding, site);
        sn_text_puts(&plain, i ? "; " : ": ");
        sn_plain(&plain, text.at, SN_LONGEST);
    }
    sn_text_release(&text);
    return sn_tree_take(&plain);
}

static json_t *issue(struct sn_sources *sources, const struct sn_report *report,
                     const struct sn_finding *finding)
{
    struct sn_spot spot = sn_spot_of_finding(sources, report, finding);
    json_t *location = json_pack("{s:o,s:{s:I}}", "path", sn_tree_plain(spot.path, SIZE_MAX),
                                 "lines", "begin", (json_int_t)spot.line);
    json_t *object = json_pack("{s:s}", "type", "issue");
    SET(object, "description", description(report, finding));
    SET(object, "check_name", json_string(sn_hazards[finding->kind].id));
    SET(object, "fingerprint", sn_tree_plain(finding->id ? finding->id : "none", SIZE_MAX));
    SET(object, "severity", json_string(severity(finding)));
    SET(object, "location", location);
    return object;
}

static void render(struct sn_text *out, const struct sn_report *report,
                   const struct sn_render_options *options)
{
    struct sn_sources sources = {.root = options->source_root};
    json_t *issues = json_array();
    vec_each (struct sn_finding *, finding, &report->findings)
        if ((*finding)->status != SN_SUPPRESSED)
            json_array_append_new(issues, issue(&sources, report, *finding));
    sn_tree_write(out, issues);
    sn_sources_release(&sources);
}

const struct sn_renderer sn_render_gitlab = {.name = "gitlab", .render = render};
