/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts of many models for the same points: each has neighbours that are known already, and is looked for among what
 * they lead to.
 *
 * In the order of the list, in which the models of a family stand by their number of components, each one's search
 * (starts/search.h) gets
 *
 *   - the model of the family with the next fewer components, with components added where they gain most
 *     (starts/growth.h: what is lost least by one component less tells what is gained by one more), and
 *   - the model of the family before with as many components: the first M-step is from its responsibilities,
 *
 * and takes a share of what it would take alone. Then, from the most components to the fewest, each model with its
 * cheapest components merged (starts/split_merge.h) is compared with the one that is there. So that on the points that
 * are searched the likelihood grows with the number of components. */
#ifndef STARTS_NEIGHBOURS_H
#define STARTS_NEIGHBOURS_H

#include "em/iteration.h"

/* Collective. Leaves the models in the climbers' current ones. ems: of each model on the points to be searched, which
 * share a team; n_samples: of all points; n_models: starts are numbered round by round, of so many models each
 * (em/state.h). Errors, agreed: 71, 70, 75 when a rank wants to stop. */
gmmpi_status find_neighbouring_starts(em_iteration *const *ems, climber *climbers, int64_t n, int64_t n_models,
                                      int64_t n_samples, const fit_observer *observer, gmmpi_error *error);

/* The bytes that one of the searches needs beside search_bytes; INT64_MAX when they can't be counted. */
int64_t neighbours_bytes(const fit_options *options, int64_t n_features);

#endif
