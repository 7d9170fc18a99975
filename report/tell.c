/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sigabbrev_np */
#include "report/tell.h"

#include <string.h>
#include <unistd.h>

typedef unsigned long long ull;

void sn_tell_count(struct sn_text *out, uint64_t count, const char *noun)
{
    sn_text_printf(out, "%llu %s%s", (ull)count, noun, count == 1 ? "" : "s");
}

void sn_tell_thread(struct sn_text *out, const struct sn_report *report,
                    const struct sn_finding *finding, uint32_t process, uint32_t id)
{
    const struct sn_thread *thread = sn_finding_thread(finding, process, id);
    if (id == 0)
        sn_text_puts(out, "the main thread");
    else
        sn_text_printf(out, "thread %u", id);
    if (id != 0 && thread && thread->name && *thread->name)
        sn_text_printf(out, " (%s)", thread->name);
    if (report->processes.count > 1)
        sn_text_printf(out, " of process %u", process);
}

void sn_tell_lock(struct sn_text *out, const struct sn_finding *finding, uint32_t id)
{
    const struct sn_lock *lock = sn_finding_lock(finding, id);
    if (lock && lock->name && *lock->name)
        sn_text_puts(out, lock->name);
    else
        sn_text_printf(out, "%s %u", lock && lock->type ? lock->type : "lock", id);
}

void sn_tell_variable(struct sn_text *out, const struct sn_finding *finding)
{
    const struct sn_variable *variable = finding->variable;
    if (variable && variable->name && *variable->name)
        sn_text_puts(out, variable->name);
    else if (variable && variable->place && strcmp(variable->place, "heap") == 0)
        sn_text_puts(out, "a heap block");
    else if (variable && variable->place)
        sn_text_printf(out, "a variable without a name (%s)", variable->place);
    else
        sn_text_puts(out, "memory");
}

static bool is_type(const struct sn_finding *finding, uint32_t id, const char *type)
{
    const struct sn_lock *lock = sn_finding_lock(finding, id);
    return lock && lock->type && strcmp(lock->type, type) == 0;
}

/* The verb for SITE; what follows it is the lock or the variable. */
static const char *verb(const struct sn_finding *finding, const struct sn_site *site)
{
    bool lock = site->lock != 0;
    switch (site->role) {
    case SN_ROLE_WRITE:
        return "writes";
    case SN_ROLE_READ:
        return "reads";
    case SN_ROLE_FREE:
        return "frees";
    case SN_ROLE_HOLDS:
        return lock ? "holds" : "holds a lock";
    case SN_ROLE_WAITS:
        if (is_type(finding, site->lock, "barrier"))
            return "waits at barrier";
        if (is_type(finding, site->lock, "cond"))
            return "waits on condition";
        return lock ? "waits for" : "waits";
    case SN_ROLE_TAKES:
        return lock ? "takes" : "takes a lock";
    case SN_ROLE_RELEASES:
        return lock ? "releases" : "releases a lock";
    case SN_ROLE_CREATES:
        return lock || site->note ? "creates" : "creates a thread";
    case SN_ROLE_JOINS:
        return "waits for a thread to end";
    case SN_ROLE_ENDS:
        return "ends";
    case SN_ROLE_SIGNALS:
        return "signals";
    case SN_ROLE_POSTS:
        return lock ? "posts" : "posts a semaphore";
    case SN_ROLE_TRIES:
        return lock ? "tries to take" : "tries to take a lock";
    case SN_ROLE_SLEEPS:
        return "sleeps or does slow input or output";
    case SN_ROLE_DESTROYS:
        return lock ? "destroys" : "destroys a lock";
    case SN_ROLES:
        break;
    }
    return "is here";
}

static bool is_access(const struct sn_site *site)
{
    return site->role == SN_ROLE_WRITE || site->role == SN_ROLE_READ || site->role == SN_ROLE_FREE;
}

static bool same_thread(const struct sn_site *a, const struct sn_site *b)
{
    return a->thread == b->thread && a->process == b->process;
}

/* The site at which another thread holds the lock that SITE is about, or NULL. */
static const struct sn_site *holder(const struct sn_finding *finding, const struct sn_site *site)
{
    vec_each (const struct sn_site, other, &finding->sites)
        if (other->role == SN_ROLE_HOLDS && site->lock && other->lock == site->lock &&
            !same_thread(other, site))
            return other;
    return NULL;
}

/* Has the story said, or does SITE itself say, that this thread holds the lock? */
static bool is_told(const struct sn_finding *finding, const struct sn_site *site, uint32_t lock)
{
    vec_each (const struct sn_site, other, &finding->sites)
        if (other->role == SN_ROLE_HOLDS && other->lock == lock && same_thread(other, site))
            return true;
    return lock == site->lock;
}

static void tell_held(struct sn_text *out, const struct sn_finding *finding,
                      const struct sn_site *site)
{
    size_t told = 0;
    for (size_t i = 0; i < site->locks_held_count; i++) {
        if (!is_access(site) && is_told(finding, site, site->locks_held[i]))
            continue;
        sn_text_puts(out, told++ ? " and " : ", holding ");
        sn_tell_lock(out, finding, site->locks_held[i]);
    }
    if (is_access(site) && !told)
        sn_text_puts(out, ", holding no lock");
}

void sn_tell_site(struct sn_text *out, const struct sn_report *report,
                  const struct sn_finding *finding, const struct sn_site *site)
{
    sn_text_puts(out, verb(finding, site));
    if (is_access(site)) {
        sn_text_puts(out, " ");
        sn_tell_variable(out, finding);
    } else if (site->lock) {
        bool object = site->role != SN_ROLE_SLEEPS && site->role != SN_ROLE_ENDS &&
                      site->role != SN_ROLE_JOINS;
        sn_text_puts(out, object ? " " : ", holding ");
        sn_tell_lock(out, finding, site->lock);
    }
    if (site->role == SN_ROLE_HOLDS)
        sn_text_puts(out, ", taken here");
    const struct sn_site *other = holder(finding, site);
    if (other && (site->role == SN_ROLE_WAITS || site->role == SN_ROLE_TRIES)) {
        sn_text_puts(out, ", which ");
        sn_tell_thread(out, report, finding, other->process, other->thread);
        sn_text_puts(out, " holds");
    }
    tell_held(out, finding, site);
    if (site->note)
        sn_text_printf(out, " (%s)", site->note);
}

void sn_tell_doing(struct sn_text *out, const struct sn_activity *activity,
                   const struct sn_site *site)
{
    if (site->role == SN_ROLE_SLEEPS) {
        sn_text_puts(out, "sleeps");
        return;
    }
    sn_text_puts(out, site->role == SN_ROLE_HOLDS   ? "holds "
                      : site->role == SN_ROLE_TAKES ? "takes "
                      : site->note                  ? "waits "
                                                    : "waits for ");
    if (site->note)
        sn_text_puts(out, site->note);
    else
        sn_tell_lock(out, &activity->cast, site->lock);
}

void sn_tell_place(struct sn_text *out, const struct sn_frame *frame)
{
    char here[4096];
    const char *file = frame->file;
    if (!file) {
        if (frame->module)
            sn_text_printf(out, "%s+0x%llx", frame->module, (ull)frame->offset);
        else
            sn_text_puts(out, "?");
        return;
    }
    size_t length = file[0] == '/' && getcwd(here, sizeof here) ? strlen(here) : 0;
    if (length > 1 && strncmp(file, here, length) == 0 && file[length] == '/')
        file += length + 1;
    sn_text_puts(out, file);
    if (frame->line)
        sn_text_printf(out, ":%u", frame->line);
}

void sn_tell_function(struct sn_text *out, const struct sn_frame *frame)
{
    if (frame->function)
        sn_text_puts(out, frame->function);
    else
        sn_text_printf(out, "[%s]", frame->module ? frame->module : "unknown");
}

size_t sn_tell_why(const struct sn_finding *finding, const char **why, const char **advice)
{
    static const char label[] = "What to do:";
    const struct sn_hazard_info *info = &sn_hazards[finding->kind];
    *why = finding->explanation ? finding->explanation : info->definition;
    *advice = info->advice;
    const char *end = strstr(*why, label);
    if (!end)
        return strlen(*why);
    *advice = end + strlen(label) + strspn(end + strlen(label), " \n");
    while (end > *why && strchr(" \n", end[-1]))
        end--;
    return (size_t)(end - *why);
}

/* How the program came to its end, if that is worth a word. */
static void tell_end(struct sn_text *text, const struct sn_report *report)
{
    if (report->stood_still) {
        sn_text_puts(text, "no thread of the program could ever go on: it was stopped");
        if (report->still_for > 0)
            sn_text_printf(text, " after %.1f s without a movement", report->still_for);
    } else if (report->timed_out) {
        sn_text_puts(text, "the program was stopped before its end (by --timeout or --hang)");
    } else if (report->signal) {
        const char *name = sigabbrev_np(report->signal);
        sn_text_printf(text, "the program was ended by signal %d%s%s", report->signal,
                       name ? ", SIG" : "", name ? name : "");
    }
}

void sn_tell_remarks(const struct sn_report *report, sn_remark *each, void *data)
{
    struct sn_text text = {0};
    if (!report->complete) {
        const char *reason = report->incomplete_reason;
        sn_text_printf(&text, "the recording is incomplete: %s",
                       reason ? reason : "hazards may have been missed");
        each(data, SN_SEVERITY_WARNING, text.at);
        sn_text_clear(&text);
    }
    if (report->lost_events) {
        sn_tell_count(&text, report->lost_events, "event");
        sn_text_printf(&text, " %s lost; hazards may have been missed",
                       report->lost_events == 1 ? "was" : "were");
        each(data, SN_SEVERITY_WARNING, text.at);
        sn_text_clear(&text);
    }
    tell_end(&text, report);
    if (text.length)
        each(data, SN_SEVERITY_NOTE, text.at);
    vec_each (const char *, note, &report->notes)
        each(data, SN_SEVERITY_NOTE, *note);
    sn_text_release(&text);
}
