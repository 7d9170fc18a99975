/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder and the decoder agree on every kind, in full and in short form. */
#include "tests/unit/trace_test.h"

static void check_equal(const struct tr_event *a, const struct tr_event *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->stack, b->stack);
    assert_true(a->object == b->object);
    assert_true(a->version == b->version);
    assert_true(a->a0 == b->a0);
    assert_true(a->a1 == b->a1);
    assert_true(a->a2 == b->a2);
    assert_int_equal(a->bytes_length, b->bytes_length);
    if (a->bytes_length)
        assert_memory_equal(a->bytes, b->bytes, a->bytes_length);
}

/* Random values in the fields that KIND has, and in no other. */
static struct tr_event random_event(uint8_t kind, uint64_t *seed, bool wide)
{
    static const uint8_t bytes[] = "some bytes";
    unsigned fields = tr_kinds[kind].fields;
    uint64_t mask = wide ? UINT64_MAX : 7;
    struct tr_event ev = {.kind = kind};
    if (fields & TR_MODE)
        ev.mode = (uint32_t)(trace_random(seed) & mask) % TR_MODE_LIMIT;
    if (fields & TR_STACK)
        ev.stack = (uint32_t)(trace_random(seed) & mask);
    if (fields & TR_OBJECT)
        ev.object = (trace_random(seed) & mask) * 8;
    if (fields & TR_VERSION)
        ev.version = trace_random(seed) & mask;
    if (fields & TR_A0)
        ev.a0 = trace_random(seed) & mask;
    if (fields & TR_A1)
        ev.a1 = trace_random(seed) & mask;
    if (fields & TR_A2)
        ev.a2 = trace_random(seed) & mask;
    if (fields & TR_ORDER) {
        if (tr_access_order(ev.mode) == TR_ACC_ORDER_VERSION)
            ev.version = trace_random(seed) & mask;
        else if (tr_access_order(ev.mode) != TR_ACC_ORDER_NONE)
            ev.a1 = trace_random(seed) & mask;
        if (tr_access_order(ev.mode) == TR_ACC_ORDER_OWNER)
            ev.a2 = trace_random(seed) & mask;
        if (ev.mode & TR_ACC_DEFERRED) {
            ev.thread = (uint32_t)(trace_random(seed) & mask);
            ev.epoch = trace_random(seed) & mask;
        }
    }
    if (fields & TR_BYTES) {
        ev.bytes = bytes;
        ev.bytes_length = (uint32_t)(trace_random(seed) % sizeof bytes);
    }
    return ev;
}

static void encode_and_decode(bool wide)
{
    enum { COUNT = 1000 };
    uint64_t seed = wide;
    uint8_t *bytes = calloc(1, COUNT * 128);
    struct tr_event *events = calloc(COUNT, sizeof *events), ev;
    struct tr_coder *coder = calloc(1, sizeof *coder);
    uint8_t *end = bytes;
    for (int i = 0; i < COUNT; i++) {
        uint8_t kind;
        do
            kind = (uint8_t)(trace_random(&seed) % TR_KINDS);
        while (!tr_kinds[kind].name || kind == TR_RUN);
        events[i] = random_event(kind, &seed, wide);
        uint8_t *next = tr_encode(coder, end, &events[i]);
        assert_true(next - end <= TR_EVENT_MAX + (ptrdiff_t)events[i].bytes_length);
        end = next;
    }
    memset(coder, 0, sizeof *coder);
    const uint8_t *at = bytes;
    for (int i = 0; i < COUNT; i++) {
        at = tr_decode(coder, at, end, &ev);
        assert_non_null(at);
        check_equal(&events[i], &ev);
        if (tr_is_access(ev.kind) && (ev.mode & TR_ACC_DEFERRED)) {
            assert_int_equal(events[i].thread, ev.thread);
            assert_true(events[i].epoch == ev.epoch);
        }
    }
    assert_ptr_equal(at, end);
    assert_null(tr_decode(coder, at, end, &ev));
    free(bytes);
    free(events);
    free(coder);
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    encode_and_decode(false); /* small values: short forms are frequent */
    encode_and_decode(true);
}

static void a_lock_pair_is_short(void **state)
{
    (void)state;
    static struct tr_coder coder;
    uint8_t bytes[256], *p = bytes;
    struct tr_event lock = {.kind = TR_ACQUIRE, .object = 0x55550000, .stack = 3, .version = 100};
    struct tr_event unlock = {.kind = TR_RELEASE, .object = 0x55550000, .stack = 4, .version = 101};
    p = tr_encode(&coder, p, &lock);
    p = tr_encode(&coder, p, &unlock);
    lock.version += 2;
    unlock.version += 2;
    uint8_t *before = p;
    p = tr_encode(&coder, p, &lock);
    p = tr_encode(&coder, p, &unlock);
    assert_int_equal(p - before, 4);
}

static struct tr_slot *slot_of(struct tr_coder *coder, const struct tr_event *ev)
{
    return tr_slot_find(coder, tr_slot_key(ev->kind, ev->mode, ev->stack), true, ev->object);
}

static void the_hot_case_writes_the_same(void **state)
{
    (void)state;
    static struct tr_coder hot, full;
    uint8_t bytes[256], same[256], *p = bytes, *q = same;
    struct tr_event lock = {.kind = TR_ACQUIRE, .object = 0x1000, .stack = 3, .version = 5};
    assert_null(slot_of(&hot, &lock));
    p = tr_encode(&hot, p, &lock);
    q = tr_encode(&full, q, &lock);
    lock.version = 9000;
    assert_non_null(slot_of(&hot, &lock));
    p = tr_encode_slot(&hot, p, slot_of(&hot, &lock), lock.version);
    q = tr_encode(&full, q, &lock);
    assert_int_equal(p - bytes, q - same);
    assert_memory_equal(bytes, same, (size_t)(p - bytes));
    assert_memory_equal(&hot, &full, sizeof hot);
}

/* What the recorder does: the hot case, and where it is none, the general one. */
static uint8_t *encode_either_way(struct tr_coder *coder, uint8_t *p, const struct tr_event *ev)
{
    struct tr_slot *slot = slot_of(coder, ev);
    return slot ? tr_encode_slot(coder, p, slot, ev->version) : tr_encode(coder, p, ev);
}

/* Event N of a loop: two sites lock and unlock in turn; every hundredth round steps out of line. */
static struct tr_event loop_event(unsigned n)
{
    bool odd = n / 2 % 100 == 99;
    return (struct tr_event){.kind = n % 2 ? TR_RELEASE : TR_ACQUIRE,
                             .stack = 1 + n % 4,
                             .object = odd ? 0x2000 : 0x1000,
                             .version = 10 + n + n / 200 * 7};
}

static void a_loop_is_told_by_again(void **state)
{
    (void)state;
    enum { EVENTS = 4000 };
    static struct tr_coder writer, reader;
    static uint8_t bytes[64 * 1024];
    uint8_t *p = bytes;
    for (unsigned n = 0; n < EVENTS; n++) {
        struct tr_event ev = loop_event(n), time = {.kind = TR_TIME, .a0 = 3};
        if (n % 1500 == 1499)
            p = tr_encode(&writer, p, &time);
        p = encode_either_way(&writer, p, &ev);
    }
    assert_true(p - bytes < EVENTS / 4); /* 20 breaks of the pattern, and little between */
    const uint8_t *at = bytes;
    for (unsigned n = 0; n < EVENTS; n++) {
        struct tr_event ev, wanted = loop_event(n);
        at = tr_decode(&reader, at, p, &ev);
        assert_non_null(at);
        if (ev.kind == TR_TIME)
            at = tr_decode(&reader, at, p, &ev);
        assert_non_null(at);
        assert_int_equal(ev.kind, wanted.kind);
        assert_int_equal(ev.stack, wanted.stack);
        assert_int_equal(ev.object, wanted.object);
        assert_int_equal(ev.version, wanted.version);
    }
    assert_ptr_equal(at, p);
}

static void again_needs_a_count_and_a_past(void **state)
{
    (void)state;
    struct tr_event ev, lock = {.kind = TR_ACQUIRE, .object = 0x1000, .stack = 3, .version = 5};
    static struct tr_coder coder, empty;
    uint8_t bytes[64] = {TR_AGAIN, 3}, *p = bytes;
    assert_null(tr_decode(&empty, bytes, bytes + 2, &ev)); /* nothing came before */
    p = tr_encode(&coder, p, &lock);
    lock.version++;
    p = tr_encode(&coder, p, &lock);
    lock.version++;
    uint8_t *end = encode_either_way(&coder, p, &lock);
    assert_int_equal(end - p, 2);
    assert_int_equal(p[0], TR_AGAIN);
    for (uint8_t count = 0; count < 2; count++) {
        struct tr_coder reader = {0};
        p[1] = count;
        const uint8_t *at = tr_decode(&reader, bytes, end, &ev);
        at = tr_decode(&reader, at, end, &ev);
        assert_ptr_equal(at, p);
        struct tr_coder cut = reader;
        assert_null(tr_decode(&cut, at, end - 1, &ev)); /* its count is cut off */
        at = tr_decode(&reader, at, end, &ev);
        assert_true(count ? at == end && ev.version == 7 : !at);
    }
}

static void a_run_moves_stride_and_version(void **state)
{
    (void)state;
    static struct tr_coder coder;
    uint8_t bytes[256] = {0}, *p = bytes;
    uint32_t mode = 2 | TR_ACC_ORDER_VERSION << TR_ACC_ORDER_SHIFT;
    struct tr_event write = {.kind = TR_WRITE, .mode = mode, .object = 0x1000, .version = 1};
    p = tr_encode(&coder, p, &write);
    write.object = 0x1004;
    write.version = 2;
    p = tr_encode(&coder, p, &write);
    p = tr_encode(&coder, p, &(struct tr_event){.kind = TR_RUN, .a0 = 10});
    write.object = 0x1004 + 11 * 4; /* where the run would go on: nothing but zeros follow */
    write.version = 13;
    uint8_t *last = p;
    p = tr_encode(&coder, p, &write);
    assert_int_equal(p - last, 3);

    static struct tr_coder again;
    struct tr_event ev;
    const uint8_t *at = bytes;
    at = tr_decode(&again, at, p, &ev);
    at = tr_decode(&again, at, p, &ev);
    at = tr_decode(&again, at, p, &ev);
    assert_int_equal(ev.kind, TR_RUN);
    assert_int_equal(ev.a0, 10);
    assert_int_equal(ev.a1, 4);
    at = tr_decode(&again, at, p, &ev);
    assert_ptr_equal(at, p);
    check_equal(&ev, &write);
}

static void a_run_of_nothing_is_no_event(void **state)
{
    (void)state;
    static struct tr_coder coder;
    struct tr_event ev;
    uint8_t bytes[32], *p = bytes;
    *p++ = TR_RUN;
    *p++ = 5;
    assert_null(tr_decode(&coder, bytes, p, &ev));
    p = bytes;
    static struct tr_coder other;
    p = tr_encode(&other, p, &(struct tr_event){.kind = TR_ACQUIRE, .object = 8, .version = 1});
    *p++ = TR_RUN;
    p = tr_put(p, TR_RUN_MAX + 1ull);
    const uint8_t *at = tr_decode(&coder, bytes, p, &ev);
    assert_non_null(at);
    assert_null(tr_decode(&coder, at, p, &ev));
}

static void a_mode_beyond_the_limit_is_no_event(void **state)
{
    (void)state;
    static struct tr_coder coder;
    struct tr_event ev;
    uint8_t bytes[32], *p = bytes;
    *p++ = TR_LOST;
    p = tr_put(p, TR_MODE_LIMIT);
    p = tr_put(p, 1);
    assert_null(tr_decode(&coder, bytes, p, &ev));
    p = tr_put(bytes + 1, TR_MODE_LIMIT - 1);
    p = tr_put(p, 1);
    assert_ptr_equal(tr_decode(&coder, bytes, p, &ev), p);
    assert_int_equal(ev.mode, TR_MODE_LIMIT - 1);
}

static void a_cut_event_is_no_event(void **state)
{
    (void)state;
    uint64_t seed = 7;
    static struct tr_coder coder;
    for (unsigned kind = 1; kind < TR_KINDS; kind++) {
        if (!tr_kinds[kind].name || kind == TR_RUN)
            continue;
        uint8_t bytes[256];
        struct tr_event ev = random_event((uint8_t)kind, &seed, true), back;
        memset(&coder, 0, sizeof coder);
        uint8_t *end = tr_encode(&coder, bytes, &ev);
        for (uint8_t *cut = bytes; cut < end; cut++) {
            memset(&coder, 0, sizeof coder);
            /* a copy of just that size, so that a sanitizer sees every byte too many */
            size_t size = (size_t)(cut - bytes);
            uint8_t *copy = malloc(size + 1);
            memcpy(copy, bytes, size);
            assert_null(tr_decode(&coder, copy, copy + size, &back));
            free(copy);
        }
    }
}

static void varints_end_within_ten_bytes(void **state)
{
    (void)state;
    uint64_t values[] = {0, 1, 127, 128, 1ull << 32, UINT64_MAX}, back;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint8_t bytes[TR_VARINT_MAX], *end = tr_put(bytes, values[i]);
        assert_ptr_equal(tr_get(bytes, end, &back), end);
        assert_true(back == values[i]);
        assert_true(tr_unzigzag(tr_zigzag((int64_t)values[i])) == (int64_t)values[i]);
    }
    uint8_t endless[16];
    memset(endless, 0xff, sizeof endless);
    assert_null(tr_get(endless, endless + sizeof endless, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(a_lock_pair_is_short),
        cmocka_unit_test(a_loop_is_told_by_again),
        cmocka_unit_test(again_needs_a_count_and_a_past),
        cmocka_unit_test(the_hot_case_writes_the_same),
        cmocka_unit_test(a_run_moves_stride_and_version),
        cmocka_unit_test(a_run_of_nothing_is_no_event),
        cmocka_unit_test(a_mode_beyond_the_limit_is_no_event),
        cmocka_unit_test(a_cut_event_is_no_event),
        cmocka_unit_test(varints_end_within_ten_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
