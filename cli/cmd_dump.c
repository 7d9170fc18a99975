/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a trace, one a line, in the reader's order. */
#include "cli/command.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/trouble.h"
#include "trace/export.h"
#include "trace/text.h"

#include <unistd.h>

enum { BATCH = 1 << 16 };

static const struct sn_usage usage = {
    .groups = SN_OPTIONS_DUMP | SN_OPTIONS_SYMBOLS | SN_OPTIONS_INPUT,
    .arguments = "TRACE",
    .least = 1,
    .most = 1,
    .trouble = SN_EXIT_TROUBLE,
    .help = "Print the events of a trace as text on stdout, one a line, in the one order in which "
            "every analysis sees them.",
    .more = "Exit codes: 0, or 2 for trouble. Of a damaged trace, what can be read is printed.",
};

struct dump {
    const struct tr_reader *reader;
    struct sn_symbols *symbols; /* or NULL */
    struct sn_text text;
};

/* A comment behind the event: its stack by names, innermost first. */
static void add_symbols(struct dump *dump, uint32_t number)
{
    struct tr_stack stack = tr_reader_stack(dump->reader, number);
    for (uint32_t i = 0; i < stack.count; i++) {
        struct sn_frame frame = {.pc = stack.pcs[i]};
        sn_symbols_frame(dump->symbols, &frame);
        sn_text_printf(&dump->text, "#   %s", frame.function ? frame.function : "?");
        if (frame.file)
            sn_text_printf(&dump->text, " %s:%u", frame.file, frame.line);
        else if (frame.module)
            sn_text_printf(&dump->text, " in %s", frame.module);
        sn_text_puts(&dump->text, "\n");
    }
}

static int flush(struct dump *dump, struct sn_error *err)
{
    int ret = sn_write_all(STDOUT_FILENO, dump->text.at, dump->text.length, "stdout", err);
    sn_text_clear(&dump->text);
    return ret;
}

static int dump_text(struct dump *dump, struct tr_reader *reader, struct sn_error *err)
{
    struct tr_event ev;
    int more, ret = 0;
    tr_text_header(&dump->text, reader);
    while (ret == 0 && (more = tr_reader_next(reader, &ev, err)) != 0) {
        if (more < 0)
            return more;
        tr_text_event(&dump->text, reader, &ev);
        if (dump->symbols && ev.stack)
            add_symbols(dump, ev.stack);
        if (dump->text.length >= BATCH)
            ret = flush(dump, err);
    }
    return ret;
}

static void tell_left_out(const struct tr_export *export)
{
    struct sn_text kinds = {0};
    for (unsigned kind = 0; kind < TR_KINDS; kind++)
        if (export->left_out[kind])
            sn_text_printf(&kinds, "%s %llu %s", kinds.length ? "," : "",
                           (unsigned long long)export->left_out[kind], tr_kinds[kind].name);
    if (kinds.length)
        sn_say("note: left out, for want of a word:%s", kinds.at);
    sn_text_release(&kinds);
}

static int dump_std(struct dump *dump, struct tr_reader *reader, bool extended,
                    struct sn_error *err)
{
    struct tr_export export;
    struct tr_event ev;
    int more, ret = 0;
    tr_export_init(&export, reader, extended);
    while (ret == 0 && (more = tr_reader_next(reader, &ev, err)) != 0) {
        if (more > 0)
            tr_export_event(&export, &ev, &dump->text);
        ret = more < 0 ? more : dump->text.length >= BATCH ? flush(dump, err) : 0;
    }
    tr_export_finish(&export, &dump->text);
    if (ret == 0)
        tell_left_out(&export);
    tr_export_release(&export);
    return ret;
}

static int dump_events(struct dump *dump, struct tr_reader *reader,
                       const struct sn_settings *settings, struct sn_error *err)
{
    int ret = settings->dump_to == SN_DUMP_TEXT
                  ? dump_text(dump, reader, err)
                  : dump_std(dump, reader, settings->dump_to == SN_DUMP_XSTD, err);
    struct sn_error later;
    int flushed = flush(dump, ret < 0 ? &later : err);
    return ret < 0 ? ret : flushed;
}

static int check_damage(const struct tr_reader *reader, struct sn_error *err)
{
    const struct tr_damage *damage = tr_reader_damage(reader);
    if (!damage->places)
        return 0;
    return sn_fail(err, SN_E_FORMAT, tr_reader_path(reader), damage->first_offset, "%s",
                   damage->first_reason);
}

static int dump_trace(const struct sn_settings *settings, struct sn_error *err)
{
    struct dump dump = {0};
    struct sn_trace trace;
    if (sn_trace_open(&trace, settings->arguments[0], settings->input, err) < 0)
        return err->code;
    dump.reader = trace.reader;
    if (settings->dump_symbols)
        dump.symbols = sn_symbols_open(trace.reader, &settings->symbols);
    int ret = dump_events(&dump, trace.reader, settings, err);
    if (ret == 0)
        ret = check_damage(trace.reader, err);
    if (dump.symbols)
        sn_symbols_close(dump.symbols);
    sn_trace_close(&trace);
    sn_text_release(&dump.text);
    return ret;
}

int sn_cmd_dump(int argc, char **argv)
{
    struct sn_settings settings;
    struct sn_error err;
    sn_settings_parse(&settings, &usage, argc, argv);
    int ret = dump_trace(&settings, &err);
    if (ret < 0)
        sn_say_error("", &err);
    sn_settings_release(&settings);
    return ret < 0 ? SN_EXIT_TROUBLE : 0;
}
