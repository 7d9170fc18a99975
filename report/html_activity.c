/* SPDX-License-Identifier: Apache-2.0 */
#include "report/html_parts.h"
#include "report/tree.h"

#define SET(object, key, value) json_object_set_new((object), (key), (value))

static json_t *number(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
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

static bool has_open(const struct sn_activity *activity)
{
    vec_each (const struct sn_span, span, &activity->spans)
        if (span->flags & SN_SPAN_OPEN)
            return true;
    return false;
}

json_t *sn_html_activity(struct sn_html_places *places, const struct sn_report *report,
                         const struct sn_activity *activity, bool spans)
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
    SET(object, "first", number(activity->spans.count ? activity->spans.at[0].from : 0));
    SET(object, "open", json_boolean(has_open(activity)));
    SET(object, "spans", spans ? sn_html_spans(activity, 0, UINT64_MAX, 0) : json_null());
    sn_html_cast(object, places, report, &activity->cast, activity);
    return object;
}
