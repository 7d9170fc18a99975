/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing arrays in memory of the recorder's own, while a binary is rewritten: room for the most
 * that there can be is reserved at once, and costs nothing until it is used.
 */
#ifndef REC_ACCESS_REWRITE_LIST_H
#define REC_ACCESS_REWRITE_LIST_H

#include "interpose/core/system.h"

#include <stdbool.h>

/* Memory that will be filled from the beginning on: large pages, where there are some, are had with
 * fewer faults. NULL if there is none. */
static inline void *rw_memory(uint64_t size)
{
    void *memory = rec_sys_memory(size);
    if (memory)
        rec_sys_advise(memory, size, MADV_HUGEPAGE);
    return memory;
}

#define RW_LIST(type)                                                                              \
    struct {                                                                                       \
        type *at;                                                                                  \
        uint32_t count, room;                                                                      \
    }

/* Room for N; false if there is no memory. */
#define rw_list_open(list, n)                                                                      \
    ((list)->room = (n), (list)->count = 0,                                                        \
     (list)->at = rw_memory(((uint64_t)(list)->room + 1) * sizeof *(list)->at),                    \
     (list)->at != NULL)

#define rw_list_close(list)                                                                        \
    ((list)->at                                                                                    \
         ? (void)rec_sys_unmap((list)->at, ((uint64_t)(list)->room + 1) * sizeof *(list)->at)      \
         : (void)0)

/* The next element, to be filled in. Behind the last for which there is room stands one that takes
 * all others: whoever adds more than was reserved sees it by rw_list_full. */
#define rw_list_add(list)                                                                          \
    (&(list)->at[(list)->count < (list)->room ? (list)->count++ : (list)->room])
#define rw_list_full(list) ((list)->count >= (list)->room)

#endif
