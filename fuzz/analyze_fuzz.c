/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All analyses on any trace: a binary one, or else what is written down in extended STD or in our
 * own text. None fails, and no witness is refused.
 */
#include "analyzer/analysis.h"
#include "analyzer/processes.h"
#include "finding/json.h"
#include "trace/text.h"
#include "trace/xstd.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void analyze(struct tr_reader *reader)
{
    struct sn_report report;
    struct sn_error err;
    struct an_options options;
    struct sn_text json = {0};
    sn_report_init(&report);
    an_options_default(&options);
    options.livelock_rounds = 2;
    options.starvation_bypass = 2;
    options.starvation_share = 1;
    options.starvation_wait_ms = 0;
    options.timed_out = true;
    (void)an_analyze(reader, &report, &options, NULL, NULL, &err);
    vec_each (const char *, note, &report.notes)
        if (strstr(*note, "internal error"))
            abort();
    sn_report_fingerprint(&report);
    sn_json_write(&json, &report);
    sn_text_release(&json);
    sn_report_release(&report);
}

static bool analyze_extended(const char *text, size_t length)
{
    struct tr_xstd *xstd;
    struct sn_error err;
    if (tr_xstd_open_memory(&xstd, text, length, &err) < 0)
        return false;
    analyze(tr_xstd_reader(xstd));
    tr_xstd_close(xstd);
    return true;
}

/* As two processes that do the same. */
static void analyze_twice(const uint8_t *bytes, size_t size)
{
    struct tr_reader *readers[2];
    struct sn_error err;
    struct an_options options;
    struct sn_report report;
    size_t first;
    if (tr_reader_open_memory(&readers[0], bytes, size, &err) < 0)
        return;
    if (tr_reader_open_memory(&readers[1], bytes, size, &err) == 0) {
        sn_report_init(&report);
        an_options_default(&options);
        (void)an_processes_tell(readers, (uint32_t[]){1, 2}, 2, &report, &options, &first, &err);
        sn_report_release(&report);
        tr_reader_close(readers[1]);
    }
    tr_reader_close(readers[0]);
}

static void analyze_bytes(const uint8_t *bytes, size_t size)
{
    struct tr_reader *reader;
    struct sn_error err;
    if (tr_reader_open_memory(&reader, bytes, size, &err) < 0)
        return;
    analyze(reader);
    tr_reader_close(reader);
    analyze_twice(bytes, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes;
    size_t length;
    struct sn_error err;
    if (size >= sizeof(uint64_t) && memcmp(data, &(uint64_t){TR_MAGIC}, sizeof(uint64_t)) == 0) {
        analyze_bytes(data, size);
    } else if (!analyze_extended((const char *)data, size) &&
               tr_text_parse((const char *)data, size, &bytes, &length, &err) == 0) {
        analyze_bytes(bytes, length);
        free(bytes);
    }
    return 0;
}
