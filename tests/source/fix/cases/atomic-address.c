/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: count */
/* SITE: 1 write @add worker */
/* SITE: 2 write @add worker */
/* REFUSED: its address is taken */
static int count;
extern void show(int *);

void worker(void)
{
    count++; /* @add */
    show(&count);
}
