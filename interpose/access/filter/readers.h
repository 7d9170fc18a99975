/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The latest reads of memory that several threads read, each thread's in a table of its own: the
 * words (words.h) have room for one reader. A table has a copy of the words of reads, and of what
 * is kept beside them, for each page of which its thread has read such memory.
 *
 * A table is changed by its thread, and by who holds the stripe (owner.c) of what an entry tells
 * of. The check of moved code (rewrite/check.h) looks at the front alone.
 */
#ifndef REC_ACCESS_FILTER_READERS_H
#define REC_ACCESS_FILTER_READERS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    REC_READERS_PAGE = 4096,
    REC_READERS_FRONT_BITS = 16,
    REC_READERS_FRONT = 1 << REC_READERS_FRONT_BITS,
    REC_READERS_CHAINS = 4096,
    REC_READERS_WORDS = REC_READERS_PAGE / 4,
    REC_READERS_MOST = 32, /* bytes of an access that a check looks for */
};

#define REC_READERS_NOWHERE UINT64_MAX

struct rec_readers_entry {
    union {
        struct {
            uint32_t word; /* who, when, which bytes: as the words say it; 0: no entry */
            uint32_t kept; /* as it is kept beside the words */
        };
        uint64_t both;
    };
};

struct rec_readers_page {
    struct rec_readers_entry at[REC_READERS_WORDS];
    struct rec_readers_entry end[REC_READERS_MOST / 4]; /* none: a check may look behind a page */
    uint64_t address;                                   /* of the page that it describes */
    struct rec_readers_page *next;                      /* of its chain */
};

struct rec_readers {
    struct { /* by the low bits of the page's number: the one that was looked for last */
        uint64_t address; /* of no page: REC_READERS_NOWHERE in the first place, else 0 */
        struct rec_readers_page *page;
    } front[REC_READERS_FRONT];
    struct rec_readers_page *chains[REC_READERS_CHAINS]; /* all; never shorter; atomic */
    struct rec_readers *next;                            /* of all that there are */
    bool used;                                           /* by a thread; atomic */
};

/* A thread's entry of a granule; both NULL: none. */
struct rec_reader {
    uint32_t *word, *kept;
};

static inline uint64_t rec_readers_page_of(uint64_t address)
{
    return address & ~(uint64_t)(REC_READERS_PAGE - 1);
}

static inline struct rec_readers_entry *rec_readers_in(struct rec_readers_page *page,
                                                       uint64_t granule)
{
    return &page->at[granule % REC_READERS_PAGE / 4];
}

/* The page that describes ADDRESS's; NULL: READERS has none. */
static inline struct rec_readers_page *rec_readers_find(const struct rec_readers *readers,
                                                        uint64_t address)
{
    uint64_t page = rec_readers_page_of(address);
    struct rec_readers_page *found = __atomic_load_n(
        &readers->chains[page / REC_READERS_PAGE % REC_READERS_CHAINS], __ATOMIC_ACQUIRE);
    while (found && found->address != page)
        found = found->next;
    return found;
}

/* The calling thread's own entries from GRANULE on to the page's end, whose table READERS is; NULL:
 * there are none. */
static inline struct rec_readers_entry *rec_readers_at(struct rec_readers *readers,
                                                       uint64_t granule)
{
    uint64_t address = rec_readers_page_of(granule);
    unsigned place = address / REC_READERS_PAGE % REC_READERS_FRONT;
    if (readers->front[place].address != address) {
        struct rec_readers_page *page = rec_readers_find(readers, granule);
        if (!page)
            return 0;
        readers->front[place].page = page;
        readers->front[place].address = address;
    }
    return rec_readers_in(readers->front[place].page, granule);
}

static inline struct rec_reader rec_reader_at(struct rec_readers *readers, uint64_t granule)
{
    struct rec_readers_entry *entry = rec_readers_at(readers, granule);
    return entry ? (struct rec_reader){&entry->word, &entry->kept} : (struct rec_reader){0, 0};
}

/* What another thread's entry says, which then says nothing. Its thread may change it meanwhile. */
static inline struct rec_readers_entry rec_readers_take(struct rec_readers_entry *entry)
{
    return (struct rec_readers_entry){
        {.both = __atomic_exchange_n(&entry->both, 0, __ATOMIC_ACQ_REL)}};
}

/* A table for the calling thread; NULL if there is no memory. */
struct rec_readers *rec_readers_new(void);
/* Makes the page of ADDRESS, so that there are entries; unless there are as many as there may be.
 */
void rec_readers_add(struct rec_readers *readers, uint64_t address);
bool rec_readers_full(void);
/* The thread needs it no more. What it has stays, until it is taken. */
void rec_readers_leave(struct rec_readers *readers);
/* GRANULE's entry in the next table that has one, from *READERS on, which is the first one if NULL.
 * False: there are no more. */
bool rec_readers_next(struct rec_readers **readers, uint64_t granule,
                      struct rec_readers_entry **entry);
/* Throws away what there is on memory from FROM to TO. */
void rec_readers_forget(uint64_t from, uint64_t to);
/* Throws away what the values (words.h) say that are about to be given out again. */
void rec_readers_reset(void);

#endif
