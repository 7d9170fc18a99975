/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places that the HTML page shows: each frame once, each file once, and of the files the lines
 * around the frames, as far as they can be found here. The parts of the page's data name frames by
 * their numbers.
 */
#ifndef SN_REPORT_HTML_PLACES_H
#define SN_REPORT_HTML_PLACES_H

#include "base/map.h"
#include "finding/finding.h"
#include "report/sources.h"

#include <jansson.h>

struct sn_html_file;

struct sn_html_places { /* all zero, but for the sources' root, is an empty one */
    struct sn_sources sources;
    struct sn_map known; /* hash of a frame to its number + 1 */
    json_t *frames;
    struct sn_map paths; /* hash of a path to the file's number + 1 */
    VEC(struct sn_html_file) files;
    size_t lines; /* of all files, so far */
};

/* The number of FRAME, as JSON; null if nothing is known of it. */
json_t *sn_html_frame(struct sn_html_places *places, const struct sn_frame *frame);
/* {"frames": [NUMBER...], "first", "end": what is left after trimming, "place": the frame to look
 * at}; null for an empty stack. */
json_t *sn_html_stack(struct sn_html_places *places, const struct sn_stack *stack);
/* Adds the fields "frames" and "files" to DOCUMENT. */
void sn_html_places_write(struct sn_html_places *places, json_t *document);
void sn_html_places_release(struct sn_html_places *places);

#endif
