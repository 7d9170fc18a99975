/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: guests */
/* SITE: 1 write @add worker */
/* SITE: 2 write @add worker */
/* REFUSED: its address is taken */
extern int guests;
int guests;

void worker(void)
{
    guests++; /* @add */
}
