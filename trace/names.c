/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/names.h"

#include <ctype.h>

const char *tr_names_of(const char *path, size_t *length)
{
    const char *end = path + *length, *name = end;
    while (name > path && name[-1] != '/')
        name--;
    *length = (size_t)(end - name);
    return name;
}

const char *tr_names_path(const uint8_t *bytes, uint32_t *length)
{
    if (!*length || bytes[0] >= *length)
        return (const char *)bytes;
    uint32_t skip = bytes[0] + 1u;
    *length -= skip;
    return (const char *)bytes + skip;
}

static bool plain(const char *name, size_t length)
{
    if (!length || !isalpha((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._+-", name[i]))
            return false;
    return !memchr(name, 0, length);
}

static uint64_t hash_of(const char *name, size_t length)
{
    uint64_t hash = length;
    for (size_t i = 0; i < length; i++)
        hash = sn_mix(hash ^ (unsigned char)name[i]);
    return hash;
}

void tr_names_add(struct tr_names *names, const char *path, size_t length, uint64_t base)
{
    if (!length)
        return;
    const char *name = tr_names_of(path, &length);
    if (!plain(name, length))
        return;
    uint64_t *place = sn_map_at(&names->by_hash, hash_of(name, length));
    if (!*place) {
        *vec_push(&names->known) =
            (struct tr_name){.name = sn_strndup(&names->arena, name, length), .base = base};
        *place = names->known.count;
        return;
    }
    struct tr_name *known = &names->known.at[*place - 1];
    if (known->base != base || strlen(known->name) != length || memcmp(known->name, name, length))
        known->shared = true;
}

const uint64_t *tr_names_base(const struct tr_names *names, const char *name, size_t length)
{
    const uint64_t *place = sn_map_find(&names->by_hash, hash_of(name, length));
    if (!place)
        return NULL;
    const struct tr_name *known = &names->known.at[*place - 1];
    if (known->shared || strlen(known->name) != length || memcmp(known->name, name, length))
        return NULL;
    return &known->base;
}

void tr_names_release(struct tr_names *names)
{
    vec_release(&names->known);
    sn_map_release(&names->by_hash);
    sn_arena_release(&names->arena);
}
