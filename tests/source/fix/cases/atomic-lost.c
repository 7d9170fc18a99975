/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: count */
/* SITE: 1 write @add worker */
/* SITE: 2 read @look worker */
/* REFUSED: may rest on what was read */
static int count;

void worker(void)
{
    if (count < 10) /* @look */
        count++;    /* @add */
}
