/* SPDX-License-Identifier: BSD-3-Clause */
/* Greedy k-means++: each further seed is the best of 2 + log K points, drawn with their squared distances to the
 * nearest seed as weights: the one that lowers the sum of these distances most (Arthur, Vassilvitskii 2007, sec. 5;
 * Celebi, Kingravi, Vela 2013). With many clusters plain k-means++ nearly always leaves one of them without a seed. */
#ifndef STARTS_GREEDY_SEEDING_H
#define STARTS_GREEDY_SEEDING_H

#include "starts/seeding.h"

/* Collective. centres: n_centres x d. Errors, agreed: 71, 75 when a rank wants to stop. */
gmmpi_status seed_greedily(const shard *points, const seeding_options *options, double *centres, gmmpi_error *error);

/* Distances that it computes for each point. */
double greedy_distances(int64_t n_centres);

#endif
