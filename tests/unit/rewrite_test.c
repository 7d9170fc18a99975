/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moved code, looked at from outside: the binaries of this machine are moved, and every instruction
 * is decoded again where it stands now. It must be the same one, go to the same places, and be
 * unwound in the same way.
 */
#include "interpose/access/rewrite/image.h"
#include "interpose/access/rewrite/liveness.h"
#include "interpose/access/rewrite/move.h"
#include "tests/unit/mover_test.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 4096, DISTANCE = 1 << 24, SLOTS = -64 };

static int by_number(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

struct moved {
    struct rw_module module;
    struct rw_code code;
    struct rw_image image;
    uint64_t room; /* that was mapped for the image */
};

/* As the linker would, but for relocations. */
static bool load(const char *path, struct rw_module *module)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return false;
    assert_int_equal(fstat(fd, &status), 0);
    const uint8_t *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_ptr_not_equal(file, MAP_FAILED);
    close(fd);
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)file;
    const Elf64_Phdr *segment = (const Elf64_Phdr *)(file + head->e_phoff);
    uint64_t low = UINT64_MAX, high = 0;
    for (int i = 0; i < head->e_phnum; i++)
        if (segment[i].p_type == PT_LOAD) {
            low = segment[i].p_vaddr < low ? segment[i].p_vaddr : low;
            high = segment[i].p_vaddr + segment[i].p_memsz;
        }
    low &= ~(PAGE - 1ull);
    uint8_t *at =
        mmap(NULL, high - low + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    *module = (struct rw_module){
        .base = (uint64_t)at - low, .start = (uint64_t)at, .end = (uint64_t)at + high - low};
    for (int i = 0; i < head->e_phnum; i++) {
        uint8_t *to = at + segment[i].p_vaddr - low;
        if (segment[i].p_type == PT_LOAD)
            memcpy(to, file + segment[i].p_offset, segment[i].p_filesz);
        if (segment[i].p_type == PT_LOAD && !(segment[i].p_flags & PF_W)) {
            module->constants[module->constant_count].start = (uint64_t)to;
            module->constants[module->constant_count++].end = (uint64_t)to + segment[i].p_memsz;
        }
        if (segment[i].p_type == PT_GNU_EH_FRAME)
            module->index = to;
    }
    munmap((void *)file, (size_t)status.st_size);
    return module->index != NULL;
}

/* LARGER: with something before each instruction, so that nothing is as far apart as it was. */
static bool move(const char *path, bool larger, struct moved *moved)
{
    *moved = (struct moved){0};
    if (!load(path, &moved->module))
        return false;
    assert_true(rw_code_open(&moved->code, &moved->module));
    moved->room = moved->image.size = rw_image_most(&moved->module);
    moved->image.at =
        mmap((void *)((moved->module.end + DISTANCE) & ~(PAGE - 1ull)), moved->room,
             PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(moved->image.at, MAP_FAILED);
    struct rw_effect *effects = larger ? rw_liveness(&moved->code) : NULL;
    assert_true(
        rw_image_build(&moved->image, &moved->code,
                       &(struct rw_wishes){.places = {.slots = SLOTS}, .clobbered = effects}));
    if (effects)
        rw_liveness_free(effects, &moved->code);
    return true;
}

static void release(struct moved *moved)
{
    rw_code_close(&moved->code);
    munmap(moved->image.at, moved->room);
    munmap((void *)moved->module.start, moved->module.end - moved->module.start);
}

/* Where control that went to TARGET of the text goes now. */
static uint64_t goes_to(const struct moved *moved, int64_t target)
{
    const struct rw_insn *insn = rw_code_at(&moved->code, target);
    const struct rw_function *function = insn ? rw_code_function(&moved->code, target) : NULL;
    if (function && function->reason == RW_MOVED)
        return (uint64_t)moved->image.at + insn->moved;
    return (uint64_t)moved->module.text + (uint64_t)target;
}

static uint64_t relative(const uint8_t *bytes, const struct rw_insn *insn)
{
    int32_t distance;
    memcpy(&distance, bytes + insn->relative, sizeof distance);
    return (uint64_t)(bytes + insn->length) + (uint64_t)(int64_t)distance;
}

static bool same_plain(const uint8_t *old_bytes, const struct rw_insn *old,
                       const uint8_t *new_bytes, const struct rw_insn *new)
{
    if (old->length != new->length || old->relative != new->relative)
        return false;
    if (!old->relative)
        return memcmp(old_bytes, new_bytes, old->length) == 0;
    unsigned behind = old->relative + 4u;
    return relative(old_bytes, old) == relative(new_bytes, new) &&
           memcmp(old_bytes, new_bytes, old->relative) == 0 &&
           memcmp(old_bytes + behind, new_bytes + behind, old->length - behind) == 0;
}

/* A loop goes over a long jump, or into it. */
static bool same_loop(const struct moved *moved, const uint8_t *old_bytes,
                      const struct rw_insn *old)
{
    struct rw_insn jump;
    uint32_t at = old->moved + old->length;
    const uint8_t *new_bytes = moved->image.at + old->moved;
    rw_decode(moved->image.at, at + 2, moved->image.code_end, &jump);
    return memcmp(old_bytes, new_bytes, old->length - 1u) == 0 &&
           memcmp(new_bytes + old->length - 1, "\x02\xeb\x05", 3) == 0 && jump.kind == RW_JUMP &&
           (uint64_t)moved->image.at + (uint64_t)jump.target == goes_to(moved, old->target);
}

/* RAX is kept, and then gets what the old jump would have gone to. */
static bool same_indirect(const struct moved *moved, const uint8_t *old_bytes,
                          const struct rw_insn *old)
{
    static const uint8_t keep[] = {0x64, 0x48, 0x89, 0x04, 0x25, (uint8_t)SLOTS, 0xff, 0xff, 0xff};
    struct rw_insn get, jump;
    const uint8_t *new_bytes = moved->image.at + old->moved;
    uint32_t at = old->moved + sizeof keep;
    rw_decode(moved->image.at, at, moved->image.code_end, &get);
    rw_decode(moved->image.at, at + get.length, moved->image.code_end, &jump);
    const uint8_t *operand = memchr(old_bytes, 0xff, old->length);
    unsigned behind = (unsigned)(old_bytes + old->length - (operand + 2));
    const uint8_t *end = new_bytes + sizeof keep + get.length;
    return memcmp(new_bytes, keep, sizeof keep) == 0 && get.kind == RW_PLAIN &&
           end[-(int)behind - 2] == 0x8b && end[-(int)behind - 1] == (operand[1] & 0xc7) &&
           memcmp(end - behind, operand + 2, behind) == 0 && jump.kind == RW_JUMP &&
           jump.target == RW_HEAD;
}

/* It reads the same element of the copy. */
static bool same_load(const struct moved *moved, const uint8_t *old_bytes, const uint8_t *new_bytes)
{
    bool says_table = old_bytes[1] == 0x8b;
    int32_t old = 0, new;
    if (old_bytes[2] >> 6 == 1)
        old = (int8_t)old_bytes[4];
    else if (old_bytes[2] >> 6 == 2 || says_table)
        memcpy(&old, old_bytes + 4, sizeof old);
    memcpy(&new, new_bytes + 4, sizeof new);
    uint64_t copy = (uint64_t)moved->image.at + moved->image.constants;
    return new_bytes[0] == old_bytes[0] && new_bytes[1] == old_bytes[1] &&
           (new_bytes[2] & 0x3f) == (old_bytes[2] & 0x3f) && new_bytes[3] == old_bytes[3] &&
           (uint64_t)(int64_t)(new - old) == copy - moved->module.start;
}

static bool same(const struct moved *moved, const struct rw_insn *old)
{
    const uint8_t *old_bytes = moved->module.text + old->offset;
    struct rw_insn new;
    rw_decode(moved->image.at, old->moved, moved->image.code_end, &new);
    switch (old->kind) {
    case RW_BRANCH:
    case RW_JUMP:
    case RW_CALL:
        return new.kind == old->kind &&new.condition == old->condition &&
               (uint64_t)moved->image.at + (uint64_t) new.target == goes_to(moved, old->target);
    case RW_LOOP:
        return same_loop(moved, old_bytes, old);
    case RW_TABLE_LOAD:
        return same_load(moved, old_bytes, moved->image.at + old->moved);
    case RW_TABLE_JUMP:
    case RW_JUMP_AWAY:
        return same_plain(old_bytes, old, moved->image.at + old->moved, &new);
    case RW_JUMP_TO:
        return same_indirect(moved, old_bytes, old);
    default:
        return new.kind ==
               old->kind &&same_plain(old_bytes, old, moved->image.at + old->moved, &new);
    }
}

static void check_instructions(const struct moved *moved, const char *path)
{
    const uint32_t *map;
    uint32_t map_at, functions = 0;
    memcpy(&map_at, moved->image.at + RW_HEAD_MAP, sizeof map_at);
    map = (const uint32_t *)(moved->image.at + map_at);
    for (uint32_t f = 0; f < moved->code.functions.count; f++) {
        const struct rw_function *function = &moved->code.functions.at[f];
        functions += function->reason == RW_MOVED;
        for (uint32_t i = 0; function->reason == RW_MOVED && i < function->count; i++) {
            const struct rw_insn *old = &moved->code.insns.at[function->first + i];
            uint64_t address = (uint64_t)moved->module.text + old->offset;
            if (!same(moved, old) || map[old->offset] != old->moved ||
                rw_image_old(&moved->image, (uint64_t)moved->image.at + old->moved) != address)
                fail_msg("%s: the instruction at %#llx is another one", path,
                         (unsigned long long)(address - moved->module.base));
        }
    }
    /* None is refused in these but what the linker made itself. */
    assert_in_range(moved->code.functions.count - functions, 0, 2);
}

/* What `lea place(%rip), %reg` names, ascending; their number. */
static size_t named_places(const struct moved *moved, uint64_t *places)
{
    size_t count = 0;
    for (uint32_t i = 0; i < moved->code.insns.count; i++) {
        const struct rw_insn *insn = &moved->code.insns.at[i];
        const uint8_t *bytes = moved->module.text + insn->offset;
        if (insn->relative == 3 && insn->length == 7 && (bytes[0] & 0xfb) == 0x48 &&
            bytes[1] == 0x8d)
            places[count++] = relative(bytes, insn);
    }
    qsort(places, count, sizeof *places, by_number);
    return count;
}

/* In the copy of the constants nothing has changed but distances in tables of switches: each
 * counts from the nearest place before it that the code names, and goes where it went. */
static void check_distances(const struct moved *moved, const char *path)
{
    uint64_t *places = calloc(moved->code.insns.count + 1, sizeof *places);
    size_t count = named_places(moved, places), at = 0;
    const uint8_t *copy = moved->image.at + moved->image.constants;
    assert_true(!moved->image.constants || moved->image.constants >= moved->image.code_end);
    for (uint32_t i = 0; moved->image.constants && i < moved->module.constant_count; i++)
        for (uint64_t word = (moved->module.constants[i].start + 3) & ~3ull;
             word + 4 <= moved->module.constants[i].end; word += 4) {
            int32_t old, new;
            bool text = word - (uint64_t)moved->module.text < moved->module.size;
            memcpy(&old, (const void *)word, sizeof old);
            memcpy(&new, copy + (word - moved->module.start), sizeof new);
            while (at < count && places[at] <= word)
                at++;
            if (old == new || text || !moved->module.base)
                continue;
            uint64_t base = at ? places[at - 1] : 0;
            uint64_t to = base + (uint64_t)(int64_t)old - (uint64_t)moved->module.text;
            if (base + (uint64_t)(int64_t) new != goes_to(moved, (int64_t)to))
                fail_msg("%s: the table at %#llx leads elsewhere", path,
                         (unsigned long long)(base - moved->module.base));
        }
    free(places);
}

/* The state that a frame describes at each instruction, as all instructions of its table up to
 * there. */
static void check_frame(const struct moved *moved, const struct rw_function *function,
                        const struct rw_frame *old, const struct rw_frame *new)
{
    struct rw_table from = {old->instructions, old->instructions_end, false};
    struct rw_table to = {new->instructions, new->instructions_end, false};
    struct rw_cfa old_cfa, new_cfa = {0};
    uint64_t old_at = function->begin, new_at = function->new_begin;
    while (rw_cfa_next(&from, &old_cfa)) {
        if (old_cfa.advances) {
            old_at += old_cfa.advance;
            continue;
        }
        while (rw_cfa_next(&to, &new_cfa) && new_cfa.advances)
            new_at += new_cfa.advance;
        uint64_t expected = old_at == function->end
                                ? function->new_end
                                : rw_code_at(&moved->code, (int64_t)old_at)->moved;
        size_t size = (size_t)(old_cfa.end - old_cfa.at);
        assert_int_equal(new_at, expected);
        assert_memory_equal(new_cfa.at, old_cfa.at, size);
    }
}

static void check_catches(const struct moved *moved, const struct rw_function *function,
                          const struct rw_frame *old, const struct rw_module *new_module,
                          const struct rw_frame *new)
{
    struct rw_lsda from, to;
    struct rw_call was, is;
    assert_true(rw_lsda_read(&moved->module, old, &from));
    assert_true(rw_lsda_read(new_module, new, &to));
    assert_int_equal(from.types, to.types);
    while (rw_lsda_next(&from, &was)) {
        assert_true(rw_lsda_next(&to, &is));
        uint64_t begin = (uint64_t)moved->image.at + function->new_begin + is.begin;
        uint64_t old_begin = rw_image_old(&moved->image, begin);
        assert_int_equal(old_begin, old->begin + was.begin);
        assert_int_equal(is.action, was.action);
        assert_int_equal(is.pad != 0, was.pad != 0);
        if (was.pad)
            assert_int_equal(rw_image_old(&moved->image, is.pad), was.pad);
        if (was.action)
            assert_memory_equal(to.actions + was.action - 1, from.actions + was.action - 1, 2);
    }
    assert_false(rw_lsda_next(&to, &is));
}

static void check_unwinding(const struct moved *moved)
{
    uint64_t start = (uint64_t)moved->image.at;
    struct rw_module image = {.base = start,
                              .start = start,
                              .end = start + moved->image.size,
                              .index = moved->image.at + moved->image.index};
    uint32_t n = 0;
    for (uint32_t f = 0; f < moved->code.functions.count; f++) {
        const struct rw_function *function = &moved->code.functions.at[f];
        struct rw_frame old, new;
        if (function->reason != RW_MOVED)
            continue;
        assert_true(rw_frame_read(&moved->module, function->frame, &old));
        assert_true(rw_frame_read(&image, n++, &new));
        assert_int_equal(new.begin, start + function->new_begin);
        assert_int_equal(new.end, start + function->new_end);
        assert_int_equal(new.cie.personality, old.cie.personality);
        assert_int_equal(new.lsda != 0, old.lsda != 0);
        check_frame(moved, function, &old, &new);
        if (old.lsda)
            check_catches(moved, function, &old, &image, &new);
    }
    assert_int_equal(rw_frames_count(&image), n);
}

/* Every old entry leads to the new code. */
static void check_entries(struct moved *moved)
{
    struct rw_counts counts;
    uint8_t *text = (uint8_t *)moved->module.text;
    rw_image_count(&moved->image, &moved->code, &counts);
    rw_image_enter(&moved->image);
    uint32_t led = 0;
    for (uint32_t f = 0; f < moved->code.functions.count; f++) {
        const struct rw_function *function = &moved->code.functions.at[f];
        struct rw_insn jump;
        rw_decode(text, function->entry, moved->module.size, &jump);
        led += function->reason == RW_MOVED && jump.kind == RW_JUMP && jump.length == 5 &&
               text + jump.target == moved->image.at + function->new_begin;
    }
    assert_int_equal(led, counts.functions[RW_MOVED] - counts.unpatched);
    assert_in_range(counts.unpatched, 0, counts.functions[RW_MOVED] / 50 + 3);
}

static void binaries_stay_what_they_are(void **state)
{
    static const char *const paths[] = {
        "/proc/self/exe",
        "/usr/bin/bash",
        "/usr/bin/gdb",
        "/usr/bin/git",
        "/usr/bin/gzip",
        "/usr/bin/perl",
        "/usr/bin/python3.11",
        "/usr/bin/redis-server",
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
        "/usr/lib/x86_64-linux-gnu/liblzma.so.5",
        "/usr/lib/x86_64-linux-gnu/libz.so.1",
    };
    unsigned seen = 0;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct moved moved;
        if (!move(paths[i], false, &moved))
            continue;
        check_instructions(&moved, paths[i]);
        check_unwinding(&moved);
        check_entries(&moved);
        release(&moved);
        seen++;
    }
    assert_in_range(seen, 5, sizeof paths / sizeof *paths);
}

static void tables_lead_where_they_did(void **state)
{
    static const char *const paths[] = {"/usr/bin/bash", "/usr/bin/git", "/usr/bin/gzip"};
    unsigned seen = 0;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct moved moved;
        if (!move(paths[i], true, &moved))
            continue;
        check_distances(&moved, paths[i]);
        release(&moved);
        seen++;
    }
    assert_in_range(seen, 2, 3);
}

static bool is_movable(const uint8_t *bytes, size_t size)
{
    struct rw_table table = {bytes, bytes + size, false};
    struct rw_cfa cfa;
    while (rw_cfa_next(&table, &cfa))
        ;
    return !table.bad && table.at == table.end;
}

/* An expression may have the number of an operation among its operands. */
static void only_expressions_that_look_at_the_place_stay(void **state)
{
    static const uint8_t saved[] = {0x10, 10, 3, 0x77, 0x80, 0x02, 0x0a}; /* r10 at rsp + 256 */
    static const uint8_t plt[] = {0x0f, 11,   0x77, 8,    0x80, 0,   0x3f,
                                  0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
    static const uint8_t sum[] = {0x16, 3, 6, 0x0a, 0x80, 0x80, 0x76, 0x7f, 0x22};
    static const uint8_t cut[] = {0x10, 3, 2, 0x76, 0x80, 0x01}, jump[] = {0x10, 3, 3, 0x28, 0, 0};
    (void)state;
    assert_true(is_movable(saved, sizeof saved));
    assert_false(is_movable(plt, sizeof plt));
    assert_true(is_movable(sum, sizeof sum));
    assert_false(is_movable(cut, sizeof cut));
    assert_false(is_movable(jump, sizeof jump));
}

int main(void)
{
    if (!rw_decoder_open())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binaries_stay_what_they_are),
        cmocka_unit_test(tables_lead_where_they_did),
        cmocka_unit_test(only_expressions_that_look_at_the_place_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
