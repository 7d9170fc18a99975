/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: data-race */
/* VARIABLE: guests */
/* SITE: 1 write @add worker */
/* SITE: 2 write @add worker */
/* FIX: atomic */
#include "atomic-header.h"

int guests;

void worker(void)
{
    guests++; /* @add */
}
