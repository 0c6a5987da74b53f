/* SPDX-License-Identifier: BSD-3-Clause */
/* Iterations on few points that lead to the optimum of all points.
 *
 * Where a pass over all points and one over a subsample were made with the same model, the difference c of their
 * outputs corrects the subsample's map: x -> G_sub(x) + c agrees with the map of all points there, and bends like it up
 * to sampling noise. Its fixed point is found by accelerated iterations that cost a fraction of a pass each, and lies
 * nearer to that of all points by a factor that does not depend on how slowly EM converges. (Variance reduction by a
 * control variate; for stochastic EM: Chen, Zhu, Teh, Zhang 2018, "Stochastic expectation maximization with variance
 * reduction".) The loop over all points accepts the model only if the log-likelihood of all points does not fall. */
#ifndef EM_REFINE_H
#define EM_REFINE_H

#include "em/iteration.h"

typedef struct refinement refinement;

/* em: on the subsample; borrowed, and in use for this alone while a refinement goes on. n_samples: of all points.
 * Errors: 71. */
gmmpi_status refinement_create(em_iteration *em, int64_t n_samples, refinement **result, gmmpi_error *error);
void refinement_destroy(refinement *inner); /* NULL is fine */
int64_t refinement_bytes(const fit_options *options, int64_t n_features);

/* The iteration whose passes over the subsample are prepared. */
em_iteration *refinement_iteration(const refinement *inner);

typedef enum refinement_outcome {
  REFINEMENT_GOES_ON, /* another pass over the subsample is prepared */
  REFINEMENT_FOUND,   /* the corrected map's fixed point is in *proposed; the climber's history has it in hand */
  REFINEMENT_FAILED   /* there was none to find; nothing has changed */
} refinement_outcome;

/* After climb->history recorded a pass over all points with climb->current.model: prepares a pass over the subsample.
 * target: of the residual's square. Collective where processors differ. */
void refinement_begin(refinement *inner, const climber *climb, double target);

/* After the pass that was prepared. */
refinement_outcome refinement_take(refinement *inner, climber *climb, moments *proposed);

#endif
