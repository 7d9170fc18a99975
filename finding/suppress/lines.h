/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of the three syntaxes share: the lines of a file that say something, and
 * complaints with the place.
 *
 *     while (sn_lines_next(lines)) {
 *         if (lines->length == 0 ...)
 *             return sn_lines_fail(lines, lines->at, "expected a kind of hazard");
 *     }
 */
#ifndef SN_FINDING_SUPPRESS_LINES_H
#define SN_FINDING_SUPPRESS_LINES_H

#include "finding/suppress/suppress.h"

struct sn_lines {
    const char *path; /* or NULL */
    const char *bytes, *end, *next;
    struct sn_error *err;
    /* the line at hand, without blanks around it */
    const char *at, *start; /* START is where its first column is */
    size_t length;
    unsigned number;
};

void sn_lines_init(struct sn_lines *lines, const char *path, const char *bytes, size_t size,
                   struct sn_error *err);
/* Goes to the next line that is neither empty nor a comment (#); false at the end. */
bool sn_lines_next(struct sn_lines *lines);
/* Complains about the byte at AT. Returns the code. */
int sn_lines_fail(struct sn_lines *lines, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool sn_lines_is(const struct sn_lines *lines, const char *text);
bool sn_lines_starts_with(const struct sn_lines *lines, const char *text);
/* Is the word of LENGTH bytes at WORD this one? */
bool sn_word_is(const char *word, size_t length, const char *text);
/* Up to 40 bytes of what stands at AT, for a message. */
struct sn_shown {
    char text[64];
};
struct sn_shown sn_lines_show(const char *at, size_t length);

/* A suppression of this line's, at the end of SUPPRESSIONS. */
struct sn_suppression *sn_suppressions_add(struct sn_suppressions *suppressions,
                                           const struct sn_lines *lines);

/* The syntaxes. LINES stands on the first line that says something. */
int sn_suppressions_parse_own(struct sn_suppressions *suppressions, struct sn_lines *lines);
int sn_suppressions_parse_tsan(struct sn_suppressions *suppressions, struct sn_lines *lines);
int sn_suppressions_parse_valgrind(struct sn_suppressions *suppressions, struct sn_lines *lines);
bool sn_suppressions_look_own(const struct sn_lines *lines);
bool sn_suppressions_look_tsan(const struct sn_lines *lines);
bool sn_suppressions_look_valgrind(const struct sn_lines *lines);

#endif
