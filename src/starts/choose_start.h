/* SPDX-License-Identifier: BSD-3-Clause */
/* The starts that searches lead to. Where they were made on a subsample, all points have the last word: models that
 * were nearly as good there are compared by the log-likelihood of all points, and one that was passed over for resting
 * on too few of the subsample's points is judged anew. */
#ifndef STARTS_CHOOSE_START_H
#define STARTS_CHOOSE_START_H

#include "em/iteration.h"

/* Collective. Leaves a start in the current model of each of n climbers; a model that was passed over and would have
 * won is an event. all: n iterations on all points that share a team; em: on those that are searched, the first of
 * these or one on a subsample. A climber whose model has been iterated on all points already is on level 0 then.
 * Errors, agreed: 71, 70, 75 when a rank wants to stop, and those of shard_agree. */
gmmpi_status choose_starts(em_iteration *const *all, em_iteration *em, climber *climbers, int64_t n,
                           const fit_observer *observer, gmmpi_error *error);

/* The bytes of what it compares for each start, beside the search; INT64_MAX when they can't be counted. */
int64_t choose_start_bytes(const fit_options *options, int64_t n_features);

#endif
