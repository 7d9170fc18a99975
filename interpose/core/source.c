/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where shared accesses come from, where nobody has said: from ThreadSanitizer's calls, if a module
 * has them. Else code is rewritten just before there is a second thread, whose making is the
 * program's or the C library's, so that a process that stays with one thread is left as it is:
 * until then nothing can race.
 */
#include "interpose/access/filter/owner.h"
#include "interpose/access/rewrite/dynamic.h"
#include "interpose/access/rewrite/rewrite.h"
#include "interpose/core/loads.h"
#include "interpose/core/rec.h"
#include "interpose/core/shared.h"

#include "interpose/core/poison.h"

static bool tsan_is_called, threads_are_made; /* by some module */
static bool waits;                            /* for a second thread */

void rec_source_set(enum tr_access_source source)
{
    rec_config.accesses = (uint8_t)source;
    rec_header->access_source = source;
    if (source != TR_SOURCE_NONE)
        rec_header->flags |= TR_FILTER_SAME_EPOCH;
}

static void look_at_name(const char *name)
{
    tsan_is_called |= rec_behind(name, "__tsan_") != NULL;
    threads_are_made |= rec_same(name, "pthread_create") || rec_same(name, "thrd_create");
}

void rec_source_look(const struct dl_phdr_info *info)
{
    struct rec_dynamic dynamic;
    const Elf64_Dyn *section = NULL;
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            section = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    if (!rec_dynamic_read(&dynamic, section, info->dlpi_addr))
        return;
    for (unsigned which = 0; which < 2; which++)
        for (uint64_t i = 0; i < dynamic.counts[which]; i++) {
            const char *name = rec_dynamic_name(&dynamic, &dynamic.relocations[which][i]);
            if (name)
                look_at_name(name);
        }
}

void rec_source_choose(void)
{
    if (rec_config.rewrite)
        rec_loads_watch();
    if (!rec_config.automatic || rec_config.accesses != TR_SOURCE_NONE)
        return;
    if (tsan_is_called)
        rec_source_set(TR_SOURCE_TSAN);
    else
        waits = true;
    if (!waits || !threads_are_made)
        return;
    rec_config.heap = true;
    (void)rw_decoder_open(); /* which allocates: an allocator may make the first thread */
}

/* While the work is the recorder's own, of which nothing is to be told. */
static bool start_rewriting(struct rec_stream *s)
{
    s->unwinding = 1;
    bool started = rec_rewrite_start(true);
    s->unwinding = 0;
    return started;
}

/* The program runs as it is. What is loaded later may yet have calls. */
static void give_up(struct rec_stream *s, const char *reason)
{
    rec_source_set(rec_config.automatic ? TR_SOURCE_TSAN : TR_SOURCE_NONE);
    if (!rec_config.automatic)
        rec_log("accesses are not recorded: %s", reason);
    if (s)
        rec_module_program_lacks(s, reason);
}

void rec_source_start(void)
{
    bool checks = rec_config.accesses == TR_SOURCE_REWRITE;
    if (!rec_config.rewrite || rec_rewrite_start(checks))
        return;
    rec_config.rewrite = false;
    if (checks)
        give_up(NULL, "code cannot be rewritten here");
}

void rec_source_stays(struct rec_stream *s, const char *reason)
{
    if (!waits)
        return;
    waits = false;
    give_up(s, reason);
}

static void rewrite_now(struct rec_stream *s, uint64_t cfa)
{
    const char *reason =
        s->handler_depth ? "the first thread was made in a signal handler"
        : rec_thread_count() > 1 || !rec_rewrite_alone()
            ? "a thread was there before the first one that the recorder has seen made"
        : !start_rewriting(s) ? "code cannot be rewritten here"
                              : NULL;
    if (reason) {
        rec_source_stays(s, reason);
        return;
    }
    waits = false;
    rec_config.heap = rec_config.rewrite = true;
    rec_source_set(TR_SOURCE_REWRITE);
    rec_words_alone(true);
    rec_modules_rewrite(s);
    rec_loads_watch();
    rec_heap_unseen(s);
    rec_stack_redirect(s, cfa, rec_rewrite_behind);
}

void rec_before_threads(struct rec_stream *s, uint64_t cfa)
{
    if (rec_likely(!waits))
        return;
    int error = errno;
    rewrite_now(s, cfa);
    errno = error;
}

/* Not in a handler: the next fork or thread may find a better moment. */
void rec_before_processes(struct rec_stream *s, uint64_t cfa)
{
    if (!s->handler_depth)
        rec_before_threads(s, cfa);
    rec_words_alone(false);
}
