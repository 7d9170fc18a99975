/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/relation.h"

#define RELATION(name) extern const struct an_relation an_relation_##name;
#include "analyzer/predict/relations.def"
#undef RELATION

static const struct an_relation *const relations[] = {
#define RELATION(name) &an_relation_##name,
#include "analyzer/predict/relations.def"
#undef RELATION
    NULL,
};

const struct an_relation *const *an_relations(void)
{
    return relations;
}

const struct an_relation *an_relation_find(const char *name)
{
    for (const struct an_relation *const *at = relations; *at; at++)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    return NULL;
}

static int by_second(const void *left, const void *right)
{
    const struct an_pair *a = left, *b = right;
    if (a->second != b->second)
        return a->second < b->second ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

void an_pairs_sort(struct an_pairs *pairs, const struct an_run *run)
{
    if (!pairs->of.count)
        return;
    qsort(pairs->of.at, pairs->of.count, sizeof *pairs->of.at, by_second);
    size_t kept = 1;
    for (size_t i = 1; i < pairs->of.count; i++)
        if (an_run_event(run, pairs->of.at[i].second) !=
            an_run_event(run, pairs->of.at[kept - 1].second))
            pairs->of.at[kept++] = pairs->of.at[i];
    pairs->of.count = kept;
}

void an_relation_apply(const struct an_relation *relation, const struct an_run *run,
                       unsigned workers, struct an_pairs *found)
{
    if (relation->whole) {
        relation->whole(run, workers, found);
    } else {
        void *self = relation->open(found);
        relation->ops(self, run->ops.at, run->ops.count);
        relation->close(self);
    }
    an_pairs_sort(found, run);
}
