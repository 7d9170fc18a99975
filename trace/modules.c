/* SPDX-License-Identifier: Apache-2.0 */
/* Sorted by address, modules that overlap follow each other. Of such a group the same file, told
 * again, counts once; if more than one is left, the group is a ground, and keeps who came when. */
#include "trace/modules.h"

#include <stdlib.h>
#include <string.h>

enum { USER_BITS = 47, MOVED_BY = 48, TURNS = 1 << 15 };

struct tr_module *tr_modules_add(struct tr_modules *modules, const struct tr_module *module,
                                 uint64_t time)
{
    struct tr_telling *telling = vec_push(&modules->tellings);
    *telling = (struct tr_telling){*module, time};
    return &telling->module;
}

/* By what they say, to the last: nothing must depend on their place in the file. */
static int by_start(const void *left, const void *right)
{
    const struct tr_module *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->base != b->base)
        return a->base < b->base ? -1 : 1;
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    int by_path = strcmp(a->path, b->path);
    return by_path ? by_path : memcmp(a->build_id, b->build_id, sizeof a->build_id);
}

static int by_start_and_time(const void *left, const void *right)
{
    const struct tr_telling *a = left, *b = right;
    int order = by_start(&a->module, &b->module);
    return order ? order : a->time < b->time ? -1 : a->time > b->time;
}

static int by_time(const void *left, const void *right)
{
    const struct tr_telling *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return by_start(&a->module, &b->module);
}

/* What was learnt of a module since it was told. */
static void add_coverage(struct tr_module *module, const struct tr_module *again)
{
    if (!again->access_source && !again->reason)
        return;
    module->access_source = again->access_source;
    module->sites = again->sites;
    module->covered = again->covered;
    module->reason = again->reason;
}

/* Moves the module of each of the COUNT tellings, of FILES modules, and says so in all of them. */
static void take_turns(struct tr_telling *tellings, size_t count, struct tr_module *files,
                       size_t file_count)
{
    uint64_t turn = 0;
    for (size_t i = 0; i < count; i++) {
        struct tr_module *module = &tellings[i].module, *file = files;
        while (file < files + file_count - 1 && by_start(file, module) != 0)
            file++;
        if (i && by_start(module, &tellings[0].module) != 0 && !file->moved && turn < TURNS - 1)
            file->moved = ++turn << MOVED_BY;
        module->moved = file->moved;
    }
    for (size_t i = 0; i < file_count; i++) {
        files[i].base += files[i].moved;
        files[i].start += files[i].moved;
        files[i].end += files[i].moved;
    }
}

/* Those from FIRST to LAST overlap each other, or what lies between. */
static void settle_group(struct tr_modules *modules, size_t first, size_t last)
{
    size_t files = modules->known.count;
    uint64_t end = 0;
    for (size_t i = first; i <= last; i++) {
        const struct tr_module *module = &modules->tellings.at[i].module;
        end = module->end > end ? module->end : end;
        if (i > first && by_start(vec_last(&modules->known), module) == 0)
            add_coverage(vec_last(&modules->known), module);
        else
            *vec_push(&modules->known) = *module;
    }
    size_t count = modules->known.count - files;
    if (count < 2 || end >> USER_BITS)
        return;
    struct tr_telling *at = &modules->tellings.at[first];
    *vec_push(&modules->grounds) = (struct tr_ground){at->module.start, end, first, last};
    qsort(at, last - first + 1, sizeof *at, by_time);
    take_turns(at, last - first + 1, &modules->known.at[files], count);
}

void tr_modules_settle(struct tr_modules *modules)
{
    size_t count = modules->tellings.count;
    if (!count)
        return;
    qsort(modules->tellings.at, count, sizeof *modules->tellings.at, by_start_and_time);
    for (size_t first = 0, next; first < count; first = next) {
        uint64_t end = modules->tellings.at[first].module.end;
        for (next = first + 1; next < count && modules->tellings.at[next].module.start < end;
             next++)
            if (modules->tellings.at[next].module.end > end)
                end = modules->tellings.at[next].module.end;
        settle_group(modules, first, next - 1);
    }
    qsort(modules->known.at, modules->known.count, sizeof *modules->known.at, by_start);
}

static const struct tr_ground *ground_at(const struct tr_modules *modules, uint64_t address)
{
    size_t low =
        vec_count_while(struct tr_ground, ground, &modules->grounds, ground->start <= address);
    return low && address < modules->grounds.at[low - 1].end ? &modules->grounds.at[low - 1] : NULL;
}

static bool holds(const struct tr_telling *telling, uint64_t address)
{
    return address - telling->module.start < telling->module.end - telling->module.start;
}

uint64_t tr_modules_place(const struct tr_modules *modules, uint64_t address, uint64_t time)
{
    const struct tr_ground *ground = modules->grounds.count ? ground_at(modules, address) : NULL;
    if (!ground)
        return address;
    const struct tr_telling *at = modules->tellings.at;
    size_t low = ground->first, high = ground->last + 1;
    while (low < high) { /* behind the last that was told at TIME or before */
        size_t middle = low + (high - low) / 2;
        if (at[middle].time <= time)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i-- > ground->first;)
        if (holds(&at[i], address))
            return address + at[i].module.moved;
    for (size_t i = low; i <= ground->last; i++)
        if (holds(&at[i], address))
            return address + at[i].module.moved;
    return address;
}

const struct tr_module *tr_modules_at(const struct tr_modules *modules, uint64_t place)
{
    const struct tr_module *known = modules->known.at;
    size_t low = 0, high = modules->known.count;
    while (low < high) { /* behind the last that starts at or before PLACE */
        size_t middle = low + (high - low) / 2;
        if (known[middle].start <= place)
            low = middle + 1;
        else
            high = middle;
    }
    while (low-- > 0) /* a damaged trace may have any ranges */
        if (place < known[low].end)
            return &known[low];
    return NULL;
}

void tr_modules_release(struct tr_modules *modules)
{
    vec_release(&modules->known);
    vec_release(&modules->tellings);
    vec_release(&modules->grounds);
}
