/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array of any type. All zero is an empty one.
 *
 *     VEC(struct site) sites = {0};
 *     *vec_push(&sites) = (struct site){...};
 *     vec_each(struct site, s, &sites) use(s);
 *     vec_release(&sites);
 */
#ifndef SN_BASE_VEC_H
#define SN_BASE_VEC_H

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t count, room;                                                                        \
    }

/* Makes room for N elements more. */
#define vec_reserve(v, n)                                                                          \
    ((v)->count + (n) > (v)->room                                                                  \
         ? ((v)->room = ((v)->count + (n)) * 2,                                                    \
            (v)->at = sn_realloc((v)->at, (v)->room * sizeof *(v)->at), (void)0)                   \
         : (void)0)

/* A pointer to a new zeroed element at the end; valid until the next push. */
#define vec_push(v)                                                                                \
    (vec_reserve((v), 1), memset(&(v)->at[(v)->count], 0, sizeof *(v)->at), &(v)->at[(v)->count++])

/* Makes sure that there is an element I: new ones are zeroed, and more than are needed. For tables
 * by dense numbers. */
#define vec_cover(v, i)                                                                            \
    ((size_t)(i) < (v)->count ? (void)0                                                            \
                              : ((v)->at = sn_cover((v)->at, &(v)->count, (i), sizeof *(v)->at),   \
                                 (v)->room = (v)->count, (void)0))

/* Fetches element I, if there is one, to be written soon. No function: gcc takes one that does no
 * more than that for one without effects, and drops its calls. */
#define vec_prefetch(v, i) ((size_t)(i) < (v)->count ? __builtin_prefetch(&(v)->at[i], 1) : (void)0)

/* How many elements at the beginning are such that CONDITION holds of them, where it holds of none
 * behind the first of which it does not: NAME is the element that it is asked of. */
#define vec_count_while(type, name, v, condition)                                                  \
    ({                                                                                             \
        size_t low_ = 0, high_ = (v)->count;                                                       \
        while (low_ < high_) {                                                                     \
            size_t middle_ = low_ + (high_ - low_) / 2;                                            \
            const type *name = &(v)->at[middle_];                                                  \
            if (condition)                                                                         \
                low_ = middle_ + 1;                                                                \
            else                                                                                   \
                high_ = middle_;                                                                   \
        }                                                                                          \
        low_;                                                                                      \
    })

#define vec_last(v)    (&(v)->at[(v)->count - 1])
#define vec_pop(v)     (&(v)->at[--(v)->count])
#define vec_clear(v)   ((v)->count = 0)
#define vec_release(v) (free((v)->at), memset((v), 0, sizeof *(v)))

/* Removes element I by moving those behind it. */
#define vec_remove(v, i)                                                                           \
    (memmove(&(v)->at[i], &(v)->at[(i) + 1], ((v)->count - (i)-1) * sizeof *(v)->at), (v)->count--)

#define vec_each(type, name, v)                                                                    \
    for (type *name = (v)->at; name && name < (v)->at + (v)->count; name++)

#endif
