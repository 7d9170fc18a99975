/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suppress.h"

#include <time.h>

int sn_suppress_read(struct sn_suppressions *suppressions, const struct sn_settings *settings,
                     struct sn_error *err)
{
    *suppressions = (struct sn_suppressions){0};
    vec_each (const char *const, file, &settings->suppressions) {
        int code = sn_suppressions_read(suppressions, *file, err);
        if (code < 0)
            return code;
    }
    return 0;
}

/* 20270131, where this machine is. */
static int today(void)
{
    time_t now = time(NULL);
    struct tm day;
    if (!localtime_r(&now, &day))
        return 0;
    return ((day.tm_year + 1900) * 100 + day.tm_mon + 1) * 100 + day.tm_mday;
}

void sn_suppress_apply(const struct sn_suppressions *suppressions, struct sn_report *report)
{
    sn_report_suppress(report, suppressions, today());
}
