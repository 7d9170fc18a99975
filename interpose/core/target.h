/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is that is about to be executed: can the recorder get into it? */
#ifndef REC_CORE_TARGET_H
#define REC_CORE_TARGET_H

#include <stdint.h>

enum rec_target {
    REC_TARGET_OURS,       /* a dynamic program of this kind, or a script for one */
    REC_TARGET_FOREIGN,    /* of another class, machine or C library: preloading does harm */
    REC_TARGET_STATIC,     /* nothing is preloaded */
    REC_TARGET_PRIVILEGED, /* setuid, setgid or with capabilities: the linker refuses */
    REC_TARGET_UNKNOWN,    /* cannot be read */
};

/* The file that execveat would take; -EFAULT in *ERROR where PATH cannot be read. */
enum rec_target rec_target_of(int directory, const char *path, int flags, int *error);

/* What execvp would find: FILE, or where it lies by PATH (a list, or NULL), in FOUND of SIZE bytes.
 */
const char *rec_target_find(const char *file, const char *list, char *found, uint32_t size);

#endif
