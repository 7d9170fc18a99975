/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/xstd_words.h"

#include <stdio.h>

const char *const tr_xblocks[] = {"other", "sleep", "input",     "output", "poll", "connect",
                                  "child", "futex", "file_lock", "signal", "team", NULL};
const char *const tr_xorders[] = {"rlx", "con", "acq", "rel", "acq_rel", "sc", NULL};

#define SHARED TR_LOCK_SHARED
#define TRY    TR_LOCK_TRY
#define TIMED  TR_LOCK_TIMED
#define LATE   (TR_LOCK_TIMED | TR_LOCK_TIMEOUT)

/* Where several words stand for one kind, the one that says most comes first. */
static const struct tr_xword fixed[] = {
    {"acq", TR_ACQUIRE, 0, {TR_X_LOCK}, .plain = true},
    {"rel", TR_RELEASE, 0, {TR_X_LOCK}, .plain = true},
    {"fork", TR_THREAD_CREATE, 0, {TR_X_THREAD}, .plain = true},
    {"join", TR_JOIN, 0, {TR_X_THREAD}, .plain = true},

    {"racq", TR_ACQUIRE, 0, {TR_X_LOCK}, .mode = SHARED},
    {"rrel", TR_RELEASE, 0, {TR_X_LOCK}, .mode = SHARED},
    {"try_ok", TR_ACQUIRE, 0, {TR_X_LOCK}, .mode = TRY},
    {"rtry_ok", TR_ACQUIRE, 0, {TR_X_LOCK}, .mode = TRY | SHARED},
    {"timed_ok", TR_ACQUIRE, 0, {TR_X_LOCK}, .mode = TIMED},
    {"rtimed_ok", TR_ACQUIRE, 0, {TR_X_LOCK}, .mode = TIMED | SHARED},
    {"try_fail", TR_TRY_FAIL, 0, {TR_X_LOCK}, .mode = TRY},
    {"rtry_fail", TR_TRY_FAIL, 0, {TR_X_LOCK}, .mode = TRY | SHARED},
    {"timed_fail", TR_TRY_FAIL, 0, {TR_X_LOCK}, .mode = LATE},
    {"rtimed_fail", TR_TRY_FAIL, 0, {TR_X_LOCK}, .mode = LATE | SHARED},
    {"req", TR_REQUEST, 0, {TR_X_LOCK}},
    {"rreq", TR_REQUEST, 0, {TR_X_LOCK}, .mode = SHARED},
    {"timed_req", TR_REQUEST, 0, {TR_X_LOCK}, .mode = TIMED},
    {"rtimed_req", TR_REQUEST, 0, {TR_X_LOCK}, .mode = TIMED | SHARED},
    {"init", TR_OBJECT_NEW, 0, {TR_X_LOCK}},
    {"init_as", TR_OBJECT_NEW, 0, {TR_X_LOCK, TR_X_NUMBER}},
    {"destroy", TR_OBJECT_END, 0, {TR_X_LOCK}},
    {"error", TR_OP_ERROR, 0, {TR_X_LOCK, TR_X_NUMBER}},

    {"wait_begin", TR_COND_WAIT, TR_RELEASE, {TR_X_COND, TR_X_LOCK}},
    {"timed_wait_begin", TR_COND_WAIT, TR_RELEASE, {TR_X_COND, TR_X_LOCK}, .mode = TIMED},
    {"wait_end", TR_COND_WAKE, TR_ACQUIRE, {TR_X_COND, TR_X_LOCK}},
    {"wait_timeout", TR_COND_WAKE, TR_ACQUIRE, {TR_X_COND, TR_X_LOCK}, .mode = TR_LOCK_TIMEOUT},
    {"wait_cancel", TR_COND_WAKE, TR_ACQUIRE, {TR_X_COND, TR_X_LOCK}, .mode = TR_LOCK_CANCELLED},
    {"cond_wait", TR_COND_WAIT, 0, {TR_X_COND, TR_X_LOCK}},
    {"timed_cond_wait", TR_COND_WAIT, 0, {TR_X_COND, TR_X_LOCK}, .mode = TIMED},
    {"cond_wake", TR_COND_WAKE, 0, {TR_X_COND}},
    {"cond_timeout", TR_COND_WAKE, 0, {TR_X_COND}, .mode = TR_LOCK_TIMEOUT},
    {"cond_cancel", TR_COND_WAKE, 0, {TR_X_COND}, .mode = TR_LOCK_CANCELLED},
    {"wait_rel", TR_RELEASE, 0, {TR_X_LOCK}, .mode = TR_LOCK_IN_WAIT},
    {"wait_acq", TR_ACQUIRE, 0, {TR_X_LOCK}, .mode = TR_LOCK_IN_WAIT},
    {"signal", TR_COND_SIGNAL, 0, {TR_X_COND}},
    {"broadcast", TR_COND_SIGNAL, 0, {TR_X_COND}, .mode = TR_LOCK_BROADCAST},
    {"cond_init", TR_OBJECT_NEW, 0, {TR_X_COND}},
    {"cond_destroy", TR_OBJECT_END, 0, {TR_X_COND}},

    {"sem_init", TR_OBJECT_NEW, 0, {TR_X_SEM, TR_X_NUMBER}, .number = 1},
    {"sem_destroy", TR_OBJECT_END, 0, {TR_X_SEM}},
    {"sem_post", TR_SEM_POST, 0, {TR_X_SEM}},
    {"sem_wait", TR_SEM_WAIT, 0, {TR_X_SEM}},
    {"sem_try_ok", TR_SEM_WAIT, 0, {TR_X_SEM}, .mode = TRY},
    {"sem_timed_ok", TR_SEM_WAIT, 0, {TR_X_SEM}, .mode = TIMED},
    {"sem_try_fail", TR_TRY_FAIL, 0, {TR_X_SEM}, .mode = TRY},
    {"sem_timed_fail", TR_TRY_FAIL, 0, {TR_X_SEM}, .mode = LATE},
    {"sem_req", TR_REQUEST, 0, {TR_X_SEM}},
    {"sem_timed_req", TR_REQUEST, 0, {TR_X_SEM}, .mode = TIMED},

    {"bar_init", TR_OBJECT_NEW, 0, {TR_X_BARRIER, TR_X_NUMBER}, .number = 1},
    {"bar_destroy", TR_OBJECT_END, 0, {TR_X_BARRIER}},
    {"bar_enter", TR_BARRIER_ENTER, 0, {TR_X_BARRIER}},
    {"bar_exit", TR_BARRIER_EXIT, 0, {TR_X_BARRIER}},

    {"once_req", TR_REQUEST, 0, {TR_X_ONCE}},
    {"once_begin", TR_ONCE_BEGIN, 0, {TR_X_ONCE}},
    {"once_end", TR_ONCE_END, 0, {TR_X_ONCE}},
    {"once_undone", TR_ONCE_END, 0, {TR_X_ONCE}, .mode = 1},
    {"once_ret", TR_ONCE_SEEN, 0, {TR_X_ONCE}},

    {"before", TR_HB_BEFORE, 0, {TR_X_CHANNEL}},
    {"after", TR_HB_AFTER, 0, {TR_X_CHANNEL}},

    {"malloc", TR_ALLOC, 0, {TR_X_VARIABLE, TR_X_NUMBER}},
    {"resize", TR_ALLOC, 0, {TR_X_VARIABLE, TR_X_NUMBER}, .mode = TR_HEAP_RESIZED},
    {"map", TR_ALLOC, 0, {TR_X_VARIABLE, TR_X_NUMBER}, .mode = TR_HEAP_MAPPED},
    {"free", TR_FREE, 0, {TR_X_VARIABLE}},
    {"unmap", TR_FREE, 0, {TR_X_VARIABLE, TR_X_NUMBER}, .mode = TR_HEAP_MAPPED},
    {"read_range", TR_READ_RANGE, 0, {TR_X_VARIABLE, TR_X_NUMBER}},
    {"write_range", TR_WRITE_RANGE, 0, {TR_X_VARIABLE, TR_X_NUMBER}},

    {"exit", TR_THREAD_EXIT, 0, {TR_X_NOTHING}},
    {"detach", TR_THREAD_DETACH, 0, {TR_X_THREAD}},
    {"cancel", TR_THREAD_CANCEL, 0, {TR_X_THREAD}},
    {"join_req", TR_JOIN_REQUEST, 0, {TR_X_THREAD}},
    {"timed_join_req", TR_JOIN_REQUEST, 0, {TR_X_THREAD}, .mode = TIMED},
    {"join_fail", TR_JOIN_FAIL, 0, {TR_X_THREAD, TR_X_NUMBER}, .number = 1},
    {"handler_begin", TR_HANDLER_BEGIN, 0, {TR_X_NUMBER}},
    {"handler_end", TR_HANDLER_END, 0, {TR_X_NUMBER}},
    {"block_begin", TR_BLOCK_BEGIN, 0, {TR_X_BLOCK}},
    {"timed_block_begin", TR_BLOCK_BEGIN, 0, {TR_X_BLOCK}, .mode = TR_BLOCK_TIMED},
    {"block_end", TR_BLOCK_END, 0, {TR_X_NOTHING}},
    {"timeout", TR_TIMEOUT, 0, {TR_X_NOTHING}},
};

static struct tr_xword *add(struct tr_xwords *words, struct tr_xword word)
{
    struct tr_xword *added = vec_push(&words->all);
    *added = word;
    return added;
}

/* r, w, r1 ... w128: in front of the others, so that a plain access has its plain word. */
static void add_accesses(struct tr_xwords *words)
{
    for (unsigned write = 0; write < 2; write++) {
        struct tr_xword word = {
            .name = {write ? 'w' : 'r'}, write ? TR_WRITE : TR_READ, 0, {TR_X_VARIABLE}};
        word.plain = true;
        add(words, word);
        word.plain = false;
        for (unsigned size = 0; size < 8; size++) {
            word.mode = size;
            snprintf(word.name, sizeof word.name, "%c%u", write ? 'w' : 'r', 1u << size);
            add(words, word);
        }
    }
}

/* st_rel, st4_rel ... rmw128_acq_rel, cas_sc: a failed exchange. */
static void add_atomics(struct tr_xwords *words)
{
    static const struct tr_xword atomics[] = {
        {"ld", TR_ATOMIC_LOAD, 0, {TR_X_VARIABLE, TR_X_VALUE}},
        {"st", TR_ATOMIC_STORE, 0, {TR_X_VARIABLE, TR_X_VALUE}},
        {"rmw", TR_ATOMIC_RMW, 0, {TR_X_VARIABLE, TR_X_VALUE, TR_X_VALUE}},
        {"cas", TR_ATOMIC_LOAD, 0, {TR_X_VARIABLE, TR_X_VALUE}, .mode = TR_ATOMIC_FAILED},
    };
    for (size_t i = 0; i < sizeof atomics / sizeof *atomics; i++)
        for (unsigned order = 0; tr_xorders[order]; order++)
            for (unsigned size = 0; size <= 8; size++) {
                struct tr_xword *word = add(words, atomics[i]);
                char digits[8] = "";
                if (size)
                    snprintf(digits, sizeof digits, "%u", 1u << (size - 1));
                snprintf(word->name, sizeof word->name, "%.8s%.2s_%.8s", atomics[i].name, digits,
                         tr_xorders[order]);
                word->mode |= order << TR_ATOMIC_ORDER_SHIFT | (size ? size - 1 : 0);
            }
}

static void add_fences(struct tr_xwords *words)
{
    for (unsigned order = 0; tr_xorders[order]; order++) {
        struct tr_xword *word =
            add(words, (struct tr_xword){.kind = TR_FENCE, .mode = order << TR_ATOMIC_ORDER_SHIFT});
        snprintf(word->name, sizeof word->name, "fence_%s", tr_xorders[order]);
    }
}

void tr_xwords_init(struct tr_xwords *words)
{
    *words = (struct tr_xwords){0};
    add_accesses(words);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        add(words, fixed[i]);
    add_atomics(words);
    add_fences(words);
    vec_each (struct tr_xword, word, &words->all)
        tr_dictionary_number(&words->names, tr_spell(word->name, (uint32_t)strlen(word->name)));
}

void tr_xwords_release(struct tr_xwords *words)
{
    vec_release(&words->all);
    tr_dictionary_release(&words->names);
}

const struct tr_xword *tr_xwords_find(const struct tr_xwords *words, const char *at, size_t length)
{
    uint32_t number = length && length < TR_X_WORD_ROOM
                          ? tr_dictionary_find(&words->names, tr_spell(at, (uint32_t)length))
                          : TR_NO_NUMBER;
    return number == TR_NO_NUMBER ? NULL : &words->all.at[number];
}

const struct tr_xword *tr_xwords_for(const struct tr_xwords *words, uint8_t kind, unsigned operand,
                                     uint32_t mode)
{
    vec_each (const struct tr_xword, word, &words->all)
        if (word->kind == kind && word->operands[0] == operand && word->mode == mode)
            return word;
    return NULL;
}
