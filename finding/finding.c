/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/finding.h"

#include "finding/activity.h"
#include "finding/locking.h"

#include <string.h>

const struct sn_hazard_info sn_hazards[SN_HAZARDS] = {
#define OBSERVED  SN_OBSERVED
#define PREDICTED SN_PREDICTED
#define POSSIBLE  SN_POSSIBLE
#define HAZARD(name, id, severity, levels, definition, advice)                                     \
    [SN_##name] = {id, SN_SEVERITY_##severity, levels, definition, advice},
#include "finding/hazards.def"
#undef HAZARD
#undef OBSERVED
#undef PREDICTED
#undef POSSIBLE
};

static const char *const role_names[SN_ROLES] = {
    [SN_ROLE_WRITE] = "write",       [SN_ROLE_READ] = "read",       [SN_ROLE_FREE] = "free",
    [SN_ROLE_HOLDS] = "holds",       [SN_ROLE_WAITS] = "waits",     [SN_ROLE_TAKES] = "takes",
    [SN_ROLE_RELEASES] = "releases", [SN_ROLE_CREATES] = "creates", [SN_ROLE_JOINS] = "joins",
    [SN_ROLE_ENDS] = "ends",         [SN_ROLE_SIGNALS] = "signals", [SN_ROLE_POSTS] = "posts",
    [SN_ROLE_TRIES] = "tries",       [SN_ROLE_SLEEPS] = "sleeps",   [SN_ROLE_DESTROYS] = "destroys",
};

int sn_hazard_by_id(const char *id)
{
    for (int kind = 0; kind < SN_HAZARDS; kind++)
        if (strcmp(sn_hazards[kind].id, id) == 0)
            return kind;
    return -1;
}

const char *sn_level_name(enum sn_level level)
{
    switch (level) {
    case SN_OBSERVED:
        return "observed";
    case SN_PREDICTED:
        return "predicted";
    case SN_POSSIBLE:
        break;
    }
    return "possible";
}

const char *sn_severity_name(enum sn_severity severity)
{
    switch (severity) {
    case SN_SEVERITY_ERROR:
        return "error";
    case SN_SEVERITY_WARNING:
        return "warning";
    case SN_SEVERITY_NOTE:
        break;
    }
    return "note";
}

const char *sn_status_name(enum sn_status status)
{
    switch (status) {
    case SN_KNOWN:
        return "known";
    case SN_SUPPRESSED:
        return "suppressed";
    case SN_NEW:
        break;
    }
    return "new";
}

const char *sn_role_name(enum sn_role role)
{
    return role_names[role];
}

int sn_role_by_name(const char *name)
{
    for (int role = 0; role < SN_ROLES; role++)
        if (strcmp(role_names[role], name) == 0)
            return role;
    return -1;
}

void sn_report_init(struct sn_report *report)
{
    *report = (struct sn_report){.exit_status = -1, .complete = true, .access_source = "none"};
}

void sn_finding_release(struct sn_finding *finding)
{
    vec_release(&finding->threads);
    vec_release(&finding->locks);
    vec_release(&finding->sites);
    vec_release(&finding->witness);
}

void sn_report_release(struct sn_report *report)
{
    vec_each (struct sn_finding *, finding, &report->findings)
        sn_finding_release(*finding);
    vec_release(&report->findings);
    vec_each (struct sn_activity *, activity, &report->activities)
        sn_activity_release(*activity);
    vec_release(&report->activities);
    vec_each (struct sn_locking *, locking, &report->lockings)
        sn_locking_release(*locking);
    vec_release(&report->lockings);
    vec_release(&report->processes);
    vec_release(&report->traces);
    vec_release(&report->coverage);
    vec_release(&report->notes);
    vec_release(&report->suppressions);
    sn_arena_release(&report->arena);
    memset(report, 0, sizeof *report);
}

struct sn_finding *sn_report_add(struct sn_report *report, enum sn_hazard kind, enum sn_level level)
{
    struct sn_finding *finding = SN_NEW(&report->arena, struct sn_finding);
    finding->kind = kind;
    finding->level = level;
    finding->severity = sn_hazards[kind].severity;
    finding->count = 1;
    *vec_push(&report->findings) = finding;
    return finding;
}

void sn_report_withdraw(struct sn_report *report, const struct sn_finding *finding)
{
    size_t kept = 0;
    for (size_t i = 0; i < report->findings.count; i++) {
        struct sn_finding *at = report->findings.at[i];
        if (at == finding)
            sn_finding_release(at);
        else
            report->findings.at[kept++] = at;
    }
    report->findings.count = kept;
}

struct sn_site *sn_finding_site(struct sn_finding *finding, enum sn_role role, uint32_t thread)
{
    struct sn_site *site = vec_push(&finding->sites);
    site->role = role;
    site->thread = thread;
    site->process = finding->process;
    return site;
}

const struct sn_lock *sn_finding_lock(const struct sn_finding *finding, uint32_t id)
{
    vec_each (struct sn_lock *, lock, &finding->locks)
        if (id && (*lock)->id == id)
            return *lock;
    return NULL;
}

const struct sn_thread *sn_finding_thread(const struct sn_finding *finding, uint32_t process,
                                          uint32_t id)
{
    const struct sn_thread *found = NULL;
    vec_each (struct sn_thread *, thread, &finding->threads)
        if ((*thread)->id == id && (!found || (*thread)->process == process))
            found = *thread;
    return found;
}
