/* SPDX-License-Identifier: Apache-2.0 */
/* Which compiler has made a module, as far as that matters to what its instrumentation tells. */
#ifndef SN_SYMBOLS_COMPILER_H
#define SN_SYMBOLS_COMPILER_H

#include "trace/reader.h"

/* May a write that was told by ThreadSanitizer's instrumentation hide a read of the same place just
 * before it? gcc tells both, clang leaves out the read. True if the module's file does not say. */
bool sn_hides_reads(const struct tr_module *module, const char *sysroot);

#endif
