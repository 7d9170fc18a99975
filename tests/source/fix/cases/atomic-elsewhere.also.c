/* SPDX-License-Identifier: Apache-2.0 */
extern int guests;
int *where(void);

int *where(void)
{
    return &guests;
}
