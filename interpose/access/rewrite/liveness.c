/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function is looked at again when something that it depends on has grown: what is live at the
 * beginning of one that it calls, where it jumps into another one, or behind a call of it.
 */
#include "interpose/access/rewrite/liveness.h"

#include "interpose/core/poison.h"

enum {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    /* By the psABI of System V: what a call leaves alone, what it may be given, what it returns. */
    KEPT = 1 << RBX | 1 << RSP | 1 << RBP | 1 << R12 | 1 << R13 | 1 << R14 | 1 << R15,
    GIVEN = 1 << RDI | 1 << RSI | 1 << RDX | 1 << RCX | 1 << R8 | 1 << R9 | 1 << RAX | 1 << R10 |
            1 << R11 | 1 << RSP,
    RETURNED = 1 << RAX | 1 << RDX,
};

struct state {         /* of a function */
    uint32_t returned; /* live where it returns */
    bool due;          /* to be looked at */
    bool catches;      /* exceptions: the unwinder brings back what its callers are owed */
};

struct edge { /* FROM has to be looked at when TO's begin, or a place in it, changes */
    uint32_t to, from;
};

struct analysis {
    const struct rw_code *code;
    struct rw_effect *effects;
    struct state *states;
    uint32_t *first_edge; /* of each function, in edges */
    RW_LIST(struct edge) edges;
};

/* Before what is not known. */
#define UNKNOWN (RW_REGISTERS | RW_DOUBTFUL_FLAGS)

static uint32_t number_of(const struct rw_code *code, const struct rw_function *function)
{
    return (uint32_t)(function - code->functions.at);
}

/* The moved function that TARGET of the text lies in, at an instruction, or NULL. */
static struct rw_function *known_at(const struct rw_code *code, int64_t target)
{
    struct rw_function *function = rw_code_at(code, target) ? rw_code_function(code, target) : NULL;
    return function && function->reason == RW_MOVED ? function : NULL;
}

static bool goes_to_target(const struct rw_insn *insn)
{
    return insn->kind == RW_BRANCH || insn->kind == RW_LOOP || insn->kind == RW_JUMP ||
           insn->kind == RW_CALL;
}

/* Beginnings. -----------------------------------------------------------------------------------
 */

/* What a function that calls unknown ones leaves alone is what these do. What it does not write
 * itself, and calls nobody unknown, may be known to its callers. */
static uint32_t returned_at_least(const struct analysis *analysis,
                                  const struct rw_function *function)
{
    uint32_t written = 0;
    for (uint32_t i = function->first; i < function->first + function->count; i++) {
        const struct rw_insn *insn = &analysis->code->insns.at[i];
        bool unknown = insn->kind == RW_CALL_TO || insn->kind == RW_JUMP_AWAY ||
                       insn->kind == RW_JUMP_TO ||
                       (goes_to_target(insn) && !known_at(analysis->code, insn->target));
        written |= unknown ? RW_REGISTERS : analysis->effects[i].kills;
    }
    return KEPT | RETURNED | (RW_REGISTERS & ~written);
}

/* Where a frame has saved registers, what of those that are owed to its callers it has not; and
 * what its own place is counted from: an unwinder reads that, though the function may not. */
struct owed {
    struct rw_table table;
    uint64_t until; /* what follows in the table is true from this offset of the text on */
    struct owing {
        uint32_t saved, place;
    } now, remembered[8];
    unsigned depth;
};

/* The bit of DWARF's number of a register. */
static uint32_t numbered(uint64_t number)
{
    static const uint8_t registers[] = {RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP,
                                        R8,  R9,  R10, R11, R12, R13, R14, R15};
    return number < sizeof registers ? 1u << registers[number] : 0;
}

static void follow_frame(struct owed *owed, const struct rw_cfa *cfa)
{
    enum { DEPTH = sizeof owed->remembered / sizeof *owed->remembered };
    struct rw_table operand = {cfa->at + 1, cfa->end, false};
    struct owing *now = &owed->now;
    switch (*cfa->at >> 6 ? *cfa->at & 0xc0 : *cfa->at) {
    case 0x80: /* offset */
        now->saved |= numbered(*cfa->at & 0x3f);
        break;
    case 0xc0: /* restore */
        now->saved &= ~numbered(*cfa->at & 0x3f);
        break;
    case 0x05: /* offset_extended, expression, offset_extended_sf */
    case 0x10:
    case 0x11:
        now->saved |= numbered(rw_table_uleb(&operand));
        break;
    case 0x06: /* restore_extended, undefined, same_value, register */
    case 0x07:
    case 0x08:
    case 0x09:
        now->saved &= ~numbered(rw_table_uleb(&operand));
        break;
    case 0x0a: /* remember_state */
        if (owed->depth < DEPTH)
            owed->remembered[owed->depth] = *now;
        owed->depth++;
        break;
    case 0x0b: /* restore_state */
        owed->depth -= owed->depth > 0;
        *now = owed->depth < DEPTH ? owed->remembered[owed->depth]
                                   : (struct owing){.place = RW_REGISTERS};
        break;
    case 0x0c: /* def_cfa, def_cfa_register, def_cfa_sf */
    case 0x0d:
    case 0x12:
        now->place = numbered(rw_table_uleb(&operand));
        break;
    case 0x0f: /* def_cfa_expression */
        now->place = RW_REGISTERS;
        break;
    default:
        break;
    }
}

/* At OFFSET, which is not before that of the last call. */
static uint32_t owed_at(struct owed *owed, uint64_t offset)
{
    struct rw_cfa cfa;
    while (owed->until <= offset) {
        if (!rw_cfa_next(&owed->table, &cfa))
            owed->until = UINT64_MAX;
        else if (cfa.advances)
            owed->until += cfa.advance;
        else
            follow_frame(owed, &cfa);
    }
    return (KEPT & ~owed->now.saved) | owed->now.place;
}

/* What a function has not saved is its callers' at every moment: it need not return to be unwound,
 * but may be cancelled, or may call what throws. */
static void begin_function(struct analysis *analysis, struct rw_function *function)
{
    const struct rw_code *code = analysis->code;
    struct state *state = &analysis->states[number_of(code, function)];
    struct rw_frame frame;
    struct owed owed = {.until = function->begin};
    state->due = true;
    state->catches = !rw_frame_read(code->module, function->frame, &frame) || frame.lsda;
    owed.table = (struct rw_table){frame.instructions, frame.instructions_end, false};
    for (uint32_t i = function->first; i < function->first + function->count; i++) {
        const struct rw_insn *insn = &code->insns.at[i];
        struct rw_effect *effect = &analysis->effects[i];
        rw_decode_effect(code->module->text, insn->offset, function->end, effect);
        effect->live = owed_at(&owed, insn->offset);
    }
    state->returned = returned_at_least(analysis, function);
}

static void add_edges(struct analysis *analysis, const struct rw_function *function)
{
    const struct rw_code *code = analysis->code;
    for (uint32_t i = function->first; i < function->first + function->count; i++) {
        const struct rw_insn *insn = &code->insns.at[i];
        const struct rw_function *to = goes_to_target(insn) ? known_at(code, insn->target) : NULL;
        if (to && to != function)
            *rw_list_add(&analysis->edges) =
                (struct edge){number_of(code, to), number_of(code, function)};
    }
    /* The one that it runs on into, if it does. */
    const struct rw_function *next = known_at(code, function->end);
    if (next)
        *rw_list_add(&analysis->edges) =
            (struct edge){number_of(code, next), number_of(code, function)};
}

/* By TO: those of function F are from first_edge[F] up to first_edge[F + 1]. */
static bool sort_edges(struct analysis *analysis)
{
    uint32_t functions = analysis->code->functions.count, count = analysis->edges.count;
    struct edge *sorted = rw_memory((uint64_t)(count + 1) * sizeof *sorted);
    uint32_t *next = analysis->first_edge;
    if (!sorted)
        return false;
    for (uint32_t i = 0; i < count; i++)
        next[analysis->edges.at[i].to + 1]++;
    for (uint32_t f = 0; f < functions; f++)
        next[f + 1] += next[f];
    for (uint32_t i = count; i-- > 0;)
        sorted[--next[analysis->edges.at[i].to + 1]] = analysis->edges.at[i];
    for (uint32_t f = 0; f < functions; f++) /* each has come down to its own beginning */
        next[f] = next[f + 1];
    next[functions] = count;
    rw_list_close(&analysis->edges);
    analysis->edges.at = sorted;
    return true;
}

/* Looking. --------------------------------------------------------------------------------------
 */

static uint32_t live_at(const struct analysis *analysis, int64_t target)
{
    const struct rw_insn *insn =
        known_at(analysis->code, target) ? rw_code_at(analysis->code, target) : NULL;
    return insn ? analysis->effects[insn - analysis->code->insns.at].live : UNKNOWN;
}

/* Behind a call by which FUNCTION reads so much: its callee has to return that. */
static void needs_of_callee(struct analysis *analysis, const struct rw_insn *call, uint32_t after)
{
    const struct rw_function *callee = known_at(analysis->code, call->target);
    if (!callee)
        return;
    struct state *state = &analysis->states[number_of(analysis->code, callee)];
    after &= RW_ALL;
    if (after & ~state->returned) {
        state->returned |= after;
        state->due = true;
    }
}

/* What is live before INSN where AFTER is behind it. */
static uint32_t live_before(struct analysis *analysis, const struct rw_function *function,
                            const struct rw_insn *insn, uint32_t after)
{
    const struct rw_effect *effect = &analysis->effects[insn - analysis->code->insns.at];
    const struct state *state = &analysis->states[number_of(analysis->code, function)];
    uint32_t caught = state->catches ? KEPT : 0;
    switch ((enum rw_kind)insn->kind) {
    case RW_PLAIN:
    case RW_TABLE_LOAD:
        return (after & ~effect->kills & ~((effect->kills & RW_FLAGS) << RW_DOUBT_SHIFT)) |
               effect->reads | caught;
    case RW_BRANCH:
    case RW_LOOP:
        return after | live_at(analysis, insn->target) | effect->reads;
    case RW_JUMP:
        return rw_code_stub(analysis->code, insn->target) ? GIVEN | KEPT
                                                          : live_at(analysis, insn->target);
    case RW_CALL:
        needs_of_callee(analysis, insn, after);
        return after | caught |
               (rw_code_stub(analysis->code, insn->target)
                    ? GIVEN
                    : live_at(analysis, insn->target) & RW_ALL);
    case RW_CALL_TO:
        return after | effect->reads | GIVEN | caught;
    case RW_RETURN:
        return state->returned | effect->reads;
    default:
        return UNKNOWN;
    }
}

static void wake(struct analysis *analysis, uint32_t function)
{
    for (uint32_t i = analysis->first_edge[function]; i < analysis->first_edge[function + 1]; i++)
        analysis->states[analysis->edges.at[i].from].due = true;
}

/* What is live where FUNCTION would run on. Behind a call at its end nothing is executed: what is
 * called does not return. */
static uint32_t behind(const struct analysis *analysis, const struct rw_function *function)
{
    const struct rw_insn *last = &analysis->code->insns.at[function->first + function->count - 1];
    bool calls = last->kind == RW_CALL || last->kind == RW_CALL_TO;
    return calls && !rw_code_at(analysis->code, function->end) ? KEPT
                                                               : live_at(analysis, function->end);
}

/* Once, backwards: true if anything within has grown that an earlier look did not know. */
static bool look_once(struct analysis *analysis, const struct rw_function *function, bool *seen)
{
    bool again = false;
    uint32_t after = behind(analysis, function);
    for (uint32_t i = function->first + function->count; i-- > function->first;) {
        const struct rw_insn *insn = &analysis->code->insns.at[i];
        uint32_t live = live_before(analysis, function, insn, after);
        uint32_t grown = live & ~analysis->effects[i].live;
        if (grown && insn->leads) {
            again = true;
            *seen = true;
        }
        *seen |= grown && i == function->first;
        after = analysis->effects[i].live |= live;
    }
    return again;
}

static void look(struct analysis *analysis, struct rw_function *function)
{
    uint32_t number = number_of(analysis->code, function);
    bool seen = false;
    analysis->states[number].due = false;
    while (look_once(analysis, function, &seen))
        ;
    if (seen) /* from outside: its beginning, or a place that others may jump to */
        wake(analysis, number);
}

static void look_until_known(struct analysis *analysis)
{
    for (bool due = true; due;) {
        due = false;
        for (uint32_t f = analysis->code->functions.count; f-- > 0;)
            if (analysis->states[f].due) {
                due = true;
                look(analysis, &analysis->code->functions.at[f]);
            }
    }
}

/* All of it. ------------------------------------------------------------------------------------
 */

static bool analyze(struct analysis *analysis)
{
    const struct rw_code *code = analysis->code;
    uint32_t functions = code->functions.count;
    analysis->states = rw_memory((uint64_t)(functions + 1) * sizeof *analysis->states);
    analysis->first_edge = rw_memory((uint64_t)(functions + 2) * sizeof *analysis->first_edge);
    if (!analysis->states || !analysis->first_edge ||
        !rw_list_open(&analysis->edges, code->insns.count + functions + 1))
        return false;
    for (uint32_t f = 0; f < functions; f++)
        if (code->functions.at[f].reason == RW_MOVED) {
            begin_function(analysis, &code->functions.at[f]);
            add_edges(analysis, &code->functions.at[f]);
        }
    uint32_t edges = analysis->edges.count;
    bool sorted = sort_edges(analysis);
    if (sorted) {
        look_until_known(analysis);
        rec_sys_unmap(analysis->edges.at, (uint64_t)(edges + 1) * sizeof *analysis->edges.at);
        analysis->edges.at = NULL;
    }
    return sorted;
}

static uint64_t size_of(const struct rw_code *code)
{
    return (uint64_t)(code->insns.count + 1) * sizeof(struct rw_effect);
}

struct rw_effect *rw_liveness(const struct rw_code *code)
{
    struct analysis analysis = {.code = code, .effects = rw_memory(size_of(code))};
    uint64_t functions = code->functions.count;
    bool known = analysis.effects && analyze(&analysis);
    rw_list_close(&analysis.edges);
    if (analysis.states)
        rec_sys_unmap(analysis.states, (functions + 1) * sizeof *analysis.states);
    if (analysis.first_edge)
        rec_sys_unmap(analysis.first_edge, (functions + 2) * sizeof *analysis.first_edge);
    if (known)
        return analysis.effects;
    if (analysis.effects)
        rec_sys_unmap(analysis.effects, size_of(code));
    return NULL;
}

void rw_liveness_free(struct rw_effect *effects, const struct rw_code *code)
{
    rec_sys_unmap(effects, size_of(code));
}
