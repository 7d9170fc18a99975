/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/predict/workers.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WORKERS_MOST = 64 };

struct team {
    void (*work)(void *data, unsigned worker, size_t piece);
    void *data;
    size_t pieces;
    atomic_size_t next;
};

struct member {
    struct team *team;
    unsigned number;
    pthread_t thread;
};

static void *do_pieces(void *data)
{
    const struct member *member = data;
    struct team *team = member->team;
    size_t piece;
    while ((piece = atomic_fetch_add(&team->next, 1)) < team->pieces)
        team->work(team->data, member->number, piece);
    return NULL;
}

void an_workers_run(unsigned workers, size_t pieces,
                    void (*work)(void *data, unsigned worker, size_t piece), void *data)
{
    struct team team = {work, data, pieces, 0};
    struct member members[WORKERS_MOST];
    unsigned count = 1;
    if (workers > WORKERS_MOST)
        workers = WORKERS_MOST;
    for (; count < workers && count < pieces; count++) {
        members[count] = (struct member){.team = &team, .number = count};
        if (pthread_create(&members[count].thread, NULL, do_pieces, &members[count]))
            break; /* those who are there do it */
    }
    members[0] = (struct member){.team = &team};
    do_pieces(&members[0]);
    for (unsigned i = 1; i < count; i++)
        pthread_join(members[i].thread, NULL);
}
