/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "cli/history_render.h"
#include "report/tree.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

#define SET(object, key, value) json_object_set_new((object), (key), (value))

/* A database that comes from elsewhere may hold any bytes. */
static json_t *string_or_null(const char *text)
{
    struct sn_text clean = {0};
    if (!text)
        return json_null();
    sn_utf8_clean(&clean, text);
    return sn_tree_take(&clean);
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *run_object(const struct sn_history_run *run)
{
    char text[32];
    struct tm tm;
    time_t seconds = (time_t)run->time;
    bool dated = gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    json_t *object = json_object();
    SET(object, "run", json_integer(run->id));
    SET(object, "time", string_or_null(dated ? text : NULL));
    SET(object, "commit", string_or_null(run->commit));
    SET(object, "branch", string_or_null(run->branch));
    SET(object, "label", string_or_null(*run->label ? run->label : NULL));
    return object;
}

static json_t *finding_object(const struct sn_history_finding *finding)
{
    json_t *object = json_object();
    SET(object, "id", string_or_null(finding->id));
    SET(object, "kind", string_or_null(finding->kind));
    SET(object, "level", string_or_null(finding->level));
    SET(object, "severity", string_or_null(finding->severity));
    SET(object, "title", string_or_null(finding->title));
    SET(object, "state", json_string(sn_history_state_name(finding->state)));
    SET(object, "seen", number(finding->seen));
    SET(object, "runs", number(finding->runs));
    SET(object, "first", run_object(&finding->first));
    SET(object, "last", run_object(&finding->last));
    return object;
}

static void write(struct sn_text *out, const char *key, json_t *value)
{
    json_t *document = json_object();
    SET(document, "schema", json_string("snarl-history/1"));
    SET(document, "snarl", json_string(SNARL_VERSION));
    SET(document, key, value);
    sn_tree_write(out, document);
}

void sn_history_runs_json(struct sn_text *out, const struct sn_history_runs *runs)
{
    json_t *array = json_array();
    vec_each (const struct sn_history_run, run, runs) {
        json_t *object = run_object(run);
        SET(object, "reports", number(run->reports));
        SET(object, "findings", number(run->findings));
        SET(object, "new", number(run->fresh));
        json_array_append_new(array, object);
    }
    write(out, "runs", array);
}

void sn_history_findings_json(struct sn_text *out, const struct sn_history_findings *findings)
{
    json_t *array = json_array();
    vec_each (const struct sn_history_finding, finding, findings)
        json_array_append_new(array, finding_object(finding));
    write(out, "findings", array);
}

void sn_history_story_json(struct sn_text *out, const struct sn_history_story *story)
{
    json_t *object = finding_object(story->finding), *sightings = json_array();
    vec_each (const struct sn_history_sighting, sighting, &story->sightings) {
        json_t *run = run_object(&sighting->run);
        SET(run, "level", string_or_null(sighting->level));
        SET(run, "count", number(sighting->count));
        json_array_append_new(sightings, run);
    }
    SET(object, "sightings", sightings);
    write(out, "finding", object);
}
