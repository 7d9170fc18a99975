/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans as columns: what a timeline of a certain width can show of a window. Spans of one thread at
 * one lock that are shorter than a grain, and begin in the same one, become one.
 */
#include "base/map.h"
#include "report/html_parts.h"
#include "report/tree.h"

#define SET(object, key, value) json_object_set_new((object), (key), (value))

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

struct bin {
    struct sn_span span;
    uint64_t count, busy; /* how many it is, and how long they last together */
};

struct bins {
    VEC(struct bin) of;
    struct sn_map open; /* by who does what: index of the latest one of short ones, plus one */
};

static uint64_t length(const struct sn_span *span)
{
    return span->until > span->from ? span->until - span->from : 0;
}

static void add_span(struct bins *bins, const struct sn_finding *cast, const struct sn_span *span,
                     uint64_t grain)
{
    const struct sn_site *site = &cast->sites.at[span->site];
    uint64_t row = (uint64_t)span->thread << 1 | (site->role == SN_ROLE_HOLDS);
    uint64_t *open = sn_map_at(&bins->open, row << 32 | site->lock);
    struct bin *last = *open ? &bins->of.at[*open - 1] : NULL;
    bool is_short = length(span) < grain;
    if (is_short && last && span->from < last->span.from + grain) {
        last->span.until = span->until > last->span.until ? span->until : last->span.until;
        last->count++;
        last->busy += length(span);
        return;
    }
    *vec_push(&bins->of) = (struct bin){*span, 1, length(span)};
    *open = is_short ? bins->of.count : 0;
}

static json_t *columns(const struct bins *bins)
{
    struct column begins = {0}, lasts = {0}, threads = {0}, sites = {0};
    struct column by = {0}, flags = {0}, handed = {0}, counts = {0}, busy = {0};
    uint64_t previous = 0;
    vec_each (const struct bin, bin, &bins->of) {
        const struct sn_span *span = &bin->span;
        add_number(&begins, zigzag(span->from, previous));
        add_number(&lasts, length(span));
        add_number(&threads, span->thread);
        add_number(&sites, span->site);
        add_number(&by, span->by == SN_NOBODY ? 0 : (uint64_t)span->by + 1);
        /* What is several has no end of its own. */
        add_number(&flags, bin->count > 1 ? SN_HTML_SEVERAL : span->flags);
        if (span->by != SN_NOBODY)
            add_number(&handed, zigzag(span->handed, span->until));
        if (bin->count > 1) {
            add_number(&counts, bin->count);
            add_number(&busy, bin->busy);
        }
        previous = span->from;
    }
    json_t *object = json_pack("{s:I}", "count", (json_int_t)bins->of.count);
    SET(object, "from", finish(&begins));
    SET(object, "lasts", finish(&lasts));
    SET(object, "thread", finish(&threads));
    SET(object, "site", finish(&sites));
    SET(object, "by", finish(&by));
    SET(object, "flags", finish(&flags));
    SET(object, "handed", finish(&handed));
    SET(object, "several", finish(&counts));
    SET(object, "busy", finish(&busy));
    return object;
}

json_t *sn_html_spans(const struct sn_activity *activity, uint64_t from, uint64_t until,
                      uint64_t grain)
{
    struct bins bins = {0};
    vec_each (const struct sn_span, span, &activity->spans) {
        if (span->from > until)
            break;
        if (span->until >= from || span->flags & SN_SPAN_OPEN)
            add_span(&bins, &activity->cast, span, grain);
    }
    json_t *object = columns(&bins);
    vec_release(&bins.of);
    sn_map_release(&bins.open);
    return object;
}
