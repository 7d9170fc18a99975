/* SPDX-License-Identifier: Apache-2.0 */
/* FORMAT.md says of every kind what events.def says, and the header's fields where they are. */
#include "tests/unit/trace_test.h"

#include <stdio.h>

static char *read_format(void)
{
    FILE *file = fopen(SOURCE_DIR "/trace/FORMAT.md", "r");
    assert_non_null(file);
    struct sn_text text = {0};
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        sn_text_add(&text, part, n);
    fclose(file);
    return text.at;
}

static void check_row(const char *format, const char *row)
{
    if (!strstr(format, row))
        fail_msg("FORMAT.md has no row that begins: %s", row);
}

static void every_kind_has_its_row(void **state)
{
    (void)state;
    static const char letters[] = "MSOV012BR"; /* by bit of enum tr_fields */
    static const char *const slots[] = {"", "exact ", "stride "};
    char *format = read_format();
    for (unsigned kind = 0; kind < TR_KINDS; kind++) {
        const struct tr_kind_info *info = &tr_kinds[kind];
        if (!info->name)
            continue;
        char row[128];
        int n = snprintf(row, sizeof row, "| %02x | %s | ", kind, info->name);
        for (unsigned bit = 0; letters[bit]; bit++)
            if (info->fields & 1u << bit)
                n += snprintf(row + n, sizeof row - (size_t)n, "%c ", letters[bit]);
        snprintf(row + n, sizeof row - (size_t)n, "| %s|", slots[info->slot]);
        check_row(format, row);
    }
    free(format);
}

static void every_field_has_its_offset(void **state)
{
    (void)state;
    char *format = read_format(), row[128];
#define FIELD(type, field)                                                                         \
    do {                                                                                           \
        snprintf(row, sizeof row, "| %zu | %zu | %s |", offsetof(struct type, field),              \
                 sizeof((struct type *)0)->field, #field);                                         \
        check_row(format, row);                                                                    \
    } while (0)
    FIELD(tr_header, magic);
    FIELD(tr_header, version);
    FIELD(tr_header, header_size);
    FIELD(tr_header, arch);
    FIELD(tr_header, chunk_align);
    FIELD(tr_header, pid);
    FIELD(tr_header, parent_pid);
    FIELD(tr_header, start_tsc);
    FIELD(tr_header, start_realtime_ns);
    FIELD(tr_header, tsc_hz);
    FIELD(tr_header, end);
    FIELD(tr_header, flags);
    FIELD(tr_header, access_source);
    FIELD(tr_header, state);
    FIELD(tr_header, off_reason);
    FIELD(tr_header, threads);
    FIELD(tr_header, counter_bits);
    FIELD(tr_header, lost);
    FIELD(tr_header, thread_of_parent);
    FIELD(tr_header, program);
    FIELD(tr_header, ring_size);
    FIELD(tr_header, ring_time);
    FIELD(tr_header, ring_lost);
    FIELD(tr_header, ring_chunk);
    FIELD(tr_header, ring_kept);
    FIELD(tr_header, loss_time);
    FIELD(tr_header, standstill_tsc);
    FIELD(tr_chunk, magic);
    FIELD(tr_chunk, offset);
    FIELD(tr_chunk, size);
    FIELD(tr_chunk, thread);
    FIELD(tr_chunk, number);
    FIELD(tr_chunk, settled);
    FIELD(tr_chunk, time);
    FIELD(tr_chunk, epoch);
    assert_int_equal(sizeof(struct tr_header), 1232);
    assert_int_equal(sizeof(struct tr_chunk), 48);
    free(format);
}

static void the_examples_read(void **state)
{
    (void)state;
    char *format = read_format();
    char *example = strstr(format, "    T0 thread_create T1\n");
    assert_non_null(example);
    char *behind = strstr(example, "\n\n");
    if (behind)
        behind[1] = 0;
    struct trace trace = trace_of(example);
    char *dump = trace_dump(&trace);
    assert_non_null(strstr(dump, "6 T1 write 4 0x2000 t=6 e=1 @2 [0x402000]\n"));
    free(dump);
    trace_free(&trace);
    free(format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_its_row),
        cmocka_unit_test(every_field_has_its_offset),
        cmocka_unit_test(the_examples_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
