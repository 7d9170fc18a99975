/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a trace, version 1. FORMAT.md tells the same in prose. Freestanding, and the one
 * place that writer (in the recorder) and reader (offline) share, so that they cannot disagree.
 *
 * A file is a header page and chunks. A chunk belongs to one thread, holds that thread's events in
 * order, and can be decoded without any other chunk (but for the stacks that earlier ones define).
 * Unused bytes are zero, and 0x00 ends a chunk's events, so that a file which was cut off at any
 * moment, by any signal, is read up to the last event.
 */
#ifndef SN_TRACE_WIRE_H
#define SN_TRACE_WIRE_H

#include "trace/event.h"

#define TR_MAGIC          0x314c52414e53u     /* "SNARL1", zero-padded, little-endian */
#define TR_CHUNK_MAGIC    0x4b4e484352414e53u /* "SNARCHNK" */
#define TR_VERSION_NUMBER 1
#define TR_HEADER_SIZE    4096
#define TR_CHUNK_ALIGN    4096 /* chunks start at, and are, multiples of this */
#define TR_CHUNK_MAX      (16u << 20)
#define TR_RING_MIN       (256u << 10)
#define TR_RING_MAX       (64ull << 30)
#define TR_ARCH_X86_64    62         /* EM_X86_64 */
#define TR_RUN_MAX        (1u << 24) /* what one RUN may repeat */

/* Recorded order of plain accesses: how many counters stand for the granules (see tr_counter). */
#define TR_COUNTER_BITS     16
#define TR_COUNTER_BITS_MAX 20

enum tr_state { TR_STATE_RUNNING = 0, TR_STATE_ENDED = 1, TR_STATE_OFF = 2 };

enum tr_header_flags {
    TR_HAS_STACKS = 1 << 0, /* libunwind was found */
    TR_FILTER_SAME_EPOCH =
        1 << 1,               /* of a thread's equal accesses in one epoch only the first is here */
    TR_HAS_DEFERRED = 1 << 2, /* TR_ACC_DEFERRED occurs: place them by (thread, epoch) */
    TR_IS_SNAPSHOT = 1 << 3,  /* copied while the program went on (tr_chunk.settled) */
    TR_HAS_HUNG = 1 << 4,     /* a snapshot of a program that did not get on */
    TR_IS_IMPORTED = 1 << 5,  /* made of text: the time of an event is its line */
    TR_IS_CHILD = 1 << 6,     /* of a fork: what there was before is in its parent's trace */
    TR_HAS_EXECUTED = 1 << 7, /* it became another program, which should be recorded, too */
};

/* The first page. Live while the program runs: the counters are final when it has ended. */
struct tr_header {
    uint64_t magic;
    uint32_t version;
    uint32_t header_size;
    uint32_t arch;
    uint32_t chunk_align;
    uint32_t pid, parent_pid;
    uint64_t start_tsc;
    uint64_t start_realtime_ns;
    uint64_t tsc_hz;           /* 0: not known */
    uint64_t end;              /* bytes given out to chunks, this page included */
    uint32_t flags;            /* enum tr_header_flags */
    uint32_t access_source;    /* enum tr_access_source */
    uint32_t state;            /* enum tr_state */
    uint32_t off_reason;       /* errno or 0, when TR_STATE_OFF */
    uint32_t threads;          /* thread numbers given out, 0 upwards */
    uint32_t counter_bits;     /* TR_COUNTER_BITS */
    uint64_t lost[TR_LOSSES];  /* events, by reason */
    uint64_t thread_of_parent; /* in a fork child: the forking thread's number in the parent */
    char program[1024];        /* path, cut if need be, terminated */
    uint64_t ring_size;        /* of the flight recorder's file; 0: it is none */
    uint64_t ring_time;        /* every event later than this is here */
    uint64_t ring_lost;        /* chunks given up for newer ones */
    uint32_t ring_chunk;       /* size of each place for chunks, but the first */
    uint32_t ring_kept;        /* size of the first one, which is never given up */
    uint64_t loss_time; /* TSC of the first loss, but for those of stacks; 0: none, or not known */
    uint64_t standstill_tsc; /* when snarl saw that no thread could ever go on; 0: it did not */
};

struct tr_chunk {
    uint64_t magic;
    uint64_t offset; /* of this chunk in the file: a copy elsewhere is not taken for one */
    uint32_t size;   /* with this header; multiple of TR_CHUNK_ALIGN */
    uint32_t thread;
    uint32_t number;  /* 0, 1, 2 ... within the thread */
    uint32_t settled; /* snapshots: how much of it was there before the copying began */
    uint64_t time;    /* TSC at its start */
    uint64_t epoch;   /* the thread's epoch at its start */
};

/* The counter that orders plain accesses and pages at ADDRESS. Several granules share one: that
 * only adds order. Of pages it is the first byte's. */
static inline uint32_t tr_counter(uint64_t address, unsigned bits)
{
    return (uint32_t)(((address >> 3) * 0x9e3779b97f4a7c15u) >> (64 - bits));
}

/* The one that orders heap blocks. What is freed may become a part of a block that begins
 * elsewhere: so it is that of a region, such as a heap of glibc's fills. */
enum { TR_HEAP_REGION_BITS = 26 };

static inline uint32_t tr_heap_counter(uint64_t address, unsigned bits)
{
    return tr_counter(address >> TR_HEAP_REGION_BITS << 3, bits);
}

/* The one that numbers EV: a plain access, ALLOC or FREE. */
static inline uint32_t tr_counter_of(const struct tr_event *ev, unsigned bits)
{
    bool block = (ev->kind == TR_ALLOC || ev->kind == TR_FREE) && !(ev->mode & TR_HEAP_MAPPED);
    return block ? tr_heap_counter(ev->object, bits) : tr_counter(ev->object, bits);
}

/* Short forms. ------------------------------------------------------------------------------------
 */

/* AGAIN, and a count of 1 to 255: so often the event that came last time behind the one before,
 * with a version as much greater. */
enum { TR_SLOTS = 128, TR_SHORT = 0x80, TR_AGAIN = 0x7f, TR_AGAIN_MAX = 255 };

struct tr_slot {
    uint64_t object;
    uint64_t key;     /* tr_slot_key of its events; 0: empty */
    uint64_t version; /* of the last event here */
    int64_t
        stride; /* STRIDE slots: last object minus the one before; EXACT: the same of versions */
    /* The writer's own, all zero in a new slot: what else it knows of the events here. */
    void *record, *stack;
    uint64_t frame;
    uint8_t next; /* the slot of the event that came behind its last one, or 0 */
};

/* Kind, mode (below TR_MODE_LIMIT) and stack in one word. */
#define TR_MODE_LIMIT (1u << 24)

static inline uint64_t tr_slot_key(uint8_t kind, uint32_t mode, uint32_t stack)
{
    return (uint64_t)stack << 32 | (uint64_t)mode << 8 | kind;
}

static inline uint8_t tr_slot_kind(const struct tr_slot *slot)
{
    return (uint8_t)slot->key;
}

static inline uint32_t tr_slot_mode(const struct tr_slot *slot)
{
    return (uint32_t)slot->key >> 8;
}

/* State that writer and reader keep in step; all zero at the start of each chunk. */
struct tr_coder {
    struct tr_slot slots[1 + TR_SLOTS]; /* from 1; the first stays empty and stands for none */
    uint64_t last_object;               /* of the last full form that had an object */
    uint64_t time;                      /* starts at the chunk's */
    uint8_t last;      /* the slot of the event before, 0 if it has none: what RUN repeats */
    uint8_t *again;    /* writer: the count of the AGAIN just written, or NULL */
    uint32_t repeated; /* reader: how many events of the AGAIN at hand were handed out */
};

/* The first slot of the pair that KEY and OBJECT (0 for STRIDE kinds) may stand in; the other one
 * is the next. */
static inline unsigned tr_slot_index(uint64_t key, uint64_t object)
{
    return 1 + ((unsigned)(((object ^ key) * 0x9e3779b97f4a7c15u) >> 58) << 1);
}

/* Is SLOT the one of KEY, and, where that matters (EXACT), of the event's own object? */
static inline bool tr_slot_is(const struct tr_slot *slot, uint64_t key, bool exact, uint64_t object)
{
    return slot->key == key && (!exact || slot->object == object);
}

/* A slot for a new KEY and OBJECT: the first of its pair, whose last user moves to the second. */
static inline struct tr_slot *tr_slot_new(struct tr_coder *coder, uint64_t key, uint64_t object)
{
    struct tr_slot *slot = &coder->slots[tr_slot_index(key, object)];
    slot[1] = slot[0];
    *slot = (struct tr_slot){.key = key};
    return slot;
}

/* The slot of KEY and OBJECT, or NULL. */
static inline struct tr_slot *tr_slot_find(struct tr_coder *coder, uint64_t key, bool exact,
                                           uint64_t object)
{
    struct tr_slot *slot = &coder->slots[tr_slot_index(key, exact ? object : 0)];
    if (tr_slot_is(slot, key, exact, object))
        return slot;
    slot++;
    return tr_slot_is(slot, key, exact, object) ? slot : NULL;
}

/* The slot that the event behind the last one is expected to have; an empty one if none is. */
static inline struct tr_slot *tr_slot_expected(struct tr_coder *coder)
{
    return &coder->slots[coder->slots[coder->last].next];
}

/* The byte of a short form. */
static inline uint8_t tr_slot_code(const struct tr_coder *coder, const struct tr_slot *slot)
{
    return (uint8_t)(TR_SHORT | (slot - coder->slots - 1));
}

/* What the events of KIND carry besides what their slot knows is their version alone: AGAIN can
 * tell them. */
static inline bool tr_is_plain(uint8_t kind)
{
    const struct tr_kind_info *info = &tr_kinds[kind];
    return info->slot == TR_SLOT_EXACT &&
           (info->fields & ~(unsigned)(TR_MODE | TR_STACK | TR_OBJECT)) == TR_VERSION;
}

/* The event just coded has SLOT, or none (NULL): it is what came behind the one before. */
static inline void tr_slot_follows(struct tr_coder *coder, const struct tr_slot *slot)
{
    uint8_t place = slot ? (uint8_t)(slot - coder->slots) : 0;
    if (place && coder->last)
        coder->slots[coder->last].next = place;
    coder->last = place;
}

/* A slot's new version, and by how much it moved. */
static inline void tr_slot_version(struct tr_slot *slot, uint8_t kind, uint64_t version)
{
    if (tr_kinds[kind].slot == TR_SLOT_EXACT)
        slot->stride = (int64_t)(version - slot->version);
    slot->version = version;
}

/* The version of an event that had VERSION, after COUNT repetitions. 0 (not known) stays, and what
 * is only observed. */
static inline uint64_t tr_run_version(uint8_t kind, uint64_t version, uint64_t count)
{
    bool stays = !version || tr_kinds[kind].order == TR_ORDER_OBSERVES;
    return stays ? version : version + count;
}

/* A RUN of COUNT repetitions leaves its slot as if each had been there. */
static inline void tr_slot_run(struct tr_slot *slot, uint64_t count)
{
    if (tr_kinds[tr_slot_kind(slot)].slot == TR_SLOT_STRIDE)
        slot->object += (uint64_t)slot->stride * count;
    slot->version = tr_run_version(tr_slot_kind(slot), slot->version, count);
}

/* Varints: 7 bits a byte, low first, top bit set on all but the last; signed ones as zigzag. */

enum { TR_VARINT_MAX = 10 };

static inline uint64_t tr_zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t tr_unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

static inline uint8_t *tr_put(uint8_t *p, uint64_t v)
{
    while (__builtin_expect(v >= 0x80, 0)) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

/* Reads one varint before END into *V. Returns the byte behind it, or NULL if it is cut off or too
 * long. */
static inline const uint8_t *tr_get(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && p < end; shift += 7) {
        uint8_t byte = *p++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *v = value;
            return p;
        }
    }
    return NULL;
}

/* The most that one event takes, BYTES not counted. */
enum { TR_EVENT_MAX = 2 + 9 * TR_VARINT_MAX };

/*
 * Encodes EV at P, which has room for TR_EVENT_MAX + EV->bytes_length. Returns the byte behind it.
 * The first byte is written last: until then the chunk ends before this event, so that a kill
 * between two stores leaves no half event. EV->stack is the thread's own stack number here. TIME's
 * A0 is the difference to the coder's time. RUN must follow an event that has a slot, with A0 at
 * most TR_RUN_MAX.
 */
static inline uint8_t *tr_encode(struct tr_coder *coder, uint8_t *p, const struct tr_event *ev)
{
    const struct tr_kind_info *info = &tr_kinds[ev->kind];
    unsigned fields = info->fields;
    uint8_t *start = p++;
    uint8_t first = ev->kind;
    struct tr_slot *slot = NULL;
    uint64_t base_version = 0;

    if (info->slot != TR_SLOT_NONE) {
        uint64_t key = tr_slot_key(ev->kind, ev->mode, ev->stack);
        bool exact = info->slot == TR_SLOT_EXACT;
        slot = tr_slot_find(coder, key, exact, ev->object);
        if (slot) {
            first = tr_slot_code(coder, slot);
            base_version = slot->version;
            if (info->slot == TR_SLOT_STRIDE) {
                uint64_t predicted = slot->object + (uint64_t)slot->stride;
                p = tr_put(p, tr_zigzag((int64_t)(ev->object - predicted)));
                slot->stride = (int64_t)(ev->object - slot->object);
            }
        } else {
            slot = tr_slot_new(coder, key, exact ? ev->object : 0);
        }
        slot->object = ev->object;
    } else if (ev->kind == TR_RUN && coder->last) {
        tr_slot_run(&coder->slots[coder->last], ev->a0);
    }
    if (first == ev->kind) {
        if (fields & TR_MODE)
            p = tr_put(p, ev->mode);
        if (fields & TR_STACK)
            p = tr_put(p, ev->stack);
        if (fields & TR_OBJECT) {
            p = tr_put(p, tr_zigzag((int64_t)(ev->object - coder->last_object)));
            coder->last_object = ev->object;
        }
    }
    if (fields & TR_VERSION)
        p = tr_put(p, tr_zigzag((int64_t)(ev->version - base_version)));
    if (fields & TR_A0)
        p = tr_put(p, ev->a0);
    if (fields & TR_A1)
        p = tr_put(p, ev->a1);
    if (fields & TR_A2)
        p = tr_put(p, ev->a2);
    if (fields & TR_ORDER) {
        switch (tr_access_order(ev->mode)) {
        case TR_ACC_ORDER_VERSION:
            p = tr_put(p, tr_zigzag((int64_t)(ev->version - base_version)));
            break;
        case TR_ACC_ORDER_OWNER:
            p = tr_put(p, ev->a1);
            p = tr_put(p, ev->a2);
            break;
        case TR_ACC_ORDER_TIME:
            p = tr_put(p, tr_zigzag((int64_t)(ev->a1 - coder->time)));
            break;
        default:
            break;
        }
        if (ev->mode & TR_ACC_DEFERRED) {
            p = tr_put(p, ev->thread);
            p = tr_put(p, ev->epoch);
        }
    }
    if (slot && (fields & (TR_VERSION | TR_ORDER)))
        tr_slot_version(slot, ev->kind, ev->version);
    if (fields & TR_BYTES) {
        p = tr_put(p, ev->bytes_length);
        for (uint32_t i = 0; i < ev->bytes_length; i++)
            *p++ = ev->bytes[i];
    }
    if (ev->kind == TR_TIME)
        coder->time += ev->a0;
    tr_slot_follows(coder, slot);
    coder->again = NULL;
    __atomic_store_n(start, first, __ATOMIC_RELEASE);
    return p;
}

/* The count of AGAIN is raised where it stands, with one store. */
static inline uint8_t *tr_encode_repeat(struct tr_coder *coder, uint8_t *p)
{
    if (__builtin_expect(coder->again && *coder->again < TR_AGAIN_MAX, 1)) {
        __atomic_store_n(coder->again, (uint8_t)(*coder->again + 1), __ATOMIC_RELEASE);
        return p;
    }
    p[1] = 1;
    __atomic_store_n(p, TR_AGAIN, __ATOMIC_RELEASE);
    coder->again = p + 1;
    return p + 2;
}

/*
 * The hot case of tr_encode: a plain event (tr_is_plain) that has SLOT already. Needs room for 2 +
 * TR_VARINT_MAX. A RUN may not follow.
 */
static inline uint8_t *tr_encode_slot(struct tr_coder *coder, uint8_t *p, struct tr_slot *slot,
                                      uint64_t version)
{
    if (slot == tr_slot_expected(coder) && version == slot->version + (uint64_t)slot->stride) {
        slot->version = version;
        coder->last = (uint8_t)(slot - coder->slots);
        return tr_encode_repeat(coder, p);
    }
    uint64_t difference = tr_zigzag((int64_t)(version - slot->version));
    tr_slot_version(slot, tr_slot_kind(slot), version);
    tr_slot_follows(coder, slot);
    coder->again = NULL;
    uint8_t *end = tr_put(p + 1, difference);
    __atomic_store_n(p, tr_slot_code(coder, slot), __ATOMIC_RELEASE);
    return end;
}

/* One event of the AGAIN whose count stands at P; the code is one byte before. */
static inline const uint8_t *tr_decode_repeat(struct tr_coder *coder, const uint8_t *p,
                                              const uint8_t *end, struct tr_event *ev)
{
    struct tr_slot *slot = tr_slot_expected(coder);
    if (p >= end || !*p || !tr_is_plain(tr_slot_kind(slot)))
        return NULL;
    slot->version += (uint64_t)slot->stride;
    *ev = (struct tr_event){.kind = tr_slot_kind(slot),
                            .mode = tr_slot_mode(slot),
                            .stack = (uint32_t)(slot->key >> 32),
                            .object = slot->object,
                            .version = slot->version};
    coder->last = (uint8_t)(slot - coder->slots);
    if (++coder->repeated < *p)
        return p - 1;
    coder->repeated = 0;
    return p + 1;
}

/*
 * Decodes the event at P, before END, into *EV: kind, mode, stack (the thread's own number),
 * object, version, a0 to a2, bytes; for a deferred access also thread and epoch. Returns the byte
 * behind it; NULL if it is cut off, or no event of this version. RUN comes back as such, with the
 * step of the object from one repetition to the next in A1: repeating is the reader's part. AGAIN
 * comes back as one of its events after the other, from the same P until the last. Never reads
 * outside [P, END).
 */
static inline const uint8_t *tr_decode(struct tr_coder *coder, const uint8_t *p, const uint8_t *end,
                                       struct tr_event *ev)
{
    if (p >= end || !*p)
        return NULL;
    uint8_t first = *p++;
    if (first == TR_AGAIN)
        return tr_decode_repeat(coder, p, end, ev);
    struct tr_slot *slot = NULL;
    uint64_t base_version = 0, v = 0;
    const struct tr_kind_info *info;

#define TR_NEXT(into)                                                                              \
    do {                                                                                           \
        if (!(p = tr_get(p, end, &v)))                                                             \
            return NULL;                                                                           \
        (into) = v;                                                                                \
    } while (0)

    *ev = (struct tr_event){0};
    if (first & TR_SHORT) {
        slot = &coder->slots[1 + (first & (TR_SLOTS - 1))];
        if (!slot->key)
            return NULL;
        ev->kind = tr_slot_kind(slot);
        ev->mode = tr_slot_mode(slot);
        ev->stack = (uint32_t)(slot->key >> 32);
        info = &tr_kinds[ev->kind];
        ev->object = slot->object;
        base_version = slot->version;
        if (info->slot == TR_SLOT_STRIDE) {
            TR_NEXT(v);
            ev->object = slot->object + (uint64_t)slot->stride + (uint64_t)tr_unzigzag(v);
        }
    } else {
        info = &tr_kinds[first];
        if (!info->name)
            return NULL;
        ev->kind = first;
        if (info->fields & TR_MODE) {
            TR_NEXT(v);
            if (v >= TR_MODE_LIMIT)
                return NULL;
            ev->mode = (uint32_t)v;
        }
        if (info->fields & TR_STACK)
            TR_NEXT(ev->stack);
        if (info->fields & TR_OBJECT) {
            TR_NEXT(v);
            ev->object = coder->last_object + (uint64_t)tr_unzigzag(v);
        }
    }
    unsigned fields = info->fields;
    if (fields & TR_VERSION) {
        TR_NEXT(v);
        ev->version = base_version + (uint64_t)tr_unzigzag(v);
    }
    if (fields & TR_A0)
        TR_NEXT(ev->a0);
    if (fields & TR_A1)
        TR_NEXT(ev->a1);
    if (fields & TR_A2)
        TR_NEXT(ev->a2);
    if (fields & TR_ORDER) {
        switch (tr_access_order(ev->mode)) {
        case TR_ACC_ORDER_VERSION:
            TR_NEXT(v);
            ev->version = base_version + (uint64_t)tr_unzigzag(v);
            break;
        case TR_ACC_ORDER_OWNER:
            TR_NEXT(ev->a1);
            TR_NEXT(ev->a2);
            break;
        case TR_ACC_ORDER_TIME:
            TR_NEXT(v);
            ev->a1 = coder->time + (uint64_t)tr_unzigzag(v);
            break;
        default:
            break;
        }
        if (ev->mode & TR_ACC_DEFERRED) {
            TR_NEXT(ev->thread);
            TR_NEXT(ev->epoch);
        }
    }
    if (fields & TR_BYTES) {
        TR_NEXT(v);
        if (v > (uint64_t)(end - p))
            return NULL;
        ev->bytes = p;
        ev->bytes_length = (uint32_t)v;
        p += v;
    }
#undef TR_NEXT
    if (ev->kind == TR_RUN && (!coder->last || ev->a0 > TR_RUN_MAX))
        return NULL;
    /* Only now, with the whole event in hand, does the coder's state move. */
    if (!slot && (fields & TR_OBJECT))
        coder->last_object = ev->object;
    if (info->slot != TR_SLOT_NONE) {
        if (!slot) {
            uint64_t key = tr_slot_key(ev->kind, ev->mode, ev->stack);
            slot = tr_slot_new(coder, key, info->slot == TR_SLOT_EXACT ? ev->object : 0);
        } else if (info->slot == TR_SLOT_STRIDE) {
            slot->stride = (int64_t)(ev->object - slot->object);
        }
        slot->object = ev->object;
        if (fields & (TR_VERSION | TR_ORDER))
            tr_slot_version(slot, ev->kind, ev->version);
    }
    if (ev->kind == TR_RUN) {
        struct tr_slot *run = &coder->slots[coder->last];
        if (tr_kinds[tr_slot_kind(run)].slot == TR_SLOT_STRIDE)
            ev->a1 = (uint64_t)run->stride;
        tr_slot_run(run, ev->a0);
    }
    if (ev->kind == TR_TIME)
        coder->time += ev->a0;
    tr_slot_follows(coder, slot);
    return p;
}

#endif
