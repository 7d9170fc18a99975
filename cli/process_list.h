/* SPDX-License-Identifier: Apache-2.0 */
/* All processes that /proc shows. */
#ifndef SN_CLI_PROCESS_LIST_H
#define SN_CLI_PROCESS_LIST_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct sn_process_entry {
    uint32_t pid, parent;
    uint64_t started; /* clock ticks since the system's start */
    bool kernel;      /* one of the system's own, without memory and descriptors */
    bool dead;        /* nobody has waited for it yet; all its threads have ended */
};

struct sn_process_list {
    VEC(struct sn_process_entry) of;
};

/* False if /proc cannot be read. */
bool sn_process_list_fill(struct sn_process_list *list);
const struct sn_process_entry *sn_process_list_find(const struct sn_process_list *list,
                                                    uint32_t pid);
/* Is it there, with a thread that has not ended? */
bool sn_process_lives(uint32_t pid);

#endif
