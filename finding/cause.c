/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/cause.h"

#include "base/map.h"
#include "finding/function.h"
#include "finding/index.h"
#include "finding/stack.h"

#include <stdlib.h>
#include <string.h>

struct groups {
    VEC(size_t) parent;   /* by index of the finding; itself: it is the first */
    struct sn_map by_key; /* index plus one */
};

static size_t first_of(struct groups *groups, size_t i)
{
    while (groups->parent.at[i] != i)
        i = groups->parent.at[i] = groups->parent.at[groups->parent.at[i]];
    return i;
}

static void join(struct groups *groups, size_t i, const struct sn_text *key)
{
    uint64_t *at = sn_map_at(&groups->by_key, sn_hash(key->at, key->length));
    if (!*at) {
        *at = i + 1;
        return;
    }
    size_t a = first_of(groups, (size_t)*at - 1), b = first_of(groups, i);
    groups->parent.at[a > b ? a : b] = a < b ? a : b;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct sn_text *)a)->at, ((const struct sn_text *)b)->at);
}

/* The functions of one's own in which it happens, sorted, each once; false: not all are known. */
static bool add_functions(struct sn_text *key, const struct sn_finding *finding)
{
    VEC(struct sn_text) names = {0};
    bool known = finding->sites.count > 0;
    vec_each (const struct sn_site, site, &finding->sites) {
        const struct sn_frame *place = sn_stack_place(&site->stack);
        bool own = place && place->function && sn_frame_is_own(place);
        if (own)
            sn_function_key(vec_push(&names), place->function);
        known = known && own;
    }
    if (names.count)
        qsort(names.at, names.count, sizeof *names.at, compare_names);
    for (size_t i = 0; i < names.count; i++)
        if (i == 0 || strcmp(names.at[i].at, names.at[i - 1].at) != 0)
            sn_text_printf(key, " %s", names.at[i].at);
    vec_each (struct sn_text, name, &names)
        sn_text_release(name);
    vec_release(&names);
    return known;
}

/* The variable as a whole, of which a member or an element is meant; a block on the heap is told by
 * whoever made it. */
static bool add_variable(struct sn_text *key, const struct sn_variable *variable)
{
    if (!variable || !variable->place)
        return false;
    if (strcmp(variable->place, "global") == 0 && variable->name) {
        sn_text_add(key, variable->name, strcspn(variable->name, ".["));
        return true;
    }
    bool known = false;
    for (size_t i = 0; i < variable->allocated_at.count; i++) {
        const struct sn_frame *frame = &variable->allocated_at.frames[i];
        if (!frame->function || !sn_frame_is_own(frame))
            continue;
        sn_text_puts(key, "<");
        sn_function_key(key, frame->function);
        known = true;
    }
    return known;
}

void sn_report_causes(struct sn_report *report)
{
    struct groups groups = {0};
    struct sn_text key = {0};
    for (size_t i = 0; i < report->findings.count; i++) {
        const struct sn_finding *finding = report->findings.at[i];
        *vec_push(&groups.parent) = i;
        sn_text_clear(&key);
        sn_text_printf(&key, "%d in", (int)finding->kind);
        if (add_functions(&key, finding))
            join(&groups, i, &key);
        sn_text_clear(&key);
        sn_text_printf(&key, "%d on ", (int)finding->kind);
        if (add_variable(&key, finding->variable))
            join(&groups, i, &key);
    }
    for (size_t i = 0; i < report->findings.count; i++) {
        size_t first = first_of(&groups, i);
        if (first == i)
            continue;
        report->findings.at[first]->cause = report->findings.at[first]->id;
        report->findings.at[i]->cause = report->findings.at[first]->id;
    }
    vec_release(&groups.parent);
    sn_map_release(&groups.by_key);
    sn_text_release(&key);
}
