/* SPDX-License-Identifier: Apache-2.0 */
extern int guests;
void worker(void);
int room(void);
