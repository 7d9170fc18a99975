/* SPDX-License-Identifier: Apache-2.0 */
/* Included last by every file of core/: what may not be called inside somebody else's process
 * (RULES.md) is a compile error. */
#ifndef REC_CORE_POISON_H
#define REC_CORE_POISON_H

#pragma GCC poison malloc calloc realloc free strdup printf fprintf sprintf snprintf puts fopen    \
    fclose
#pragma GCC poison abort assert exit getenv setenv fwrite fread perror strerror
#pragma GCC poison pthread_mutex_lock pthread_mutex_unlock pthread_once

#endif
