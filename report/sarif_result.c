/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result has its place, the message with links to the related locations (one for each site, by
 * its number in the story), a stack for each site, and code flows: what the threads did, as the
 * story tells it, and the witness, each with a thread flow for every thread and the order of steps
 * over all of them.
 *
 * Every location has a path below the source root or the name of a module, never anything absolute:
 * GitHub refuses the file otherwise, and nobody learns from it where somebody's home is.
 */
#include "report/sarif_result.h"

#include "base/map.h"
#include "finding/stack.h"
#include "report/markup.h"
#include "report/spot.h"
#include "report/suppressions.h"
#include "report/tell.h"
#include "report/tree.h"

#include <ctype.h>
#include <string.h>

/* GitHub's limits for one result. */
enum { MOST_LOCATIONS = 1000, MOST_STEPS = 10000 };

#define SET(object, key, value) json_object_set_new((object), (key), (value))

static json_t *text_object(struct sn_text *text)
{
    return json_pack("{s:o}", "text", sn_tree_take(text));
}

/* An object with what TEXT says, as plain text. TEXT is released. */
static json_t *message(struct sn_text *text)
{
    struct sn_text plain = {0};
    sn_plain(&plain, text->at ? text->at : "", SN_LONGEST);
    sn_text_release(text);
    return text_object(&plain);
}

static json_t *region(const struct sn_spot *spot)
{
    return json_pack("{s:I,s:I,s:I,s:I}", "startLine", (json_int_t)spot->line, "startColumn",
                     (json_int_t)spot->column, "endLine", (json_int_t)spot->end_line, "endColumn",
                     (json_int_t)spot->end);
}

static json_t *physical_location(const struct sn_spot *spot)
{
    struct sn_text uri = {0};
    sn_uri(&uri, spot->path);
    json_t *artifact = json_pack("{s:o}", "uri", sn_tree_take(&uri));
    SET(artifact, "uriBaseId", json_string("%SRCROOT%"));
    json_t *physical = json_pack("{s:o}", "artifactLocation", artifact);
    SET(physical, "region", region(spot));
    return physical;
}

static json_t *logical_locations(const struct sn_frame *frame)
{
    json_t *function = json_pack("{s:s}", "kind", "function");
    SET(function, "fullyQualifiedName", sn_tree_plain(frame->function, SN_LONGEST));
    return json_pack("[o]", function);
}

/* A location that may have a frame. What a path alone does not say, outside the source root, the
 * properties do. */
static json_t *location(const struct sn_spot *spot, const struct sn_frame *frame)
{
    json_t *object = json_object();
    if (spot->path)
        SET(object, "physicalLocation", physical_location(spot));
    if (frame && frame->function)
        SET(object, "logicalLocations", logical_locations(frame));
    if (frame && frame->module && !spot->is_source) {
        struct sn_text offset = {0};
        sn_text_printf(&offset, "0x%llx", (unsigned long long)frame->offset);
        json_t *properties = json_pack("{s:o}", "module", sn_tree_plain(frame->module, SN_LONGEST));
        SET(properties, "offset", sn_tree_take(&offset));
        SET(object, "properties", properties);
    }
    return object;
}

static json_t *stack_location(struct sn_sarif *sarif, const struct sn_stack *stack)
{
    const struct sn_frame *frame = sn_spot_frame(&sarif->sources, stack);
    struct sn_spot spot = sn_spot_of_frame(&sarif->sources, frame);
    return location(&spot, frame);
}

static json_t *frame_location(struct sn_sarif *sarif, const struct sn_frame *frame)
{
    struct sn_spot spot = sn_spot_of_frame(&sarif->sources, frame);
    return location(&spot, frame);
}

/* "Thread 1 (Olivia) writes garlic_count, holding no lock" */
static void tell_deed(struct sn_text *out, struct sn_sarif *sarif, const struct sn_finding *finding,
                      const struct sn_site *site)
{
    sn_tell_thread(out, sarif->report, finding, site->process, site->thread);
    out->at[0] = (char)toupper((unsigned char)out->at[0]);
    sn_text_puts(out, " ");
    sn_tell_site(out, sarif->report, finding, site);
}

/* Related locations: each site, and where the variable, the locks and the threads come from. */

struct related {
    struct sn_sarif *sarif;
    json_t *array;
    size_t count;
};

static void relate(struct related *related, json_t *place, struct sn_text *text)
{
    if (++related->count > MOST_LOCATIONS) {
        related->sarif->locations_cut++;
        json_decref(place);
        sn_text_release(text);
        return;
    }
    SET(place, "id", json_integer((json_int_t)related->count));
    SET(place, "message", message(text));
    json_array_append_new(related->array, place);
}

static void relate_stack(struct related *related, const struct sn_stack *stack,
                         struct sn_text *text)
{
    if (sn_stack_place(stack))
        relate(related, stack_location(related->sarif, stack), text);
    else
        sn_text_release(text);
}

static void relate_variable(struct related *related, const struct sn_finding *finding)
{
    const struct sn_variable *variable = finding->variable;
    if (!variable)
        return;
    struct sn_text text = {0};
    if (variable->declared_at.file) {
        sn_tell_variable(&text, finding);
        sn_text_puts(&text, " is declared here");
        relate(related, frame_location(related->sarif, &variable->declared_at), &text);
    }
    sn_tell_variable(&text, finding);
    sn_text_puts(&text, " is allocated here");
    relate_stack(related, &variable->allocated_at, &text);
}

static void relate_origins(struct related *related, const struct sn_finding *finding)
{
    struct sn_text text = {0};
    relate_variable(related, finding);
    vec_each (struct sn_lock *, lock, &finding->locks) {
        sn_tell_lock(&text, finding, (*lock)->id);
        sn_text_puts(&text, " is initialised or first used here");
        relate_stack(related, &(*lock)->created_at, &text);
    }
    vec_each (struct sn_thread *, thread, &finding->threads) {
        sn_tell_thread(&text, related->sarif->report, finding, (*thread)->process, (*thread)->id);
        sn_text_puts(&text, " is created here");
        relate_stack(related, &(*thread)->created_at, &text);
    }
}

static json_t *related_locations(struct sn_sarif *sarif, const struct sn_finding *finding)
{
    struct related related = {sarif, json_array(), 0};
    vec_each (const struct sn_site, site, &finding->sites) {
        struct sn_text text = {0};
        tell_deed(&text, sarif, finding, site);
        relate(&related, stack_location(sarif, &site->stack), &text);
    }
    relate_origins(&related, finding);
    return related.array;
}

/* The message. */

/* A name must not end its link, nor begin one. */
static void add_link(struct sn_text *out, const struct sn_text *words, size_t id)
{
    struct sn_text plain = {0};
    sn_plain(&plain, words->at, SN_LONGEST);
    sn_text_puts(out, "[");
    for (const char *at = plain.at; *at; at++)
        sn_text_printf(out, "%s%c", strchr("[]\\", *at) ? "\\" : "", *at);
    sn_text_printf(out, "](%zu)", id);
    sn_text_release(&plain);
}

/* Outside of links only what would be taken for one is escaped: many readers show the escape. */
static void add_sentence(struct sn_text *out, const char *text)
{
    struct sn_text plain = {0};
    sn_plain(&plain, text, SN_LONGEST);
    bool like_link = strstr(plain.at, "](") != NULL;
    for (const char *at = plain.at; *at; at++)
        sn_text_printf(out, "%s%c", like_link && strchr("[]\\", *at) ? "\\" : "", *at);
    if (plain.length && !strchr(".!?", plain.at[plain.length - 1]))
        sn_text_puts(out, ".");
    sn_text_release(&plain);
}

static const char *title(const struct sn_finding *finding)
{
    return finding->title && *finding->title ? finding->title : sn_hazards[finding->kind].id;
}

enum { MOST_LINKS = 20 }; /* in a message: more than that nobody reads */

static void tell_text(struct sn_text *out, struct sn_sarif *sarif, const struct sn_finding *finding)
{
    struct sn_text words = {0};
    sn_text_puts(out, "");
    add_sentence(out, title(finding));
    for (size_t i = 0; i < finding->sites.count && i < MOST_LINKS; i++) {
        const struct sn_site *site = &finding->sites.at[i];
        sn_text_clear(&words);
        tell_deed(&words, sarif, finding, site);
        sn_text_puts(out, "\n");
        add_link(out, &words, i + 1);
        sn_text_puts(out, ".");
    }
    if (finding->reason) {
        sn_text_puts(out, "\nOnly possible: ");
        add_sentence(out, finding->reason);
    }
    sn_text_release(&words);
}

static void tell_lines(struct sn_text *out, const char *text, size_t length)
{
    struct sn_text line = {0};
    for (const char *at = text, *end = text + length; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        sn_text_clear(&line);
        sn_text_add(&line, at, (size_t)(stop - at));
        sn_markdown(out, line.at, SN_LONGEST);
        sn_text_puts(out, "\n");
        at = stop + 1;
    }
    sn_text_release(&line);
}

static void tell_markdown(struct sn_text *out, struct sn_sarif *sarif,
                          const struct sn_finding *finding)
{
    const char *why, *advice;
    size_t length = sn_tell_why(finding, &why, &advice);
    struct sn_text words = {0};
    sn_text_puts(out, "**");
    sn_markdown(out, title(finding), SN_LONGEST);
    sn_text_puts(out, "**\n\n");
    for (size_t i = 0; i < finding->sites.count && i < MOST_LINKS; i++) {
        sn_text_clear(&words);
        tell_deed(&words, sarif, finding, &finding->sites.at[i]);
        sn_text_printf(out, "%zu. [", i + 1);
        sn_markdown(out, words.at, SN_LONGEST);
        sn_text_printf(out, "](%zu)\n", i + 1);
    }
    sn_text_puts(out, "\n");
    tell_lines(out, why, length);
    if (finding->reason) {
        sn_text_puts(out, "\n**Only possible:** ");
        tell_lines(out, finding->reason, strlen(finding->reason));
    }
    sn_text_puts(out, "\n**What to do:** ");
    tell_lines(out, advice, strlen(advice));
    sn_text_release(&words);
}

static json_t *result_message(struct sn_sarif *sarif, const struct sn_finding *finding)
{
    struct sn_text text = {0}, markdown = {0};
    tell_text(&text, sarif, finding);
    tell_markdown(&markdown, sarif, finding);
    json_t *object = text_object(&text);
    SET(object, "markdown", sn_tree_take(&markdown));
    return object;
}

/* Stacks. */

/* No two stacks of a result may be equal: the number of the step tells them apart. */
static json_t *stack_object(struct sn_sarif *sarif, const struct sn_finding *finding, size_t index)
{
    const struct sn_site *site = &finding->sites.at[index];
    struct sn_stack stack = sn_stack_trim(&site->stack);
    struct sn_text text = {0};
    json_t *frames = json_array();
    for (size_t i = 0; i < stack.count; i++) {
        const struct sn_frame *frame = &stack.frames[i];
        json_t *object = json_pack("{s:o}", "location", frame_location(sarif, frame));
        SET(object, "threadId", json_integer(site->thread));
        if (frame->module)
            SET(object, "module", sn_tree_plain(frame->module, SN_LONGEST));
        json_array_append_new(frames, object);
    }
    tell_deed(&text, sarif, finding, site);
    json_t *object = json_pack("{s:o}", "message", message(&text));
    SET(object, "frames", frames);
    SET(object, "properties", json_pack("{s:I}", "step", (json_int_t)index + 1));
    return object;
}

static json_t *stacks(struct sn_sarif *sarif, const struct sn_finding *finding)
{
    json_t *array = json_array();
    for (size_t i = 0; i < finding->sites.count && i < MOST_LOCATIONS; i++)
        json_array_append_new(array, stack_object(sarif, finding, i));
    return array;
}

/* Code flows. */

struct flows {
    struct sn_sarif *sarif;
    const struct sn_finding *finding;
    struct sn_map by_thread; /* the index in ARRAY, plus one */
    json_t *array;           /* of thread flows */
};

static json_t *new_thread_flow(struct flows *flows, uint32_t process, uint32_t thread)
{
    struct sn_text id = {0}, name = {0};
    sn_text_printf(&id, "process %u, thread %u", process, thread);
    sn_tell_thread(&name, flows->sarif->report, flows->finding, process, thread);
    json_t *flow = json_pack("{s:o}", "id", sn_tree_take(&id));
    SET(flow, "message", message(&name));
    SET(flow, "locations", json_array());
    return flow;
}

static void add_step(struct flows *flows, uint32_t process, uint32_t thread, json_t *step)
{
    uint64_t *index = sn_map_at(&flows->by_thread, (uint64_t)process << 32 | thread);
    if (!*index) {
        json_array_append_new(flows->array, new_thread_flow(flows, process, thread));
        *index = json_array_size(flows->array);
    }
    json_t *flow = json_array_get(flows->array, (size_t)*index - 1);
    json_array_append_new(json_object_get(flow, "locations"), step);
}

static json_t *thread_flow_location(json_t *place, struct sn_text *text, size_t order)
{
    SET(place, "message", message(text));
    json_t *step = json_pack("{s:o}", "location", place);
    SET(step, "executionOrder", json_integer((json_int_t)order));
    SET(step, "importance", json_string("essential"));
    return step;
}

/* The words that SARIF proposes for what happens at a step. */
static json_t *kinds(enum sn_role role)
{
    switch (role) {
    case SN_ROLE_WRITE:
    case SN_ROLE_READ:
        return json_pack("[s,s]", "memory", sn_role_name(role));
    case SN_ROLE_FREE:
        return json_pack("[s,s]", "release", "memory");
    case SN_ROLE_HOLDS:
    case SN_ROLE_TAKES:
    case SN_ROLE_TRIES:
        return json_pack("[s,s]", "acquire", "lock");
    case SN_ROLE_RELEASES:
        return json_pack("[s,s]", "release", "lock");
    default:
        return json_pack("[s]", sn_role_name(role));
    }
}

static json_t *locks_held(const struct sn_finding *finding, const struct sn_site *site)
{
    struct sn_text names = {0};
    for (size_t i = 0; i < site->locks_held_count && names.length < SN_LONGEST; i++) {
        sn_text_puts(&names, i ? ", " : "");
        sn_tell_lock(&names, finding, site->locks_held[i]);
    }
    if (!names.length)
        sn_text_puts(&names, "none");
    return json_pack("{s:o}", "locks held", message(&names));
}

static json_t *code_flow(struct flows *flows, const char *text)
{
    sn_map_release(&flows->by_thread);
    json_t *flow = json_pack("{s:{s:s}}", "message", "text", text);
    SET(flow, "threadFlows", flows->array);
    return flow;
}

static json_t *flow_of_sites(struct sn_sarif *sarif, const struct sn_finding *finding)
{
    struct flows flows = {sarif, finding, {0}, json_array()};
    for (size_t i = 0; i < finding->sites.count && i < MOST_LOCATIONS; i++) {
        const struct sn_site *site = &finding->sites.at[i];
        struct sn_text text = {0};
        tell_deed(&text, sarif, finding, site);
        json_t *step = thread_flow_location(stack_location(sarif, &site->stack), &text, i + 1);
        SET(step, "kinds", kinds(site->role));
        SET(step, "state", locks_held(finding, site));
        add_step(&flows, site->process, site->thread, step);
    }
    return code_flow(&flows, "What the threads did.");
}

/* Of a long witness the beginning and the end are kept: there it starts, and there it happens. */
static json_t *flow_of_witness(struct sn_sarif *sarif, const struct sn_finding *finding,
                               size_t most)
{
    struct flows flows = {sarif, finding, {0}, json_array()};
    size_t count = finding->witness.count, shown = count < most ? count : most;
    sarif->steps_cut += count - shown;
    for (size_t i = 0; i < count; i++) {
        if (i == shown / 2)
            i += count - shown;
        const struct sn_step *step = &finding->witness.at[i];
        struct sn_text text = {0};
        sn_tell_thread(&text, sarif->report, finding, finding->process, step->thread);
        text.at[0] = (char)toupper((unsigned char)text.at[0]);
        sn_text_printf(&text, ": %s", step->what ? step->what : "goes on");
        add_step(&flows, finding->process, step->thread,
                 thread_flow_location(frame_location(sarif, &step->at), &text, i + 1));
    }
    return code_flow(&flows, "How it can happen: this order of the recorded steps keeps every rule "
                             "of the locks, and leads there.");
}

static json_t *code_flows(struct sn_sarif *sarif, const struct sn_finding *finding)
{
    json_t *array = json_array();
    size_t sites = finding->sites.count < MOST_LOCATIONS ? finding->sites.count : MOST_LOCATIONS;
    if (sites)
        json_array_append_new(array, flow_of_sites(sarif, finding));
    if (finding->witness.count)
        json_array_append_new(array, flow_of_witness(sarif, finding, MOST_STEPS - sites));
    return array;
}

/* What tells findings apart, and what SARIF has no field for. */

/* GitHub's form is "HASH:OCCURRENCE". Ours does not move with lines: "1:HASH" or "1:HASH-2". */
static json_t *line_hash(const char *id)
{
    struct sn_text hash = {0};
    const char *digits = strncmp(id, "1:", 2) == 0 ? id + 2 : id;
    size_t length = strcspn(digits, "-");
    sn_text_add(&hash, digits, length);
    sn_text_printf(&hash, ":%s", digits[length] ? digits + length + 1 : "1");
    return sn_tree_line(&hash);
}

static json_t *partial_fingerprints(const struct sn_finding *finding)
{
    json_t *object = json_pack("{s:o}", "primaryLocationLineHash", line_hash(finding->id));
    SET(object, "snarlFinding/v1", sn_tree_plain(finding->id, SN_LONGEST));
    return object;
}

static double rank(const struct sn_finding *finding)
{
    double level = finding->level == SN_OBSERVED ? 100 : finding->level == SN_PREDICTED ? 80 : 50;
    double severity = finding->severity == SN_SEVERITY_ERROR     ? 0
                      : finding->severity == SN_SEVERITY_WARNING ? 10
                                                                 : 30;
    return level - severity;
}

static json_t *lock_properties(const struct sn_finding *finding)
{
    json_t *array = json_array();
    for (size_t i = 0; i < finding->locks.count && i < MOST_LOCATIONS; i++) {
        const struct sn_lock *lock = finding->locks.at[i];
        json_t *object = json_pack("{s:I}", "id", (json_int_t)lock->id);
        SET(object, "name", sn_tree_plain(lock->name, SN_LONGEST));
        SET(object, "type", sn_tree_plain(lock->type, SN_LONGEST));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *properties(const struct sn_finding *finding)
{
    const struct sn_variable *variable = finding->variable;
    json_t *object = json_pack("{s:s,s:s,s:b}", "level", sn_level_name(finding->level), "status",
                               sn_status_name(finding->status), "gated", finding->gated);
    SET(object, "locks", lock_properties(finding));
    if (variable) {
        json_t *memory = json_pack("{s:I}", "size", (json_int_t)variable->size);
        SET(memory, "name", sn_tree_plain(variable->name, SN_LONGEST));
        SET(memory, "place", sn_tree_plain(variable->place, SN_LONGEST));
        SET(object, "variable", memory);
    }
    if (finding->reason)
        SET(object, "reason", sn_tree_plain(finding->reason, SN_LONGEST));
    if (finding->depends_on)
        SET(object, "dependsOn", sn_tree_plain(finding->depends_on, SN_LONGEST));
    return object;
}

static json_t *suppressions(const struct sn_finding *finding)
{
    if (finding->status != SN_SUPPRESSED)
        return json_array();
    json_t *suppression = json_pack("{s:s}", "kind", "external");
    if (finding->suppressed_by) {
        struct sn_text text = {0};
        sn_tell_suppressor(&text, finding->suppressed_by);
        SET(suppression, "justification", sn_tree_plain(text.at, SN_LONGEST));
        sn_text_release(&text);
    }
    return json_pack("[o]", suppression);
}

json_t *sn_sarif_result(struct sn_sarif *sarif, const struct sn_finding *finding,
                        const char *baseline)
{
    struct sn_spot spot = sn_spot_of_finding(&sarif->sources, sarif->report, finding);
    uint64_t count = finding->count < 1 ? 1 : finding->count;
    json_t *object = json_pack("{s:s,s:i,s:s}", "ruleId", sn_hazards[finding->kind].id, "ruleIndex",
                               (int)finding->kind, "level", sn_severity_name(finding->severity));
    SET(object, "rank", json_real(rank(finding)));
    SET(object, "message", result_message(sarif, finding));
    SET(object, "locations", json_pack("[o]", location(&spot, NULL)));
    if (finding->id)
        SET(object, "partialFingerprints", partial_fingerprints(finding));
    SET(object, "occurrenceCount", json_integer(count > INT32_MAX ? INT32_MAX : (json_int_t)count));
    SET(object, "codeFlows", code_flows(sarif, finding));
    SET(object, "stacks", stacks(sarif, finding));
    SET(object, "relatedLocations", related_locations(sarif, finding));
    SET(object, "suppressions", suppressions(finding));
    if (baseline)
        SET(object, "baselineState", json_string(baseline));
    SET(object, "properties", properties(finding));
    return object;
}
