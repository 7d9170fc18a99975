/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pipes, pairs of sockets and eventfds processes hold, by the names that /proc gives them, and
 * whether anybody else does. Whoever holds an end may give to it, or close it, and so end a wait.
 *
 *     sn_channels_add(&ours, pid);                    all that the processes hold
 *     if (sn_channel_find(pid, fd, &channel) && ...)  of one wait
 *         sn_channels_are_ours(&channel, 1, &ours, &members)
 */
#ifndef SN_CLI_CHANNELS_H
#define SN_CLI_CHANNELS_H

#include "base/text.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum sn_channel_kind { SN_CHANNEL_PIPE, SN_CHANNEL_SOCKET, SN_CHANNEL_EVENT };

struct sn_channel {
    enum sn_channel_kind kind;
    uint64_t number; /* of the inode; of an eventfd its own */
};

struct sn_channels {
    VEC(struct sn_channel) of;
    bool others; /* descriptors by which the kernel itself may come to write were seen, too */
};

struct sn_members { /* numbers of processes */
    VEC(uint32_t) of;
};

/* What descriptor FD of a process is; false: none of these, or nobody may know. */
bool sn_channel_find(uint32_t pid, unsigned fd, struct sn_channel *channel);
/* Adds all that a process holds; false: nobody may know. */
bool sn_channels_add(struct sn_channels *channels, uint32_t pid);
bool sn_channels_have(const struct sn_channels *channels, const struct sn_channel *channel);
/* The other end of a socket that is one of a connected pair; false: it has none, or nobody knows.
 */
bool sn_channel_peer(const struct sn_channel *socket, struct sn_channel *peer);
/* Appends to TEXT the descriptors (", 4, 5") by which a process holds CHANNEL for READING, or for
 * writing; false: none. */
bool sn_channel_held(const struct sn_channel *channel, uint32_t pid, bool reading,
                     struct sn_text *text);
/* May calls on this socket end after a time (SO_RCVTIMEO, SO_SNDTIMEO)? */
bool sn_channel_is_timed(uint32_t pid, unsigned fd);
/* Is none of WANTED held by a process outside of MEMBERS, as far as can be seen? FIRST is the one
 * of them that began first: what began before, and does not show what it holds, holds none. */
bool sn_channels_are_within(const struct sn_channels *wanted, const struct sn_members *members,
                            uint32_t first);
/* Could a descriptor have been passed to others by one of the sockets of OURS? */
bool sn_channels_lead_outside(const struct sn_channels *ours);
void sn_channels_release(struct sn_channels *channels);

bool sn_is_member(const struct sn_members *members, uint32_t pid);

#endif
