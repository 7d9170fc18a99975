/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/sections.h"

#include "analyzer/world/world.h"

enum {
    MOST_LOCKS = 16, /* of a thread: the one longest unused makes room */
    MOST_TOUCHES = 48,
    WORD = 2,
};

struct an_lock_use *an_lock_use(const struct an_thread *thread, const struct an_object *lock)
{
    vec_each (struct an_lock_use *, at, &thread->lock_uses)
        if ((*at)->lock == lock)
            return *at;
    return NULL;
}

const struct an_touch *an_touched(const struct an_critical *section, uint64_t word)
{
    vec_each (struct an_touch, touch, &section->touches)
        if (touch->word == word)
            return touch;
    return NULL;
}

/* Begin and end. --------------------------------------------------------------------------------
 */

static void clear(struct an_critical *section)
{
    vec_clear(&section->touches);
    section->begin = section->end = 0;
    section->crowded = section->crossed = false;
}

static struct an_lock_use *longest_unused(struct an_thread *thread)
{
    struct an_lock_use *oldest = NULL;
    vec_each (struct an_lock_use *, at, &thread->lock_uses)
        if ((*at)->present.end && (!oldest || (*at)->present.end < oldest->present.end))
            oldest = *at;
    return oldest;
}

/* What is forgotten of a lock may have been news. */
static struct an_lock_use *use_by(struct an_thread *thread, struct an_object *lock, uint64_t now)
{
    struct an_lock_use *use = an_lock_use(thread, lock);
    if (use)
        return use;
    bool full = thread->lock_uses.count >= MOST_LOCKS;
    if (full)
        use = longest_unused(thread);
    if (!use)
        *vec_push(&thread->lock_uses) = use = sn_calloc(1, sizeof *use);
    use->lock = lock;
    use->informed = full ? now : 0;
    clear(&use->present);
    clear(&use->last);
    return use;
}

static void begin(struct an_world *world, const struct tr_event *ev)
{
    struct an_lock_use *use = use_by(world->now.thread, world->now.object, ev->index);
    struct an_critical last = use->last;
    use->last = use->present;
    use->present = last;
    clear(&use->present);
    use->present.begin = ev->index;
    use->present.stack = ev->stack;
}

static void end(struct an_lock_use *use, const struct tr_event *ev)
{
    use->present.end = ev->index;
    vec_each (struct an_touch, touch, &use->present.touches)
        if (touch->author.thread && touch->read_index > use->informed)
            use->informed = touch->read_index;
}

void an_sections_event(struct an_world *world, const struct tr_event *ev)
{
    const struct an_now *now = &world->now;
    if (!now->outermost || !now->object)
        return;
    if (ev->kind == TR_ACQUIRE) {
        if (!(ev->mode & TR_LOCK_SHARED))
            begin(world, ev);
        return;
    }
    vec_each (struct an_lock_use *, at, &now->thread->lock_uses) {
        if ((*at)->lock != now->object)
            (*at)->present.crossed = true;
        else if (!(*at)->present.end && !now->released_by_other)
            end(*at, ev);
    }
}

/* Accesses. -------------------------------------------------------------------------------------
 */

const struct an_access *an_latest_write(struct an_world *world, uint64_t word)
{
    const struct an_cell *cell = an_memory_cell(&world->memory, word << WORD);
    const struct an_access *latest = NULL;
    unsigned bytes = word & 1 ? 0xf0 : 0x0f;
    for (unsigned i = 0; cell && i < cell->count; i++) {
        const struct an_access *access = &cell->at[i];
        if (access->flags & AN_WRITE && access->mask & bytes &&
            (!latest || access->index > latest->index))
            latest = access;
    }
    return latest;
}

/* Did whoever wrote it last under the same lock read it there, too? */
static bool was_unread(const struct an_thread *author, const struct an_object *lock, uint64_t word)
{
    const struct an_lock_use *use = an_lock_use(author, lock);
    const struct an_touch *touch = use ? an_touched(&use->present, word) : NULL;
    if (use && (!touch || !touch->write_index))
        touch = an_touched(&use->last, word);
    return touch && touch->write_index && !touch->read_index;
}

bool an_any_read(const struct an_critical *section)
{
    vec_each (struct an_touch, touch, &section->touches)
        if (touch->read_index)
            return true;
    return section->crowded;
}

static struct an_touch *touch_of(struct an_critical *section, uint64_t word)
{
    struct an_touch *touch = (struct an_touch *)an_touched(section, word);
    if (touch)
        return touch;
    if (section->touches.count >= MOST_TOUCHES) {
        section->crowded = true;
        return NULL;
    }
    touch = vec_push(&section->touches);
    touch->word = word;
    return touch;
}

/* The latest write of the word, if another thread than the present one made it. */
static const struct an_access *foreign_write(struct an_world *world, uint64_t word)
{
    const struct an_access *write = an_latest_write(world, word);
    return write && write->thread != world->now.thread->index ? write : NULL;
}

static struct an_foreign_write foreign(const struct an_world *world, const struct an_access *write)
{
    return (struct an_foreign_write){
        .thread = world->threads.all.at[write->thread],
        .index = write->index,
        .stack = write->stack,
        .lockset = write->lockset,
    };
}

static void add_read(struct an_world *world, const struct an_lock_use *use, struct an_touch *touch,
                     const struct tr_event *ev)
{
    if (!touch->read_index) {
        touch->read_index = ev->index;
        touch->read_stack = ev->stack;
    }
    if (tr_is_deferred(ev)) {
        touch->told_by = an_thread_find(world, ev->teller);
        return; /* what another thread had written is told when it is read */
    }
    const struct an_access *write = foreign_write(world, touch->word);
    if (!write)
        return;
    touch->read_index = ev->index;
    touch->author = foreign(world, write);
    touch->authored = write->clock - write->since;
    touch->unread = was_unread(touch->author.thread, use->lock, touch->word);
}

static void add_write(struct an_world *world, struct an_touch *touch, const struct tr_event *ev)
{
    if (touch->write_index)
        return;
    touch->write_index = ev->index;
    touch->write_stack = ev->stack;
    const struct an_access *write = foreign_write(world, touch->word);
    if (write)
        touch->replaced = foreign(world, write);
}

static bool reads(const struct tr_event *ev, bool write)
{
    return !write || ev->kind == TR_ATOMIC_RMW ||
           (tr_is_access(ev->kind) && ev->mode & TR_ACC_COMPOUND);
}

static void add(struct an_world *world, struct an_lock_use *use, const struct tr_event *ev,
                uint64_t size, bool write)
{
    struct an_critical *section = &use->present;
    uint64_t first = ev->object >> WORD, last = (ev->object + size - 1) >> WORD;
    for (uint64_t word = first; word <= last && !section->crowded; word++) {
        struct an_touch *touch = touch_of(section, word);
        if (!touch)
            return;
        if (!touch->size) {
            touch->address = word == first ? ev->object : word << WORD;
            touch->lockset = an_thread_lockset(world, world->now.thread);
            touch->size = (uint32_t)(size < 1u << WORD ? size : 1u << WORD);
        }
        if (reads(ev, write))
            add_read(world, use, touch, ev);
        if (write)
            add_write(world, touch, ev);
    }
}

void an_sections_access(struct an_world *world, const struct tr_event *ev, uint64_t size,
                        bool write)
{
    if (!size || ev->mode & TR_ACC_PERHAPS)
        return;
    vec_each (struct an_held, held, &world->now.thread->held) {
        struct an_lock_use *use =
            held->shared ? NULL : an_lock_use(world->now.thread, held->object);
        if (use && !use->present.end && !use->present.crowded)
            add(world, use, ev, size, write);
    }
}

void an_sections_release(struct an_thread *thread)
{
    vec_each (struct an_lock_use *, at, &thread->lock_uses) {
        vec_release(&(*at)->present.touches);
        vec_release(&(*at)->last.touches);
        free(*at);
    }
    vec_release(&thread->lock_uses);
}
