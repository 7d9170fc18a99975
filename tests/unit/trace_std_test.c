/* SPDX-License-Identifier: Apache-2.0 */
/* STD text: what is read, whatever the windows, and what is refused, with its place. */
#include "tests/unit/trace_test.h"
#include "trace/dictionary.h"
#include "trace/std.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct tr_std *std_of(const char *text, size_t length)
{
    struct tr_std *std;
    struct sn_error err = {0};
    if (tr_std_open_memory(&std, text, length, &err) < 0)
        fail_msg("%s", err.text);
    return std;
}

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {"r", "w", "acq", "rel", "fork", "join", "none"};
    assert_true(kind < sizeof names / sizeof *names);
    return names[kind];
}

static enum tr_std_space space_of(unsigned kind)
{
    return kind <= TR_OP_WRITE     ? TR_STD_VARIABLE
           : kind <= TR_OP_RELEASE ? TR_STD_LOCK
                                   : TR_STD_THREAD;
}

/* Writes "thread|op(name)" lines of what is read by WINDOW and ROOM; the caller frees it. */
static char *read_all(const char *text, size_t length, size_t window, size_t room)
{
    struct tr_std *std = std_of(text, length);
    struct sn_text out = {0};
    struct sn_error err;
    struct tr_op ops[64];
    int64_t count;
    tr_std_set_window(std, window);
    sn_text_puts(&out, "");
    while ((count = tr_std_next(std, ops, room, &err)) > 0) {
        for (int64_t i = 0; i < count; i++) {
            sn_text_printf(&out, "%s|%s", tr_std_name(std, TR_STD_THREAD, ops[i].thread),
                           kind_name(ops[i].kind));
            if (ops[i].kind != TR_OP_NONE)
                sn_text_printf(&out, "(%s)",
                               tr_std_name(std, space_of(ops[i].kind), ops[i].target));
            sn_text_puts(&out, "\n");
        }
    }
    if (count < 0)
        sn_text_printf(&out, "%d at %llu: %s\n", (int)count, (unsigned long long)err.offset,
                       err.text);
    tr_std_close(std);
    return out.at;
}

static void assert_read(const char *text, size_t length, const char *expected)
{
    static const size_t windows[] = {1, 2, 3, 7, 16, 33, 1000, TR_STD_WINDOW};
    for (size_t w = 0; w < sizeof windows / sizeof *windows; w++)
        for (size_t room = 1; room <= 64; room = room * 4 + 1) {
            char *got = read_all(text, length, windows[w], room);
            assert_string_equal(got, expected);
            free(got);
        }
}

#define ASSERT_READ(text, expected) assert_read(text, sizeof(text) - 1, expected)

static void test_all_operations(void **state)
{
    (void)state;
    ASSERT_READ("T0|fork(T1)|0\nT0|acq(L)|1\nT0|r(x)|-2\nT0|w(x)|+3\nT0|rel(L)|2147483647\n"
                "T0|begin|4\nT0|begin(x y)|4\nT0|end|5\nT0|ending(|5\nT0|join(T1)|-2147483648\n",
                "T0|fork(T1)\nT0|acq(L)\nT0|r(x)\nT0|w(x)\nT0|rel(L)\n"
                "T0|none\nT0|none\nT0|none\nT0|none\nT0|join(T1)\n");
}

static void test_names(void **state)
{
    (void)state;
    ASSERT_READ(" T 1 \t|w(a(b)[c].d))|1\n9|r((()|123456789\n\xc3\xa9|w(\xff)|12345678\n",
                " T 1 \t|w(a(b)[c].d))\n9|r((()\n\xc3\xa9|w(\xff)\n");
    ASSERT_READ("thread-of-a-name-longer-than-most|w(com.example.Account@1a2b.balance)|1\n"
                "thread-of-a-name-longer-than-mosT|w(com.example.Account@1a2b.balancE)|1\n",
                "thread-of-a-name-longer-than-most|w(com.example.Account@1a2b.balance)\n"
                "thread-of-a-name-longer-than-mosT|w(com.example.Account@1a2b.balancE)\n");
}

static void test_last_line_needs_no_end(void **state)
{
    (void)state;
    ASSERT_READ("T0|w(x)|1\nT0|w(y)|22", "T0|w(x)\nT0|w(y)\n");
    ASSERT_READ("T0|w(x)|1", "T0|w(x)\n");
}

static void test_spaces_are_separate_and_dense(void **state)
{
    (void)state;
    static const char text[] =
        "x|w(x)|1\nx|acq(x)|1\ny|r(z)|1\nx|fork(z)|1\nw|r(x)|1\nz|join(v)|1\n";
    static const struct tr_op expected[] = {{0, 0, TR_OP_WRITE}, {0, 0, TR_OP_ACQUIRE},
                                            {1, 1, TR_OP_READ},  {2, 0, TR_OP_FORK},
                                            {0, 3, TR_OP_READ},  {4, 2, TR_OP_JOIN}};
    struct tr_std *std = std_of(text, sizeof text - 1);
    struct tr_op ops[6];
    struct sn_error err;
    assert_int_equal(tr_std_next(std, ops, 6, &err), 6);
    assert_memory_equal(ops, expected, sizeof ops);
    assert_int_equal(tr_std_next(std, ops, 6, &err), 0);
    assert_int_equal(tr_std_next(std, ops, 6, &err), 0);
    assert_int_equal(tr_std_count(std, TR_STD_THREAD), 5);
    assert_int_equal(tr_std_count(std, TR_STD_LOCK), 1);
    assert_int_equal(tr_std_count(std, TR_STD_VARIABLE), 2);
    assert_string_equal(tr_std_name(std, TR_STD_THREAD, 4), "v");
    assert_true(tr_std_progress(std) == 1);
    tr_std_close(std);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *line, *reason;
    } faults[] = {
        {"", "an empty line"},
        {"T0|w(x)", "three fields with | between them are expected: T0|w(x)"},
        {"T0 w(x) 1", "three fields with | between them are expected: T0 w(x) 1"},
        {"T0|w(x)|1|", "three fields with | between them are expected: T0|w(x)|1|"},
        {"T0|w(a|b)|1", "three fields with | between them are expected: T0|w(a|b)|1"},
        {"|w(x)|1", "the thread has no name: |w(x)|1"},
        {"T0|w()|1", "a name in parentheses is expected: w()"},
        {"T0|w(|1", "a name in parentheses is expected: w("},
        {"T0|w(x|1", "a name in parentheses is expected: w(x"},
        {"T0|w(x)y|1", "a name in parentheses is expected: w(x)y"},
        {"T0|w(x y)|1", "a blank within a name: w(x y)"},
        {"T0|w(x\v)|1", "a blank within a name: w(x?)"},
        {"T0|w (x)|1", "STD has no such operation (extended STD may have): w "},
        {"T0|W(x)|1", "STD has no such operation (extended STD may have): W"},
        {"T0|acqx(x)|1", "STD has no such operation (extended STD may have): acqx"},
        {"T0|racq(x)|1", "STD has no such operation (extended STD may have): racq"},
        {"T0|req(x)|1", "STD has no such operation (extended STD may have): req"},
        {"T0|w|1", "an operation such as w(NAME) is expected: w"},
        {"T0||1", "an operation such as w(NAME) is expected"},
        {"T0|w(x)|", "the location is not a whole number of 32 bits"},
        {"T0|w(x)|-", "the location is not a whole number of 32 bits: -"},
        {"T0|w(x)|1 ", "the location is not a whole number of 32 bits: 1 "},
        {"T0|w(x)| 1", "the location is not a whole number of 32 bits:  1"},
        {"T0|w(x)|1.5", "the location is not a whole number of 32 bits: 1.5"},
        {"T0|w(x)|12/45678", "the location is not a whole number of 32 bits: 12/45678"},
        {"T0|w(x)|:", "the location is not a whole number of 32 bits: :"},
        {"T0|w(x)|2147483648", "the location is not a whole number of 32 bits: 2147483648"},
        {"T0|w(x)|-2147483649", "the location is not a whole number of 32 bits: -2147483649"},
        {"T0|w(x)|1\r", "the line ends in CR LF, not in LF alone"},
        {"# made by hand", "three fields with | between them are expected: # made by hand"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[200], expected[300];
        int length = snprintf(text, sizeof text, "T0|acq(L)|1\nT1|r(y)|2\n%s\nT0|rel(L)|1\n",
                              faults[i].line);
        snprintf(expected, sizeof expected, "T0|acq(L)\nT1|r(y)\n-2 at 22: line 3: %s\n",
                 faults[i].reason);
        assert_read(text, (size_t)length, expected);
    }
    ASSERT_READ("T0|w(x)|1\nT0|w(\0)|1\n",
                "T0|w(x)\n-2 at 10: line 2: a zero byte: this is no text: T0|w(?)|1\n");
    ASSERT_READ("T0|w(x)|1\n\n", "T0|w(x)\n-2 at 10: line 2: an empty line\n");
}

static void test_fault_is_told_again(void **state)
{
    (void)state;
    struct tr_std *std = std_of("T0|w(x)|1\nno\n", 13);
    struct tr_op ops[4];
    struct sn_error err;
    assert_int_equal(tr_std_next(std, ops, 4, &err), 1);
    assert_int_equal(tr_std_next(std, ops, 4, &err), SN_E_FORMAT);
    assert_int_equal(tr_std_next(std, ops, 4, &err), SN_E_FORMAT);
    assert_int_equal(err.offset, 10);
    tr_std_close(std);
}

static void test_empty(void **state)
{
    (void)state;
    struct tr_std *std;
    struct sn_error err;
    assert_int_equal(tr_std_open_memory(&std, "", 0, &err), SN_E_EMPTY);
    assert_int_equal(tr_std_open(&std, "/dev/null", &err), SN_E_EMPTY);
    assert_string_equal(err.path, "/dev/null");
    assert_int_equal(tr_std_open(&std, "/nonexistent", &err), SN_E_SYSTEM);
    assert_int_equal(tr_std_open(&std, "/", &err), SN_E_SYSTEM);
}

/* "T0|w(xxx...x)|1" of LENGTH bytes, between two other lines. */
static char *long_line(size_t length)
{
    char *text = sn_malloc(length + 40);
    memcpy(text, "T0|w(y)|1\nT0|w(", 15);
    memset(text + 15, 'x', length - 8);
    strcpy(text + 15 + length - 8, ")|1\nT0|r(y)|1\n");
    return text;
}

static void test_long_lines(void **state)
{
    (void)state;
    for (size_t length = 20; length <= TR_STD_LINE_MAX + 1; length = length * 5 / 2 + 1) {
        length = length > TR_STD_LINE_MAX ? TR_STD_LINE_MAX : length;
        char *text = long_line(length);
        struct tr_std *std = std_of(text, strlen(text));
        struct tr_op ops[4];
        struct sn_error err;
        int64_t count, all = 0;
        tr_std_set_window(std, length / 3 + 1);
        while ((count = tr_std_next(std, ops, 4, &err)) > 0)
            all += count;
        assert_int_equal(count, 0);
        assert_int_equal(all, 3);
        assert_int_equal(strlen(tr_std_name(std, TR_STD_VARIABLE, 1)), length - 8);
        tr_std_close(std);
        free(text);
    }
}

static void test_lines_beyond_the_limit(void **state)
{
    (void)state;
    static const size_t windows[] = {1000, TR_STD_WINDOW, 4 * TR_STD_LINE_MAX};
    char *text = long_line(TR_STD_LINE_MAX + 1);
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        char *got = read_all(text, strlen(text), windows[i], 1);
        assert_string_equal(got, "T0|w(y)\n-6 at 10: line 2: longer than 1 MiB\n");
        free(got);
    }
    free(text);
}

/* A pipe gives what it has, which may be less than a window. */
static void test_pipe(void **state)
{
    (void)state;
    char path[] = "/tmp/std-test-XXXXXX";
    assert_non_null(mkdtemp(path));
    char fifo[64];
    snprintf(fifo, sizeof fifo, "%s/fifo", path);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    snprintf(fifo, sizeof fifo, "/dev/fd/%d", ends[0]);
    assert_int_equal(write(ends[1], "T0|w(x)|1\nT0|r", 14), 14);
    struct tr_std *std;
    struct sn_error err;
    struct tr_op ops[4];
    assert_int_equal(tr_std_open(&std, fifo, &err), 0);
    assert_int_equal(tr_std_next(std, ops, 4, &err), 1);
    assert_int_equal(write(ends[1], "(x)|1", 5), 5);
    close(ends[1]);
    assert_int_equal(tr_std_next(std, ops, 4, &err), 1);
    assert_int_equal(ops[0].kind, TR_OP_READ);
    assert_int_equal(tr_std_next(std, ops, 4, &err), 0);
    assert_true(tr_std_progress(std) == 0);
    tr_std_close(std);
    close(ends[0]);
    rmdir(path);
}

static void test_looks_like(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "T0|w(x)|1\n",  "T0|w(x)|1",        "T0|w(x)|1\r\nT0", "a b|racq(l)|-5\nnonsense",
        "T0|begin|1\n", "T0|fence_rel()|2", "T0|w8(100)|1\n",  "T1|wait_begin(c,m)|2\n",
        "T0|w(x)|",     "T0|zzz(x)|1\n"};
    static const char *const no[] = {
        "",          "\n",        "T0|w(x)\n",   "SNARL1\n", "{\"a\": 1}\n",
        "a|b|c\n",   "|w(x)|1\n", "T0|w(x)|y\n", "T0||1\n",  "1 T0 write 4 0x10 t=1 e=0\n",
        "T0|w(x)|\n"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!tr_std_looks_like(yes[i], strlen(yes[i])))
            fail_msg("no STD: %s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (tr_std_looks_like(no[i], strlen(no[i])))
            fail_msg("STD: %s", no[i]);
}

/* The dictionary. ----------------------------------------------------------------------------- */

static struct tr_spelling spell(const char *name)
{
    static char padded[64][256];
    static unsigned next;
    char *copy = padded[next++ % 64];
    memset(copy, '#', sizeof padded[0]);
    memcpy(copy, name, strlen(name));
    return tr_spell(copy, (uint32_t)strlen(name));
}

static void test_equal_hashes_are_told_apart(void **state)
{
    (void)state;
    static const char *const names[] = {"a",
                                        "b",
                                        "ab",
                                        "a-name-of-more-than-16-bytes",
                                        "a-name-of-more-than-16-bytez",
                                        "0123456789abcdef",
                                        "0123456789abcdeg",
                                        "0123456789abcdefg"};
    struct tr_dictionary dictionary = {0};
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
            struct tr_spelling name = spell(names[i]);
            name.hash = 7;
            if (name.length > TR_SPELLING_SHORT)
                name.a = 7;
            assert_int_equal(tr_dictionary_number(&dictionary, name), i);
        }
    assert_int_equal(tr_dictionary_count(&dictionary), 8);
    tr_dictionary_release(&dictionary);
}

static void test_many_names(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct tr_dictionary dictionary = {0};
    char name[64];
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < MANY; i++) {
            snprintf(name, sizeof name, i % 3 ? "x%u" : "a-longer-name-than-others-%u", i);
            assert_int_equal(tr_dictionary_number(&dictionary, spell(name)), i);
        }
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, i % 3 ? "x%u" : "a-longer-name-than-others-%u", i);
        assert_string_equal(tr_dictionary_name(&dictionary, i), name);
    }
    tr_dictionary_release(&dictionary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_operations),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_last_line_needs_no_end),
        cmocka_unit_test(test_spaces_are_separate_and_dense),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_fault_is_told_again),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_lines_beyond_the_limit),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_looks_like),
        cmocka_unit_test(test_equal_hashes_are_told_apart),
        cmocka_unit_test(test_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
