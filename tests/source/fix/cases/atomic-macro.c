/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: count */
/* SITE: 1 write @add worker */
/* SITE: 2 write @add worker */
/* REFUSED: not spelled out */
#define COUNTER(name) static int name

COUNTER(count);

void worker(void)
{
    count++; /* @add */
}
