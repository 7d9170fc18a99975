/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which findings make the exit status say so (--fail-on), and which are known already (--baseline).
 */
#ifndef SN_FINDING_GATE_H
#define SN_FINDING_GATE_H

#include "base/error.h"
#include "finding/finding.h"

struct sn_gate {
    bool usual; /* the default: it wants both a level and a severity, which no list can say */
    bool all, none;
    unsigned levels;     /* or-ed sn_level named in the list */
    unsigned severities; /* 1 << sn_severity named in the list */
    uint32_t kinds;      /* 1 << sn_hazard named in the list */
};

/* The default: level observed or predicted with severity error or warning. */
void sn_gate_default(struct sn_gate *gate);
/* Parses "data-race,observed,error": a finding is gated if its kind, its level or its severity is
 * named. "all" names everything, "none" forgets what stands before it. */
int sn_gate_parse(struct sn_gate *gate, const char *list, struct sn_error *err);
/* Never to a known or suppressed finding. */
bool sn_gate_applies(const struct sn_gate *gate, const struct sn_finding *finding);

/* Marks as SN_KNOWN what BASELINE has under the same id. What is suppressed in it does not count:
 * it must come up when its suppression goes or expires. */
void sn_report_apply_baseline(struct sn_report *report, const struct sn_report *baseline);
/* Marks the gated findings; counts those, the ones of each level, and the suppressed, which count
 * for no level. */
void sn_report_summarize(struct sn_report *report, const struct sn_gate *gate);

#endif
