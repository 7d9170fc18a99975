/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: count */
/* SITE: 1 write @add worker */
/* SITE: 2 write @add worker */
/* REFUSED: declared together with others */
static int count, other;

int worker(void)
{
    count++; /* @add */
    return other;
}
