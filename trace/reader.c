/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index takes one pass over the file (index.c), then the order (order.c) walks all threads'
 * chunks at once (stream.c), each through a window (cursor.c).
 */
#include "trace/reader.h"

#include "trace/order.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct tr_reader {
    char *path;
    struct tr_source source;
    struct tr_header header;
    struct tr_index index;
    struct tr_stacks stacks;
    struct tr_order order;
    uint64_t modules_time; /* of the latest MODULE handed out */
    bool rewound;
    struct tr_damage damage; /* then: what the first look found; each finds the same */
};

static int check_header(struct tr_reader *reader, struct sn_error *err)
{
    struct tr_header *header = &reader->header;
    const uint64_t size = reader->source.size;
    if (!size)
        return sn_fail(err, SN_E_EMPTY, reader->path, 0, "the trace is empty");
    bool whole = size >= sizeof *header;
    if (!tr_source_read(&reader->source, 0, header, whole ? sizeof *header : size))
        return sn_fail(err, SN_E_SYSTEM, reader->path, 0, "it cannot be read: %s", strerror(errno));
    if (!whole && size >= sizeof header->magic && header->magic != TR_MAGIC)
        return sn_fail(err, SN_E_FORMAT, reader->path, 0, "this is not a snarl trace");
    if (!whole)
        return sn_fail(err, SN_E_FORMAT, reader->path, size, "the trace ends within its header");
    header->program[sizeof header->program - 1] = 0;
    if (header->magic != TR_MAGIC)
        return sn_fail(err, SN_E_FORMAT, reader->path, 0, "this is not a snarl trace");
    if (header->version != TR_VERSION_NUMBER)
        return sn_fail(err, SN_E_VERSION, reader->path, offsetof(struct tr_header, version),
                       "the trace is of version %u, but this snarl reads version %d",
                       header->version, TR_VERSION_NUMBER);
    return 0;
}

static void begin(struct tr_reader *reader)
{
    struct tr_header *header = &reader->header;
    uint32_t bits = header->counter_bits;
    bool possible = bits >= 1 && bits <= TR_COUNTER_BITS_MAX;
    if (!possible)
        header->counter_bits = TR_COUNTER_BITS;
    tr_index_build(&reader->index, header, &reader->source);
    if (!possible)
        tr_damage_add(&reader->index.damage, offsetof(struct tr_header, counter_bits),
                      "the header says %u bits of counters", bits);
    tr_order_init(&reader->order, &reader->index, &reader->source, &reader->stacks);
}

static int open_file(struct tr_reader *reader, struct sn_error *err)
{
    const char *path = reader->path;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "it cannot be opened: %s",
                       strerror(error));
    }
    reader->source.fd = fd;
    reader->source.size = (uint64_t)status.st_size;
    if (!S_ISREG(status.st_mode))
        return sn_fail(err, SN_E_FORMAT, path, SN_NO_OFFSET, "this is not a regular file");
    return 0;
}

static int finish_opening(struct tr_reader **result, struct tr_reader *reader, int code,
                          struct sn_error *err)
{
    if (code == 0)
        code = check_header(reader, err);
    if (code < 0) {
        tr_reader_close(reader);
        *result = NULL;
        return code;
    }
    begin(reader);
    *result = reader;
    return 0;
}

int tr_reader_open(struct tr_reader **result, const char *path, struct sn_error *err)
{
    struct tr_reader *reader = sn_calloc(1, sizeof *reader);
    reader->path = sn_malloc(strlen(path) + 1);
    strcpy(reader->path, path);
    reader->source.fd = -1;
    return finish_opening(result, reader, open_file(reader, err), err);
}

int tr_reader_open_memory(struct tr_reader **result, const void *bytes, size_t size,
                          struct sn_error *err)
{
    struct tr_reader *reader = sn_calloc(1, sizeof *reader);
    reader->source = (struct tr_source){.memory = bytes, .fd = -1, .size = size};
    return finish_opening(result, reader, 0, err);
}

void tr_reader_close(struct tr_reader *reader)
{
    if (!reader)
        return;
    tr_order_release(&reader->order);
    tr_stacks_release(&reader->stacks);
    tr_index_release(&reader->index);
    if (reader->source.fd >= 0)
        close(reader->source.fd);
    free(reader->path);
    free(reader);
}

int tr_reader_next(struct tr_reader *reader, struct tr_event *ev, struct sn_error *err)
{
    (void)err; /* all that can be wrong is damage, which is counted */
    int more = tr_order_next(&reader->order, ev);
    if (more > 0 && ev->kind == TR_MODULE && ev->time > reader->modules_time)
        reader->modules_time = ev->time;
    return more;
}

void tr_reader_rewind(struct tr_reader *reader)
{
    if (!reader->rewound)
        reader->damage = reader->index.damage;
    reader->rewound = true;
    reader->modules_time = 0;
    tr_order_release(&reader->order);
    vec_each (struct tr_observers, observers, &reader->index.observers)
        observers->left = observers->count;
    tr_order_init(&reader->order, &reader->index, &reader->source, &reader->stacks);
}

const struct tr_header *tr_reader_header(const struct tr_reader *reader)
{
    return &reader->header;
}

const char *tr_reader_path(const struct tr_reader *reader)
{
    return reader->path ? reader->path : "";
}

struct tr_stack tr_reader_stack(const struct tr_reader *reader, uint32_t stack)
{
    return tr_stacks_get(&reader->stacks, stack);
}

uint32_t tr_reader_stack_count(const struct tr_reader *reader)
{
    return (uint32_t)reader->stacks.known.count;
}

const struct tr_module *tr_reader_modules(const struct tr_reader *reader, size_t *count)
{
    *count = reader->index.modules.known.count;
    return reader->index.modules.known.at;
}

const struct tr_module *tr_reader_module_at(const struct tr_reader *reader, uint64_t address)
{
    return tr_modules_at(&reader->index.modules, address);
}

uint64_t tr_reader_place(const struct tr_reader *reader, uint64_t address)
{
    return tr_modules_place(&reader->index.modules, address, reader->modules_time);
}

char *const *tr_reader_arguments(const struct tr_reader *reader, size_t *count)
{
    *count = reader->index.arguments.count;
    return reader->index.arguments.at;
}

const struct tr_damage *tr_reader_damage(const struct tr_reader *reader)
{
    return reader->rewound ? &reader->damage : &reader->index.damage;
}

bool tr_reader_lost(const struct tr_reader *reader)
{
    return reader->index.lost_from != UINT64_MAX;
}

uint64_t tr_reader_nanoseconds(const struct tr_reader *reader, uint64_t tsc)
{
    const struct tr_header *header = &reader->header;
    if (!header->tsc_hz || tsc <= header->start_tsc)
        return 0;
    unsigned __int128 ticks = tsc - header->start_tsc;
    unsigned __int128 ns = ticks * 1000000000u / header->tsc_hz;
    return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

double tr_reader_progress(const struct tr_reader *reader)
{
    const struct tr_order *order = &reader->order;
    return order->total ? (double)order->read / (double)order->total : 1;
}
