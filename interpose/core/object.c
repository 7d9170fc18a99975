/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of synchronisation by address: a hash table of chains that only ever grow at the head, so
 * that look-ups take no lock. A second set of chains, by page, finds the objects within a block
 * that is freed.
 */
#include "interpose/core/mark.h"

#include "interpose/core/poison.h"

enum { PAGE_BITS = 16, PAGE_BUCKETS = 1 << PAGE_BITS, SLAB = 256 };

struct rec_object *rec_object_buckets[REC_OBJECT_BUCKETS];
uint64_t rec_object_units[REC_UNITS / 64];
static struct rec_object *pages[PAGE_BUCKETS];

struct slab {
    uint32_t used;
    struct rec_object objects[SLAB];
};
static struct slab *slab;

static struct rec_object **page_bucket(uint64_t page)
{
    return &pages[page * 0x9e3779b97f4a7c15u >> (64 - PAGE_BITS)];
}

static struct rec_object *allocate(void)
{
    for (;;) {
        struct slab *current = __atomic_load_n(&slab, __ATOMIC_ACQUIRE);
        if (current) {
            uint32_t n = __atomic_fetch_add(&current->used, 1, __ATOMIC_RELAXED);
            if (n < SLAB)
                return &current->objects[n];
        }
        struct slab *fresh = rec_sys_memory(sizeof *fresh);
        if (!fresh)
            return NULL;
        if (!__atomic_compare_exchange_n(&slab, &current, fresh, 0, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE))
            rec_sys_unmap(fresh, sizeof *fresh);
    }
}

static struct rec_object *search(struct rec_object *from, const struct rec_object *until,
                                 uint64_t address)
{
    for (; from != until; from = from->next)
        if (from->address == address)
            return from;
    return NULL;
}

static struct rec_object *insert(const void *address)
{
    struct rec_object **bucket = &rec_object_buckets[rec_object_bucket(address)];
    struct rec_object *seen = __atomic_load_n(bucket, __ATOMIC_ACQUIRE);
    struct rec_object *object = search(seen, NULL, (uint64_t)address);
    if (object || !(object = allocate()))
        return object;
    object->address = (uint64_t)address;
    __atomic_fetch_or(&rec_object_units[rec_unit(object->address) / 64],
                      1ull << rec_unit(object->address) % 64, __ATOMIC_RELEASE);
    do {
        /* Somebody else may have put the same one in since the last look. */
        struct rec_object *head = __atomic_load_n(bucket, __ATOMIC_ACQUIRE);
        struct rec_object *twin = search(head, seen, object->address);
        if (twin)
            return twin; /* the spare record is lost; this is rare */
        seen = head;
        object->next = head;
    } while (!__atomic_compare_exchange_n(bucket, &object->next, object, 0, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    struct rec_object **page = page_bucket(object->address >> 12);
    object->next_in_page = __atomic_load_n(page, __ATOMIC_ACQUIRE);
    while (!__atomic_compare_exchange_n(page, &object->next_in_page, object, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
        ;
    return object;
}

/*
 * Of several threads that see the object first, one tells the trace. The others wait the few
 * instructions until its first number is out: one of them may hold the lock, and counts on as if
 * nobody else did.
 */
static void begin_life(struct rec_stream *s, struct rec_object *object, uint32_t stack,
                       unsigned type, unsigned attributes, uint64_t value)
{
    if (__atomic_exchange_n(&object->begun, 1, __ATOMIC_ACQ_REL)) {
        for (unsigned n = 0; n < 1000 && !__atomic_load_n(&object->alive, __ATOMIC_ACQUIRE); n++)
            rec_sys_yield();
        return;
    }
    object->type = (uint8_t)type;
    object->attributes = (uint8_t)attributes;
    object->count = (uint32_t)value;
    if (object->more == REC_NOT_ALIVE)
        object->more = 0;
    uint64_t version = rec_version(object);
    __atomic_store_n(&object->alive, 1, __ATOMIC_RELEASE);
    rec_emit(s, &(struct tr_event){.kind = TR_OBJECT_NEW,
                                   .mode = type,
                                   .stack = stack,
                                   .object = object->address,
                                   .version = version,
                                   .a0 = attributes,
                                   .a1 = value});
}

struct rec_object *rec_object_raw(const void *address)
{
    struct rec_object *object = rec_object_find(address);
    if (!object && !(object = insert(address)))
        rec_lost(TR_LOSS_NO_MEMORY);
    return object;
}

static unsigned mutex_attributes(const pthread_mutex_t *mutex)
{
    int kind = mutex->__data.__kind;
    unsigned attributes = 0;
    if (kind == REC_MUTEX_DESTROYED)
        return 0;
    if ((kind & 3) == PTHREAD_MUTEX_RECURSIVE_NP)
        attributes |= TR_ATTR_RECURSIVE;
    if ((kind & 3) == PTHREAD_MUTEX_ERRORCHECK_NP)
        attributes |= TR_ATTR_ERROR_CHECK;
    if (kind & 16)
        attributes |= TR_ATTR_ROBUST;
    if ((kind & 128) && !(kind & 16)) /* the C library marks every robust one as shared */
        attributes |= TR_ATTR_PROCESS_SHARED;
    return attributes;
}

static unsigned rwlock_attributes(const pthread_rwlock_t *lock)
{
    unsigned attributes = lock->__data.__shared ? TR_ATTR_PROCESS_SHARED : 0;
    if (lock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP)
        attributes |= TR_ATTR_PREFER_WRITER;
    return attributes;
}

/* What the C library's own fields say. */
static unsigned attributes_of(const void *address, unsigned type)
{
    return type == TR_TYPE_MUTEX    ? mutex_attributes(address)
           : type == TR_TYPE_RWLOCK ? rwlock_attributes(address)
                                    : 0;
}

struct rec_object *rec_object_first(struct rec_stream *s, const void *address, unsigned type)
{
    struct rec_object *object = rec_object_raw(address);
    if (!object)
        return NULL;
    unsigned attributes = attributes_of(address, type);
    if (rec_is_destroyed(address, type))
        attributes |= TR_ATTR_DESTROYED;
    else if (rec_is_unmade(address, type))
        attributes |= TR_ATTR_UNMADE;
    /* A barrier of a fork child's parent is what it was. */
    uint64_t value = type == TR_TYPE_BARRIER ? object->count : 0;
    begin_life(s, object, 0, type, attributes | TR_ATTR_STATIC, value);
    return object;
}

struct rec_object *rec_object_open(struct rec_stream *s, const void *address, uint32_t stack,
                                   unsigned type, unsigned attributes, uint64_t value)
{
    struct rec_object *object = rec_object_raw(address);
    if (object)
        begin_life(s, object, stack, type, attributes, value);
    return object;
}

struct rec_object *rec_object_init(struct rec_stream *s, const void *address, uint32_t stack,
                                   unsigned type, unsigned attributes, uint64_t value)
{
    struct rec_object *object = rec_object_raw(address);
    if (!object)
        return NULL;
    if (object->alive)
        rec_object_end(s, object, stack, TR_END_REINIT);
    attributes |= attributes_of(address, type);
    begin_life(s, object, stack, type, attributes, value);
    return object;
}

void rec_object_end(struct rec_stream *s, struct rec_object *object, uint32_t stack,
                    enum tr_end_cause cause)
{
    __atomic_store_n(&object->holding, (uint64_t)REC_NOT_ALIVE << 32, __ATOMIC_RELEASE);
    object->entered = object->count = 0;
    uint32_t mode = (uint32_t)object->type | (uint32_t)cause << TR_END_CAUSE_SHIFT;
    uint64_t version = rec_version(object);
    object->alive = 0;
    __atomic_store_n(&object->begun, 0, __ATOMIC_RELEASE);
    rec_emit(s, &(struct tr_event){.kind = TR_OBJECT_END,
                                   .mode = mode,
                                   .stack = stack,
                                   .object = object->address,
                                   .version = version});
}

void rec_object_destroyed(struct rec_stream *s, const void *address, unsigned type, bool before,
                          uint64_t cfa)
{
    struct rec_object *object = rec_object_raw(address);
    if (!object)
        return;
    if (!object->alive)
        begin_life(s, object, 0, type, TR_ATTR_STATIC | (before ? TR_ATTR_DESTROYED : 0), 0);
    rec_object_end(s, object, rec_stack(s, cfa), TR_END_DESTROY);
}

/* A range that ends, and where that is told from. */
struct range {
    uint64_t low, size;
    void (*visitor)(const struct range *range, struct rec_object *object);
    struct rec_stream *s;
    enum tr_end_cause cause;
    uint64_t cfa; /* 0: no place of the program's */
};

static void end_one(const struct range *range, struct rec_object *object)
{
    rec_object_end(range->s, object, range->cfa ? rec_stack(range->s, range->cfa) : 0,
                   range->cause);
}

static void note_one(const struct range *range, struct rec_object *object)
{
    (void)range;
    __atomic_store_n(&object->noted, rec_version_seen(object), __ATOMIC_RELAXED);
}

static void end_noted(const struct range *range, struct rec_object *object)
{
    if (__atomic_load_n(&object->noted, __ATOMIC_RELAXED) == rec_version_seen(object))
        end_one(range, object);
}

static void end_free_lock(const struct range *range, struct rec_object *object)
{
    bool lock = object->type == TR_TYPE_MUTEX || object->type == TR_TYPE_RWLOCK ||
                object->type == TR_TYPE_SPIN;
    if (lock && !__atomic_load_n(&object->owner, __ATOMIC_ACQUIRE))
        end_one(range, object);
}

/* Ranges of more than two units. */
bool rec_objects_maybe_in_slow(uint64_t low, uint64_t size)
{
    uint64_t first = low >> REC_UNIT_SHIFT, last = (low + size - 1) >> REC_UNIT_SHIFT;
    if (last - first >= REC_UNITS)
        last = first + REC_UNITS - 1;
    for (uint64_t unit = first; unit <= last; unit++)
        if (rec_unit_used(unit << REC_UNIT_SHIFT))
            return true;
    return false;
}

static void visit_bucket(const struct range *range, struct rec_object **bucket)
{
    struct rec_object *object = __atomic_load_n(bucket, __ATOMIC_ACQUIRE);
    for (; object; object = object->next_in_page)
        if (object->alive && object->address - range->low < range->size)
            range->visitor(range, object);
}

/* Page by page within the units that have objects; all of them at once where the range has more
 * pages than there are chains. */
static void visit(const struct range *range)
{
    uint64_t page = range->low >> 12, last = (range->low + range->size - 1) >> 12;
    if (last - page >= PAGE_BUCKETS) {
        for (unsigned i = 0; i < PAGE_BUCKETS; i++)
            visit_bucket(range, &pages[i]);
        return;
    }
    while (page <= last) {
        if (rec_unit_used(page << 12))
            visit_bucket(range, page_bucket(page++));
        else
            page = ((page << 12 >> REC_UNIT_SHIFT) + 1) << (REC_UNIT_SHIFT - 12);
    }
}

void rec_objects_end_in(struct rec_stream *s, const void *low, uint64_t size,
                        enum tr_end_cause cause, uint64_t cfa)
{
    if (size)
        visit(&(struct range){(uint64_t)low, size, end_one, s, cause, cfa});
}

void rec_objects_note_in(const void *low, uint64_t size)
{
    if (size)
        visit(&(struct range){.low = (uint64_t)low, .size = size, .visitor = note_one});
}

void rec_objects_end_noted_in(struct rec_stream *s, const void *low, uint64_t size,
                              enum tr_end_cause cause, uint64_t cfa)
{
    if (size)
        visit(&(struct range){(uint64_t)low, size, end_noted, s, cause, cfa});
}

void rec_objects_renew_in(struct rec_stream *s, const void *low, uint64_t size)
{
    if (size)
        visit(&(struct range){(uint64_t)low, size, end_free_lock, s, TR_END_UNMAP, 0});
}

/* A signal stack may lie within a frame. */
void rec_frames_left_slow(struct rec_stream *s, uint64_t cfa)
{
    if (!s->stack_known || s->handler_depth || s->lender || cfa <= s->stack_low ||
        cfa > s->stack_high)
        return;
    uint64_t all = cfa - s->stack_low;
    uint64_t size = all < REC_FRAMES_NEAR ? all : REC_FRAMES_NEAR;
    visit(&(struct range){cfa - size, size, end_one, s, TR_END_STACK, cfa});
}

/*
 * In a fork child: whether the forking thread, which held this lock, has it still, by the C
 * library's own word. Handlers of fork that were registered before ours, an allocator's for one,
 * take their locks later than ours runs, and in the child give them back, or make them anew,
 * before.
 */
static bool still_held(const struct rec_object *object)
{
    struct {
        int32_t word;
        uint32_t others[5];
        int32_t writer; /* of a reader-writer lock */
    } lock;
    bool rwlock = object->type == TR_TYPE_RWLOCK;
    uint64_t size = rwlock ? sizeof lock : sizeof lock.word;
    if (object->type > TR_TYPE_SPIN)
        return true;
    long n = rec_sys_peek(&lock, (const void *)object->address, size);
    if (n != (long)size)
        return n != -EFAULT;
    if (rwlock)
        return lock.writer != 0;
    return lock.word != (object->type == TR_TYPE_SPIN); /* a free spin lock is 1 */
}

/* What other threads held as this child was made: nobody here gives it back. */
static struct inherited {
    uint64_t address, version;
    uint32_t owner;
    uint8_t type;
} inherited[64];
static unsigned inherited_count;

static void inherit(const struct rec_object *object, uint32_t tag)
{
    if (!tag || !object->owner || object->owner == tag || object->more == REC_NOT_ALIVE ||
        inherited_count == sizeof inherited / sizeof *inherited ||
        object->attributes & TR_ATTR_PROCESS_SHARED || !still_held(object))
        return;
    inherited[inherited_count++] =
        (struct inherited){object->address, object->version, object->owner, object->type};
}

void rec_objects_inherited(struct rec_stream *s)
{
    for (unsigned i = 0; i < inherited_count; i++)
        rec_emit(s, &(struct tr_event){.kind = TR_INHERITED,
                                       .mode = inherited[i].type,
                                       .object = inherited[i].address,
                                       .a0 = inherited[i].owner - 1,
                                       .a1 = inherited[i].version});
    inherited_count = 0;
}

/*
 * A fork child's trace has told of no object yet, and of all threads only the forking one lives on,
 * as number 0; TAG says what it has been as an owner. What is shared with the parent stays the
 * parent's, and so does, for the C library, a mutex that knows its owner.
 */
void rec_objects_after_fork(uint32_t tag)
{
    for (unsigned i = 0; i < PAGE_BUCKETS; i++)
        for (struct rec_object *object = pages[i]; object; object = object->next_in_page) {
            if (object->alive)
                inherit(object, tag);
            object->alive = object->begun = 0;
            object->version = 0;
            object->owner = tag && object->owner == tag &&
                            !(object->attributes & (TR_ATTR_PROCESS_SHARED | TR_ATTR_ROBUST |
                                                    TR_ATTR_ERROR_CHECK | TR_ATTR_RECURSIVE)) &&
                            still_held(object);
            if (!object->owner)
                object->more = 0;
        }
}
