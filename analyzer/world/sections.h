/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each thread reads and writes inside its critical sections: of each lock that it holds alone
 * the present section and the last one, in words of four bytes. A section is what lies between
 * one acquisition and the release that follows; a condition's wait ends one and begins the next.
 *
 * Only what the trace tells is here. A recorder leaves out what a thread reads again while nobody
 * has written it; what another thread has written since is always told.
 */
#ifndef SN_ANALYZER_WORLD_SECTIONS_H
#define SN_ANALYZER_WORLD_SECTIONS_H

#include "analyzer/world/threads.h"

struct an_foreign_write {
    const struct an_thread *thread; /* NULL: there is none */
    uint64_t index;
    uint32_t stack, lockset;
};

/* A word that was used in a section. */
struct an_touch {
    uint64_t word;                    /* address >> 2 */
    uint64_t address;                 /* first byte of the first read, else write */
    uint64_t read_index, write_index; /* of the first ones; 0: none */
    uint32_t read_stack, write_stack;
    uint32_t lockset;                 /* held then */
    uint32_t size;                    /* of that access */
    struct an_foreign_write author;   /* of what was read, if that was another thread's */
    uint64_t authored;                /* by the author's clock: its epoch began */
    bool unread;                      /* the author had not read it in the section of that write */
    const struct an_thread *told_by;  /* the read was told by another thread, as it came */
    struct an_foreign_write replaced; /* what was overwritten, if that was another thread's */
};

struct an_critical {
    uint64_t begin, end; /* index of the acquisition and the release; 0: none */
    uint32_t stack;      /* of the acquisition */
    bool crowded;        /* more was used than is kept */
    bool crossed; /* another lock was given back in it, as std::condition_variable_any does */
    VEC(struct an_touch) touches;
};

/* A lock, and what its latest owner did under it. */
struct an_lock_use {
    struct an_object *lock;
    struct an_critical present, last;
    uint64_t informed; /* index of the latest read of what another thread had written, in sections
                          that have ended */
};

/* THREAD's sections of LOCK, or NULL: it never held it alone, or has used many others since. */
struct an_lock_use *an_lock_use(const struct an_thread *thread, const struct an_object *lock);
const struct an_touch *an_touched(const struct an_critical *section, uint64_t word);
bool an_any_read(const struct an_critical *section);
/* The latest write of the word that the world knows of; NULL: none. */
const struct an_access *an_latest_write(struct an_world *world, uint64_t word);

/* An ACQUIRE or RELEASE, which the world has taken in. */
void an_sections_event(struct an_world *world, const struct tr_event *ev);
/* An access that the memory does not know of yet. */
void an_sections_access(struct an_world *world, const struct tr_event *ev, uint64_t size,
                        bool write);
void an_sections_release(struct an_thread *thread);

#endif
