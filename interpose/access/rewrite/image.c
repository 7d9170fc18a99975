/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/rewrite/image.h"

#include "interpose/access/rewrite/move.h"
#include "interpose/access/rewrite/switches.h"
#include "interpose/access/rewrite/unwind.h"

#include "interpose/core/poison.h"

enum {
    PAGE = 4096,
    JUMP = RW_ENTRY_JUMP,
    /* The most for an instruction: */
    FIXES = 2,
    FIXES_CHECKED = 64,
};

uint64_t rw_image_most(const struct rw_module *module)
{
    uint64_t most = (uint64_t)module->size * 96 + (module->end - module->start) + (1 << 20);
    return most & ~(PAGE - 1ull);
}

/* Building. -------------------------------------------------------------------------------------
 */

static void put_place(struct rw_image *image, struct rw_output *out, uint32_t new, uint32_t old)
{
    rw_put(out, &(struct rw_place){new, old}, sizeof(struct rw_place));
    image->place_count++;
}

/* But for the functions' code, which is large and has no constants. */
static void copy_constants(const struct rw_module *module, uint64_t from, uint64_t to,
                           uint8_t *copy)
{
    uint64_t text = (uint64_t)module->text, text_end = text + module->size;
    if (from < text && to > text_end) {
        copy_constants(module, from, text, copy);
        from = text_end;
    } else if (from >= text && from < text_end) {
        from = text_end;
    } else if (to > text && to <= text_end) {
        to = text;
    }
    for (uint64_t at = from; at < to; at++)
        copy[at - module->start] = *(const uint8_t *)at;
}

static void put_constants(struct rw_image *image, const struct rw_code *code, struct rw_output *out)
{
    const struct rw_module *module = code->module;
    uint64_t size = (rw_constants_end(module) - module->start + PAGE - 1) & ~(PAGE - 1ull);
    if (out->full || out->room - out->count < size) {
        out->full = true;
        return;
    }
    image->constants = out->count;
    uint8_t *copy = &out->at[out->count];
    out->count += (uint32_t)size;
    for (uint32_t i = 0; i < module->constant_count; i++)
        copy_constants(module, module->constants[i].start, module->constants[i].end, copy);
    rw_switches_fill(code, (uint64_t)image->at, copy);
}

void rw_image_settle(const struct rw_image *image, uint64_t told)
{
    uint64_t back = image->back ? image->text + image->back : 0;
    __builtin_memcpy(&image->at[RW_HEAD_TEXT], &image->text, 8);
    __builtin_memcpy(&image->at[RW_HEAD_BACK], &back, 8);
    __builtin_memcpy(&image->at[RW_HEAD_TOLD], &told, 8);
}

/* Of FUNCTION's code, and of what the checks have behind it. */
static void put_places(struct rw_image *image, const struct rw_code *code,
                       const struct rw_function *function, const struct rw_checks *checks,
                       uint32_t *aside, struct rw_output *out)
{
    for (uint32_t i = 0; i < function->count; i++) {
        const struct rw_insn *insn = &code->insns.at[function->first + i];
        put_place(image, out, insn->moved, insn->offset);
    }
    put_place(image, out, function->new_tail, function->end);
    for (; checks && *aside < checks->aside.count; ++*aside) {
        const struct rw_place *place = &checks->aside.at[*aside];
        if (place->new >= function->new_end)
            return;
        put_place(image, out, place->new, place->old);
    }
}

/* The head says where map and sites are. */
static void put_map(struct rw_image *image, const struct rw_code *code,
                    const struct rw_checks *checks, struct rw_output *out)
{
    uint32_t aside = 0;
    uint32_t map = out->count;
    uint64_t size = (uint64_t)code->module->size * sizeof map;
    if (out->full || out->room - map < size) {
        out->full = true;
        return;
    }
    uint32_t *entries = (uint32_t *)&out->at[map];
    out->count += (uint32_t)size;
    __builtin_memcpy(&image->at[RW_HEAD_SIZE], &image->text_size, 4);
    __builtin_memcpy(&image->at[RW_HEAD_MAP], &map, 4);
    __builtin_memcpy(&image->at[RW_HEAD_SITES], &out->count, 4);
    for (uint32_t i = 0; checks && i < checks->sites.count; i++)
        rw_put(out, &checks->sites.at[i], sizeof(struct rw_site));
    image->places = out->count;
    for (uint32_t f = 0; f < code->functions.count && !out->full; f++) {
        const struct rw_function *function = &code->functions.at[f];
        for (uint32_t i = 0; function->reason == RW_MOVED && i < function->count; i++) {
            const struct rw_insn *insn = &code->insns.at[function->first + i];
            entries[insn->offset] = insn->moved;
        }
        if (function->reason == RW_MOVED)
            put_places(image, code, function, checks, &aside, out);
    }
}

static bool fix_distance(uint8_t *at, int64_t distance)
{
    int32_t number = (int32_t)distance;
    __builtin_memcpy(at, &number, 4);
    return number == distance;
}

static void fix_types(uint8_t *at, uint64_t number)
{
    enum { LONGEST_LEB = 10 };
    for (unsigned i = 0; i < LONGEST_LEB; i++, number >>= 7)
        at[i] = (number & 0x7f) | (i + 1 < LONGEST_LEB ? 0x80 : 0);
}

/* False if something is out of reach. */
static bool fix(const struct rw_image *image, const struct rw_module *module,
                const struct rw_fix *fixes, uint32_t count, struct rw_places places)
{
    enum { LONGEST_LEB = 10, SLOT = 8 };
    int64_t copy = (int64_t)((uint64_t)image->at + image->constants - module->start);
    bool reached = true;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *at = image->at + fixes[i].at;
        uint64_t to = module->base + (uint64_t)fixes[i].value;
        if (fixes[i].kind == RW_FIX_MODULE)
            reached &= fix_distance(at, (int64_t)(to - (uint64_t)at - 4));
        else if (fixes[i].kind == RW_FIX_TYPES)
            fix_types(at, to - (uint64_t)at - LONGEST_LEB);
        else if (fixes[i].kind == RW_FIX_COPY)
            reached &= fix_distance(at, copy + fixes[i].value);
        else if (fixes[i].kind == RW_FIX_WORDS)
            reached &= fix_distance(at, places.words + fixes[i].value);
        else
            reached &= fix_distance(at, places.slots + fixes[i].value * SLOT);
    }
    return reached;
}

/* Entries. --------------------------------------------------------------------------------------
 */

/* How long the nop or int3 at TEXT is, as assemblers fill with; 0 if it is none. */
static unsigned filler(const uint8_t *text, const uint8_t *end)
{
    const uint8_t *at = text;
    while (at < end && (*at == 0x66 || *at == 0x2e))
        at++;
    if (at < end && (*at == 0x90 || *at == 0xcc))
        return (unsigned)(at + 1 - text);
    if (end - at < 3 || at[0] != 0x0f || at[1] != 0x1f)
        return 0;
    unsigned length = (unsigned)(at - text) + 3;
    length += (at[2] & 7) == 4;                              /* SIB */
    length += at[2] >> 6 == 1 ? 1 : at[2] >> 6 == 2 ? 4 : 0; /* displacement */
    return at[2] >> 6 == 3 || length > (unsigned)(end - text) ? 0 : length;
}

/* What lies between functions is never executed, if it is what assemblers fill with. */
static bool is_padding(const struct rw_code *code, uint32_t from, uint32_t to, uint32_t limit)
{
    unsigned length;
    for (uint32_t at = from; at < to; at += length)
        if (!(length = filler(code->module->text + at, code->module->text + limit)))
            return false;
    return true;
}

/* May somebody return into the first bytes? */
static bool returns_into(const struct rw_code *code, const struct rw_function *function,
                         uint32_t end)
{
    for (uint32_t i = 0; i < function->count; i++) {
        const struct rw_insn *insn = &code->insns.at[function->first + i];
        uint32_t after = insn->offset + insn->length;
        if (after >= end)
            return false;
        if (insn->kind == RW_CALL || insn->kind == RW_CALL_TO)
            return true;
    }
    return false;
}

/* May a jump stand at FUNCTION's entry? */
static bool has_entry(const struct rw_code *code, uint32_t number)
{
    const struct rw_function *function = &code->functions.at[number];
    uint32_t end = function->entry + JUMP;
    uint32_t limit = number + 1 < code->functions.count ? code->functions.at[number + 1].begin
                                                        : code->module->size;
    return end <= limit && !function->enters_late && !returns_into(code, function, end) &&
           (end <= function->end || is_padding(code, function->end, end, limit));
}

static void put_buckets(struct rw_image *image, struct rw_output *out)
{
    const struct rw_place *places = (const struct rw_place *)(image->at + image->places);
    image->buckets = out->count;
    for (uint32_t end = RW_BUCKET, last = 0; end <= image->code_end && !out->full;
         end += RW_BUCKET) {
        while (last + 1 < image->place_count && places[last + 1].new < end)
            last++;
        rw_put_number(out, last, 4);
    }
}

static void put_entries(struct rw_image *image, const struct rw_code *code, struct rw_output *out)
{
    image->entries = out->count;
    for (uint32_t i = 0; i < code->functions.count; i++) {
        const struct rw_function *function = &code->functions.at[i];
        if (function->reason != RW_MOVED || !has_entry(code, i))
            continue;
        rw_put(out, &(struct rw_place){function->new_begin, function->entry},
               sizeof(struct rw_place));
        image->entry_count++;
    }
    rw_put_fill(out, 0, PAGE);
}

/* All of it. ------------------------------------------------------------------------------------
 */

bool rw_image_build(struct rw_image *image, struct rw_code *code, const struct rw_wishes *wishes)
{
    struct rw_output out = {
        .at = image->at,
        .room = image->size < INT32_MAX ? (uint32_t)image->size : INT32_MAX,
    };
    struct rw_askers askers;
    image->text = (uint64_t)code->module->text;
    image->text_size = code->module->size;
    rw_askers_find(&askers, code);
    bool switches = rw_switches_find(code);
    uint32_t fixes_per_insn = wishes->checks ? FIXES_CHECKED : FIXES;
    bool built = rw_list_open(&out.fixes, fixes_per_insn * code->insns.count +
                                              16 * code->functions.count + 64) &&
                 rw_move(code, &askers, wishes->clobbered, wishes->checks, &out) &&
                 (image->index = rw_unwind(code, &out)) != 0;
    if (built) {
        rw_put_fill(&out, 0xcc, PAGE);
        image->code_end = out.count;
        if (switches)
            put_constants(image, code, &out);
        image->back = askers.return_at;
        put_map(image, code, wishes->checks, &out);
        put_buckets(image, &out);
        put_entries(image, code, &out);
        image->size = out.count;
        built =
            !out.full && fix(image, code->module, out.fixes.at, out.fixes.count, wishes->places);
    }
    rw_list_close(&out.fixes);
    return built;
}

void rw_image_count(const struct rw_image *image, const struct rw_code *code,
                    struct rw_counts *counts)
{
    *counts = (struct rw_counts){.insns = 0};
    for (uint32_t i = 0; i < code->functions.count; i++) {
        const struct rw_function *function = &code->functions.at[i];
        counts->functions[function->reason]++;
        counts->insns += function->reason == RW_MOVED ? function->count : 0;
    }
    counts->unpatched = counts->functions[RW_MOVED] - image->entry_count;
}

void rw_image_enter(const struct rw_image *image)
{
    const struct rw_place *entries = (const struct rw_place *)(image->at + image->entries);
    for (uint32_t i = 0; i < image->entry_count; i++) {
        uint8_t *entry = (uint8_t *)(image->text + entries[i].old);
        entry[0] = 0xe9;
        fix_distance(entry + 1, (int64_t)(image->at + entries[i].new - (entry + JUMP)));
    }
}

/* Places. ---------------------------------------------------------------------------------------
 */

/* The last place that is not behind NEW, of the image's beginning; NULL: there is none. */
static const struct rw_place *place_at(const struct rw_image *image, uint64_t new)
{
    const struct rw_place *places = (const struct rw_place *)(image->at + image->places);
    if (new >= image->code_end || !image->place_count || new < places[0].new)
        return NULL;
    uint32_t number = ((const uint32_t *)(image->at + image->buckets))[new / RW_BUCKET];
    while (places[number].new > new)
        number--;
    return &places[number];
}

uint64_t rw_image_old(const struct rw_image *image, uint64_t address)
{
    const struct rw_place *place = place_at(image, address - (uint64_t)image->at);
    return place ? image->text + place->old : 0;
}

uint64_t rw_image_behind(const struct rw_image *image, uint64_t address)
{
    enum { LONGEST_CALL = 15 };
    uint64_t old = address - image->text;
    uint32_t map;
    __builtin_memcpy(&map, &image->at[RW_HEAD_MAP], sizeof map);
    uint32_t new = ((const uint32_t *)(image->at + map))[old];
    const struct rw_place *call = new ? place_at(image, new - 1) : NULL;
    bool called = call && call->old < old && old - call->old <= LONGEST_CALL;
    return called ? (uint64_t)image->at + new : 0;
}
