/* SPDX-License-Identifier: BSD-3-Clause */
/* What a selection is asked to do, and what that means: which candidates advance together, what their states are like,
 * and how much memory they need. */
#ifndef FIT_SELECTION_H
#define FIT_SELECTION_H

#include "em/levels.h"
#include "fit/fit.h"

typedef enum selection_criterion { CRITERION_BIC, CRITERION_AIC, CRITERION_ICL, CRITERION_CV } selection_criterion;

/* Candidates are so many at most. */
enum { MOST_CANDIDATES = 1000 };

typedef struct selection {
  const fit_options *common; /* what all candidates have in common */
  const fit_shape *shapes;   /* n: families in their order, of each the numbers of components in ascending order */
  int64_t n;
  selection_criterion criterion;
  int64_t n_folds; /* of CRITERION_CV; else 0 */
} selection;

/* The options of a candidate. */
fit_options selection_options(const selection *what, int64_t candidate);

/* What the states of a selection are like: n_climbers advance together. */
state_plan selection_plan(const selection *what, int64_t n_features);

/* Starts advance together in waves: the first start behind those of the wave that begins with `first`. */
int64_t selection_wave_end(const selection *what, int64_t n_features, int64_t first);

/* The levels that the most demanding candidate wants: then subsamples serve all. */
level_plan selection_levels(const selection *what, int64_t n_samples, int64_t n_features);

/* The bytes that select_run needs on a rank. */
fit_memory selection_memory_of(const selection *what, int64_t n_samples, row_shape row, int n_ranks);

#endif
