/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/stack.h"
#include "report/html_parts.h"
#include "report/markup.h"
#include "report/suppressions.h"
#include "report/tell.h"
#include "report/tree.h"

#include <string.h>

#define SET(object, key, value) json_object_set_new((object), (key), (value))

enum { LONGEST_PARAGRAPH = 4000 };

static json_t *id_or_null(uint32_t id)
{
    return id ? json_integer(id) : json_null();
}

static json_t *paragraphs(const char *text, size_t length)
{
    json_t *array = json_array();
    for (const char *at = text, *end = text + length; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        struct sn_text line = {0};
        sn_text_add(&line, at, (size_t)(stop - at));
        if (line.at[strspn(line.at, " ")])
            json_array_append_new(array, sn_tree_plain(line.at, LONGEST_PARAGRAPH));
        sn_text_release(&line);
        at = stop + 1;
    }
    return array;
}

static json_t *thread_object(struct sn_html_places *places, const struct sn_report *report,
                             const struct sn_finding *finding, const struct sn_thread *thread)
{
    struct sn_text who = {0};
    sn_tell_thread(&who, report, finding, thread->process, thread->id);
    json_t *object = json_pack("{s:I,s:I,s:o}", "id", (json_int_t)thread->id, "process",
                               (json_int_t)thread->process, "who", sn_tree_line(&who));
    SET(object, "name", sn_tree_plain(thread->name, SN_LONGEST));
    SET(object, "created", sn_html_stack(places, &thread->created_at));
    return object;
}

static json_t *lock_object(struct sn_html_places *places, const struct sn_finding *finding,
                           const struct sn_lock *lock)
{
    struct sn_text name = {0};
    sn_tell_lock(&name, finding, lock->id);
    json_t *object =
        json_pack("{s:I,s:o}", "id", (json_int_t)lock->id, "name", sn_tree_line(&name));
    SET(object, "type", sn_tree_plain(lock->type ? lock->type : "lock", SN_LONGEST));
    SET(object, "created", sn_html_stack(places, &lock->created_at));
    SET(object, "allocated", sn_html_stack(places, &lock->allocated_at));
    return object;
}

static json_t *variable_object(struct sn_html_places *places, const struct sn_finding *finding)
{
    const struct sn_variable *variable = finding->variable;
    struct sn_text name = {0};
    if (!variable)
        return json_null();
    sn_tell_variable(&name, finding);
    json_t *object =
        json_pack("{s:o,s:I}", "name", sn_tree_line(&name), "size", (json_int_t)variable->size);
    SET(object, "place", sn_tree_plain(variable->place, SN_LONGEST));
    SET(object, "declared", sn_html_frame(places, &variable->declared_at));
    SET(object, "allocated", sn_html_stack(places, &variable->allocated_at));
    return object;
}

/* The index of a thread among those of FINDING, -1 if it is not there. */
static json_int_t thread_index(const struct sn_finding *finding, uint32_t process, uint32_t id)
{
    for (size_t i = 0; i < finding->threads.count; i++) {
        const struct sn_thread *thread = finding->threads.at[i];
        if (thread->id == id && thread->process == process)
            return (json_int_t)i;
    }
    return -1;
}

static json_t *site_object(struct sn_html_places *places, const struct sn_report *report,
                           const struct sn_finding *finding, const struct sn_site *site,
                           struct sn_text what)
{
    struct sn_text who = {0};
    sn_tell_thread(&who, report, finding, site->process, site->thread);
    json_t *held = json_array();
    for (size_t i = 0; i < site->locks_held_count; i++)
        json_array_append_new(held, json_integer(site->locks_held[i]));
    json_t *object = json_pack("{s:s,s:I,s:o,s:o,s:o}", "role", sn_role_name(site->role), "thread",
                               thread_index(finding, site->process, site->thread), "who",
                               sn_tree_line(&who), "what", sn_tree_line(&what), "held", held);
    SET(object, "lock", id_or_null(site->lock));
    SET(object, "stack", sn_html_stack(places, &site->stack));
    return object;
}

void sn_html_cast(json_t *object, struct sn_html_places *places, const struct sn_report *report,
                  const struct sn_finding *finding, const struct sn_activity *activity)
{
    json_t *threads = json_array(), *locks = json_array(), *sites = json_array();
    vec_each (struct sn_thread *, thread, &finding->threads)
        json_array_append_new(threads, thread_object(places, report, finding, *thread));
    vec_each (struct sn_lock *, lock, &finding->locks)
        json_array_append_new(locks, lock_object(places, finding, *lock));
    vec_each (const struct sn_site, site, &finding->sites) {
        struct sn_text what = {0};
        if (activity)
            sn_tell_doing(&what, activity, site);
        else
            sn_tell_site(&what, report, finding, site);
        json_array_append_new(sites, site_object(places, report, finding, site, what));
    }
    SET(object, "threads", threads);
    SET(object, "locks", locks);
    SET(object, "sites", sites);
}

static json_t *witness(struct sn_html_places *places, const struct sn_report *report,
                       const struct sn_finding *finding)
{
    json_t *array = json_array();
    vec_each (const struct sn_step, step, &finding->witness) {
        struct sn_text who = {0};
        sn_tell_thread(&who, report, finding, finding->process, step->thread);
        json_array_append_new(array,
                              json_pack("{s:I,s:o,s:o,s:o}", "thread",
                                        thread_index(finding, finding->process, step->thread),
                                        "who", sn_tree_line(&who), "what",
                                        sn_tree_plain(step->what ? step->what : "", SN_LONGEST),
                                        "at", sn_html_frame(places, &step->at)));
    }
    return array;
}

static json_t *suppressor(const struct sn_finding *finding)
{
    struct sn_text text = {0};
    if (!finding->suppressed_by)
        return json_null();
    sn_tell_suppressor(&text, finding->suppressed_by);
    return sn_tree_line(&text);
}

json_t *sn_html_finding(struct sn_html_places *places, const struct sn_report *report,
                        const struct sn_finding *finding)
{
    const struct sn_hazard_info *hazard = &sn_hazards[finding->kind];
    const char *why, *advice;
    size_t length = sn_tell_why(finding, &why, &advice);
    bool titled = finding->title && *finding->title;
    json_t *object = json_object();
    SET(object, "id", sn_tree_plain(finding->id ? finding->id : "", SN_LONGEST));
    SET(object, "kind", json_string(hazard->id));
    SET(object, "level", json_string(sn_level_name(finding->level)));
    SET(object, "severity", json_string(sn_severity_name(finding->severity)));
    SET(object, "status", json_string(sn_status_name(finding->status)));
    SET(object, "gated", json_boolean(finding->gated));
    SET(object, "suppressor", suppressor(finding));
    SET(object, "title", sn_tree_plain(titled ? finding->title : hazard->id, SN_LONGEST));
    SET(object, "definition", json_string(hazard->definition));
    SET(object, "why", paragraphs(why, length));
    SET(object, "advice", paragraphs(advice, strlen(advice)));
    SET(object, "reason", sn_tree_plain(finding->reason, SN_LONGEST));
    SET(object, "cause", sn_tree_plain(finding->cause, SN_LONGEST));
    SET(object, "depends", sn_tree_plain(finding->depends_on, SN_LONGEST));
    SET(object, "count", json_integer((json_int_t)finding->count));
    SET(object, "process", json_integer(finding->process));
    SET(object, "variable", variable_object(places, finding));
    SET(object, "witness", witness(places, report, finding));
    sn_html_cast(object, places, report, finding, NULL);
    return object;
}
