/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Valgrind's client requests, by which programs tell Helgrind and DRD of their own locks and order.
 * Such a request is a row of instructions without effect, so unmodified programs carry it; here it
 * becomes a jump to the recorder.
 */
#ifndef REC_ACCESS_REQUESTS_H
#define REC_ACCESS_REQUESTS_H

#include <link.h>

/* Finds and patches the requests in a module's code. While no other thread can run in it. */
void rec_requests_find(const struct dl_phdr_info *module);

#endif
