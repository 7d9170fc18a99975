/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REC_CORE_LOADS_H
#define REC_CORE_LOADS_H

#include <stdbool.h>

/* From now on rec_modules_loaded hears of each library, before its constructors run. While there is
 * one thread. False if that cannot be. */
bool rec_loads_watch(void);

#endif
