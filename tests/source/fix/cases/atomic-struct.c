/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: both */
/* SITE: 1 write @set worker */
/* SITE: 2 write @set worker */
/* REFUSED: none that a processor accesses at once */
struct pair {
    int a, b;
};
static struct pair both;

void worker(struct pair *now)
{
    both = *now; /* @set */
}
