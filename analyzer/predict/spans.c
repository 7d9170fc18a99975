/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both questions to a queue ask how long a first part of it is in which something holds for each
 * (if it holds for one, then for those before): steps are doubled, and then halved.
 */
#include "analyzer/predict/spans.h"

#ifndef AN_QUEUE_LEAST
#define AN_QUEUE_LEAST 64 /* shorter ones are not looked at */
#endif

void an_spans_init(struct an_spans *sections)
{
    *sections = (struct an_spans){0};
    (void)vec_push(&sections->of);
}

void an_spans_release(struct an_spans *sections)
{
    vec_each (struct an_span, section, &sections->of)
        an_vector_release(&section->past);
    vec_release(&sections->of);
    vec_release(&sections->unused);
}

uint32_t an_spans_begin(struct an_spans *sections, uint32_t thread, uint32_t time)
{
    uint32_t number;
    if (sections->unused.count) {
        number = *vec_pop(&sections->unused);
    } else {
        number = (uint32_t)sections->of.count;
        (void)vec_push(&sections->of);
    }
    struct an_span *section = &sections->of.at[number];
    section->thread = thread;
    section->begun = time;
    section->ended = 0;
    section->references = 1;
    return number;
}

void an_queue_push(struct an_queue *queue, struct an_spans *sections, uint32_t number)
{
    const struct an_span *section = &sections->of.at[number];
    if (!queue->limit)
        queue->limit = AN_QUEUE_LEAST;
    *vec_push(&queue->of) = (struct an_queued){an_spans_keep(sections, number), section->thread,
                                               section->begun, section->ended};
}

static bool knows_begin(const struct an_queued *queued, const struct an_vector *past)
{
    return an_vector_get(past, queued->thread) >= queued->begun;
}

static bool knows_end(const struct an_queued *queued, const struct an_vector *past)
{
    return an_vector_get(past, queued->thread) >= queued->ended;
}

static size_t count_known(const struct an_queued *from, size_t count, const struct an_vector *past,
                          bool (*knows)(const struct an_queued *, const struct an_vector *))
{
    size_t low = 0, step = 1; /* all below LOW are known */
    while (low + step <= count && knows(&from[low + step - 1], past)) {
        low += step;
        step *= 2;
    }
    size_t high = low + step <= count ? low + step - 1 : count; /* what lies from HIGH on is not */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (knows(&from[middle], past))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t an_queue_pass(struct an_queue *queue, uint32_t thread, const struct an_vector *past)
{
    while (queue->passed.count <= thread)
        (void)vec_push(&queue->passed);
    uint64_t *passed = &queue->passed.at[thread];
    size_t at = queue->start + (*passed > queue->gone ? *passed - queue->gone : 0);
    size_t more = count_known(queue->of.at + at, queue->of.count - at, past, knows_begin);
    *passed = queue->gone + (at - queue->start) + more;
    return more ? queue->of.at[at + more - 1].section : 0;
}

size_t an_queue_known(const struct an_queue *queue, const struct an_vector *past)
{
    return count_known(queue->of.at + queue->start, queue->of.count - queue->start, past,
                       knows_end);
}

void an_queue_trim(struct an_queue *queue, struct an_spans *sections, size_t count)
{
    for (size_t i = 0; i < count; i++)
        an_spans_drop(sections, queue->of.at[queue->start + i].section);
    queue->start += count;
    queue->gone += count;
    size_t left = queue->of.count - queue->start;
    if (queue->start >= left) {
        memmove(queue->of.at, queue->of.at + queue->start, left * sizeof *queue->of.at);
        queue->of.count = left;
        queue->start = 0;
    }
    queue->limit = left * 2 > AN_QUEUE_LEAST ? left * 2 : AN_QUEUE_LEAST;
}

void an_queue_release(struct an_queue *queue)
{
    vec_release(&queue->of);
    vec_release(&queue->passed);
}
