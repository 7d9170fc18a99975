/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file is mapped as the program's threads write it. A chunk is looked at through its header:
 * if that is the same before and after, the chunk was nobody else's in between. Events are read one
 * byte after the other, and the first byte of each was written last, so what can be decoded is
 * whole.
 *
 * The copy takes the chunks that had been begun when the trace was opened. How far the last one of
 * each thread had come then is written into its header: all that those events depend on is in the
 * copy, for it was there before them; what came later, the reader has to see for itself.
 */
#include "trace/live.h"

#include "trace/index.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_chunk(const struct tr_live *live, uint64_t offset, struct tr_chunk *chunk)
{
    const uint8_t *at = live->bytes + offset;
    uint64_t magic = __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_ACQUIRE);
    if (magic != TR_CHUNK_MAGIC)
        return false;
    memcpy(chunk, at, sizeof *chunk);
    chunk->magic = magic;
    return chunk->offset == offset && chunk->size >= TR_CHUNK_ALIGN &&
           chunk->size % TR_CHUNK_ALIGN == 0 && chunk->size <= TR_CHUNK_MAX &&
           chunk->size <= live->size - offset && chunk->thread < TR_THREAD_LIMIT;
}

static bool is_still(const struct tr_live *live, const struct tr_piece *piece)
{
    struct tr_chunk now;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return is_chunk(live, piece->offset, &now) && now.thread == piece->header.thread &&
           now.number == piece->header.number && now.time == piece->header.time;
}

static int by_thread_and_number(const void *left, const void *right)
{
    const struct tr_chunk *a = &((const struct tr_piece *)left)->header;
    const struct tr_chunk *b = &((const struct tr_piece *)right)->header;
    if (a->thread != b->thread)
        return a->thread < b->thread ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static void list_pieces(struct tr_live *live)
{
    struct tr_piece piece = {.offset = TR_HEADER_SIZE};
    struct tr_header header;
    memcpy(&header, live->bytes, sizeof header);
    while (piece.offset < live->size && live->size - piece.offset >= TR_CHUNK_ALIGN) {
        bool begun = is_chunk(live, piece.offset, &piece.header);
        if (begun)
            *vec_push(&live->pieces) = piece;
        piece.offset += begun ? piece.header.size : tr_empty_size(&header, piece.offset);
    }
    if (live->pieces.count)
        qsort(live->pieces.at, live->pieces.count, sizeof piece, by_thread_and_number);
    for (size_t i = 0; i < live->pieces.count; i++) {
        struct tr_piece *at = &live->pieces.at[i];
        at->last = i + 1 == live->pieces.count || at[1].header.thread != at->header.thread;
        at->settled = at->header.size;
    }
}

/* Is it an event that says what the thread is at? */
static bool is_telling(uint8_t kind)
{
    switch (kind) {
    case TR_TIME:
    case TR_STACK_DEF:
    case TR_RUN:
    case TR_META:
    case TR_MODULE:
    case TR_MODULE_GONE:
    case TR_COVERAGE:
    case TR_DEADLOCK:
    case TR_THREAD_AGAIN:
        return false;
    default:
        return true;
    }
}

/* Reads PIECE up to where it has come, tells TAIL of its events, and says where that is. Of a count
 * that may yet be raised it is the beginning. */
static uint64_t read_piece(const struct tr_live *live, const struct tr_piece *piece,
                           struct tr_tail *tail, uint64_t *settled)
{
    struct tr_coder coder = {.time = piece->header.time};
    const uint8_t *at = live->bytes + piece->offset + sizeof piece->header;
    const uint8_t *end = live->bytes + piece->offset + piece->header.size, *before = at;
    struct tr_tail interrupted = *tail;
    struct tr_event ev;
    while (before = at, tr_decode_sound(&coder, &at, end, &ev)) {
        *settled = (uint64_t)((*before == TR_AGAIN ? before : at) - live->bytes) - piece->offset;
        if (ev.kind == TR_THREAD_START || ev.kind == TR_THREAD_AGAIN)
            tail->tid = (uint32_t)ev.a1;
        if (ev.kind == TR_HANDLER_BEGIN)
            interrupted = *tail;
        if (!is_telling(ev.kind))
            continue;
        tail->kind = ev.kind;
        tail->mode = ev.mode;
        tail->object = ev.object;
        tail->a0 = ev.a0;
        if (ev.kind == TR_HANDLER_END) {
            interrupted.tid = tail->tid;
            *tail = interrupted;
        }
    }
    return (uint64_t)(at - live->bytes) - piece->offset;
}

/* The system's number of the thread that begins with PIECE. */
static uint32_t first_tid(const struct tr_live *live, const struct tr_piece *piece)
{
    struct tr_coder coder = {.time = piece->header.time};
    const uint8_t *at = live->bytes + piece->offset + sizeof piece->header;
    struct tr_event ev;
    bool good = tr_decode_sound(&coder, &at, live->bytes + piece->offset + piece->header.size, &ev);
    return good && (ev.kind == TR_THREAD_START || ev.kind == TR_THREAD_AGAIN) ? (uint32_t)ev.a1 : 0;
}

static void list_tails(struct tr_live *live)
{
    struct tr_tail tail = {0};
    for (size_t i = 0; i < live->pieces.count; i++) {
        struct tr_piece *piece = &live->pieces.at[i];
        if (i == 0 || piece[-1].last)
            tail = (struct tr_tail){.thread = piece->header.thread, .tid = first_tid(live, piece)};
        if (!piece->last)
            continue;
        uint64_t settled = sizeof piece->header;
        read_piece(live, piece, &tail, &settled);
        piece->settled = (uint32_t)settled;
        if (is_still(live, piece))
            *vec_push(&live->tails) = tail;
    }
}

int tr_live_open(struct tr_live *live, const char *path, struct sn_error *err)
{
    *live = (struct tr_live){0};
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0) {
        sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "it cannot be opened: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return err->code;
    }
    void *bytes = MAP_FAILED;
    if (S_ISREG(status.st_mode) && status.st_size >= TR_HEADER_SIZE)
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return sn_fail(err, SN_E_FORMAT, path, SN_NO_OFFSET, "this is not a snarl trace");
    live->bytes = bytes;
    live->size = (uint64_t)status.st_size;
    const struct tr_header *header = bytes;
    if (header->magic != TR_MAGIC || header->version != TR_VERSION_NUMBER) {
        tr_live_close(live);
        return sn_fail(err, SN_E_FORMAT, path, 0, "this is not a snarl trace of version %d",
                       TR_VERSION_NUMBER);
    }
    list_pieces(live);
    list_tails(live);
    return 0;
}

void tr_live_close(struct tr_live *live)
{
    if (live->bytes)
        munmap((void *)(uintptr_t)live->bytes, live->size);
    vec_release(&live->pieces);
    vec_release(&live->tails);
    *live = (struct tr_live){0};
}

static bool write_at(int fd, const void *bytes, uint64_t size, uint64_t offset)
{
    for (uint64_t done = 0; done < size;) {
        ssize_t n = pwrite(fd, (const uint8_t *)bytes + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (uint64_t)n;
    }
    return true;
}

/* Without its header a chunk was never begun: so it stays if another has come in its place. */
static bool copy_piece(const struct tr_live *live, const struct tr_piece *piece, int to)
{
    struct tr_chunk header = piece->header;
    struct tr_tail tail = {0};
    uint64_t settled = 0, end = read_piece(live, piece, &tail, &settled);
    const uint64_t first = sizeof header;
    if (!write_at(to, live->bytes + piece->offset + first, end - first, piece->offset + first))
        return false;
    if (!is_still(live, piece))
        return true;
    header.settled = piece->settled;
    return write_at(to, &header, sizeof header, piece->offset);
}

/* The header comes last: what has been given up until now counts. */
static bool copy_all(const struct tr_live *live, int to, uint32_t flags)
{
    if (ftruncate(to, (off_t)live->size) < 0)
        return false;
    vec_each (struct tr_piece, piece, &live->pieces)
        if (!copy_piece(live, piece, to))
            return false;
    struct tr_header header;
    memcpy(&header, live->bytes, sizeof header);
    header.flags |= TR_IS_SNAPSHOT | flags;
    header.end = live->size;
    return write_at(to, &header, sizeof header, 0);
}

int tr_live_copy(const char *path, const char *to, uint32_t flags, struct sn_error *err)
{
    struct tr_live live;
    if (tr_live_open(&live, path, err) < 0)
        return err->code;
    int code = 0, fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || !copy_all(&live, fd, flags)) {
        code = sn_fail(err, SN_E_SYSTEM, to, SN_NO_OFFSET, "it cannot be written: %s",
                       strerror(errno));
        if (fd >= 0)
            unlink(to);
    }
    if (fd >= 0)
        close(fd);
    tr_live_close(&live);
    return code;
}
