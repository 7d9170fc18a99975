/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/world/doers.h"

void an_doers_note(struct an_doers *doers, struct an_thread *thread, const struct tr_event *ev)
{
    unsigned i = 0;
    while (i < AN_DOERS - 1 && doers->of[i].thread && doers->of[i].thread != thread)
        i++;
    for (; i > 0; i--)
        doers->of[i] = doers->of[i - 1];
    doers->of[0] = (struct an_doer){.thread = thread, .index = ev->index, .stack = ev->stack};
}
