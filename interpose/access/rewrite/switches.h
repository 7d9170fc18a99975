/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switches by tables, as gcc and clang write them. A table of places counts them from itself:
 *
 *     movslq (%base,%index,4), %to;  add %base, %to;  jmp *%to
 *
 * or, in a program that lies where it was linked, says them:
 *
 *     jmp *table(,%index,8)      or      mov table(,%index,8), %to;  jmp *%to
 *
 * Moved, both read a copy of all constants of the module, whose distance from the module is part of
 * the instruction. In the copies of tables stand the new places. What is taken for a table by
 * mistake is read by nobody; of a table that is not found the copy is like the table, and leads to
 * the old text.
 */
#ifndef REC_ACCESS_REWRITE_SWITCHES_H
#define REC_ACCESS_REWRITE_SWITCHES_H

#include "interpose/access/rewrite/code.h"

/* Marks the instructions of CODE's switches: RW_TABLE_LOAD, RW_TABLE_JUMP, RW_TABLE_JUMP_TO, and
 * jumps that leave their function: RW_JUMP_AWAY. Says whether there are switches. */
bool rw_switches_find(struct rw_code *code);

/* Behind the last of MODULE's constants. */
uint64_t rw_constants_end(const struct rw_module *module);
/* Once code is moved to IMAGE: the copy of the module's constants at COPY gets the new places. */
void rw_switches_fill(const struct rw_code *code, uint64_t image, uint8_t *copy);

#endif
