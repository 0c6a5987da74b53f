/* The start that a search leads to. Where it was made on a subsample, all points have the last word: models that were
 * nearly as good there are compared by the log-likelihood of all points, and one that was passed over for resting on
 * too few of the subsample's points is judged anew. */
#ifndef STARTS_CHOOSE_START_H
#define STARTS_CHOOSE_START_H

#include "em/iteration.h"

/* Collective. Leaves the start in state->current.model; a model that was passed over and would have won is an event.
 * all: on all points; em: on those that are searched, the same or a subsample. spare: a model of the same shape.
 * *iterated: the model has been iterated on all points already. Errors, agreed: 71, 70, 75 when a rank wants to stop,
 * and those of shard_agree. */
gmmpi_status choose_start(em_iteration *all, em_iteration *em, fit_state *state, gmmpi_model **spare,
                          const fit_observer *observer, bool *iterated, gmmpi_error *error);

/* The bytes of what it compares, beside the search; INT64_MAX when they can't be counted. */
int64_t choose_start_bytes(const fit_options *options, int64_t n_features);

#endif
