/* SPDX-License-Identifier: BSD-3-Clause */
/* How remembered residuals are combined: a file for each method, in the table of methods.c.
 *
 * To add one: a file beside this one with its acceleration_method, its name below, a line in the table of methods.c,
 * and the word in the table of options, for users. */
#ifndef EM_ACCELERATE_METHODS_H
#define EM_ACCELERATE_METHODS_H

#include <stdbool.h>
#include <stdint.h>

enum { MOST_REMEMBERED = 12 };

typedef struct acceleration_method {
  const char *name;
  int64_t capacity; /* entries to remember, at most MOST_REMEMBERED; 0: textbook EM */
  bool begins_anew; /* after a proposal: its combination takes residuals of plain steps in a row only */
  bool leaps;       /* is told to go on uphill where the map expands; else its combination does so itself */
  /* residuals: n vectors of the given length, the newest first. The proposal is the sum of outputs[i] times the i-th
   * newest output, which add up to 1, and of inner[i] times the i-th newest residual. False: take the plain step. */
  bool (*combine)(int64_t n, int64_t length, const double *const *residuals, double *outputs, double *inner);
} acceleration_method;

/* The method of this name, or NULL. */
const acceleration_method *acceleration_method_find(const char *name);

extern const acceleration_method acceleration_none, acceleration_anderson, acceleration_squarem;

#endif
