/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/feature_transform.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const feature_transform transform_none = {.function = TRANSFORM_NONE, .cofactor = 1.0, .shift = 0.0, .scale = 1.0};

static const char standardize[] = "standardize=";

static const char *const names[N_TRANSFORM_FUNCTIONS] = {
    [TRANSFORM_NONE] = "",       [TRANSFORM_LOG10] = "log10", [TRANSFORM_LOG2] = "log2",       [TRANSFORM_LOG] = "log",
    [TRANSFORM_LOG1P] = "log1p", [TRANSFORM_SQRT] = "sqrt",   [TRANSFORM_ARCSINH] = "arcsinh",
};

const char *transform_function_name(transform_function function)
{
  return names[function];
}

int transform_function_find(const char *name, size_t length)
{
  for (int i = TRANSFORM_NONE + 1; i < N_TRANSFORM_FUNCTIONS; i++) {
    if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) return i;
  }
  return -1;
}

static bool is_linear_part_none(const feature_transform *transform)
{
  return transform->shift == 0.0 && transform->scale == 1.0;
}

bool transform_is_none(const feature_transform *transform)
{
  return transform->function == TRANSFORM_NONE && is_linear_part_none(transform);
}

bool transform_is_defined(const feature_transform *transform, double x)
{
  switch (transform->function) {
  case TRANSFORM_LOG10:
  case TRANSFORM_LOG2:
  case TRANSFORM_LOG:
    return !(x <= 0.0);
  case TRANSFORM_LOG1P:
    return !(x <= -1.0);
  case TRANSFORM_SQRT:
    return !(x < 0.0);
  default:
    return true;
  }
}

static double function_of(const feature_transform *transform, double x)
{
  switch (transform->function) {
  case TRANSFORM_LOG10:
    return log10(x);
  case TRANSFORM_LOG2:
    return log2(x);
  case TRANSFORM_LOG:
    return log(x);
  case TRANSFORM_LOG1P:
    return log1p(x);
  case TRANSFORM_SQRT:
    return sqrt(x);
  case TRANSFORM_ARCSINH:
    return asinh(x / transform->cofactor);
  default:
    return x;
  }
}

double transform_apply(const feature_transform *transform, double x)
{
  const double y = function_of(transform, x);
  return is_linear_part_none(transform) ? y : (y - transform->shift) / transform->scale;
}

double transform_undo(const feature_transform *transform, double y)
{
  if (!is_linear_part_none(transform)) y = y * transform->scale + transform->shift;
  switch (transform->function) {
  case TRANSFORM_LOG10:
    return pow(10.0, y);
  case TRANSFORM_LOG2:
    return exp2(y);
  case TRANSFORM_LOG:
    return exp(y);
  case TRANSFORM_LOG1P:
    return expm1(y);
  case TRANSFORM_SQRT:
    return y <= 0.0 ? 0.0 : y * y;
  case TRANSFORM_ARCSINH:
    return transform->cofactor * sinh(y);
  default:
    return y;
  }
}

void transform_text(const feature_transform *transform, char text[TRANSFORM_TEXT_BYTES])
{
  int used = snprintf(text, TRANSFORM_TEXT_BYTES, "%s", names[transform->function]);
  if (transform->function == TRANSFORM_ARCSINH)
    used += snprintf(text + used, TRANSFORM_TEXT_BYTES - (size_t)used, "=%.17g", transform->cofactor);
  if (!is_linear_part_none(transform))
    snprintf(text + used, TRANSFORM_TEXT_BYTES - (size_t)used, "%s%s%.17g:%.17g", used > 0 ? "," : "", standardize,
             transform->shift, transform->scale);
}

/* A finite number up to the character that must end it: returns where it ends, or NULL. */
static const char *read_number(const char *text, char end_character, double *number)
{
  char *end;
  *number = strtod(text, &end);
  return end != text && *end == end_character && isfinite(*number) ? end : NULL;
}

bool transform_read(const char *text, feature_transform *transform)
{
  *transform = transform_none;
  if (*text == '\0') return true;
  if (strncmp(text, standardize, strlen(standardize)) != 0) {
    const int function = transform_function_find(text, strcspn(text, "=,"));
    if (function < 0) return false;
    transform->function = (transform_function)function;
    text += strcspn(text, "=,");
    if (function == TRANSFORM_ARCSINH) {
      const char *end = *text == '=' ? text + 1 + strcspn(text + 1, ",") : NULL;
      if (end == NULL || read_number(text + 1, *end, &transform->cofactor) != end || !(transform->cofactor > 0.0))
        return false;
      text = end;
    }
    if (*text == '\0') return true;
    if (*text++ != ',' || strncmp(text, standardize, strlen(standardize)) != 0) return false;
  }
  text = read_number(text + strlen(standardize), ':', &transform->shift);
  return text != NULL && read_number(text + 1, '\0', &transform->scale) != NULL && transform->scale > 0.0;
}
