/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles symbols_subject.c in many ways, runs it to learn its addresses, and looks them up.
 */
#include "finding/function.h"
#include "symbols/symbols.h"

#include "symbols/names.h"
#include "symbols/places.h"
#include "trace/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SUBJECT     SOURCE_DIR "/tests/unit/symbols_subject.c"
#define SUBJECT_CXX SOURCE_DIR "/tests/unit/symbols_subject.cc"

static char directory[] = "/tmp/symbols_test.XXXXXX";

struct subject {
    struct tr_module module;
    char path[256];
    struct {
        char name[16];
        uint64_t address;
    } places[16];
    size_t count;
};

__attribute__((format(printf, 1, 2))) static bool run(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    return system(command) == 0;
}

static void read_build_id(struct subject *subject)
{
    char command[512];
    unsigned byte;
    snprintf(command, sizeof command,
             "LC_ALL=C readelf -n '%s' | sed -n 's/.*Build ID: //p' | sed 's/../& /g'",
             subject->path);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    while (fscanf(out, "%x", &byte) == 1 && subject->module.build_id_length < 32)
        subject->module.build_id[subject->module.build_id_length++] = (uint8_t)byte;
    pclose(out);
}

/* False: this machine has no such compiler. */
static bool build_from(struct subject *subject, const char *compiler, const char *flags,
                       const char *source)
{
    *subject = (struct subject){0};
    if (!run("command -v %s >/dev/null", compiler))
        return false;
    snprintf(subject->path, sizeof subject->path, "%s/subject", directory);
    assert_true(run("%s -g -pthread -Wl,--build-id %s -o '%s' '%s'", compiler, flags, subject->path,
                    source));
    FILE *out = popen(subject->path, "r");
    assert_non_null(out);
    assert_int_equal(3, fscanf(out, "module %lx %lx %lx ", &subject->module.base,
                               &subject->module.start, &subject->module.end));
    while (subject->count < 16 && fscanf(out, "%15s %lx ", subject->places[subject->count].name,
                                         &subject->places[subject->count].address) == 2)
        subject->count++;
    assert_int_equal(0, pclose(out));
    subject->module.path = subject->path;
    read_build_id(subject);
    return true;
}

static bool build(struct subject *subject, const char *compiler, const char *flags)
{
    return build_from(subject, compiler, flags, SUBJECT);
}

static uint64_t address(const struct subject *subject, const char *name)
{
    for (size_t i = 0; i < subject->count; i++)
        if (strcmp(subject->places[i].name, name) == 0)
            return subject->places[i].address;
    fail_msg("no address of %s", name);
    return 0;
}

/* The line of SOURCE that is marked NAME. */
static uint32_t marked_in(const char *source, const char *name)
{
    char text[512], mark[64];
    uint32_t line = 0;
    snprintf(mark, sizeof mark, "/* MARK %s */", name);
    FILE *in = fopen(source, "r");
    assert_non_null(in);
    while (fgets(text, sizeof text, in)) {
        line++;
        if (strstr(text, mark)) {
            fclose(in);
            return line;
        }
    }
    fail_msg("no mark %s", name);
    return 0;
}

static uint32_t marked(const char *name)
{
    return marked_in(SUBJECT, name);
}

static void assert_frame(const struct sn_frame *frame, const char *function, const char *mark,
                         bool inlined)
{
    assert_string_equal(function, frame->function);
    assert_string_equal(SUBJECT, frame->file);
    assert_int_equal(marked(mark), frame->line);
    assert_int_equal(inlined, frame->inlined);
    assert_string_equal("subject", frame->module);
}

static void check_frames(struct sn_symbols *symbols, const struct subject *subject)
{
    uint64_t pc = address(subject, "outer");
    struct sn_stack stack = sn_symbols_places(symbols, pc);
    assert_int_equal(3, stack.count);
    assert_frame(&stack.frames[0], "inner", "inner", true);
    assert_frame(&stack.frames[1], "middle", "middle", true);
    assert_frame(&stack.frames[2], "outer", "outer", false);
    assert_int_equal(pc - subject->module.base, stack.frames[1].offset);
    assert_int_equal(pc, stack.frames[2].pc);

    struct sn_frame frame = {.pc = address(subject, "plain")};
    sn_symbols_frame(symbols, &frame);
    assert_frame(&frame, "plain", "plain", false);
    assert_int_not_equal(0, frame.column);
}

static void check_variable(struct sn_symbols *symbols, const struct subject *subject,
                           const char *place, uint64_t size, const char *expected)
{
    uint64_t at = address(subject, place);
    struct sn_module *module = sn_symbols_module_at(symbols, at);
    assert_non_null(module);
    const char *name = sn_variable_at(module, at - module->of->base, size, NULL, &symbols->arena);
    assert_non_null(name);
    assert_string_equal(expected, name);
}

static void check_variables(struct sn_symbols *symbols, const struct subject *subject)
{
    check_variable(symbols, subject, "visits", 4, "visits");
    check_variable(symbols, subject, "garlic", 4, "garlic_count");
    check_variable(symbols, subject, "chopstick", 0, "chopstick_a");
    check_variable(symbols, subject, "chopstick", 4, "chopstick_a");
    check_variable(symbols, subject, "count", 4, "table[3].count");
    check_variable(symbols, subject, "hits", 8, "table[7].stats[2].hits");
    check_variable(symbols, subject, "hits", 16, "table[7].stats[2]");
    check_variable(symbols, subject, "union", 4, "table[7].stats[2].as_int");
    check_variable(symbols, subject, "union", 8, "table[7].stats[2].as_double");
    check_variable(symbols, subject, "lock", 0, "table[3].lock");
    check_variable(symbols, subject, "matrix", 4, "matrix[1][2]");
    check_variable(symbols, subject, "matrix", 8, "matrix");
    check_variable(symbols, subject, "table3", 4096, "table");
}

/* clang's needs a plugin of the linker's that is not everywhere. */
static bool is_clang_lto(const char *compiler, const char *flags)
{
    return strncmp(compiler, "clang", 5) == 0 && strstr(flags, "-flto");
}

static void names_and_lines_of_every_compiler(void **state)
{
    static const char *const compilers[] = {"gcc", "clang", "clang-19"};
    static const char *const flags[] = {
        "-O0 -gdwarf-4",         "-O0 -gdwarf-5 -no-pie",
        "-O2 -gdwarf-4 -no-pie", "-O2 -gdwarf-5",
        "-O2 -gsplit-dwarf",     "-O2 -ffunction-sections -Wl,--gc-sections",
        "-O1 -fsanitize=thread", "-O2 -flto",
    };
    (void)state;
    for (size_t c = 0; c < sizeof compilers / sizeof *compilers; c++) {
        for (size_t f = 0; f < sizeof flags / sizeof *flags; f++) {
            struct subject subject;
            if (is_clang_lto(compilers[c], flags[f]) || !build(&subject, compilers[c], flags[f]))
                continue;
            print_message("%s %s\n", compilers[c], flags[f]);
            struct sn_symbols *symbols = sn_symbols_open_modules(&subject.module, 1, NULL);
            check_frames(symbols, &subject);
            check_variables(symbols, &subject);
            sn_symbols_close(symbols);
        }
    }
}

/* Every compiler has words of its own for it, and may have inlined it. */
static void check_lambda(struct sn_symbols *symbols, uint64_t pc)
{
    struct sn_stack stack = sn_symbols_places(symbols, pc);
    struct sn_text key = {0};
    sn_function_key(&key, stack.frames[0].function);
    assert_string_equal("main::{lambda}::operator()", key.at);
    assert_int_equal(marked_in(SUBJECT_CXX, "ring"), stack.frames[0].line);
    sn_text_release(&key);
}

static void names_of_cxx_have_their_scopes(void **state)
{
    static const char *const compilers[] = {"g++", "clang++", "clang++-19"};
    static const char *const flags[] = {"-O0", "-O2 -gdwarf-4",
                                        "-O2 -gdwarf-5 -fdebug-types-section", "-O2 -flto"};
    (void)state;
    for (size_t i = 0; i < 12; i++) {
        struct subject subject;
        if (is_clang_lto(compilers[i / 4], flags[i % 4]) ||
            !build_from(&subject, compilers[i / 4], flags[i % 4], SUBJECT_CXX))
            continue;
        print_message("%s %s\n", compilers[i / 4], flags[i % 4]);
        struct sn_symbols *symbols = sn_symbols_open_modules(&subject.module, 1, NULL);
        struct sn_frame frame = {.pc = address(&subject, "serve")};
        sn_symbols_frame(symbols, &frame);
        assert_string_equal("kitchen::cook::serve(int)", frame.function);
        assert_int_equal(marked_in(SUBJECT_CXX, "serve"), frame.line);
        check_lambda(symbols, address(&subject, "ring"));
        check_variable(symbols, &subject, "made", 4, "kitchen::base::made");
        check_variable(symbols, &subject, "guard", 0, "kitchen::menu[2].guard");
        check_variable(symbols, &subject, "guard", 4, "kitchen::menu[2].guard");
        check_variable(symbols, &subject, "weight", 4, "kitchen::menu[1].weight");
        check_variable(symbols, &subject, "door", 0, "kitchen::door");
        check_variable(symbols, &subject, "orders", 4, "kitchen::orders");
        check_variable(symbols, &subject, "hidden", 4, "kitchen::hidden");
        check_variable(symbols, &subject, "stock", 8, "kitchen::stock");
        check_variable(symbols, &subject, "calls", 4, "calls");
        sn_symbols_close(symbols);
    }
}

static void relative_sources_are_made_absolute(void **state)
{
    static const char *const flags[] = {"-gdwarf-4", "-gdwarf-5"};
    static const char *const compilers[] = {"gcc", "clang"};
    (void)state;
    char before[512];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(0, chdir(SOURCE_DIR "/tests"));
    for (size_t i = 0; i < 4; i++) {
        struct subject subject;
        if (!build_from(&subject, compilers[i / 2], flags[i % 2], "unit/symbols_subject.c"))
            continue;
        struct sn_symbols *symbols = sn_symbols_open_modules(&subject.module, 1, NULL);
        check_frames(symbols, &subject);
        sn_symbols_close(symbols);
    }
    assert_int_equal(0, chdir(before));
}

static void declaration_is_known(void **state)
{
    struct subject subject;
    (void)state;
    assert_true(build(&subject, "gcc", "-O2"));
    struct sn_symbols *symbols = sn_symbols_open_modules(&subject.module, 1, NULL);
    uint64_t at = address(&subject, "garlic");
    struct sn_module *module = sn_symbols_module_at(symbols, at);
    struct sn_frame declared = {0};
    sn_variable_at(module, at - subject.module.base, 4, &declared, &symbols->arena);
    assert_string_equal(SUBJECT, declared.file);
    assert_int_equal(marked("garlic"), declared.line);
    sn_symbols_close(symbols);
}

static void stripped_file_has_what_is_exported(void **state)
{
    struct subject subject;
    (void)state;
    assert_true(build(&subject, "gcc", "-O2 -rdynamic"));
    assert_true(run("strip '%s'", subject.path));
    struct sn_symbols *symbols = sn_symbols_open_modules(&subject.module, 1, NULL);
    check_variable(symbols, &subject, "garlic", 4, "garlic_count");
    struct sn_frame frame = {.pc = address(&subject, "plain")};
    sn_symbols_frame(symbols, &frame);
    assert_null(frame.function);
    assert_null(frame.file);
    assert_string_equal("subject", frame.module);
    assert_int_equal(frame.pc - subject.module.base, frame.offset);
    sn_symbols_close(symbols);
}

static void symbol_table_alone_names_functions(void **state)
{
    struct subject subject;
    (void)state;
    assert_true(build(&subject, "gcc", "-O2"));
    assert_true(run("strip -g '%s'", subject.path));
    struct sn_symbols *symbols = sn_symbols_open_modules(&subject.module, 1, NULL);
    struct sn_stack stack = sn_symbols_places(symbols, address(&subject, "outer"));
    assert_int_equal(1, stack.count);
    assert_string_equal("outer", stack.frames[0].function);
    check_variable(symbols, &subject, "visits", 4, "visits");
    sn_symbols_close(symbols);
}

static void files_are_found_elsewhere(void **state)
{
    struct subject subject;
    char sysroot[300], debug[300], id[80] = "";
    (void)state;
    assert_true(build(&subject, "gcc", "-O2"));
    snprintf(sysroot, sizeof sysroot, "%s/root", directory);
    snprintf(debug, sizeof debug, "%s/debug", directory);
    for (uint32_t i = 0; i < subject.module.build_id_length; i++)
        sprintf(id + 2 * i, "%02x", subject.module.build_id[i]);
    assert_true(run("mkdir -p '%s/usr/bin' '%s/.build-id/%.2s'", sysroot, debug, id));
    assert_true(run("objcopy --only-keep-debug '%s' '%s/.build-id/%.2s/%s.debug'", subject.path,
                    debug, id, id + 2));
    assert_true(run("strip '%s' && mv '%s' '%s/usr/bin/'", subject.path, subject.path, sysroot));
    subject.module.path = "/usr/bin/subject";

    /* the file under the sysroot, its debug file by build-id */
    struct sn_symbols_options both = {.sysroot = sysroot, .debug_path = debug};
    struct sn_symbols *symbols = sn_symbols_open_modules(&subject.module, 1, &both);
    check_frames(symbols, &subject);
    check_variables(symbols, &subject);
    sn_symbols_close(symbols);

    /* the debug file alone */
    struct sn_symbols_options alone = {.debug_path = debug};
    symbols = sn_symbols_open_modules(&subject.module, 1, &alone);
    check_frames(symbols, &subject);
    check_variables(symbols, &subject);
    sn_symbols_close(symbols);

    /* the stripped file alone */
    struct sn_symbols_options root = {.sysroot = sysroot};
    symbols = sn_symbols_open_modules(&subject.module, 1, &root);
    assert_null(sn_symbols_places(symbols, address(&subject, "plain")).frames[0].function);
    sn_symbols_close(symbols);
}

/* Reports ---------------------------------------------------------------------------------------
 */

static struct sn_stack stack_of(struct sn_report *report, uint64_t first, uint64_t second)
{
    struct sn_frame *frames = SN_NEW_ARRAY(&report->arena, struct sn_frame, 2);
    frames[0].pc = first;
    frames[1].pc = second;
    return (struct sn_stack){frames, 2};
}

static struct sn_lock *add_lock(struct sn_report *report, struct sn_finding *finding, uint32_t id,
                                uint64_t at)
{
    struct sn_lock *lock = SN_NEW(&report->arena, struct sn_lock);
    *lock = (struct sn_lock){.id = id, .type = "mutex", .address = at};
    *vec_push(&finding->locks) = lock;
    return lock;
}

static void report_is_told_by_names(void **state)
{
    struct subject subject;
    char text[600];
    (void)state;
    assert_true(build(&subject, "gcc", "-O2"));
    struct tr_module modules[] = {
        subject.module,
        {.base = 0x1000, .start = 0x1000, .end = 0x2000, .path = "/nowhere/libsnarl.so"},
    };
    uint64_t outer = address(&subject, "outer");
    struct sn_report report;
    sn_report_init(&report);
    struct sn_finding *finding = sn_report_add(&report, SN_DATA_RACE, SN_OBSERVED);
    finding->title = "race on %VARIABLE% under %LOCK 1% and %LOCK 12%: 100% %LOCK x% %LOCK 9%";
    struct sn_site *site = sn_finding_site(finding, SN_ROLE_WRITE, 0);
    site->note = "%LOCK 2%";
    site->stack = stack_of(&report, 0x1234, outer);
    struct sn_lock *heap = add_lock(&report, finding, 2, 0x7700000010);
    heap->allocated_at = stack_of(&report, 0x1234, outer);
    heap->block_offset = 16;
    heap->block_size = 64;
    struct sn_lock *again = add_lock(&report, finding, 3, 0x7700000050);
    *again = (struct sn_lock){.id = 3,
                              .type = "mutex",
                              .allocated_at = heap->allocated_at,
                              .block_offset = 16,
                              .block_size = 64};
    add_lock(&report, finding, 1, address(&subject, "chopstick"));
    add_lock(&report, finding, 12, 0x7f0000000000);
    struct sn_lock *local = add_lock(&report, finding, 4, 0x7f0000000100);
    local->on_stack = true;
    local->stack_of = 5;
    finding->variable = SN_NEW(&report.arena, struct sn_variable);
    finding->variable->address = address(&subject, "count");
    finding->variable->size = 4;
    struct sn_finding *second = sn_report_add(&report, SN_DATA_RACE, SN_OBSERVED);
    second->title = "%VARIABLE%";
    second->variable = SN_NEW(&report.arena, struct sn_variable);
    second->variable->address = 0xabc0;
    *vec_push(&second->locks) = heap;
    *vec_push(&second->witness) = (struct sn_step){.what = "lock %LOCK 2%", .at = {.pc = outer}};

    struct sn_symbols *symbols = sn_symbols_open_modules(modules, 2, NULL);
    sn_symbols_report(symbols, &report, 0, 0);
    sn_symbols_close(symbols);

    assert_string_equal(finding->title, "race on table[3].count under chopstick_a and mutex "
                                        "0x7f0000000000: 100% %LOCK x% lock 9");
    assert_string_equal(finding->variable->place, "global");
    assert_string_equal(finding->variable->declared_at.file, SUBJECT);
    assert_string_equal(finding->variable->declared_at.module, "subject");
    assert_int_equal(3, finding->sites.at[0].stack.count); /* without the recorder's */
    assert_frame(&finding->sites.at[0].stack.frames[2], "outer", "outer", false);
    snprintf(text, sizeof text,
             "mutex at +16 in the block of 64 bytes made at symbols_subject.c:%u #2",
             marked("inner"));
    assert_string_equal(text, heap->name);
    assert_string_equal(text, finding->sites.at[0].note);
    assert_int_equal(3, heap->allocated_at.count); /* resolved once, although shared */
    assert_string_equal("mutex on the stack of thread #5", local->name);
    assert_string_equal("memory at 0xabc0", second->title);
    assert_null(second->variable->name);
    assert_null(second->variable->place);
    assert_frame(&second->witness.at[0].at, "inner", "inner", true);
    assert_true(strncmp(second->witness.at[0].what, "lock mutex at +16", 17) == 0);
    assert_int_equal(1, report.notes.count);
    sn_report_release(&report);
}

static void another_build_is_not_used(void **state)
{
    struct subject subject;
    (void)state;
    assert_true(build(&subject, "gcc", "-O2"));
    subject.module.build_id[3] ^= 1;
    struct sn_report report;
    sn_report_init(&report);
    for (int i = 0; i < 2; i++) {
        struct sn_finding *finding = sn_report_add(&report, SN_DATA_RACE, SN_OBSERVED);
        sn_finding_site(finding, SN_ROLE_WRITE, 0)->stack =
            stack_of(&report, address(&subject, "plain"), address(&subject, "outer"));
    }
    struct sn_symbols *symbols = sn_symbols_open_modules(&subject.module, 1, NULL);
    sn_symbols_report(symbols, &report, 0, 0);
    sn_symbols_report(symbols, &report, 1, 0);
    sn_symbols_close(symbols);
    assert_null(report.findings.at[0]->sites.at[0].stack.frames[0].function);
    assert_string_equal("subject", report.findings.at[0]->sites.at[0].stack.frames[0].module);
    assert_int_equal(1, report.notes.count);
    assert_non_null(strstr(report.notes.at[0], "another build"));
    sn_report_release(&report);
}

static void modules_come_from_the_trace(void **state)
{
    struct subject subject;
    struct tr_writer writer;
    uint8_t described[512], *bytes;
    size_t size;
    struct sn_error err;
    struct tr_reader *reader;
    (void)state;
    assert_true(build(&subject, "gcc", "-O2 -no-pie"));
    uint32_t id = subject.module.build_id_length, path = (uint32_t)strlen(subject.path);
    described[0] = (uint8_t)id;
    memcpy(described + 1, subject.module.build_id, id);
    memcpy(described + 1 + id, subject.path, path);
    tr_writer_init(&writer);
    tr_writer_add(&writer, &(struct tr_event){.kind = TR_MODULE,
                                              .object = subject.module.base,
                                              .a0 = subject.module.start,
                                              .a1 = subject.module.end,
                                              .bytes = described,
                                              .bytes_length = 1 + id + path});
    tr_writer_finish(&writer, &bytes, &size);
    assert_int_equal(0, tr_reader_open_memory(&reader, bytes, size, &err));
    struct sn_symbols *symbols = sn_symbols_open(reader, NULL);
    check_frames(symbols, &subject);
    check_variables(symbols, &subject);
    sn_symbols_close(symbols);
    tr_reader_close(reader);
    tr_writer_release(&writer);
    free(bytes);
}

/* Names -----------------------------------------------------------------------------------------
 */

static void names_are_demangled(void **state)
{
    static const struct {
        const char *symbol, *name;
    } rows[] = {
        {"main", "main"},
        {"pthread_create@@GLIBC_2.34", "pthread_create"},
        {"work.part.0", "work"},
        {"visits.1", "visits"},
        {"_ZN5queue4pushEi", "queue::push(int)"},
        {"_ZN5queue4pushEi.constprop.0", "queue::push(int)"},
        {"_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"},
        {"_ZN42_$LT$i32$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE",
         "<i32 as core::fmt::Display>::fmt"},
        {"_Z", "_Z"},
        {"_ZNK", "_ZNK"},
        {"", ""},
    };
    struct sn_arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(rows[i].name, sn_symbol_name(&arena, rows[i].symbol));
    sn_arena_release(&arena);
}

/* Damage ----------------------------------------------------------------------------------------
 */

static void look_up_everything(const struct subject *subject)
{
    struct sn_symbols *symbols = sn_symbols_open_modules(&subject->module, 1, NULL);
    for (size_t i = 0; i < subject->count; i++) {
        uint64_t at = subject->places[i].address;
        struct sn_module *module = sn_symbols_module_at(symbols, at);
        struct sn_stack stack = sn_symbols_places(symbols, at);
        assert_true(stack.count >= 1);
        assert_non_null(module);
        sn_variable_at(module, at - module->of->base, 4, &(struct sn_frame){0}, &symbols->arena);
        for (uint64_t behind = 0; behind < 16; behind++) /* wherever a call may end */
            sn_symbols_jumps(symbols, i ? subject->places[i - 1].address : 0, at + behind);
        sn_member_of_block(symbols, &at, 1, 16 + 8 * i, 0, 4, &symbols->arena);
        uint64_t here = sn_module_thread_local(module, -(int64_t)(4 * i) - 4);
        if (here)
            sn_variable_at(module, here, 4, NULL, &symbols->arena);
    }
    sn_symbols_close(symbols);
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(size, fwrite(bytes, 1, size, out));
    assert_int_equal(0, fclose(out));
}

static void damaged_files_are_survived(void **state)
{
    static uint8_t whole[1 << 20], damaged[1 << 20];
    struct subject subject;
    unsigned random = 12345;
    (void)state;
    assert_true(build(&subject, "gcc", "-O1"));
    subject.module.build_id_length = 0;
    FILE *in = fopen(subject.path, "r");
    assert_non_null(in);
    size_t size = fread(whole, 1, sizeof whole, in);
    fclose(in);
    for (int round = 0; round < 400; round++) {
        memcpy(damaged, whole, size);
        for (int i = 0; i < 1 << round % 8; i++) {
            random = random * 1103515245 + 12345;
            damaged[random / 16 % size] ^= (uint8_t)(random >> 5);
        }
        write_file(subject.path, damaged, round % 10 ? size : size * (size_t)round / 400);
        look_up_everything(&subject);
    }
}

static void any_file_is_survived(void **state)
{
    static const char *const paths[] = {"/dev/zero", "/", "/etc/passwd", "", "[vdso]", NULL};
    struct subject subject;
    char fifo[300];
    (void)state;
    assert_true(build(&subject, "gcc", "-O1"));
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        subject.module.path = (char *)paths[i];
        look_up_everything(&subject);
    }
    snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    assert_true(run("mkfifo '%s'", fifo));
    subject.module.path = fifo;
    look_up_everything(&subject);
}

/* What libdw forgets when it meets damage is not ours to free. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libdw";
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return run("rm -rf '%s'", directory) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_lines_of_every_compiler),
        cmocka_unit_test(names_of_cxx_have_their_scopes),
        cmocka_unit_test(relative_sources_are_made_absolute),
        cmocka_unit_test(declaration_is_known),
        cmocka_unit_test(stripped_file_has_what_is_exported),
        cmocka_unit_test(symbol_table_alone_names_functions),
        cmocka_unit_test(files_are_found_elsewhere),
        cmocka_unit_test(report_is_told_by_names),
        cmocka_unit_test(another_build_is_not_used),
        cmocka_unit_test(modules_come_from_the_trace),
        cmocka_unit_test(names_are_demangled),
        cmocka_unit_test(damaged_files_are_survived),
        cmocka_unit_test(any_file_is_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
