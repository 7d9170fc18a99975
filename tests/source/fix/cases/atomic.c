/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: count */
/* SITE: 1 write @add worker */
/* SITE: 2 write @add worker */
/* FIX: atomic */
static unsigned count;

void *worker(void *arg)
{
    count++; /* @add */
    return arg;
}
