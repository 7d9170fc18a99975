/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: deadlock */
/* SITE: 1 holds @a_first one */
/* SITE: 1 takes @b_second one */
/* SITE: 2 holds @b_first two */
/* SITE: 2 takes @a_second two */
/* FIX: order */
#include <mutex>

static std::mutex a, b;
static int items;

void one()
{
    std::lock_guard left(a);  /* @a_first */
    std::lock_guard right(b); /* @b_second */
    items++;
}

void two()
{
    std::lock_guard right(b); /* @b_first */
    std::lock_guard left(a);  /* @a_second */
    items--;
}
