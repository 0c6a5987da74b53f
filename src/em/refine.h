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

/* em: on the subsample; borrowed. n_samples: of all points. Errors: 71. */
gmmpi_status refinement_create(em_iteration *em, int64_t n_samples, refinement **result, gmmpi_error *error);
/* The time that its passes took so far. */
const fit_timings *refinement_timings(const refinement *inner);

void refinement_destroy(refinement *inner); /* NULL is fine */
int64_t refinement_bytes(const fit_options *options, int64_t n_features);

/* After state->history recorded a pass over all points with state->current.model: the corrected map's fixed point, in
 * *proposed; the history has it in hand. *found is false when there was none to find: then nothing has changed.
 * Collective. Errors, agreed: 70. */
gmmpi_status refine(refinement *inner, fit_state *state, double target, moments *proposed, bool *found,
                    gmmpi_error *error);

#endif
