/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options that stand elsewhere than on the command line: in a file of the user, in one of the
 * project, and in SNARL_OPTIONS, in this order. SNARL_CONFIG names the one file to read instead,
 * or none if it is empty. Here they are only split; options.c says what they mean.
 *
 *     ~/.config/snarl/config, .snarlrc       timeout = 60      SNARL_OPTIONS='--timeout=60 -v'
 *                                            verbose
 */
#ifndef SN_CLI_CONFIG_H
#define SN_CLI_CONFIG_H

#include "base/error.h"
#include "base/vec.h"

struct sn_config_option {
    const char *name;      /* long, or of one letter; without dashes */
    const char *value;     /* NULL: it has none */
    const char *place;     /* "FILE:LINE", or "SNARL_OPTIONS": for messages */
    const char *directory; /* of the file, where names in it begin; or NULL */
};

struct sn_config {
    struct sn_arena arena; /* owns all strings */
    VEC(struct sn_config_option) options;
};

/* Reads them all; what others could have written is passed over, with a warning. Release CONFIG in
 * any case. */
int sn_config_read(struct sn_config *config, struct sn_error *err);
void sn_config_release(struct sn_config *config);

#endif
