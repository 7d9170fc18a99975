/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a function is called, whoever compiled it. Where debug information has no linkage name,
 * gcc's has the bare name, clang's the demangled one; a lambda is "{lambda()#1}", "<lambda()>" or
 * "$_0"; a template's demangled name begins with its result.
 */
#ifndef SN_FINDING_FUNCTION_H
#define SN_FINDING_FUNCTION_H

#include "base/text.h"

#include <stdbool.h>

/* Appends FUNCTION without result, parameters, template arguments and what the compiler adds to the
 * names of copies; lambdas are "{lambda}", the outlined bodies of OpenMP "{omp}", what
 * initialises a file's variables "{init}". */
void sn_function_key(struct sn_text *out, const char *function);
/* Is that the KEY of a lambda's call? */
bool sn_function_is_lambda(const char *key);

#endif
