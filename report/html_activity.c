/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html_parts.h"
#include "report/tree.h"

#define SET(object, key, value) json_object_set_new((object), (key), (value))

static json_t *number(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* Bytes that become base64 as they come. */
struct column {
    struct sn_text text;
    uint32_t bits;
    unsigned count;
};

static void add_sextet(struct column *column, uint32_t value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    sn_text_add(&column->text, &digits[value & 63], 1);
}

static void add_byte(struct column *column, uint8_t byte)
{
    column->bits = column->bits << 8 | byte;
    column->count += 8;
    while (column->count >= 6)
        add_sextet(column, column->bits >> (column->count -= 6));
}

static void add_number(struct column *column, uint64_t value)
{
    while (value >= 128) {
        add_byte(column, (uint8_t)(value | 128));
        value >>= 7;
    }
    add_byte(column, (uint8_t)value);
}

static json_t *finish(struct column *column)
{
    if (column->count)
        add_sextet(column, column->bits << (6 - column->count));
    while (column->text.length % 4)
        sn_text_puts(&column->text, "=");
    return sn_tree_take(&column->text);
}

/* Differences in both directions as small numbers. */
static uint64_t zigzag(uint64_t to, uint64_t from)
{
    int64_t difference = (int64_t)(to - from);
    return (uint64_t)difference << 1 ^ (uint64_t)(difference >> 63);
}

json_t *sn_html_spans(const struct sn_activity *activity, size_t from, size_t until)
{
    struct column begins = {0}, lasts = {0}, threads = {0}, sites = {0};
    struct column by = {0}, flags = {0}, handed = {0};
    uint64_t previous = 0;
    for (size_t i = from; i < until; i++) {
        const struct sn_span *span = &activity->spans.at[i];
        add_number(&begins, zigzag(span->from, previous));
        add_number(&lasts, span->until > span->from ? span->until - span->from : 0);
        add_number(&threads, span->thread);
        add_number(&sites, span->site);
        add_number(&by, span->by == SN_NOBODY ? 0 : (uint64_t)span->by + 1);
        add_number(&flags, span->flags);
        if (span->by != SN_NOBODY)
            add_number(&handed, zigzag(span->handed, span->until));
        previous = span->from;
    }
    json_t *object = json_pack("{s:I}", "count", (json_int_t)(until - from));
    SET(object, "from", finish(&begins));
    SET(object, "lasts", finish(&lasts));
    SET(object, "thread", finish(&threads));
    SET(object, "site", finish(&sites));
    SET(object, "by", finish(&by));
    SET(object, "flags", finish(&flags));
    SET(object, "handed", finish(&handed));
    return object;
}

static json_t *lives(const struct sn_activity *activity)
{
    json_t *array = json_array();
    vec_each (const struct sn_life, life, &activity->lives) {
        json_t *object = json_pack("{s:b}", "ended", (int)life->ended);
        SET(object, "from", number(life->from));
        SET(object, "until", number(life->until));
        SET(object, "waits", number(life->waits));
        SET(object, "waited", number(life->waited));
        SET(object, "held", number(life->held));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *uses(const struct sn_activity *activity)
{
    json_t *array = json_array();
    vec_each (const struct sn_lock_use, use, &activity->uses) {
        json_t *object = json_object();
        SET(object, "taken", number(use->taken));
        SET(object, "shared", number(use->shared));
        SET(object, "waits", number(use->waits));
        SET(object, "waited", number(use->waited));
        SET(object, "longest_wait", number(use->longest_wait));
        SET(object, "held", number(use->held));
        SET(object, "longest_hold", number(use->longest_hold));
        SET(object, "bypassed", number(use->bypassed));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *order(const struct sn_activity *activity)
{
    json_t *array = json_array();
    vec_each (const struct sn_lock_edge, edge, &activity->order)
        json_array_append_new(array, json_pack("[I,I,I,o]", (json_int_t)edge->holds,
                                               (json_int_t)edge->takes, (json_int_t)edge->thread,
                                               number(edge->count)));
    return array;
}

json_t *sn_html_activity(struct sn_html_places *places, const struct sn_report *report,
                         const struct sn_activity *activity)
{
    json_t *object = json_object();
    SET(object, "process", json_integer(activity->cast.process));
    SET(object, "until", number(activity->until));
    SET(object, "timeless", json_boolean(activity->timeless));
    SET(object, "spans_left_out", number(activity->spans_left_out));
    SET(object, "locks_left_out", number(activity->locks_left_out));
    SET(object, "lives", lives(activity));
    SET(object, "uses", uses(activity));
    SET(object, "order", order(activity));
    SET(object, "spans", sn_html_spans(activity, 0, activity->spans.count));
    sn_html_cast(object, places, report, &activity->cast, activity);
    return object;
}
