/* SPDX-License-Identifier: Apache-2.0 */
/* An empty library with the SONAME of a ThreadSanitizer run-time: preloaded, it keeps the dynamic
 * linker from loading the real one, and libsnarl.so answers the calls. */
extern const char snarl_stub[];
const char snarl_stub[] = "snarl";
