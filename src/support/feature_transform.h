/* SPDX-License-Identifier: BSD-3-Clause */
/* What is done to a feature before it is fitted, and undone where people read it: a function, then a shift and a scale.
 *
 *   y = (f(x) - shift) / scale,   f one of x, log10 x, log2 x, log x, log(1 + x), sqrt x, arcsinh(x / cofactor)
 *
 * As text: "log10", "arcsinh=5", "standardize=1.5:0.25" (shift and scale), "log10,standardize=1.5:0.25", or "" where
 * nothing is done. Numbers are written so that reading gives the same bits. */
#ifndef SUPPORT_FEATURE_TRANSFORM_H
#define SUPPORT_FEATURE_TRANSFORM_H

#include <stdbool.h>
#include <stddef.h>

typedef enum transform_function {
  TRANSFORM_NONE,
  TRANSFORM_LOG10,
  TRANSFORM_LOG2,
  TRANSFORM_LOG,
  TRANSFORM_LOG1P,
  TRANSFORM_SQRT,
  TRANSFORM_ARCSINH,
  N_TRANSFORM_FUNCTIONS
} transform_function;

typedef struct feature_transform {
  transform_function function;
  double cofactor; /* of arcsinh: > 0 */
  double shift, scale;
} feature_transform;

extern const feature_transform transform_none;

/* "log10"; the names end at N_TRANSFORM_FUNCTIONS. */
const char *transform_function_name(transform_function function);

/* -1: there is none of this name, which has length bytes. */
int transform_function_find(const char *name, size_t length);

bool transform_is_none(const feature_transform *transform);

/* Is there a value for x? NaN has one, itself. */
bool transform_is_defined(const feature_transform *transform, double x);
double transform_apply(const feature_transform *transform, double x);
double transform_undo(const feature_transform *transform, double y);

enum { TRANSFORM_TEXT_BYTES = 120 };
void transform_text(const feature_transform *transform, char text[TRANSFORM_TEXT_BYTES]);

/* False: the text is none of those above. */
bool transform_read(const char *text, feature_transform *transform);

#endif
