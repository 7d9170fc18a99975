/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace file and its chunks. A thread writes into a chunk of the file that is mapped shared, so
 * what is written survives whatever ends the process. Each chunk is backed by fallocate before it
 * is used: on a full disk a store into a hole would be a SIGBUS in somebody else's program. No
 * descriptor is kept open: the program may close or reuse any number, and must not find one more
 * than alone.
 */
#include "interpose/core/rec.h"

#include "interpose/core/poison.h"

enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20, EVENT_ROOM = 1024 };

struct tr_header *rec_header;
char rec_trace_path[TR_CONTROL_PATH];
static uint64_t file_device, file_inode;

static bool within_limit(uint64_t end)
{
    struct rlimit limit;
    long error = rec_syscall6(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0);
    return error || limit.rlim_cur == RLIM_INFINITY || end <= limit.rlim_cur;
}

/* Backs [OFFSET, OFFSET + SIZE) with blocks; where fallocate is not to be had, by writing zeros. */
static int back(int fd, uint64_t offset, uint64_t size)
{
    static const char zeros[4096];
    if (!within_limit(offset + size))
        return -EFBIG;
    int error = rec_sys_allocate(fd, offset, size);
    if (error != -EOPNOTSUPP && error != -ENOSYS)
        return error;
    for (uint64_t done = 0; done < size;) {
        long n =
            rec_syscall6(SYS_pwrite64, fd, (long)zeros, sizeof zeros, (long)(offset + done), 0, 0);
        if (n <= 0)
            return n ? (int)n : -ENOSPC;
        done += (uint64_t)n;
    }
    return 0;
}

static void *map(int fd, uint64_t offset, uint64_t size)
{
    void *p = rec_sys_map(size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
    if (p)
        rec_sys_advise(p, size, MADV_DONTFORK);
    return p;
}

static char *put_text(char *p, const char *end, const char *text)
{
    while (*text && p < end)
        *p++ = *text++;
    return p;
}

static char *put_number(char *p, const char *end, uint64_t value)
{
    char digits[20];
    unsigned count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while (value /= 10);
    while (count && p < end)
        *p++ = digits[--count];
    return p;
}

static const char *base_name(const char *path)
{
    const char *base = path;
    for (const char *p = path; *p; p++)
        if (*p == '/')
            base = p + 1;
    return *base ? base : "program";
}

/* PATTERN with %p (process), %e (program) and %% expanded, made absolute. Returns its end. */
static char *expand(char *path, const char *end, const char *pattern)
{
    char *p = path;
    if (pattern[0] != '/') {
        long n = rec_syscall3(SYS_getcwd, (long)path, end - path, 0);
        if (n > 1 && path[0] == '/')
            p += n - 1;
        if (p == path || p[-1] != '/')
            p = put_text(p, end, "/");
    }
    for (; *pattern && p < end; pattern++) {
        if (*pattern != '%') {
            *p++ = *pattern;
            continue;
        }
        switch (*++pattern) {
        case 'p':
            p = put_number(p, end, (uint64_t)rec_sys_getpid());
            break;
        case 'e':
            p = put_text(p, end, base_name(rec_header ? rec_header->program : "program"));
            break;
        case 0:
            return p;
        default:
            *p++ = *pattern;
            break;
        }
    }
    return p;
}

/* Creates the file under a name that nobody has yet: exec keeps the process number. */
static int create(char *path, char *end, const char *limit)
{
    int fd = -EEXIST;
    for (unsigned n = 0; n < 1000 && fd == -EEXIST; n++) {
        char *p = end;
        if (n) {
            p = put_text(p, limit, ".");
            p = put_number(p, limit, n);
        }
        *p = 0;
        fd = rec_sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    }
    return fd;
}

/* Moves what the private header has collected into the file, which takes its place. */
bool rec_chunk_open_file(const char *pattern)
{
    const char *limit = rec_trace_path + sizeof rec_trace_path - 8;
    char *end = expand(rec_trace_path, limit, pattern);
    int fd = create(rec_trace_path, end, limit + 6);
    if (fd < 0) {
        rec_off(-fd);
        return false;
    }
    struct stat status;
    struct tr_header *header = NULL;
    int error = back(fd, 0, TR_HEADER_SIZE);
    if (!error && rec_syscall3(SYS_fstat, fd, (long)&status, 0) == 0) {
        file_device = status.st_dev;
        file_inode = status.st_ino;
        header = map(fd, 0, TR_HEADER_SIZE);
    }
    rec_sys_close(fd);
    if (!header) {
        rec_syscall3(SYS_unlink, (long)rec_trace_path, 0, 0);
        rec_off(error ? -error : ENOMEM);
        return false;
    }
    *header = *rec_header;
    rec_header = header;
    return true;
}

/* The file again, and surely that one. */
static int reopen(void)
{
    int fd = rec_sys_open(rec_trace_path, O_RDWR | O_NOFOLLOW, 0);
    struct stat status;
    if (fd < 0)
        return fd;
    if (rec_syscall3(SYS_fstat, fd, (long)&status, 0) || status.st_dev != file_device ||
        status.st_ino != file_inode) {
        rec_sys_close(fd);
        return -ESTALE;
    }
    return fd;
}

static uint8_t *chunk_map(uint64_t *offset, uint32_t size, enum tr_loss *why)
{
    int fd = reopen();
    *why = TR_LOSS_NO_SPACE;
    if (fd < 0)
        return NULL;
    *offset = __atomic_fetch_add(&rec_header->end, size, __ATOMIC_RELAXED);
    uint8_t *chunk = NULL;
    if (back(fd, *offset, size) == 0) {
        *why = TR_LOSS_NO_MEMORY;
        chunk = map(fd, *offset, size);
    }
    rec_sys_close(fd);
    return chunk;
}

void rec_chunk_close(struct rec_stream *s)
{
    if (s->chunk)
        rec_sys_unmap(s->chunk, s->chunk_size);
    s->chunk = NULL;
    s->at = s->end = s->limit = NULL;
}

bool rec_chunk_next(struct rec_stream *s, uint32_t room)
{
    uint32_t size = s->chunk_size ? s->chunk_size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    while (size < room + EVENT_ROOM)
        size *= 2;
    uint64_t offset;
    enum tr_loss why;
    uint8_t *chunk = chunk_map(&offset, size, &why);
    if (!chunk) {
        rec_lost(why);
        return false;
    }
    rec_chunk_close(s);
    uint64_t now = rec_tsc();
    *(struct tr_chunk *)chunk = (struct tr_chunk){.offset = offset,
                                                  .size = size,
                                                  .thread = s->thread,
                                                  .number = s->chunk_number++,
                                                  .time = now,
                                                  .epoch = s->epoch};
    __atomic_store_n((uint64_t *)chunk, TR_CHUNK_MAGIC, __ATOMIC_RELEASE);
    s->chunk = chunk;
    s->chunk_size = size;
    s->at = chunk + sizeof(struct tr_chunk);
    s->end = chunk + size;
    s->limit = s->end - TR_EVENT_MAX;
    s->coder = (struct tr_coder){.time = now};
    s->time = now;
    rec_measure_clock();
    return true;
}
