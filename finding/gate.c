/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/gate.h"

#include "base/text.h"
#include "finding/index.h"

#include <string.h>

static const enum sn_level levels[] = {SN_OBSERVED, SN_PREDICTED, SN_POSSIBLE};

void sn_gate_default(struct sn_gate *gate)
{
    *gate = (struct sn_gate){
        .usual = true,
        .levels = SN_OBSERVED | SN_PREDICTED,
        .severities = 1u << SN_SEVERITY_ERROR | 1u << SN_SEVERITY_WARNING,
    };
}

static bool is_word(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(word, name, length) == 0;
}

static bool add_word(struct sn_gate *gate, const char *word, size_t length)
{
    if (is_word(word, length, "all"))
        return *gate = (struct sn_gate){.all = true}, true;
    if (is_word(word, length, "none"))
        return *gate = (struct sn_gate){.none = true}, true;
    gate->none = false;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (is_word(word, length, sn_level_name(levels[i])))
            return gate->levels |= levels[i], true;
    for (int i = SN_SEVERITY_NOTE; i <= SN_SEVERITY_ERROR; i++)
        if (is_word(word, length, sn_severity_name(i)))
            return gate->severities |= 1u << i, true;
    for (int kind = 0; kind < SN_HAZARDS; kind++)
        if (is_word(word, length, sn_hazards[kind].id))
            return gate->kinds |= UINT32_C(1) << kind, true;
    return false;
}

static int unknown_word(const char *word, size_t length, struct sn_error *err)
{
    struct sn_text kinds = {0};
    for (int kind = 0; kind < SN_HAZARDS; kind++)
        sn_text_printf(&kinds, ", %s", sn_hazards[kind].id);
    sn_fail(err, SN_E_USAGE, NULL, SN_NO_OFFSET,
            "'%.*s' is no level, severity or kind of finding; known are all, none, observed, "
            "predicted, possible, error, warning, note%s",
            length > 60 ? 60 : (int)length, word, kinds.at);
    sn_text_release(&kinds);
    return SN_E_USAGE;
}

int sn_gate_parse(struct sn_gate *gate, const char *list, struct sn_error *err)
{
    *gate = (struct sn_gate){0};
    for (const char *word = list;; word++) {
        word += strspn(word, " ");
        size_t length = strcspn(word, ","), shown = length;
        while (shown && word[shown - 1] == ' ')
            shown--;
        if (!add_word(gate, word, shown))
            return unknown_word(word, shown, err);
        word += length;
        if (!*word)
            return 0;
    }
}

bool sn_gate_applies(const struct sn_gate *gate, const struct sn_finding *finding)
{
    bool level = gate->levels & finding->level;
    bool severity = gate->severities >> finding->severity & 1;
    if (finding->status != SN_NEW || gate->none)
        return false;
    if (gate->usual)
        return level && severity;
    return gate->all || level || severity || (gate->kinds >> finding->kind & 1);
}

void sn_report_apply_baseline(struct sn_report *report, const struct sn_report *baseline)
{
    struct sn_index known;
    sn_index_init(&known, baseline);
    vec_each (struct sn_finding *, finding, &report->findings) {
        const struct sn_finding *old = sn_index_find(&known, (*finding)->id);
        if ((*finding)->status == SN_NEW && old && old->status != SN_SUPPRESSED)
            (*finding)->status = SN_KNOWN;
    }
    sn_index_release(&known);
}

void sn_report_summarize(struct sn_report *report, const struct sn_gate *gate)
{
    report->observed = report->predicted = report->possible = 0;
    report->suppressed = report->gated = 0;
    vec_each (struct sn_finding *, at, &report->findings) {
        struct sn_finding *finding = *at;
        finding->gated = sn_gate_applies(gate, finding);
        if (finding->status == SN_SUPPRESSED)
            report->suppressed++;
        else if (finding->level == SN_OBSERVED)
            report->observed++;
        else if (finding->level == SN_PREDICTED)
            report->predicted++;
        else
            report->possible++;
        report->gated += finding->gated;
    }
}
