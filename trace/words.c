/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/words.h"

#include <string.h>

#define TYPES                                                                                      \
    {TR_TYPE_MASK, TR_TYPE_MUTEX, "mutex"}, {TR_TYPE_MASK, TR_TYPE_RWLOCK, "rwlock"},              \
        {TR_TYPE_MASK, TR_TYPE_SPIN, "spin"}, {TR_TYPE_MASK, TR_TYPE_COND, "cond"},                \
        {TR_TYPE_MASK, TR_TYPE_SEM, "sem"}, {TR_TYPE_MASK, TR_TYPE_BARRIER, "barrier"},            \
        {TR_TYPE_MASK, TR_TYPE_ONCE, "once"},                                                      \
    {                                                                                              \
        TR_TYPE_MASK, TR_TYPE_USER, "user"                                                         \
    }

#define FLAG(bit, name)                                                                            \
    {                                                                                              \
        bit, bit, name                                                                             \
    }

static const struct tr_word types[] = {TYPES, {0}};

#define CAUSE 7u << TR_END_CAUSE_SHIFT
static const struct tr_word ends[] = {TYPES,
                                      {CAUSE, TR_END_DESTROY << TR_END_CAUSE_SHIFT, "destroy"},
                                      {CAUSE, TR_END_FREE << TR_END_CAUSE_SHIFT, "free"},
                                      {CAUSE, TR_END_UNMAP << TR_END_CAUSE_SHIFT, "unmap"},
                                      {CAUSE, TR_END_STACK << TR_END_CAUSE_SHIFT, "stack"},
                                      {CAUSE, TR_END_REINIT << TR_END_CAUSE_SHIFT, "reinit"},
                                      {0}};

static const struct tr_word lock[] = {
    FLAG(TR_LOCK_SHARED, "shared"),       FLAG(TR_LOCK_TRY, "try"),
    FLAG(TR_LOCK_TIMED, "timed"),         FLAG(TR_LOCK_CONTENDED, "contended"),
    FLAG(TR_LOCK_NESTED, "nested"),       FLAG(TR_LOCK_OWNER_DEAD, "owner_dead"),
    FLAG(TR_LOCK_IN_WAIT, "in_wait"),     FLAG(TR_LOCK_TIMEOUT, "timeout"),
    FLAG(TR_LOCK_CANCELLED, "cancelled"), FLAG(TR_LOCK_IN_HANDLER, "in_handler"),
    FLAG(TR_LOCK_BROADCAST, "broadcast"), FLAG(TR_LOCK_SERIAL, "serial"),
    FLAG(TR_LOCK_FOREIGN, "foreign"),     {0}};

static const struct tr_word attributes[] = {FLAG(TR_ATTR_RECURSIVE, "recursive"),
                                            FLAG(TR_ATTR_ERROR_CHECK, "error_check"),
                                            FLAG(TR_ATTR_ROBUST, "robust"),
                                            FLAG(TR_ATTR_PROCESS_SHARED, "process_shared"),
                                            FLAG(TR_ATTR_PREFER_WRITER, "prefer_writer"),
                                            FLAG(TR_ATTR_STATIC, "static"),
                                            FLAG(TR_ATTR_DESTROYED, "destroyed"),
                                            FLAG(TR_ATTR_UNMADE, "unmade"),
                                            {0}};

static const struct tr_word exits[] = {{7, TR_EXIT_RETURN, "return"}, {7, TR_EXIT_CALL, "call"},
                                       {7, TR_EXIT_CANCEL, "cancel"}, {7, TR_EXIT_QUICK, "quick"},
                                       {7, TR_EXIT_ABORT, "abort"},   {0}};

static const struct tr_word create[] = {FLAG(TR_CREATE_DETACHED, "detached"), {0}};

static const struct tr_word once_end[] = {FLAG(1, "unfinished"), {0}};

static const struct tr_word sources[] = {{3, TR_SOURCE_NONE, "none"},
                                         {3, TR_SOURCE_TSAN, "tsan"},
                                         {3, TR_SOURCE_REWRITE, "rewrite"},
                                         {0}};

static const struct tr_word losses[] = {{7, TR_LOSS_NO_SPACE, "no_space"},
                                        {7, TR_LOSS_NO_MEMORY, "no_memory"},
                                        {7, TR_LOSS_REENTRY, "reentry"},
                                        {7, TR_LOSS_NO_THREAD, "no_thread"},
                                        {7, TR_LOSS_NO_STACK, "no_stack"},
                                        {7, TR_LOSS_SANDBOX, "sandbox"},
                                        {0}};

static const struct tr_word metas[] = {{UINT32_MAX, TR_META_ARGUMENT, "argument"},
                                       {UINT32_MAX, TR_META_DIRECTORY, "directory"},
                                       {UINT32_MAX, TR_META_OPTIONS, "options"},
                                       {UINT32_MAX, TR_META_NOTE, "note"},
                                       {0}};

static const struct tr_word heap[] = {
    FLAG(TR_HEAP_RESIZED, "resized"), FLAG(TR_HEAP_MAPPED, "mapped"), {0}};

static const struct tr_word carriers[] = {{15, TR_BY_ANNOTATION, "annotation"},
                                          {15, TR_BY_PIPE, "pipe"},
                                          {15, TR_BY_SOCKET, "socket"},
                                          {15, TR_BY_EVENT_FD, "eventfd"},
                                          {15, TR_BY_SIGNAL, "signal"},
                                          {15, TR_BY_EPOLL, "epoll"},
                                          {15, TR_BY_QUEUE, "queue"},
                                          {15, TR_BY_FUTEX, "futex"},
                                          {15, TR_BY_TEAM, "team"},
                                          {15, TR_BY_EXIT, "exit"},
                                          {15, TR_BY_PROCESS, "process"},
                                          {15, TR_BY_FILE_LOCK, "file_lock"},
                                          {0}};

static const struct tr_word blocks[] = {{15, TR_BLOCK_OTHER, "other"},
                                        {15, TR_BLOCK_SLEEP, "sleep"},
                                        {15, TR_BLOCK_INPUT, "input"},
                                        {15, TR_BLOCK_OUTPUT, "output"},
                                        {15, TR_BLOCK_POLL, "poll"},
                                        {15, TR_BLOCK_CONNECT, "connect"},
                                        {15, TR_BLOCK_CHILD, "child"},
                                        {15, TR_BLOCK_FUTEX, "futex"},
                                        {15, TR_BLOCK_FILE_LOCK, "file_lock"},
                                        {15, TR_BLOCK_SIGNAL, "signal"},
                                        {15, TR_BLOCK_TEAM, "team"},
                                        {15, TR_BLOCK_ACCEPT, "accept"},
                                        {0}};

static const struct tr_word block_flags[] = {
    FLAG(TR_BLOCK_TIMED, "timed"), FLAG(TR_BLOCK_OWN, "own"), FLAG(TR_BLOCK_MASKED, "masked"), {0}};

static const struct tr_word handler_flags[] = {
    FLAG(TR_HANDLER_LEFT, "left"), FLAG(TR_HANDLER_LET_IN, "let_in"), {0}};

static const struct tr_word access[] = {FLAG(TR_ACC_SOURCE_UNKNOWN, "source_unknown"),
                                        FLAG(TR_ACC_DEFERRED, "deferred"),
                                        FLAG(TR_ACC_VOLATILE, "volatile"),
                                        FLAG(TR_ACC_VPTR, "vptr"),
                                        FLAG(TR_ACC_UNALIGNED, "unaligned"),
                                        FLAG(TR_ACC_COMPOUND, "compound"),
                                        FLAG(TR_ACC_MAY_BE_ATOMIC, "may_be_atomic"),
                                        FLAG(TR_ACC_LATE, "late"),
                                        FLAG(TR_ACC_PERHAPS, "perhaps"),
                                        {0}};

#define MEMORY_ORDER(order, name)                                                                  \
    {                                                                                              \
        TR_ATOMIC_ORDER_MASK, (order) << TR_ATOMIC_ORDER_SHIFT, name                               \
    }
static const struct tr_word atomic[] = {MEMORY_ORDER(0, "relaxed"),
                                        MEMORY_ORDER(1, "consume"),
                                        MEMORY_ORDER(2, "acquire"),
                                        MEMORY_ORDER(3, "release"),
                                        MEMORY_ORDER(4, "acq_rel"),
                                        MEMORY_ORDER(5, "seq_cst"),
                                        FLAG(TR_ATOMIC_FAILED, "failed"),
                                        FLAG(TR_ACC_SOURCE_UNKNOWN, "source_unknown"),
                                        FLAG(TR_ACC_VOLATILE, "volatile"),
                                        FLAG(TR_ACC_UNALIGNED, "unaligned"),
                                        FLAG(TR_ACC_MAY_BE_ATOMIC, "may_be_atomic"),
                                        {0}};

#define LOCK     .lead = types, .flags = lock
#define OF(type) .lead = types, .flags = lock, .implied = type
#define THREAD   .a[0] = {NULL, TR_SAY_THREAD}
#define HOLDER   .a[0] = {"holder", TR_SAY_HOLDER}
#define NUMBER(name)                                                                               \
    {                                                                                              \
        name, TR_SAY_DECIMAL                                                                       \
    }
#define ADDRESS(name)                                                                              \
    {                                                                                              \
        name, TR_SAY_HEX                                                                           \
    }

const struct tr_saying tr_sayings[TR_KINDS] = {
    [TR_META] = {.words = metas, .a[0].style = TR_SAY_WORDS},
    [TR_MODULE] = {.lead = sources, .a = {ADDRESS("start"), ADDRESS("end")}},
    [TR_COVERAGE] = {.lead = sources, .a = {NUMBER("sites"), NUMBER("covered")}},
    [TR_LOST] = {.lead = losses, .a[0] = NUMBER("count")},
    [TR_FORK] = {.a[0] = NUMBER("pid")},
    [TR_EXIT] = {.lead = exits, .a[0] = NUMBER("status")},
    [TR_SIGNAL] = {.a[0] = NUMBER("number")},
    [TR_DEADLOCK] = {.a[0] = NUMBER("parties")},
    [TR_THREAD_START] = {.a = {{"parent", TR_SAY_PARENT}, NUMBER("tid")}},
    [TR_THREAD_AGAIN] = {.a = {{"parent", TR_SAY_PARENT}, NUMBER("tid")}},
    [TR_THREAD_EXIT] = {.lead = exits},
    [TR_THREAD_NAME] = {THREAD},
    [TR_THREAD_CREATE] = {THREAD, .flags = create},
    [TR_THREAD_DETACH] = {THREAD},
    [TR_THREAD_CANCEL] = {THREAD},
    [TR_JOIN_REQUEST] = {THREAD, .flags = lock},
    [TR_JOIN] = {THREAD, .flags = lock},
    [TR_JOIN_FAIL] = {THREAD, .flags = lock, .a[1] = NUMBER("error")},
    [TR_THREAD_STACK] = {.a[0] = NUMBER("size")},
    [TR_HANDLER_BEGIN] = {.flags = handler_flags, .a[0] = NUMBER("number")},
    [TR_HANDLER_END] = {.flags = handler_flags, .a[0] = NUMBER("number")},
    [TR_OBJECT_NEW] = {.lead = types,
                       .words = attributes,
                       .a = {{NULL, TR_SAY_WORDS}, NUMBER("value")}},
    [TR_OBJECT_END] = {.lead = ends},
    [TR_INHERITED] = {.lead = types, .a = {NUMBER("holder"), NUMBER("version")}},
    [TR_REQUEST] = {LOCK, HOLDER},
    [TR_ACQUIRE] = {LOCK},
    [TR_RELEASE] = {LOCK},
    [TR_TRY_FAIL] = {LOCK, HOLDER},
    [TR_OP_ERROR] = {LOCK, .a[0] = NUMBER("error")},
    [TR_COND_WAIT] = {OF(TR_TYPE_COND), .a[0] = ADDRESS("mutex")},
    [TR_COND_WAKE] = {OF(TR_TYPE_COND)},
    [TR_COND_SIGNAL] = {OF(TR_TYPE_COND)},
    [TR_SEM_WAIT] = {OF(TR_TYPE_SEM)},
    [TR_SEM_POST] = {OF(TR_TYPE_SEM)},
    [TR_BARRIER_ENTER] = {OF(TR_TYPE_BARRIER)},
    [TR_BARRIER_EXIT] = {OF(TR_TYPE_BARRIER), .a[0] = NUMBER("round")},
    [TR_ONCE_END] = {.flags = once_end},
    [TR_HB_BEFORE] = {.lead = carriers},
    [TR_HB_AFTER] = {.lead = carriers},
    [TR_BLOCK_BEGIN] = {.lead = blocks, .flags = block_flags, .a[0] = ADDRESS("on")},
    [TR_BLOCK_END] = {.lead = blocks, .flags = block_flags},
    [TR_ALLOC] = {.flags = heap, .a[0] = NUMBER("size")},
    [TR_FREE] = {.flags = heap, .a[0] = NUMBER("size")},
    [TR_BENIGN] = {.a[0] = NUMBER("size")},
    [TR_SHARED_MEMORY] = {.a = {NUMBER("size"), ADDRESS("identity"), NUMBER("offset")}},
    [TR_READ] = {.sized = true, .flags = access},
    [TR_WRITE] = {.sized = true, .flags = access},
    [TR_READ_RANGE] = {.flags = access, .a[0] = NUMBER("size")},
    [TR_WRITE_RANGE] = {.flags = access, .a[0] = NUMBER("size")},
    [TR_ATOMIC_LOAD] = {.sized = true, .flags = atomic},
    [TR_ATOMIC_STORE] = {.sized = true, .flags = atomic},
    [TR_ATOMIC_RMW] = {.sized = true, .flags = atomic},
    [TR_FENCE] = {.flags = atomic},
};

#define HEADER(field)                                                                              \
    {                                                                                              \
#field, offsetof(struct tr_header, field), sizeof((struct tr_header *)0)->field            \
    }
#define LOST(loss, name)                                                                           \
    {                                                                                              \
        name, offsetof(struct tr_header, lost) + (loss) * sizeof(uint64_t), sizeof(uint64_t)       \
    }

const struct tr_header_word tr_header_words[] = {HEADER(arch),
                                                 HEADER(pid),
                                                 HEADER(parent_pid),
                                                 HEADER(start_tsc),
                                                 HEADER(start_realtime_ns),
                                                 HEADER(tsc_hz),
                                                 HEADER(flags),
                                                 HEADER(access_source),
                                                 HEADER(state),
                                                 HEADER(off_reason),
                                                 HEADER(threads),
                                                 HEADER(counter_bits),
                                                 HEADER(thread_of_parent),
                                                 HEADER(ring_size),
                                                 HEADER(ring_time),
                                                 HEADER(ring_lost),
                                                 HEADER(loss_time),
                                                 LOST(TR_LOSS_NO_SPACE, "lost_no_space"),
                                                 LOST(TR_LOSS_NO_MEMORY, "lost_no_memory"),
                                                 LOST(TR_LOSS_REENTRY, "lost_reentry"),
                                                 LOST(TR_LOSS_NO_THREAD, "lost_no_thread"),
                                                 LOST(TR_LOSS_NO_STACK, "lost_no_stack"),
                                                 LOST(TR_LOSS_SANDBOX, "lost_sandbox"),
                                                 {0}};

uint64_t tr_header_get(const struct tr_header *header, const struct tr_header_word *word)
{
    uint64_t value = 0; /* little-endian, as the trace is */
    memcpy(&value, (const char *)header + word->offset, word->size);
    return value;
}

bool tr_header_set(struct tr_header *header, const struct tr_header_word *word, uint64_t value)
{
    if (word->size < sizeof value && value >> (word->size * 8))
        return false;
    memcpy((char *)header + word->offset, &value, word->size);
    return true;
}
