/* SPDX-License-Identifier: Apache-2.0 */
#include "interpose/access/filter/readers.h"

#include "interpose/core/rec.h"

#include "interpose/core/poison.h"

enum {
    MOST_PAGES = 1 << 16, /* of all threads: half a gigabyte, that describes half of that */
    AT_ONCE = 8,          /* pages that are taken */
    LARGE_PAGE = 2 << 20, /* of the machine */
};

static struct rec_readers *tables;     /* never unmapped; atomic */
static struct rec_readers_page *pages; /* room for the most; atomic */
static uint32_t taken;                 /* how many of them; atomic */

static struct rec_readers *take_unused(void)
{
    struct rec_readers *readers = __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
    while (readers && __atomic_exchange_n(&readers->used, true, __ATOMIC_ACQUIRE))
        readers = readers->next;
    return readers;
}

struct rec_readers *rec_readers_new(void)
{
    struct rec_readers *readers = take_unused();
    if (readers)
        return readers;
    readers = rec_sys_memory(sizeof *readers);
    if (!readers)
        return NULL;
    readers->used = true;
    readers->front[0].address = REC_READERS_NOWHERE;
    readers->next = __atomic_load_n(&tables, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&tables, &readers->next, readers, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
    return readers;
}

bool rec_readers_full(void)
{
    return __atomic_load_n(&taken, __ATOMIC_RELAXED) >= MOST_PAGES;
}

/* Behind the first ones by large pages of the machine. */
static struct rec_readers_page *all_pages(void)
{
    enum { SIZE = MOST_PAGES * (int)sizeof(struct rec_readers_page) };
    struct rec_readers_page *all = __atomic_load_n(&pages, __ATOMIC_ACQUIRE), *none = NULL;
    if (all)
        return all;
    all = rec_sys_memory(SIZE);
    if (!all)
        return NULL;
    if (!__atomic_compare_exchange_n(&pages, &none, all, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        rec_sys_unmap(all, SIZE);
        return none;
    }
    rec_sys_advise((char *)all + LARGE_PAGE, SIZE - LARGE_PAGE, MADV_HUGEPAGE);
    return all;
}

static struct rec_readers_page *take_pages(void)
{
    struct rec_readers_page *all = all_pages();
    uint32_t at = all ? __atomic_fetch_add(&taken, AT_ONCE, __ATOMIC_RELAXED) : MOST_PAGES;
    return at <= MOST_PAGES - AT_ONCE ? &all[at] : NULL;
}

/* Neighbours come together: several at once. */
void rec_readers_add(struct rec_readers *readers, uint64_t address)
{
    uint64_t first = rec_readers_page_of(address);
    if (rec_readers_find(readers, first) || rec_readers_full())
        return;
    struct rec_readers_page *page = take_pages();
    for (unsigned i = 0; page && i < AT_ONCE; i++, page++) {
        page->address = first + i * REC_READERS_PAGE;
        if (rec_readers_find(readers, page->address))
            continue;
        struct rec_readers_page **chain =
            &readers->chains[page->address / REC_READERS_PAGE % REC_READERS_CHAINS];
        page->next = *chain;
        __atomic_store_n(chain, page, __ATOMIC_RELEASE);
    }
}

void rec_readers_leave(struct rec_readers *readers)
{
    __atomic_store_n(&readers->used, false, __ATOMIC_RELEASE);
}

bool rec_readers_next(struct rec_readers **readers, uint64_t granule,
                      struct rec_readers_entry **entry)
{
    struct rec_readers *next =
        *readers ? (*readers)->next : __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
    for (; next; next = next->next) {
        struct rec_readers_page *page = rec_readers_find(next, granule);
        if (!page)
            continue;
        *readers = next;
        *entry = rec_readers_in(page, granule);
        if ((*entry)->word)
            return true;
    }
    return false;
}

static void forget_page(struct rec_readers_page *page, uint64_t from, uint64_t to)
{
    for (unsigned i = 0; i < REC_READERS_WORDS; i++)
        if (page->at[i].word && page->address + 4 * i >= from && page->address + 4 * i < to)
            page->at[i] = (struct rec_readers_entry){{{0, 0}}};
}

void rec_readers_forget(uint64_t from, uint64_t to)
{
    struct rec_readers *readers = __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
    for (; readers; readers = readers->next)
        for (unsigned i = 0; i < REC_READERS_CHAINS; i++) {
            struct rec_readers_page *page = __atomic_load_n(&readers->chains[i], __ATOMIC_ACQUIRE);
            for (; page; page = page->next)
                if (page->address + REC_READERS_PAGE > from && page->address < to)
                    forget_page(page, from, to);
        }
}

void rec_readers_reset(void)
{
    rec_readers_forget(1, UINT64_MAX);
}
