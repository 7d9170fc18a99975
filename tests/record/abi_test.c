/* SPDX-License-Identifier: Apache-2.0 */
/* Every __tsan_atomic* function against the compiler's own, passively and while recording (the test
 * runs in both ways); and that the copying functions copy. Linked with libsnarl.so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

typedef unsigned __int128 uint128_t;

static const uint64_t samples[] = {
    0, 1, 0x7f, 0x80, 0xffff, 0x8000000000000000, UINT64_MAX, 0x0123456789abcdef};
enum { SAMPLES = sizeof samples / sizeof *samples, ORDERS = 6 };

static uint128_t sample(int i)
{
    return (uint128_t)samples[i % SAMPLES] << 64 | samples[(i * 5 + 3) % SAMPLES];
}

/* What each operation leaves, given what was there. */
#define EXCHANGED(old, v) (v)
#define ADDED(old, v)     ((old) + (v))
#define SUBBED(old, v)    ((old) - (v))
#define ANDED(old, v)     ((old) & (v))
#define ORED(old, v)      ((old) | (v))
#define XORED(old, v)     ((old) ^ (v))
#define NANDED(old, v)    (~((old) & (v)))

#define DECLARE_UPDATE(bits, type, name)                                                           \
    type __tsan_atomic##bits##_##name(volatile type *p, type v, int order);

#define CHECK_UPDATE(bits, type, name, result)                                                     \
    for (int order = 0; order < ORDERS; order++)                                                   \
        for (int i = 0; i < SAMPLES; i++)                                                          \
            for (int k = 0; k < SAMPLES; k++) {                                                    \
                type old = (type)sample(i), v = (type)sample(k), was;                              \
                cell.value = old;                                                                  \
                was = __tsan_atomic##bits##_##name(&cell.value, v, order);                         \
                assert_true(was == old);                                                           \
                assert_true(cell.value == (type)(result(old, v)));                                 \
                assert_intact(&cell.before, &cell.after);                                          \
            }

static void assert_intact(const uint64_t *before, const uint64_t *after)
{
    assert_true(*before == 0xaaaaaaaaaaaaaaaa && *after == 0x5555555555555555);
}

#define TEST(bits, type)                                                                           \
    type __tsan_atomic##bits##_load(const volatile type *p, int order);                            \
    void __tsan_atomic##bits##_store(volatile type *p, type v, int order);                         \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *p, type *expected, type v,    \
                                                      int order, int failure);                     \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type *p, type *expected, type v,      \
                                                    int order, int failure);                       \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type expected, type v,       \
                                                    int order, int failure);                       \
    DECLARE_UPDATE(bits, type, exchange)                                                           \
    DECLARE_UPDATE(bits, type, fetch_add)                                                          \
    DECLARE_UPDATE(bits, type, fetch_sub)                                                          \
    DECLARE_UPDATE(bits, type, fetch_and)                                                          \
    DECLARE_UPDATE(bits, type, fetch_or)                                                           \
    DECLARE_UPDATE(bits, type, fetch_xor)                                                          \
    DECLARE_UPDATE(bits, type, fetch_nand)                                                         \
    static struct {                                                                                \
        uint64_t unused, before;                                                                   \
        volatile type value __attribute__((aligned(sizeof(type))));                                \
        uint64_t after __attribute__((aligned(sizeof(type))));                                     \
    } cell_##bits = {.before = 0xaaaaaaaaaaaaaaaa, .after = 0x5555555555555555};                   \
                                                                                                   \
    static void updates_##bits(void **state)                                                       \
    {                                                                                              \
        (void)state;                                                                               \
        __typeof__(cell_##bits) cell = cell_##bits;                                                \
        CHECK_UPDATE(bits, type, exchange, EXCHANGED)                                              \
        CHECK_UPDATE(bits, type, fetch_add, ADDED)                                                 \
        CHECK_UPDATE(bits, type, fetch_sub, SUBBED)                                                \
        CHECK_UPDATE(bits, type, fetch_and, ANDED)                                                 \
        CHECK_UPDATE(bits, type, fetch_or, ORED)                                                   \
        CHECK_UPDATE(bits, type, fetch_xor, XORED)                                                 \
        CHECK_UPDATE(bits, type, fetch_nand, NANDED)                                               \
    }                                                                                              \
                                                                                                   \
    static void loads_and_stores_##bits(void **state)                                              \
    {                                                                                              \
        (void)state;                                                                               \
        __typeof__(cell_##bits) cell = cell_##bits;                                                \
        for (int order = 0; order < ORDERS; order++)                                               \
            for (int i = 0; i < SAMPLES; i++) {                                                    \
                type v = (type)sample(i), flipped = (type)~v;                                      \
                __tsan_atomic##bits##_store(&cell.value, v, order);                                \
                assert_true(cell.value == v);                                                      \
                for (int again = 0; again < 3; again++)                                            \
                    assert_true(__tsan_atomic##bits##_load(&cell.value, order) == v);              \
                cell.value = flipped; /* unseen: a load must not remember the old one */           \
                assert_true(__tsan_atomic##bits##_load(&cell.value, order) == flipped);            \
                assert_intact(&cell.before, &cell.after);                                          \
            }                                                                                      \
    }                                                                                              \
                                                                                                   \
    static void compare_exchanges_##bits(void **state)                                             \
    {                                                                                              \
        (void)state;                                                                               \
        __typeof__(cell_##bits) cell = cell_##bits;                                                \
        for (int form = 0; form < 3; form++)                                                       \
            for (int i = 0; i < SAMPLES; i++)                                                      \
                for (int k = 0; k < SAMPLES; k++) {                                                \
                    type old = (type)sample(i), wanted = (type)sample(k), v = (type)(old + 77);    \
                    type expected = wanted;                                                        \
                    bool done;                                                                     \
                    cell.value = old;                                                              \
                    if (form == 0)                                                                 \
                        done = __tsan_atomic##bits##_compare_exchange_strong(&cell.value,          \
                                                                             &expected, v, 5, 5);  \
                    else if (form == 1)                                                            \
                        done = __tsan_atomic##bits##_compare_exchange_weak(&cell.value, &expected, \
                                                                           v, 4, 2);               \
                    else {                                                                         \
                        expected = __tsan_atomic##bits##_compare_exchange_val(&cell.value, wanted, \
                                                                              v, 3, 0);            \
                        done = expected == wanted;                                                 \
                    }                                                                              \
                    assert_int_equal(done, old == wanted);                                         \
                    assert_true(expected == old);                                                  \
                    assert_true(cell.value == (done ? v : old));                                   \
                    assert_intact(&cell.before, &cell.after);                                      \
                }                                                                                  \
    }

TEST(8, uint8_t)
TEST(16, uint16_t)
TEST(32, uint32_t)
TEST(64, uint64_t)
TEST(128, uint128_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);
void *__tsan_memcpy(void *to, const void *from, unsigned long size);
void *__tsan_memmove(void *to, const void *from, unsigned long size);
void *__tsan_memset(void *to, int byte, unsigned long size);
void __tsan_read4(void *address);
void __tsan_write_range(void *address, unsigned long size);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);

static void copies(void **state)
{
    (void)state;
    char bytes[32] = "0123456789abcdef", other[32] = "";
    assert_ptr_equal(__tsan_memcpy(other, bytes, 17), other);
    assert_string_equal(other, "0123456789abcdef");
    assert_ptr_equal(__tsan_memmove(other + 2, other, 10), other + 2);
    assert_string_equal(other, "010123456789cdef");
    assert_ptr_equal(__tsan_memset(other, 'x', 3), other);
    assert_string_equal(other, "xxx123456789cdef");
    assert_ptr_equal(__tsan_memset(other, 'y', 0), other);
    assert_string_equal(other, "xxx123456789cdef");
}

static void errno_stays(void **state)
{
    (void)state;
    static uint32_t value, many[4096];
    errno = 4711;
    for (int order = 0; order < ORDERS; order++)
        __tsan_atomic_thread_fence(order);
    __tsan_atomic_signal_fence(5);
    __tsan_atomic32_store(&value, 3, 5);
    for (unsigned i = 0; i < 4096; i++) {
        __tsan_func_entry((char *)many + i); /* new stacks, new chunks */
        __tsan_read4(&many[i]);
        __tsan_write_range(many, i);
    }
    for (unsigned i = 0; i < 5000; i++)
        __tsan_func_exit();
    assert_int_equal(errno, 4711);
}

#define TESTS(bits)                                                                                \
    cmocka_unit_test(updates_##bits), cmocka_unit_test(loads_and_stores_##bits),                   \
        cmocka_unit_test(compare_exchanges_##bits)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TESTS(8),
        TESTS(16),
        TESTS(32),
        TESTS(64),
        TESTS(128),
        cmocka_unit_test(copies),
        cmocka_unit_test(errno_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
