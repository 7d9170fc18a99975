/* SPDX-License-Identifier: Apache-2.0 */
/* The borders of RFC 3629: shortest and longest forms, surrogates, what is cut short. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        uint32_t code;
    } good[] = {
        {"a", 1, 'a'},
        {"\x7f", 1, 0x7f},
        {"\xc2\x80", 2, 0x80},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xed\x9f\xbf", 3, 0xd7ff},
        {"\xee\x80\x80", 3, 0xe000},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint32_t code = 0;
        assert_int_equal(sn_utf8_decode(good[i].text, &code), good[i].length);
        assert_int_equal(code, good[i].code);
        assert_int_equal(sn_utf8_decode(good[i].text, NULL), good[i].length);
    }
}

static void test_other_bytes(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",         "\xbf",         "\xc0\xaf",         "\xc1\xbf",         "\xc2",
        "\xc2\x41",     "\xe0\x9f\xbf", "\xe2\x82",         "\xed\xa0\x80",     "\xed\xbf\xbf",
        "\xf0\x8f\xbf", "\xf0\x90\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80",
        "\xff",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint32_t code = 7;
        assert_int_equal(sn_utf8_decode(bad[i], &code), 0);
        assert_int_equal(code, 7);
    }
}

static void test_skip(void **state)
{
    (void)state;
    const char *text = "f\xc3\xbcr\xff!";
    assert_ptr_equal(sn_utf8_skip(text, 0), text);
    assert_ptr_equal(sn_utf8_skip(text, 2), text + 3);
    assert_ptr_equal(sn_utf8_skip(text, 4), text + 5);
    assert_ptr_equal(sn_utf8_skip(text, UINT32_MAX), text + 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_other_bytes),
        cmocka_unit_test(test_skip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
