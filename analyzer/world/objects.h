/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of synchronisation: each is an address and an incarnation. An initialisation, or first
 * use where there was none, begins one; destruction, the end of the memory that holds it, and the
 * use of its address as another type end it. What belongs to one type lies in that type's file.
 */
#ifndef SN_ANALYZER_WORLD_OBJECTS_H
#define SN_ANALYZER_WORLD_OBJECTS_H

#include "analyzer/world/barriers.h"
#include "analyzer/world/channels.h"
#include "analyzer/world/conditions.h"
#include "analyzer/world/locks.h"
#include "analyzer/world/once.h"
#include "analyzer/world/ranges.h"
#include "analyzer/world/semaphores.h"

/* What is wrong with using an object, which its first use shows. */
enum an_misuse {
    AN_SOUND,
    AN_DESTROYED, /* and not initialised since */
    AN_FREED,     /* the heap block around it, of which no new use is known */
    AN_UNMADE,    /* a semaphore or a barrier that was never initialised */
};

struct an_object {
    uint32_t id; /* 1, 2, 3 ... in order of appearance */
    uint32_t incarnation;
    uint64_t address;
    uint64_t place;   /* the same, moved as its module is (tr_reader_place) */
    const char *name; /* as an annotation calls it, or NULL */
    enum tr_object_type type;
    uint32_t attributes; /* enum tr_object_attribute */
    uint64_t initial;    /* value of a semaphore, count of a barrier */
    bool whole;          /* something happened to it of which nothing earlier is missing, by now */
    bool known;          /* it was so when it began */
    uint32_t create_stack, create_thread;
    uint32_t block_stack; /* of the heap block around it, if block_size is not 0 */
    uint64_t block_offset, block_size;
    uint64_t create_index, end_index; /* end 0: it lives */
    enum tr_end_cause end_cause;
    struct an_thread *ended_by;
    uint32_t end_stack;
    bool told;                  /* the trace told its beginning, and so tells its end */
    bool ended_in_use;          /* a thread that lived held it, or waited for it */
    struct sn_finding *blamed;  /* the finding that tells of that, or NULL */
    struct an_object *previous; /* the latest one before it at its address, or NULL */
    enum an_misuse misuse;
    uint32_t givers;                 /* threads that signalled, posted, came to it */
    uint32_t last_giver;             /* plus 1 */
    uint64_t last_given, last_taken; /* events; taken: of channels alone */
    union {
        struct an_lock lock; /* mutex, rwlock, spin, user */
        struct an_condition condition;
        struct an_semaphore semaphore;
        struct an_barrier barrier;
        struct an_once once;
        struct an_channel channel;
    };
};

struct an_objects {
    VEC(struct an_object *) all; /* id N is at N - 1 */
    struct sn_map by_address;    /* to the latest one there */
    struct an_ranges in_memory;  /* the same in order, each of size 1 */
    struct sn_map given;         /* who gave what: object id << 32 | index of the thread */
};

/* The living object at ADDRESS; made, as used from here on, if there is none of that TYPE. */
struct an_object *an_object(struct an_world *world, const struct tr_event *ev, uint64_t address,
                            enum tr_object_type type);
/* The same, whatever its type; NULL if there is none. */
struct an_object *an_object_find(const struct an_world *world, uint64_t address);
/* The same at the end of a wait for an object, which may have been destroyed meanwhile. */
struct an_object *an_object_waited(struct an_world *world, const struct tr_event *ev,
                                   enum tr_object_type type);
/* How many threads surely wait at the condition, semaphore or barrier OBJECT: woken by nobody, and
 * let through by nothing. */
uint32_t an_object_blocks(const struct an_object *object);
/* OBJECT_NEW and OBJECT_END. */
void an_objects_event(struct an_world *world, const struct tr_event *ev);
/* Ends all objects in [START, START + SIZE); only those of which nobody else tells the end. */
void an_objects_forget(struct an_world *world, uint64_t start, uint64_t size);
void an_objects_forget_untold(struct an_world *world, uint64_t start, uint64_t size);
/* The current thread gives OBJECT, a condition, semaphore or barrier, what others wait for. */
void an_object_given(struct an_world *world, struct an_object *object);
/* Has THREAD ever done so? */
bool an_object_given_by(const struct an_world *world, const struct an_object *object,
                        const struct an_thread *thread);
void an_objects_release(struct an_world *world);
bool an_type_is_lock(enum tr_object_type type);

#endif
