/* SPDX-License-Identifier: BSD-3-Clause */
/* A second look: the search for a start saw a subsample, in which a small group has few points or none. On each finer
 * level the points are looked at once more for places where a component is missing (starts/places.h). Where one would
 * gain more than merging two components loses, both models get a few iterations, and the better one goes on. */
#ifndef STARTS_SECOND_LOOK_H
#define STARTS_SECOND_LOOK_H

#include "em/iteration.h"

/* Collective. For n climbers, whose current models have not been iterated yet on the points of their iterations, which
 * share a team. The first look is one for all of them. *n_changed: how many of the models are others now. The observer
 * is only asked whether to stop. Errors, agreed: 71, 70, those of shard_agree, 75 when a rank wants to stop; the
 * climbers are of no use then. */
gmmpi_status look_again(em_iteration *const *ems, climber *const *climbers, int64_t n, const fit_observer *observer,
                        int64_t *n_changed, gmmpi_error *error);

/* Collective over the points of em, which are all points. A model that the search on a subsample of them passed over
 * may rest on points enough among all: both models get a few iterations, and where the candidate is sound and the
 * better one, *taken is true and it is the climber's current model. Errors as above. */
gmmpi_status judge_again(em_iteration *em, const gmmpi_model *candidate, int64_t n_searched, climber *climb,
                         const fit_observer *observer, bool *taken, gmmpi_error *error);

/* The bytes that they need; INT64_MAX when they can't be counted. */
int64_t second_look_bytes(const fit_options *options, int64_t n_samples, int64_t n_features);

#endif
