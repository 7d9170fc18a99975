/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: count */
/* SITE: 1 read @get get */
/* SITE: 2 write @set set */
/* REFUSED: the one may rest on the other */
static int count;
int get(void);
void set(int now);

int get(void)
{
    return count; /* @get */
}

void set(int now)
{
    count = now; /* @set */
}
