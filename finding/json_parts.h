/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of the JSON report that other documents have, too.
 */
#ifndef SN_FINDING_JSON_PARTS_H
#define SN_FINDING_JSON_PARTS_H

#include "finding/finding.h"

#include <jansson.h>

/* TEXT, or null. Names come from the watched program and may hold any bytes; JSON holds none but
 * UTF-8: others become U+FFFD. */
json_t *sn_json_text(const char *text);
json_t *sn_json_frame(const struct sn_frame *frame);

#endif
