/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places stand in a table with the time at which each was closed, 0 while somebody writes
 * there. Who needs one looks for the oldest and takes it with one compare-and-swap, so that nobody
 * ever waits. There are few places (64, or more where a chunk has its largest size), and a chunk
 * lasts long compared with a look at all of them.
 *
 * What is given up is told before it goes: first the time of the newest event that may be lost,
 * then the chunk's magic number is cleared, then its content, and the new chunk's magic number
 * comes last. So whoever reads the file at any moment, or after a kill at any moment, sees the old
 * chunk, none, or the new one, and knows from which time on nothing is missing.
 */
#include "interpose/core/ring.h"

#include "interpose/core/poison.h"

enum {
    PARTS = 64,
    SMALLEST = 8 << 10,
    LARGEST = 1 << 20,
    MOST_KEPT = 256 << 10,
    FURTHER = 1 << 14,   /* places beyond the ring, for threads at once */
    POPULATE_WRITE = 23, /* MADV_POPULATE_WRITE of Linux 5.14; before, each page faults once */
};

struct place {
    uint8_t *chunk;
    uint64_t offset;
    uint64_t closed; /* when; 0: in use. Atomic */
    uint32_t used;   /* bytes, once closed */
};

struct rec_ring rec_ring;
static struct place *places;
static uint32_t place_count; /* also beyond the ring; atomic */
static uint32_t fresh;       /* places never used yet start here; atomic */

static struct {
    uint8_t *at, *end;
    struct tr_coder coder;
    int busy; /* one thread at a time; atomic */
} kept;

static uint32_t power_of_two_to(uint64_t value)
{
    uint32_t power = SMALLEST;
    while (power * 2ull <= value && power < LARGEST)
        power *= 2;
    return power;
}

/* The sizes, and how long the file is. */
static uint64_t lay_out(uint64_t size)
{
    rec_ring.size = power_of_two_to(size / PARTS);
    uint64_t kept_size = size / 8 / TR_CHUNK_ALIGN * TR_CHUNK_ALIGN;
    rec_ring.kept_size = kept_size < MOST_KEPT ? (uint32_t)kept_size : MOST_KEPT;
    uint64_t rest = size - TR_HEADER_SIZE - rec_ring.kept_size;
    rec_ring.places = (uint32_t)(rest / rec_ring.size);
    return TR_HEADER_SIZE + rec_ring.kept_size + (uint64_t)rec_ring.places * rec_ring.size;
}

void rec_ring_forget(void)
{
    rec_ring = (struct rec_ring){0};
    kept.at = kept.end = NULL;
    kept.busy = 0;
}

int rec_ring_start(int fd)
{
    if (places)
        rec_sys_unmap(places, (rec_ring.places + FURTHER) * sizeof *places);
    places = NULL;
    rec_ring_forget();
    if (!rec_config.ring)
        return 0;
    uint64_t end = lay_out(rec_config.ring), size = end - TR_HEADER_SIZE;
    int error = rec_chunk_back(fd, TR_HEADER_SIZE, size);
    if (error)
        return error;
    places = rec_sys_memory((rec_ring.places + FURTHER) * sizeof *places);
    rec_ring.base = rec_sys_map(size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, TR_HEADER_SIZE);
    if (!places || !rec_ring.base)
        return -ENOMEM;
    rec_sys_advise(rec_ring.base, size, MADV_DONTFORK);
    uint64_t offset = TR_HEADER_SIZE + rec_ring.kept_size;
    for (uint32_t i = 0; i < rec_ring.places; i++, offset += rec_ring.size)
        places[i] =
            (struct place){.chunk = rec_ring.base + (offset - TR_HEADER_SIZE), .offset = offset};
    place_count = rec_ring.places;
    fresh = 0;
    rec_header->ring_size = rec_config.ring;
    rec_header->ring_chunk = rec_ring.size;
    rec_header->ring_kept = rec_ring.kept_size;
    rec_header->end = end;
    return 0;
}

/* The place that was closed first, taken; or NULL. */
static struct place *take_oldest(void)
{
    for (;;) {
        uint32_t count = __atomic_load_n(&place_count, __ATOMIC_ACQUIRE);
        struct place *oldest = NULL;
        uint64_t when = UINT64_MAX;
        for (uint32_t i = 0; i < count && i < rec_ring.places + FURTHER; i++) {
            uint64_t closed = __atomic_load_n(&places[i].closed, __ATOMIC_ACQUIRE);
            if (closed && closed < when) {
                when = closed;
                oldest = &places[i];
            }
        }
        if (!oldest)
            return NULL;
        if (!__atomic_compare_exchange_n(&oldest->closed, &when, 0, 0, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            continue;
        uint64_t *told = &rec_header->ring_time, before = __atomic_load_n(told, __ATOMIC_RELAXED);
        while (before < when && !__atomic_compare_exchange_n(told, &before, when, 0,
                                                             __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            ;
        __atomic_fetch_add(&rec_header->ring_lost, 1, __ATOMIC_RELEASE);
        return oldest;
    }
}

static void wipe(uint8_t *bytes, uint64_t count)
{
    __asm__ volatile("rep stosb" : "+D"(bytes), "+c"(count) : "a"(0) : "memory");
}

uint8_t *rec_ring_take(uint64_t *offset)
{
    struct place *place = NULL;
    if (__atomic_load_n(&fresh, __ATOMIC_RELAXED) < rec_ring.places) {
        uint32_t n = __atomic_fetch_add(&fresh, 1, __ATOMIC_RELAXED);
        if (n < rec_ring.places) {
            place = &places[n];
            rec_sys_advise(place->chunk, rec_ring.size, POPULATE_WRITE);
        }
    }
    if (!place) {
        place = take_oldest();
        if (!place)
            return NULL;
        __atomic_store_n((uint64_t *)place->chunk, 0, __ATOMIC_RELEASE);
        wipe(place->chunk, place->used);
    }
    *offset = place->offset;
    return place->chunk;
}

void rec_ring_add(uint8_t *chunk, uint64_t offset)
{
    uint32_t n = __atomic_load_n(&place_count, __ATOMIC_RELAXED);
    do
        if (n >= rec_ring.places + FURTHER)
            return; /* it stays as it is when its thread is done */
    while (!__atomic_compare_exchange_n(&place_count, &n, n + 1, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED));
    places[n].offset = offset;
    places[n].chunk = chunk;
}

static struct place *place_of(const uint8_t *chunk)
{
    uint64_t distance = (uint64_t)(chunk - rec_ring.base) - rec_ring.kept_size;
    if (distance / rec_ring.size < rec_ring.places)
        return &places[distance / rec_ring.size];
    uint32_t count = __atomic_load_n(&place_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = rec_ring.places; i < count; i++)
        if (places[i].chunk == chunk)
            return &places[i];
    return NULL;
}

bool rec_ring_give(uint8_t *chunk, uint32_t used)
{
    if (!rec_ring.base)
        return false;
    struct place *place = place_of(chunk);
    if (place) {
        place->used = used;
        __atomic_store_n(&place->closed, rec_tsc(), __ATOMIC_RELEASE);
    }
    return true;
}

/* What is kept. ---------------------------------------------------------------------------------
 */

void rec_ring_keep_on(struct rec_stream *s)
{
    if (!rec_ring.base || s->chunk != rec_ring.base)
        return;
    kept.coder = s->coder;
    kept.coder.last = 0;
    kept.coder.again = NULL;
    kept.end = s->end;
    __atomic_store_n(&kept.at, s->at, __ATOMIC_RELEASE);
    s->chunk = NULL;
    rec_chunk_close(s);
}

void rec_ring_keep(struct rec_stream *s, const struct tr_event *ev)
{
    bool told = false;
    if (__atomic_load_n(&kept.at, __ATOMIC_ACQUIRE) &&
        !__atomic_exchange_n(&kept.busy, 1, __ATOMIC_ACQUIRE)) {
        if (kept.at && kept.at + ev->bytes_length + TR_EVENT_MAX < kept.end) {
            kept.at = tr_encode(&kept.coder, kept.at, ev);
            told = true;
        }
        __atomic_store_n(&kept.busy, 0, __ATOMIC_RELEASE);
    }
    if (!told)
        rec_emit(s, ev);
}
