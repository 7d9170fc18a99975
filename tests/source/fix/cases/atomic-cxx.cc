/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: count */
/* SITE: 1 write @add worker */
/* SITE: 2 write @add worker */
/* FIX: atomic */
#include <cstdio>

static long count = 3;

void worker()
{
    count += 2; /* @add */
}

int main()
{
    worker();
    std::printf("%ld\n", count);
    long now = count;
    return now > 0 ? 0 : 1;
}
