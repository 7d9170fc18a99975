/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/process_list.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KERNEL_THREAD = 0x200000 /* PF_KTHREAD */ };

/* Fields 3, 4, 9, 20 and 22 of stat. A process whose first thread has ended still lives if it has
 * others. */
static bool read_entry(uint32_t pid, struct sn_process_entry *entry)
{
    char path[64], line[1024], state = 0;
    unsigned parent = 0, flags = 0, threads = 0;
    unsigned long long started = 0;
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *file = fopen(path, "re");
    const char *rest = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (file)
        fclose(file);
    if (!rest || sscanf(rest + 1,
                        " %c %u %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u "
                        "%*d %llu",
                        &state, &parent, &flags, &threads, &started) != 5)
        return false;
    *entry = (struct sn_process_entry){
        .pid = pid,
        .parent = parent,
        .started = started,
        .kernel = (flags & KERNEL_THREAD) != 0,
        .dead = (state == 'Z' || state == 'X') && threads <= 1,
    };
    return true;
}

bool sn_process_list_fill(struct sn_process_list *list)
{
    DIR *proc = opendir("/proc");
    if (!proc)
        return false;
    vec_clear(&list->of);
    struct sn_process_entry one;
    for (struct dirent *entry; (entry = readdir(proc));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            read_entry((uint32_t)strtoul(entry->d_name, NULL, 10), &one))
            *vec_push(&list->of) = one;
    closedir(proc);
    return true;
}

const struct sn_process_entry *sn_process_list_find(const struct sn_process_list *list,
                                                    uint32_t pid)
{
    vec_each (struct sn_process_entry, entry, &list->of)
        if (entry->pid == pid)
            return entry;
    return NULL;
}

bool sn_process_lives(uint32_t pid)
{
    struct sn_process_entry entry;
    return read_entry(pid, &entry) && !entry.dead;
}
