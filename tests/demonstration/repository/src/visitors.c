/* SPDX-License-Identifier: Apache-2.0 */
#include "visitors.h"

static int visitors;
static int last_greeted;

void visitors_count(void)
{
    visitors++;
}

void visitors_greet(int shopper)
{
    last_greeted = shopper;
}

int visitors_all(void)
{
    return visitors;
}
