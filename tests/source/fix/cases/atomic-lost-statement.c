/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: count */
/* SITE: 1 write @add worker */
/* SITE: 2 write @add worker */
/* REFUSED: may rest on what was read */
static int count;

void worker(void)
{
    count = count + 1; /* @add */
}
