/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions that the hooks stand in for. All are resolved once, at the first hook or at start,
 * whichever comes first; hooks.def has one line for each.
 */
#ifndef REC_CORE_REAL_H
#define REC_CORE_REAL_H

#include <dirent.h>
#include <dlfcn.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <wchar.h>

struct rec_real {
#define HOOK(result, name, parameters, version) result(*name) parameters;
#define CALL                                    HOOK
#include "interpose/hooks.def"
#undef CALL
#undef HOOK
};

extern struct rec_real rec_real;

/* Fills in rec_real. May be called again, from several threads, and while it runs (dlsym may
 * allocate). */
void rec_real_resolve(void);
/* It has been filled in once; and this thread is at it right now. */
extern bool rec_real_resolved;
extern __thread bool rec_real_resolving __attribute__((tls_model("initial-exec")));
/* The program has a heap of its own, linked in before us; operator delete is neither the
 * allocator's nor the C++ run-time's. */
extern bool rec_real_own_heap, rec_real_own_new;
/* The function NAME as the code at PC would have found it, where no library that everybody sees has
 * it: in the libraries that its own names, as those of a plugin. Or NULL. */
void *rec_real_near(const char *name, uint64_t pc);
/* The real function of that name, if it is one that is interposed; else NULL. */
void *rec_real_named(const char *name);
/* Two names are the same. */
bool rec_same(const char *one, const char *other);
/* What stands behind PREFIX in TEXT; NULL: TEXT does not begin so. */
const char *rec_behind(const char *text, const char *prefix);
/* The module that holds PC, or held it before its code was moved, lies from *START to *END; false
 * if none is known to. */
bool rec_real_module(uint64_t pc, uint64_t *start, uint64_t *end);

/* The real function NAME. */
#define REAL(name)                                                                                 \
    (__builtin_expect(rec_real.name != NULL, 1) ? rec_real.name                                    \
                                                : (rec_real_resolve(), rec_real.name))

#endif
