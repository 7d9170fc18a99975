/* SPDX-License-Identifier: Apache-2.0 */
#include "atomic-header.h"

int room(void)
{
    return guests < 7;
}
