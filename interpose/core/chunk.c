/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace file and its chunks. A thread writes into a chunk of the file that is mapped shared, so
 * what is written survives whatever ends the process. Each chunk is backed by fallocate before it
 * is used: on a full disk a store into a hole would be a SIGBUS in somebody else's program. No
 * descriptor is kept open: the program may close or reuse any number, and must not find one more
 * than alone.
 */
#include "interpose/core/fork.h"
#include "interpose/core/ring.h"

#include <signal.h>
#include <sys/prctl.h>

#include "interpose/core/poison.h"

enum {
    FIRST_CHUNK = 4096,
    LARGEST_CHUNK = 1 << 20,
    RESERVED_CHUNK = 1 << 15,
    RESERVE = 1 << 22,
    EVENT_ROOM = 1024,
    PAUSE = 1 << 21, /* of the time stamp counter: about a millisecond */
};

struct tr_header *rec_header;
char rec_trace_path[TR_CONTROL_PATH];
static uint64_t file_device, file_inode;
static uint64_t given_out; /* bytes of the file, from its start; atomic */
static uint64_t failed_at; /* the latest time when a place was not to be had */

static bool within_limit(uint64_t end)
{
    struct rlimit limit;
    long error = rec_syscall6(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0);
    return error || limit.rlim_cur == RLIM_INFINITY || end <= limit.rlim_cur;
}

/* Backs [OFFSET, OFFSET + SIZE) with blocks; where fallocate is not to be had, by writing zeros. */
int rec_chunk_back(int fd, uint64_t offset, uint64_t size)
{
    static const char zeros[4096];
    if (!within_limit(offset + size))
        return -EFBIG;
    int error;
    do /* a signal stops it, and its handler runs on the way out */
        error = rec_sys_allocate(fd, offset, size);
    while (error == -EINTR);
    if (error != -EOPNOTSUPP && error != -ENOSYS)
        return error;
    for (uint64_t done = 0; done < size;) {
        long n =
            rec_syscall6(SYS_pwrite64, fd, (long)zeros, sizeof zeros, (long)(offset + done), 0, 0);
        if (n == -EINTR)
            continue;
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

/* PATTERN with %p (process), %e (program) and %% expanded, made absolute: relative to where the
 * program started. Returns its end, or NULL if there is no such directory, or no room. */
static char *expand(char *path, const char *end, const char *pattern)
{
    static char started[TR_CONTROL_PATH];
    char *p = path;
    if (pattern[0] != '/') {
        if (!started[0] && rec_syscall3(SYS_getcwd, (long)started, sizeof started, 0) < 0)
            return NULL;
        if (started[0] != '/')
            return NULL;
        p = put_text(p, end, started);
        if (p[-1] != '/')
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
            pattern--;
            break;
        default:
            *p++ = *pattern;
            break;
        }
    }
    return p < end ? p : NULL;
}

static bool is_file(const char *path)
{
    struct stat status;
    return rec_syscall3(SYS_lstat, (long)path, (long)&status, 0) == 0 && S_ISREG(status.st_mode);
}

/* Creates the file under a name that nobody has yet: exec keeps the process number. Next to what is
 * no file, such as a device, nobody wants one. */
static int create(char *path, char *end, const char *limit)
{
    enum { FEW = 16 }; /* beyond, many have this name: each looks elsewhere */
    uint64_t pid = (uint64_t)rec_sys_getpid();
    int fd = -EEXIST;
    for (unsigned n = 0; n < 1000 && fd == -EEXIST; n++) {
        if (n == 1 && !is_file(path))
            break;
        char *p = end;
        if (n) {
            p = put_text(p, limit, ".");
            p = put_number(p, limit, n < FEW ? n : pid + n);
        }
        *p = 0;
        fd = rec_sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    }
    return fd;
}

/*
 * The header's page, with what is known so far. In one piece: who is killed meanwhile leaves a file
 * without a byte, or a trace that can be read. Backed with blocks afterwards: what is only written
 * may have none yet.
 */
static int begin_file(int fd)
{
    static const char zeros[TR_HEADER_SIZE - sizeof *rec_header];
    const struct iovec page[] = {{rec_header, sizeof *rec_header}, {(void *)zeros, sizeof zeros}};
    long n;
    if (!within_limit(TR_HEADER_SIZE))
        return -EFBIG;
    do
        n = rec_syscall6(SYS_pwritev, fd, (long)page, 2, 0, 0, 0);
    while (n == -EINTR);
    if (n != TR_HEADER_SIZE)
        return n < 0 ? (int)n : -ENOSPC;
    int error;
    do
        error = rec_sys_allocate(fd, 0, TR_HEADER_SIZE);
    while (error == -EINTR);
    return error == -EOPNOTSUPP || error == -ENOSYS ? 0 : error;
}

/* Moves what the private header has collected into the file, which takes its place. */
bool rec_chunk_open_file(const char *pattern)
{
    const char *limit = rec_trace_path + sizeof rec_trace_path - 16;
    char *end = expand(rec_trace_path, limit, pattern);
    int fd = end ? create(rec_trace_path, end, limit + 14) : -ENOENT;
    if (fd < 0) {
        rec_off(-fd);
        return false;
    }
    struct stat status;
    struct tr_header *header = NULL;
    rec_syscall3(SYS_fchmod, fd, 0600, 0); /* the umask may have left us without it */
    int error = begin_file(fd);
    if (!error && rec_syscall3(SYS_fstat, fd, (long)&status, 0) == 0) {
        file_device = status.st_dev;
        file_inode = status.st_ino;
        header = map(fd, 0, TR_HEADER_SIZE);
    }
    if (header)
        error = rec_ring_start(fd);
    rec_sys_close(fd);
    if (!header || error) {
        rec_syscall3(SYS_unlink, (long)rec_trace_path, 0, 0);
        rec_off(error ? -error : ENOMEM);
        return false;
    }
    *header = *rec_header;
    rec_header = header;
    given_out = header->end;
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

/* What was put aside goes further in small pieces; NEEDED is the least. */
static uint8_t *from_reserve(uint64_t *offset, uint32_t *size, uint32_t needed)
{
    if (*size > RESERVED_CHUNK && needed <= RESERVED_CHUNK)
        *size = RESERVED_CHUNK;
    return rec_reserve_take(offset, *size);
}

/*
 * SIZE bytes of the file, mapped, or NULL and -errno. The header speaks of them only when they are
 * there: who is killed before leaves no file that seems to have been cut. A place that cannot be
 * had is given back, if it is still the last.
 */
static uint8_t *new_place(int fd, uint64_t *offset, uint64_t size, int *error)
{
    *offset = __atomic_fetch_add(&given_out, size, __ATOMIC_RELAXED);
    uint64_t end = *offset + size, told = __atomic_load_n(&rec_header->end, __ATOMIC_RELAXED);
    *error = rec_chunk_back(fd, *offset, size);
    uint8_t *place = *error ? NULL : map(fd, *offset, size);
    if (!place) {
        __atomic_compare_exchange_n(&given_out, &end, *offset, 0, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
        return NULL;
    }
    while (told < end && !__atomic_compare_exchange_n(&rec_header->end, &told, end, 0,
                                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return place;
}

/* For want of descriptors or memory events are lost, and later ones may be told; a file that is
 * gone, or that cannot grow, is the end of recording. */
static uint8_t *open_and_map(uint64_t *offset, uint32_t *chunk_size, uint32_t needed)
{
    int fd = reopen(), error;
    if (fd < 0) {
        uint8_t *aside = from_reserve(offset, chunk_size, needed);
        if (aside)
            return aside;
        if (fd != -EMFILE && fd != -ENFILE && fd != -ENOMEM && fd != -EINTR)
            rec_off(-fd);
        return NULL;
    }
    uint8_t *chunk = new_place(fd, offset, *chunk_size, &error);
    rec_sys_close(fd);
    if (chunk)
        return chunk;
    rec_lost(error ? TR_LOSS_NO_SPACE : TR_LOSS_NO_MEMORY);
    if (error)
        rec_off(-error);
    return NULL;
}

static uint8_t *chunk_map(uint64_t *offset, uint32_t *size, uint32_t needed)
{
    if (__atomic_load_n(&rec_closing, __ATOMIC_SEQ_CST))
        return from_reserve(offset, size, needed);
    bool alone = rec_fork_keep_out_soon(); /* a child would keep the descriptor */
    uint8_t *chunk = open_and_map(offset, size, needed);
    if (alone)
        rec_fork_let_in();
    return chunk;
}

/* Less, where there is no more. */
void rec_chunk_reserve(void)
{
    int fd = reopen(), error;
    uint64_t offset;
    uint8_t *place = NULL;
    for (uint64_t size = RESERVE; fd >= 0 && !place && size >= RESERVED_CHUNK; size /= 4)
        if ((place = new_place(fd, &offset, size, &error)))
            rec_reserve_keep(place, offset, size);
    if (fd >= 0)
        rec_sys_close(fd);
}

void rec_chunk_close(struct rec_stream *s)
{
    s->coder.again = NULL; /* nothing is raised there any more */
    s->coder.last = 0;
    if (s->chunk && !rec_ring_give(s->chunk, (uint32_t)(s->at - s->chunk)))
        rec_sys_unmap(s->chunk, s->chunk_size);
    s->chunk = NULL;
    s->at = s->end = s->limit = NULL;
}

void rec_chunk_blank(struct rec_stream *s)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    rec_syscall6(SYS_mmap, (long)rec_header, TR_HEADER_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (s->chunk)
        rec_syscall6(SYS_mmap, (long)s->chunk, s->chunk_size, PROT_READ | PROT_WRITE, flags, -1, 0);
    file_device = file_inode = 0; /* what does not fit is not written into the parent's file */
    rec_ring_forget();
}

/* A place in the ring; the file's first chunk is longer. */
static uint8_t *ring_next(uint64_t *offset, uint32_t *size, bool first)
{
    *size = first ? rec_ring.kept_size : rec_ring.size;
    *offset = TR_HEADER_SIZE;
    uint8_t *chunk = first ? rec_ring.base : rec_ring_take(offset);
    if (!chunk && (chunk = chunk_map(offset, size, *size)))
        rec_ring_add(chunk, *offset);
    return chunk;
}

/* What the thread's earlier chunks have told may be lost: its stacks get new numbers, when they are
 * used, and it says again who it is. */
static void begin_in_ring(struct rec_stream *s)
{
    enum { LONGEST = 16 };
    s->soft = s->limit - REC_STACK_ROOM;
    rec_stack_renumber(s, &s->told_before);
    char name[LONGEST] = {0};
    uint32_t length = 0;
    rec_syscall6(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0, 0);
    while (length < LONGEST && name[length])
        length++;
    if (s->chunk_number > 1)
        rec_emit(s, &(struct tr_event){.kind = TR_THREAD_AGAIN,
                                       .object = (uint64_t)pthread_self(),
                                       .a0 = s->self->parent,
                                       .a1 = (uint64_t)rec_sys_gettid(),
                                       .bytes = (const uint8_t *)name,
                                       .bytes_length = length});
}

static bool next(struct rec_stream *s, uint32_t room)
{
    uint32_t size = s->chunk_size ? s->chunk_size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    while (size < room + EVENT_ROOM)
        size *= 2;
    uint64_t offset;
    uint8_t *chunk = rec_ring.base ? ring_next(&offset, &size, !s->thread && !s->chunk_number)
                                   : chunk_map(&offset, &size, room + EVENT_ROOM);
    if (!chunk)
        return false;
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
    if (rec_ring.base)
        begin_in_ring(s);
    return true;
}

/* Where descriptors or memory are short, each event would ask for them again: the program would be
 * far slower than alone. */
static bool failed_lately(void)
{
    uint64_t when = __atomic_load_n(&failed_at, __ATOMIC_RELAXED);
    return when && rec_tsc() - when < PAUSE;
}

/* Without handlers: one that forks would leave the child a chunk that is mapped in neither. */
bool rec_chunk_next(struct rec_stream *s, uint32_t room)
{
    uint64_t all = UINT64_MAX, before = 0;
    if (!rec_system_enter())
        return next(s, room);
    bool done = false;
    if (failed_lately()) {
        rec_lost(TR_LOSS_NO_SPACE);
    } else {
        rec_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all, 0, 0);
        done = next(s, room);
        rec_syscall6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0);
        __atomic_store_n(&failed_at, done ? 0 : rec_tsc(), __ATOMIC_RELAXED);
    }
    rec_system_leave();
    return done;
}
