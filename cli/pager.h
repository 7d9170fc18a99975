/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is longer than the terminal goes through a pager, as git does it: SNARL_PAGER, else PAGER,
 * else less; empty or "cat" means none. Only for commands that show something, when stdout is a
 * terminal: a program that snarl runs keeps stdout for itself.
 */
#ifndef SN_CLI_PAGER_H
#define SN_CLI_PAGER_H

/* From now on, this command's output may be paged. At exit the pager is waited for. */
void sn_pager_allow(void);
/* Where to write what is for FD: the pager, which starts with the first call for stdout, or FD. */
int sn_pager_of(int fd);

#endif
