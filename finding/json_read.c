/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jansson says where the text is no JSON; this file says where the JSON is no report. A `struct
 * node` is a value with the way that led to it, so that a complaint can name the field. The first
 * complaint wins; everything after it reads as absent, and the caller asks once at the end.
 */
#include "finding/json.h"

#include "base/file.h"
#include "finding/gate.h"
#include "finding/index.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_FILE (UINT64_C(1) << 30)

struct input {
    struct sn_arena *arena;
    struct sn_error *err;
    int code;
};

struct node {
    struct input *in;
    const json_t *value; /* NULL or JSON null: absent */
    const struct node *parent;
    const char *key; /* in an object, else NULL and */
    size_t index;    /* in an array */
};

static void add_way(struct sn_text *way, const struct node *node)
{
    if (!node->parent)
        return;
    add_way(way, node->parent);
    if (node->key)
        sn_text_printf(way, "%s%s", way->length ? "." : "", node->key);
    else
        sn_text_printf(way, "[%zu]", node->index);
}

static void complain(const struct node *node, int code, const char *what)
{
    if (node->in->code)
        return;
    struct sn_text way = {0};
    add_way(&way, node);
    node->in->code = sn_fail(node->in->err, code, NULL, SN_NO_OFFSET, "%s: %s",
                             way.length ? way.at : "document", what);
    sn_text_release(&way);
}

static bool absent(const struct node *node)
{
    return node->in->code || !node->value || json_is_null(node->value);
}

static bool is(const struct node *node, json_type type, const char *complaint)
{
    if (absent(node))
        return false;
    if (json_typeof(node->value) == type)
        return true;
    complain(node, SN_E_FORMAT, complaint);
    return false;
}

static struct node field(const struct node *parent, const char *key)
{
    const json_t *value = absent(parent) ? NULL : json_object_get(parent->value, key);
    return (struct node){parent->in, value, parent, key, 0};
}

static struct node item(const struct node *parent, size_t index)
{
    return (struct node){parent->in, json_array_get(parent->value, index), parent, NULL, index};
}

static bool is_object(const struct node *node)
{
    return is(node, JSON_OBJECT, "expected an object");
}

/* An item of an array may not be absent. */
static bool is_item(const struct node *node)
{
    if (!node->in->code && json_is_null(node->value))
        complain(node, SN_E_FORMAT, "expected an object");
    return is_object(node);
}

static size_t array_size(const struct node *node)
{
    return is(node, JSON_ARRAY, "expected an array") ? json_array_size(node->value) : 0;
}

static const char *string(const struct node *parent, const char *key)
{
    struct node node = field(parent, key);
    if (!is(&node, JSON_STRING, "expected a string"))
        return NULL;
    return sn_strdup(node.in->arena, json_string_value(node.value));
}

static int64_t number_between(const struct node *parent, const char *key, int64_t low, int64_t high,
                              int64_t otherwise)
{
    struct node node = field(parent, key);
    if (!is(&node, JSON_INTEGER, "expected a whole number"))
        return otherwise;
    int64_t value = json_integer_value(node.value);
    if (value >= low && value <= high)
        return value;
    complain(&node, SN_E_FORMAT, "the number is out of range");
    return otherwise;
}

static uint64_t count(const struct node *parent, const char *key)
{
    return (uint64_t)number_between(parent, key, 0, INT64_MAX, 0);
}

static uint32_t small(const struct node *parent, const char *key)
{
    return (uint32_t)number_between(parent, key, 0, UINT32_MAX, 0);
}

static bool truth(const struct node *parent, const char *key)
{
    struct node node = field(parent, key);
    if (!absent(&node) && !json_is_boolean(node.value))
        complain(&node, SN_E_FORMAT, "expected true or false");
    return json_is_true(node.value);
}

/* The index of a word among names, by LOOK; -1 if it is none. A word that is absent is one of the
 * caller's choice, or if that is -1 a complaint. */
static int word(const struct node *parent, const char *key, int (*look)(const char *),
                int absent_is)
{
    struct node node = field(parent, key);
    if (absent(&node) && !node.in->code && absent_is < 0)
        complain(&node, SN_E_FORMAT, "is missing");
    if (!is(&node, JSON_STRING, "expected a string"))
        return absent_is < 0 ? 0 : absent_is;
    int value = look(json_string_value(node.value));
    if (value < 0)
        complain(&node, SN_E_FORMAT, "a word that this version does not know");
    return value < 0 ? 0 : value;
}

static int level_by_name(const char *name)
{
    for (int level = SN_OBSERVED; level <= SN_POSSIBLE; level <<= 1)
        if (strcmp(sn_level_name(level), name) == 0)
            return level;
    return -1;
}

static int severity_by_name(const char *name)
{
    for (int severity = SN_SEVERITY_NOTE; severity <= SN_SEVERITY_ERROR; severity++)
        if (strcmp(sn_severity_name(severity), name) == 0)
            return severity;
    return -1;
}

static int status_by_name(const char *name)
{
    for (int status = SN_NEW; status <= SN_SUPPRESSED; status++)
        if (strcmp(sn_status_name(status), name) == 0)
            return status;
    return -1;
}

static const char **read_strings(const struct node *parent, const char *key, size_t *size)
{
    struct node array = field(parent, key);
    *size = array_size(&array);
    const char **strings = SN_NEW_ARRAY(parent->in->arena, const char *, *size);
    for (size_t i = 0; i < *size; i++) {
        struct node node = item(&array, i);
        if (!json_is_string(node.value))
            complain(&node, SN_E_FORMAT, "expected a string");
        const char *value = json_string_value(node.value);
        strings[i] = sn_strdup(parent->in->arena, value ? value : "");
    }
    return strings;
}

static uint64_t read_offset(const struct node *parent)
{
    struct node node = field(parent, "offset");
    if (!is(&node, JSON_STRING, "expected a string"))
        return 0;
    const char *text = json_string_value(node.value);
    size_t digits = strncmp(text, "0x", 2) == 0 ? strspn(text + 2, "0123456789abcdef") : 0;
    if (digits >= 1 && digits <= 16 && !text[2 + digits])
        return strtoull(text, NULL, 16);
    complain(&node, SN_E_FORMAT, "expected a number such as \"0x1234\"");
    return 0;
}

static void read_locks_of_function(struct sn_expression *expression, const struct node *function)
{
    struct node locks = field(function, "locks");
    size_t count = array_size(&locks);
    expression->function.locks = SN_NEW_ARRAY(function->in->arena, const char *, count);
    expression->function.lock_lines = SN_NEW_ARRAY(function->in->arena, uint32_t, count);
    expression->function.lock_count = count;
    for (size_t i = 0; i < count; i++) {
        struct node lock = item(&locks, i);
        if (!is_item(&lock))
            return;
        expression->function.locks[i] = string(&lock, "expression");
        expression->function.lock_lines[i] = small(&lock, "line");
    }
}

static void read_declaration(struct sn_expression *expression, const struct node *node)
{
    if (!is_object(node))
        return;
    expression->declaration.kind = string(node, "kind");
    expression->declaration.name = string(node, "name");
    expression->declaration.type = string(node, "type");
    expression->declaration.file = string(node, "file");
    expression->declaration.line = small(node, "line");
    expression->declaration.column = small(node, "column");
}

/* What snarl-source explain wrote; NULL if it did not. */
static const struct sn_expression *read_expression(const struct node *frame)
{
    struct node node = field(frame, "source");
    if (!is_object(&node))
        return NULL;
    struct sn_expression *expression = SN_NEW(node.in->arena, struct sn_expression);
    expression->text = string(&node, "expression");
    expression->line = small(&node, "line");
    expression->column = small(&node, "column");
    expression->end_line = small(&node, "end_line");
    expression->end_column = small(&node, "end_column");
    expression->access = string(&node, "access");
    struct node declaration = field(&node, "declaration"), function = field(&node, "function");
    struct node loop = field(&node, "loop");
    read_declaration(expression, &declaration);
    if (is_object(&function)) {
        expression->function.name = string(&function, "name");
        expression->function.line = small(&function, "line");
        expression->function.end_line = small(&function, "end_line");
        read_locks_of_function(expression, &function);
    }
    if (is_object(&loop)) {
        expression->loop.kind = string(&loop, "kind");
        expression->loop.line = small(&loop, "line");
        expression->loop.end_line = small(&loop, "end_line");
    }
    return expression;
}

static void read_frame(struct sn_frame *frame, const struct node *node)
{
    frame->function = string(node, "function");
    frame->file = string(node, "file");
    frame->line = small(node, "line");
    frame->column = small(node, "column");
    frame->module = string(node, "module");
    frame->offset = read_offset(node);
    frame->inlined = truth(node, "inlined");
    frame->expression = read_expression(node);
}

static struct sn_frame read_frame_field(const struct node *parent, const char *key)
{
    struct sn_frame frame = {0};
    struct node node = field(parent, key);
    if (is_object(&node))
        read_frame(&frame, &node);
    return frame;
}

static struct sn_stack read_stack(const struct node *parent, const char *key)
{
    struct node array = field(parent, key);
    struct sn_stack stack = {.count = array_size(&array)};
    stack.frames = SN_NEW_ARRAY(parent->in->arena, struct sn_frame, stack.count);
    for (size_t i = 0; i < stack.count; i++) {
        struct node node = item(&array, i);
        if (is_item(&node))
            read_frame(&stack.frames[i], &node);
    }
    return stack;
}

static void read_thread(struct sn_finding *finding, const struct node *node)
{
    struct sn_thread *thread = SN_NEW(node->in->arena, struct sn_thread);
    thread->id = small(node, "id");
    thread->process = small(node, "process");
    thread->name = string(node, "name");
    thread->created_at = read_stack(node, "created_at");
    *vec_push(&finding->threads) = thread;
}

static void read_lock(struct sn_finding *finding, const struct node *node)
{
    struct sn_lock *lock = SN_NEW(node->in->arena, struct sn_lock);
    lock->id = small(node, "id");
    lock->name = string(node, "name");
    lock->type = string(node, "type");
    lock->created_at = read_stack(node, "created_at");
    lock->allocated_at = read_stack(node, "allocated_at");
    *vec_push(&finding->locks) = lock;
}

static void read_variable(struct sn_finding *finding, const struct node *node)
{
    struct sn_variable *variable = SN_NEW(node->in->arena, struct sn_variable);
    variable->name = string(node, "name");
    variable->size = small(node, "size");
    variable->place = string(node, "place");
    variable->declared_at = read_frame_field(node, "declared_at");
    variable->allocated_at = read_stack(node, "allocated_at");
    finding->variable = variable;
}

static void read_site(struct sn_finding *finding, const struct node *node)
{
    struct node held = field(node, "locks_held");
    size_t size = array_size(&held);
    uint32_t *locks = SN_NEW_ARRAY(node->in->arena, uint32_t, size);
    for (size_t i = 0; i < size; i++) {
        struct node lock = item(&held, i);
        json_int_t id = json_integer_value(lock.value);
        if (!json_is_integer(lock.value) || id < 0 || id > UINT32_MAX)
            complain(&lock, SN_E_FORMAT, "expected the id of a lock");
        locks[i] = (uint32_t)id;
    }
    int role = word(node, "role", sn_role_by_name, -1);
    struct sn_site *site = sn_finding_site(finding, role, small(node, "thread"));
    site->process = small(node, "process");
    site->lock = small(node, "lock");
    site->locks_held = locks;
    site->locks_held_count = size;
    site->note = string(node, "note");
    site->stack = read_stack(node, "stack");
}

static void read_step(struct sn_finding *finding, const struct node *node)
{
    struct sn_step *step = vec_push(&finding->witness);
    step->thread = small(node, "thread");
    step->what = string(node, "what");
    step->at = read_frame_field(node, "at");
}

/* Calls READ with TARGET for each object of the array under KEY. */
#define READ_EACH(read, target, parent, key)                                                       \
    do {                                                                                           \
        struct node array_ = field((parent), (key));                                               \
        for (size_t i_ = 0, size_ = array_size(&array_); i_ < size_; i_++) {                       \
            struct node node_ = item(&array_, i_);                                                 \
            if (is_item(&node_))                                                                   \
                (read)((target), &node_);                                                          \
        }                                                                                          \
    } while (0)

static struct sn_suppressor read_suppressor(const struct node *node)
{
    return (struct sn_suppressor){string(node, "file"), small(node, "line"),
                                  string(node, "reason")};
}

static void read_suppression(struct sn_report *report, const struct node *node)
{
    struct sn_suppression_use *use = vec_push(&report->suppressions);
    use->by = read_suppressor(node);
    use->until = string(node, "until");
    use->expired = truth(node, "expired");
    use->untried = string(node, "untried");
    use->findings = count(node, "findings");
}

/* Reports that do not say it were judged by the usual rule, or by one that nobody knows. */
static bool read_gated(const struct sn_finding *finding, const struct node *node)
{
    struct node gated = field(node, "gated");
    struct sn_gate gate;
    sn_gate_default(&gate);
    return absent(&gated) ? sn_gate_applies(&gate, finding) : truth(node, "gated");
}

static void read_finding(struct sn_report *report, const struct node *node)
{
    int kind = word(node, "kind", sn_hazard_by_id, -1);
    int level = word(node, "level", level_by_name, -1);
    if (node->in->code)
        return;
    struct sn_finding *finding = sn_report_add(report, kind, level);
    finding->severity = word(node, "severity", severity_by_name, finding->severity);
    finding->status = word(node, "status", status_by_name, SN_NEW);
    finding->gated = read_gated(finding, node);
    struct node id = field(node, "id"), by = field(node, "suppressed_by");
    if (is_object(&by)) {
        struct sn_suppressor *suppressor = SN_NEW(node->in->arena, struct sn_suppressor);
        *suppressor = read_suppressor(&by);
        finding->suppressed_by = suppressor;
    }
    finding->id = string(node, "id");
    if (!finding->id || !*finding->id)
        complain(&id, SN_E_FORMAT, "is missing");
    finding->title = string(node, "title");
    finding->explanation = string(node, "explanation");
    finding->reason = string(node, "reason");
    finding->cause = string(node, "cause");
    finding->depends_on = string(node, "depends_on");
    finding->seen_in_source = truth(node, "seen_in_source");
    finding->count = (uint64_t)number_between(node, "count", 0, INT64_MAX, 1);
    READ_EACH(read_thread, finding, node, "threads");
    READ_EACH(read_lock, finding, node, "locks");
    READ_EACH(read_site, finding, node, "sites");
    READ_EACH(read_step, finding, node, "witness");
    struct node variable = field(node, "variable");
    if (is_object(&variable))
        read_variable(finding, &variable);
    if (finding->threads.count)
        finding->process = finding->threads.at[0]->process;
}

static void read_process(struct sn_report *report, const struct node *node)
{
    struct sn_process *process = vec_push(&report->processes);
    process->id = small(node, "id");
    process->pid = (int)number_between(node, "pid", 0, INT32_MAX, 0);
    process->parent = small(node, "parent");
    process->argv = read_strings(node, "argv", &process->argc);
}

static void read_coverage(struct sn_report *report, const struct node *node)
{
    struct sn_coverage *coverage = vec_push(&report->coverage);
    coverage->module = string(node, "module");
    coverage->accesses = string(node, "accesses");
    coverage->sites = count(node, "sites");
    coverage->covered = count(node, "covered");
    coverage->reason = string(node, "reason");
}

static double seconds(const struct node *node, const char *name)
{
    struct node value = field(node, name);
    if (!absent(&value) && !json_is_number(value.value))
        complain(&value, SN_E_FORMAT, "expected a number");
    return json_number_value(value.value);
}

static void read_program(struct sn_report *report, const struct node *node)
{
    report->argv = read_strings(node, "argv", &report->argc);
    report->pid = (int)number_between(node, "pid", 0, INT32_MAX, 0);
    report->exit_status = (int)number_between(node, "exit_status", 0, 255, -1);
    report->signal = (int)number_between(node, "signal", 0, 255, 0);
    report->timed_out = truth(node, "timed_out");
    report->stood_still = truth(node, "hung");
    report->still_for = seconds(node, "still_for");
}

static void read_recording(struct sn_report *report, const struct node *node)
{
    size_t traces;
    const char **names = read_strings(node, "traces", &traces);
    for (size_t i = 0; i < traces; i++)
        *vec_push(&report->traces) = names[i];
    report->complete = truth(node, "complete");
    report->incomplete_reason = string(node, "incomplete_reason");
    report->events = count(node, "events");
    report->accesses = count(node, "accesses");
    report->threads = count(node, "threads");
    report->locks = count(node, "locks");
    report->access_source = string(node, "access_source");
    report->seconds = seconds(node, "seconds");
    report->lost_events = count(node, "lost_events");
    READ_EACH(read_coverage, report, node, "coverage");
}

static void read_summary(struct sn_report *report, const struct node *node)
{
    report->observed = count(node, "observed");
    report->predicted = count(node, "predicted");
    report->possible = count(node, "possible");
    report->suppressed = count(node, "suppressed");
    report->gated = count(node, "gated");
}

static bool check_schema(const struct node *root)
{
    const char *schema = string(root, "schema");
    struct node node = field(root, "schema");
    if (schema && strcmp(schema, "snarl-report/1") == 0)
        return true;
    if (schema && strncmp(schema, "snarl-report/", 13) == 0)
        complain(&node, SN_E_VERSION, "a report of a version that this snarl cannot read");
    else
        complain(&node, SN_E_FORMAT, "not a report of snarl (expected \"snarl-report/1\")");
    return false;
}

static void resolve(struct sn_report *report)
{
    struct sn_index index;
    sn_index_init(&index, report);
    vec_each (struct sn_finding *, finding, &report->findings)
        (*finding)->depends_on_finding =
            (struct sn_finding *)sn_index_find(&index, (*finding)->depends_on);
    sn_index_release(&index);
}

static void read_report(struct sn_report *report, const struct node *root)
{
    if (!is_item(root) || !check_schema(root))
        return;
    struct node program = field(root, "program"), recording = field(root, "recording");
    struct node summary = field(root, "summary"), findings = field(root, "findings");
    if (is_object(&program))
        read_program(report, &program);
    if (is_object(&recording))
        read_recording(report, &recording);
    if (is_object(&summary))
        read_summary(report, &summary);
    size_t notes;
    const char **texts = read_strings(root, "notes", &notes);
    for (size_t i = 0; i < notes; i++)
        *vec_push(&report->notes) = texts[i];
    READ_EACH(read_process, report, root, "processes");
    READ_EACH(read_suppression, report, root, "suppressions");
    if (absent(&findings))
        complain(&findings, SN_E_FORMAT, "is missing");
    READ_EACH(read_finding, report, root, "findings");
    resolve(report);
}

/* jansson quotes the input, and its words end up on a terminal. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

static int parse(struct sn_report *report, const char *path, const char *bytes, size_t size,
                 struct sn_error *err)
{
    if (size == 0)
        return sn_fail(err, SN_E_EMPTY, path, SN_NO_OFFSET, "the file is empty");
    json_error_t trouble;
    json_t *document = json_loadb(bytes, size, 0, &trouble);
    if (!document) {
        make_printable(trouble.text);
        return sn_fail(err, SN_E_FORMAT, path, (uint64_t)trouble.position, "no JSON: %s (line %d)",
                       trouble.text, trouble.line);
    }
    struct sn_error local;
    struct input in = {&report->arena, &local, 0};
    struct node root = {&in, document, NULL, NULL, 0};
    read_report(report, &root);
    json_decref(document);
    if (in.code)
        return sn_fail(err, in.code, path, local.offset, "%s", local.text);
    return 0;
}

int sn_json_parse(struct sn_report *report, const char *bytes, size_t size, struct sn_error *err)
{
    sn_report_init(report);
    return parse(report, NULL, bytes, size, err);
}

int sn_json_load(struct sn_report *report, const char *path, char **bytes, size_t *size,
                 struct sn_error *err)
{
    sn_report_init(report);
    *bytes = NULL;
    int code = sn_file_read(path, LARGEST_FILE - 1, "larger than 1 GiB, which no report is", bytes,
                            size, err);
    if (code < 0)
        *bytes = NULL;
    return code < 0 ? code : parse(report, path, *bytes, *size, err);
}

int sn_json_read(struct sn_report *report, const char *path, struct sn_error *err)
{
    size_t size;
    char *bytes;
    int code = sn_json_load(report, path, &bytes, &size, err);
    free(bytes);
    return code;
}
