/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a function that its library has chosen before the recorder was linked. */
#include <stdio.h>

int resolved(void);

int main(void)
{
    printf("chosen: %d\n", resolved());
    return !resolved();
}
