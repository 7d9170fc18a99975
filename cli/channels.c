/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two sockets of a pair are found by sock_diag(7), which tells each one's peer. A socket that
 * it does not know is of another family, over which no descriptors pass.
 */
#define _GNU_SOURCE
#include "cli/channels.h"

#include "cli/process_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ESTABLISHED = 1 };

bool sn_is_member(const struct sn_members *members, uint32_t pid)
{
    vec_each (uint32_t, member, &members->of)
        if (*member == pid)
            return true;
    return false;
}

/* A number that /proc tells of a descriptor, by FORMAT; 0: it does not. */
static unsigned long long descriptor_info(uint32_t pid, unsigned fd, const char *format)
{
    char path[64], line[128];
    unsigned long long number = 0;
    snprintf(path, sizeof path, "/proc/%u/fdinfo/%u", pid, fd);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, format, &number) == 1)
            break;
    if (file)
        fclose(file);
    return number;
}

enum what { NO_CHANNEL, A_CHANNEL, BY_THE_KERNEL, NOT_KNOWN };

static enum what look_at(uint32_t pid, unsigned fd, struct sn_channel *channel)
{
    char path[64], name[96];
    unsigned long long inode;
    snprintf(path, sizeof path, "/proc/%u/fd/%u", pid, fd);
    ssize_t n = readlink(path, name, sizeof name - 1);
    if (n < 0)
        return errno == ENOENT ? NO_CHANNEL : NOT_KNOWN; /* it has just been closed */
    name[n] = 0;
    if (sscanf(name, "pipe:[%llu]", &inode) == 1)
        *channel = (struct sn_channel){SN_CHANNEL_PIPE, inode};
    else if (sscanf(name, "socket:[%llu]", &inode) == 1)
        *channel = (struct sn_channel){SN_CHANNEL_SOCKET, inode};
    else if (strcmp(name, "anon_inode:[eventfd]") == 0)
        *channel =
            (struct sn_channel){SN_CHANNEL_EVENT, descriptor_info(pid, fd, "eventfd-id: %llu")};
    else
        return strncmp(name, "anon_inode:", 11) == 0 && !strstr(name, "[eventpoll]") &&
                       !strstr(name, "[timerfd]") && !strstr(name, "[signalfd]")
                   ? BY_THE_KERNEL
                   : NO_CHANNEL;
    return channel->number || channel->kind != SN_CHANNEL_EVENT ? A_CHANNEL : NOT_KNOWN;
}

bool sn_channel_find(uint32_t pid, unsigned fd, struct sn_channel *channel)
{
    return look_at(pid, fd, channel) == A_CHANNEL;
}

static bool is_open_for(uint32_t pid, unsigned fd, bool reading)
{
    int mode = (int)descriptor_info(pid, fd, "flags: %llo") & O_ACCMODE;
    return mode == O_RDWR || mode == (reading ? O_RDONLY : O_WRONLY);
}

bool sn_channel_held(const struct sn_channel *channel, uint32_t pid, bool reading,
                     struct sn_text *text)
{
    char path[64];
    size_t before = text->length;
    struct sn_channel held;
    snprintf(path, sizeof path, "/proc/%u/fd", pid);
    DIR *list = opendir(path);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        unsigned fd = (unsigned)strtoul(entry->d_name, NULL, 10);
        if (entry->d_name[0] != '.' && sn_channel_find(pid, fd, &held) &&
            held.kind == channel->kind && held.number == channel->number &&
            is_open_for(pid, fd, reading))
            sn_text_printf(text, ", %u", fd);
    }
    if (list)
        closedir(list);
    return text->length > before;
}

bool sn_channels_have(const struct sn_channels *channels, const struct sn_channel *channel)
{
    vec_each (struct sn_channel, one, &channels->of)
        if (one->kind == channel->kind && one->number == channel->number)
            return true;
    return false;
}

bool sn_channels_add(struct sn_channels *channels, uint32_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%u/fd", pid);
    DIR *list = opendir(path);
    if (!list)
        return false;
    bool known = true;
    for (struct dirent *entry; (entry = readdir(list));) {
        struct sn_channel channel;
        if (entry->d_name[0] == '.')
            continue;
        enum what what = look_at(pid, (unsigned)strtoul(entry->d_name, NULL, 10), &channel);
        if (what == A_CHANNEL && !sn_channels_have(channels, &channel))
            *vec_push(&channels->of) = channel;
        channels->others |= what == BY_THE_KERNEL;
        known &= what != NOT_KNOWN;
    }
    closedir(list);
    return known;
}

/* Sockets that have names or peers.
 * ------------------------------------------------------------------------------------------------
 */

/* Asks for that socket alone. */
static bool ask(int fd, uint64_t inode)
{
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } message = {
        .header = {.nlmsg_len = sizeof message,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = AF_UNIX,
                    .udiag_states = ~0u,
                    .udiag_ino = (uint32_t)inode,
                    .udiag_show = UDIAG_SHOW_PEER,
                    .udiag_cookie = {~0u, ~0u}},
    };
    return send(fd, &message, sizeof message, 0) == sizeof message;
}

struct answer {
    bool known; /* whether it is such a socket */
    bool pair;  /* connected, by streams */
    uint64_t peer;
};

static void read_answer(const struct nlmsghdr *header, struct answer *answer)
{
    const struct unix_diag_msg *message = NLMSG_DATA(header);
    answer->known = true;
    const struct rtattr *at = (const void *)(message + 1);
    long left = (long)header->nlmsg_len - (long)NLMSG_LENGTH(sizeof *message);
    for (; RTA_OK(at, left); at = RTA_NEXT(at, left))
        if (at->rta_type == UNIX_DIAG_PEER && RTA_PAYLOAD(at) >= sizeof(uint32_t))
            answer->peer = *(const uint32_t *)RTA_DATA(at);
    answer->pair =
        answer->peer && message->udiag_state == ESTABLISHED && message->udiag_type != SOCK_DGRAM;
}

/* False: nobody can be asked. */
static bool look_up(uint64_t inode, struct answer *answer)
{
    _Alignas(struct nlmsghdr) char bytes[1024];
    const struct nlmsghdr *header = (const void *)bytes;
    *answer = (struct answer){0};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    ssize_t n = fd >= 0 && ask(fd, inode) ? recv(fd, bytes, sizeof bytes, 0) : -1;
    if (fd >= 0)
        close(fd);
    if (n < (ssize_t)sizeof *header || header->nlmsg_len > (size_t)n)
        return false;
    if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY)
        read_answer(header, answer);
    enum { NOT_THERE = -2 /* ENOENT: another family's */ };
    return header->nlmsg_type == SOCK_DIAG_BY_FAMILY ||
           (header->nlmsg_type == NLMSG_ERROR &&
            ((const struct nlmsgerr *)NLMSG_DATA(header))->error == NOT_THERE);
}

bool sn_channel_peer(const struct sn_channel *socket, struct sn_channel *peer)
{
    struct answer answer;
    if (!look_up(socket->number, &answer) || !answer.pair)
        return false;
    *peer = (struct sn_channel){SN_CHANNEL_SOCKET, answer.peer};
    return true;
}

bool sn_channel_is_timed(uint32_t pid, unsigned fd)
{
    int process = pidfd_open((pid_t)pid, 0);
    int copy = process < 0 ? -1 : pidfd_getfd(process, (int)fd, 0);
    struct timeval in = {1, 0}, out = {1, 0};
    socklen_t size = sizeof in;
    if (copy >= 0) {
        getsockopt(copy, SOL_SOCKET, SO_RCVTIMEO, &in, &size);
        getsockopt(copy, SOL_SOCKET, SO_SNDTIMEO, &out, &size);
        close(copy);
    }
    if (process >= 0)
        close(process);
    return in.tv_sec || in.tv_usec || out.tv_sec || out.tv_usec;
}

bool sn_channels_lead_outside(const struct sn_channels *ours)
{
    vec_each (struct sn_channel, channel, &ours->of) {
        struct answer answer;
        if (channel->kind != SN_CHANNEL_SOCKET)
            continue;
        if (!look_up(channel->number, &answer))
            return true;
        struct sn_channel peer = {SN_CHANNEL_SOCKET, answer.peer};
        if (answer.known && !(answer.pair && sn_channels_have(ours, &peer)))
            return true;
    }
    return false;
}

/* Everybody else.
 * ------------------------------------------------------------------------------------------------
 */

static bool holds_any(const struct sn_process_entry *process, const struct sn_channels *wanted,
                      const struct sn_process_entry *first)
{
    struct sn_channels held = {0};
    bool any = !sn_channels_add(&held, process->pid) && process->started >= first->started &&
               sn_process_lives(process->pid);
    vec_each (struct sn_channel, channel, &held.of)
        any |= sn_channels_have(wanted, channel);
    vec_release(&held.of);
    return any;
}

bool sn_channels_are_within(const struct sn_channels *wanted, const struct sn_members *members,
                            uint32_t first)
{
    struct sn_process_list all = {0};
    bool within = sn_process_list_fill(&all);
    const struct sn_process_entry *oldest = sn_process_list_find(&all, first);
    vec_each (struct sn_process_entry, process, &all.of)
        within = within && oldest &&
                 (process->kernel || process->dead || sn_is_member(members, process->pid) ||
                  !holds_any(process, wanted, oldest));
    vec_release(&all.of);
    return within;
}

void sn_channels_release(struct sn_channels *channels)
{
    vec_release(&channels->of);
}
