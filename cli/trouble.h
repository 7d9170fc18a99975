/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What snarl has to say about itself: one line on stderr, starting with "snarl: ". (Findings go
 * where output.h says.)
 */
#ifndef SN_CLI_TROUBLE_H
#define SN_CLI_TROUBLE_H

#include "base/error.h"

void sn_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The place and the sentence of ERR, after PREFIX ("warning: ", or ""). */
void sn_say_error(const char *prefix, const struct sn_error *err);

#endif
