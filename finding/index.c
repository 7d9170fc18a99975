/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/index.h"

#include <string.h>

uint64_t sn_hash(const char *bytes, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return sn_mix(hash);
}

/* The key under which ID is, or would be: ids with one hash follow each other. */
static uint64_t key_of(const struct sn_index *index, const char *id)
{
    uint64_t key = sn_hash(id, strlen(id)), *value;
    while ((value = sn_map_find(&index->findings, key)) &&
           strcmp(((const struct sn_finding *)(uintptr_t)*value)->id, id) != 0)
        key++;
    return key;
}

void sn_index_init(struct sn_index *index, const struct sn_report *report)
{
    *index = (struct sn_index){0};
    vec_each (struct sn_finding *, finding, &report->findings) {
        if (!(*finding)->id)
            continue;
        uint64_t *value = sn_map_at(&index->findings, key_of(index, (*finding)->id));
        if (!*value)
            *value = (uintptr_t)*finding;
    }
}

const struct sn_finding *sn_index_find(const struct sn_index *index, const char *id)
{
    uint64_t *value = id ? sn_map_find(&index->findings, key_of(index, id)) : NULL;
    return value ? (const struct sn_finding *)(uintptr_t)*value : NULL;
}

void sn_index_release(struct sn_index *index)
{
    sn_map_release(&index->findings);
}
