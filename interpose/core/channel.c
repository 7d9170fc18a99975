/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What descriptors are, by number: one word each, found by fstat at first use and forgotten when a
 * hook sees the number closed or made again.
 *
 * Not everything is seen: the program may close by a system call of its own, and the C library
 * closes within itself. So a word may be of a descriptor that is gone, and its number may mean
 * something else by now. Where the old one was a channel, that is more order than there is. Where
 * the old one was a file and the new one is a channel, order would be lost; that takes a close that
 * no hook sees of a file that a hook has seen, and a channel made by a call that no hook sees
 * either, since what makes channels forgets their numbers as well.
 *
 * What both ends of a channel have in common, in 16 bits (two channels that share them are ordered
 * more than they should, and the recorder's memory stays bounded):
 *
 *   pipe, FIFO      device and inode
 *   stream socket   the two ports, or the two names in the file system: one way each direction
 *   socket pair     sockets know no inode but their own, so the hook of socketpair unites the two:
 * a forest of links among the 65536 hashes of inodes, whose roots are the keys. It holds for copies
 * of the descriptor, also those sent through sockets. eventfd, epoll  nothing that could be asked
 * for: a number given by the hook that makes them, copied by dup. Once one is met that has no
 * number, all of its kind are one. other sockets   one key for all
 *
 * A child of vfork shares this table, but not the descriptors: it changes nothing here.
 */
#include "interpose/core/channel.h"

#include "interpose/core/hash.h"

#include <netinet/in.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "interpose/core/poison.h"

enum { KEYS = 1 << 16, LINK_MADE = 1 << 16 };

rec_way rec_ways[REC_WAYS];

static uint8_t closed[REC_WAYS];               /* was one of that number once? */
static uint32_t links[KEYS];                   /* of socket pairs: LINK_MADE | the next one */
static uint32_t owner;                         /* process whose channels are marked as its own */
static bool sent;                              /* it has sent descriptors to somebody */
static uint32_t numbers;                       /* given to eventfds and epoll instances */
static bool unnumbered[REC_WAY_KIND_MASK + 1]; /* kinds of which one without a number was met */

static uint32_t mix(uint64_t a, uint64_t b)
{
    uint64_t hash = (a * 0x9e3779b97f4a7c15u ^ b) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15u;
    uint32_t key = (uint32_t)(hash >> 48);
    return key ? key : 1; /* 0 is all for which there is no key */
}

static bool is_ours(void)
{
    return (uint32_t)rec_sys_getpid() == rec_header->pid;
}

static rec_way word(enum rec_way_kind kind, uint32_t in, uint32_t out)
{
    return (rec_way)kind | (rec_way)in << REC_WAY_IN_SHIFT | (rec_way)out << REC_WAY_OUT_SHIFT;
}

/* Socket pairs.
 * -------------------------------------------------------------------------------------------- */

static uint32_t root(uint32_t key)
{
    for (uint32_t link; (link = __atomic_load_n(&links[key], __ATOMIC_ACQUIRE) & ~LINK_MADE) != 0;)
        key = link;
    return key;
}

/* Links go to smaller keys only, so that no way leads back. */
static void unite(uint32_t a, uint32_t b)
{
    __atomic_fetch_or(&links[a], LINK_MADE, __ATOMIC_ACQ_REL);
    __atomic_fetch_or(&links[b], LINK_MADE, __ATOMIC_ACQ_REL);
    for (;;) {
        a = root(a);
        b = root(b);
        if (a == b)
            return;
        uint32_t low = a < b ? a : b, high = a < b ? b : a, ends = LINK_MADE;
        if (__atomic_compare_exchange_n(&links[high], &ends, LINK_MADE | low, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return;
    }
}

const void *rec_file_key(int fd)
{
    struct stat status;
    if (rec_syscall3(SYS_fstat, fd, (long)&status, 0))
        return NULL;
    return rec_channel(rec_mix(rec_mix(1, status.st_ino), status.st_dev) >> 8);
}

void rec_file_order(uint8_t kind, const void *key, uint64_t cfa)
{
    if (key && kind == TR_HB_BEFORE)
        rec_before(key, TR_BY_FILE_LOCK, cfa);
    else if (key)
        rec_after(key, TR_BY_FILE_LOCK, cfa);
}

static long inode_of(int fd)
{
    struct stat status;
    return rec_syscall3(SYS_fstat, fd, (long)&status, 0) ? 0 : (long)status.st_ino;
}

void rec_way_pair(const int ends[2])
{
    unite(mix((uint64_t)inode_of(ends[0]), 0), mix((uint64_t)inode_of(ends[1]), 0));
    rec_way_forget(ends[0]);
    rec_way_forget(ends[1]);
}

/* Sockets.
 * -------------------------------------------------------------------------------------------- */

struct name {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } address;
    socklen_t size;
};

static bool ask(long call, int fd, struct name *name)
{
    name->size = sizeof name->address;
    return rec_syscall3(call, fd, (long)&name->address, (long)&name->size) == 0;
}

static uint32_t hash_path(const struct name *name)
{
    uint64_t hash = 0;
    for (socklen_t i = offsetof(struct sockaddr_un, sun_path);
         i < name->size && i < sizeof name->address; i++)
        hash = (hash ^ ((const uint8_t *)&name->address)[i]) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 32);
}

static bool is_named(const struct name *name)
{
    return name->size > offsetof(struct sockaddr_un, sun_path);
}

static rec_way unix_way(uint64_t inode, const struct name *local, const struct name *peer,
                        bool connected, bool stream)
{
    if (!is_named(local) && !(connected && is_named(peer))) {
        uint32_t key = mix(inode, 0);
        if (__atomic_load_n(&links[key], __ATOMIC_ACQUIRE)) {
            key = root(key);
            return word(REC_WAY_SOCKET, key, key);
        }
    }
    if (!connected || !stream || !(is_named(local) || is_named(peer)))
        return word(REC_WAY_SOCKET, 0, 0);
    uint32_t here = hash_path(local), there = hash_path(peer);
    return word(REC_WAY_SOCKET, mix(here, there), mix(there, here));
}

/* *KEEP is cleared if a connection may yet come. */
static rec_way socket_way(int fd, uint64_t inode, bool *keep)
{
    struct name local, peer;
    int type = 0;
    socklen_t size = sizeof type;
    rec_syscall6(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, (long)&type, (long)&size, 0);
    bool stream = type == SOCK_STREAM || type == SOCK_SEQPACKET;
    if (!ask(SYS_getsockname, fd, &local))
        return word(REC_WAY_SOCKET, 0, 0);
    bool connected = ask(SYS_getpeername, fd, &peer);
    *keep = connected || !stream;
    switch (local.address.any.sa_family) {
    case AF_UNIX:
        return unix_way(inode, &local, &peer, connected, stream);
    case AF_INET:
    case AF_INET6: /* the port stands at the same place; one side may see the other's as mapped */
        if (!connected || !stream)
            break;
        uint32_t here = local.address.in.sin_port, there = peer.address.in.sin_port;
        return word(REC_WAY_SOCKET, mix(here, there), mix(there, here));
    default:
        break;
    }
    return word(REC_WAY_SOCKET, 0, 0);
}

/* Finding.
 * -------------------------------------------------------------------------------------------- */

static bool says(const char *text, const char *word)
{
    while (*word)
        if (*text++ != *word++)
            return false;
    return true;
}

static rec_way numbered(enum rec_way_kind kind, uint32_t number)
{
    if (!number)
        __atomic_store_n(&unnumbered[kind], true, __ATOMIC_SEQ_CST);
    return word(kind, number, number);
}

/* An object of the kernel's without a file: its name in /proc says what it is. */
static rec_way anonymous_way(int fd)
{
    char path[32] = "/proc/self/fd/", name[32] = "", digits[12];
    unsigned length = 14, count = 0;
    for (unsigned n = (unsigned)fd; count == 0 || n; n /= 10)
        digits[count++] = (char)('0' + n % 10);
    while (count)
        path[length++] = digits[--count];
    rec_syscall3(SYS_readlink, (long)path, (long)name, sizeof name - 1);
    if (says(name, "anon_inode:[signalfd]"))
        return word(REC_WAY_SIGNALS, 0, 0);
    if (says(name, "anon_inode:[eventpoll]"))
        return numbered(REC_WAY_EPOLL, 0);
    if (says(name, "anon_inode:[eventfd]") || !name[0])
        return numbered(REC_WAY_EVENT, 0);
    return word(REC_WAY_TERMINAL, 0, 0);
}

static bool is_terminal(dev_t device)
{
    unsigned number = major(device);
    return number == 4 || number == 5 || (number >= 136 && number <= 143);
}

static rec_way look(int fd, bool *keep)
{
    struct stat status;
    *keep = rec_syscall3(SYS_fstat, fd, (long)&status, 0) == 0;
    if (!*keep)
        return REC_WAY_FILE;
    uint32_t key;
    switch (status.st_mode & S_IFMT) {
    case S_IFIFO:
        key = mix(status.st_ino, status.st_dev);
        return word(REC_WAY_PIPE, key, key);
    case S_IFSOCK:
        return socket_way(fd, status.st_ino, keep);
    case S_IFCHR:
        return is_terminal(status.st_rdev) ? REC_WAY_TERMINAL : REC_WAY_FILE;
    case 0:
        return anonymous_way(fd);
    default:
        return REC_WAY_FILE;
    }
}

static rec_way remember(int fd, rec_way way, bool keep)
{
    if (way != REC_WAY_FILE) {
        long flags = rec_syscall3(SYS_fcntl, fd, F_GETFL, 0);
        if (flags >= 0 && flags & O_NONBLOCK)
            way |= REC_WAY_PROMPT;
    }
    rec_way unknown = 0;
    if (keep && (unsigned)fd < REC_WAYS &&
        is_ours()) /* unless a hook has said meanwhile what it is */
        __atomic_compare_exchange_n(&rec_ways[fd], &unknown, way, 0, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
    return way;
}

rec_way rec_way_find(int fd)
{
    bool keep;
    rec_way way = look(fd, &keep);
    return remember(fd, way, keep);
}

rec_way rec_way_of_queue(int fd)
{
    rec_way way = (unsigned)fd < REC_WAYS ? __atomic_load_n(&rec_ways[fd], __ATOMIC_RELAXED) : 0;
    if (rec_way_kind(way) == REC_WAY_QUEUE)
        return way;
    struct stat status;
    if (rec_syscall3(SYS_fstat, fd, (long)&status, 0) || !S_ISREG(status.st_mode))
        return REC_WAY_FILE;
    uint32_t key = mix(status.st_ino, status.st_dev);
    rec_way_forget(fd);
    return remember(fd, word(REC_WAY_QUEUE, key, key), true);
}

/* Changes.
 * -------------------------------------------------------------------------------------------- */

void rec_way_forget(int fd)
{
    if ((unsigned)fd < REC_WAYS && __atomic_load_n(&rec_ways[fd], __ATOMIC_RELAXED) && is_ours())
        __atomic_store_n(&rec_ways[fd], 0, __ATOMIC_RELAXED);
}

static void set(int fd, rec_way way)
{
    if ((unsigned)fd < REC_WAYS && is_ours())
        __atomic_store_n(&rec_ways[fd], way, __ATOMIC_RELAXED);
}

void rec_way_copy(int fd, int copy)
{
    if ((unsigned)fd < REC_WAYS)
        set(copy, __atomic_load_n(&rec_ways[fd], __ATOMIC_RELAXED));
}

void rec_way_prompt(int fd, bool prompt)
{
    rec_way way = (unsigned)fd < REC_WAYS ? __atomic_load_n(&rec_ways[fd], __ATOMIC_RELAXED) : 0;
    if (way && rec_way_kind(way) != REC_WAY_FILE)
        set(fd, prompt ? way | REC_WAY_PROMPT : way & ~(rec_way)REC_WAY_PROMPT);
}

void rec_way_new(int fd, enum rec_way_kind kind)
{
    uint32_t number = mix(__atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED), kind);
    long flags = rec_syscall3(SYS_fcntl, fd, F_GETFL, 0);
    set(fd, word(kind, number, number) | (flags > 0 && flags & O_NONBLOCK ? REC_WAY_PROMPT : 0));
    if (kind == REC_WAY_EVENT)
        rec_way_own(fd);
}

/* A forked child has the words of its parent, whose channels are not its own. */
static void wipe_own(void)
{
    for (unsigned fd = 0; fd < REC_WAYS; fd++)
        if (__atomic_load_n(&rec_ways[fd], __ATOMIC_RELAXED))
            __atomic_fetch_and(&rec_ways[fd], ~(rec_way)REC_WAY_OWN, __ATOMIC_RELAXED);
}

void rec_way_own(int fd)
{
    if ((unsigned)fd >= REC_WAYS || !is_ours())
        return;
    if (__atomic_exchange_n(&owner, rec_header->pid, __ATOMIC_SEQ_CST) != rec_header->pid)
        wipe_own();
    set(fd, rec_way_of(fd) | REC_WAY_OWN);
}

void rec_ways_sent(void)
{
    __atomic_store_n(&sent, true, __ATOMIC_SEQ_CST);
}

uint32_t rec_way_block(rec_way way, enum tr_block what)
{
    bool own = way & REC_WAY_OWN && __atomic_load_n(&owner, __ATOMIC_RELAXED) == rec_header->pid &&
               !__atomic_load_n(&sent, __ATOMIC_RELAXED);
    return what | (own ? (uint32_t)TR_BLOCK_OWN : 0);
}

void rec_way_failed(int fd, rec_way way)
{
    if (errno == EAGAIN && rec_way_waits(way))
        rec_way_prompt(fd, true);
}

/* Order.
 * -------------------------------------------------------------------------------------------- */

static enum tr_carrier carrier_of(enum rec_way_kind kind)
{
    switch (kind) {
    case REC_WAY_SOCKET:
        return TR_BY_SOCKET;
    case REC_WAY_EVENT:
        return TR_BY_EVENT_FD;
    case REC_WAY_EPOLL:
        return TR_BY_EPOLL;
    case REC_WAY_QUEUE:
        return TR_BY_QUEUE;
    default:
        return TR_BY_PIPE;
    }
}

static const void *key_of(rec_way way, unsigned shift)
{
    enum rec_way_kind kind = rec_way_kind(way);
    uint64_t key = way >> shift & (KEYS - 1);
    if (__atomic_load_n(&unnumbered[kind], __ATOMIC_SEQ_CST))
        key = 0;
    return rec_channel(1ull << 57 | (uint64_t)kind << 32 | key);
}

static bool has_key(rec_way way)
{
    return rec_way_carries(way) && rec_way_kind(way) != REC_WAY_SIGNALS;
}

void rec_way_puts(rec_way way, uint64_t cfa)
{
    if (has_key(way))
        rec_before(key_of(way, REC_WAY_OUT_SHIFT), carrier_of(rec_way_kind(way)), cfa);
}

void rec_way_ends(rec_way way, bool in_too, uint64_t cfa)
{
    rec_way_puts(way, cfa);
    if (in_too && has_key(way) && key_of(way, REC_WAY_IN_SHIFT) != key_of(way, REC_WAY_OUT_SHIFT))
        rec_before(key_of(way, REC_WAY_IN_SHIFT), carrier_of(rec_way_kind(way)), cfa);
}

uint64_t rec_way_on(int fd, rec_way way, bool output)
{
    enum rec_way_kind kind = rec_way_kind(way);
    uint64_t key = way >> (output ? REC_WAY_OUT_SHIFT : REC_WAY_IN_SHIFT) & (KEYS - 1);
    if (!has_key(way) || !key || __atomic_load_n(&unnumbered[kind], __ATOMIC_SEQ_CST))
        return (unsigned)fd;
    return ((uint64_t)kind << TR_CHANNEL_KEY_BITS | key) << TR_CHANNEL_SHIFT | (unsigned)fd;
}

static const void *key_of_number(int fd)
{
    return rec_channel(1ull << 57 | (uint64_t)REC_WAY_KIND_MASK << 32 | (unsigned)fd);
}

void rec_way_closes(int fd, uint64_t cfa)
{
    if (!rec_live.on)
        return;
    rec_way way = rec_way_of(fd);
    if (has_key(way) && (unsigned)fd < REC_WAYS && is_ours()) {
        __atomic_store_n(&closed[fd], 1, __ATOMIC_RELAXED);
        rec_before(key_of_number(fd), carrier_of(rec_way_kind(way)), cfa);
    }
    rec_way_ends(way, false, cfa);
    rec_way_forget(fd);
}

void rec_way_made(int fd, enum rec_way_kind kind, uint64_t cfa)
{
    rec_way_forget(fd);
    if ((unsigned)fd < REC_WAYS && __atomic_load_n(&closed[fd], __ATOMIC_RELAXED))
        rec_after(key_of_number(fd), carrier_of(kind), cfa);
}

void rec_way_got(int fd, rec_way way, long result, uint64_t cfa)
{
    if (result < 0)
        rec_way_failed(fd, way);
    else if (has_key(way))
        rec_after(key_of(way, REC_WAY_IN_SHIFT), carrier_of(rec_way_kind(way)), cfa);
}

void rec_way_got_signals(const void *bytes, long result, uint64_t cfa)
{
    const struct signalfd_siginfo *info = bytes;
    for (long size = (long)sizeof *info; result >= size; result -= size, info++)
        rec_after(rec_signal_key((int)info->ssi_signo), TR_BY_SIGNAL, cfa);
}

void rec_way_connects(uint64_t cfa)
{
    rec_way_puts(word(REC_WAY_SOCKET, 0, 0), cfa);
}

void rec_way_accepted(int fd, uint64_t cfa)
{
    rec_way_made(fd, REC_WAY_SOCKET, cfa);
    rec_way_got(-1, word(REC_WAY_SOCKET, 0, 0), 0, cfa);
}
