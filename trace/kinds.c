/* SPDX-License-Identifier: Apache-2.0 */
/* The table of event kinds. Compiled into the recorder and into the offline half alike. */
#define TR_WIRE_TABLE
#include "trace/wire.h"
