/* SPDX-License-Identifier: BSD-3-Clause */
/* Ascents that advance together: each pass over the points is made once for all of them.
 *
 * An ascent that has ended waits for the others. What becomes of one does not depend on the others, to the last bit. */
#ifndef EM_TOGETHER_H
#define EM_TOGETHER_H

#include "em/ascent.h"

/* So many advance together at most. */
enum { MOST_TOGETHER = MOST_REQUESTS };

typedef struct ascents {
  ascent *all; /* n, each with an iteration of its own on the same points, and with such a refinement or none */
  int64_t n;
  const fit_observer *observer;
  const fit_state *state; /* what the observer is told after each round; NULL: nothing */
} ascents;

/* Goes on until all have ended, or somebody wants to stop: then *stopped is true, and of the ascents that have not
 * ended each has measured climb->other, unless it has had no pass. Collective. Errors: those of make_passes and
 * ascent_take.
 */
gmmpi_status ascend_together(const ascents *group, bool *stopped, gmmpi_error *error);

#endif
