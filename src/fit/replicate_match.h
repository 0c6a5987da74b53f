/* SPDX-License-Identifier: BSD-3-Clause */
/* Which component of a replicate is which of the model that it is a replicate of: the pairs of which the squared
 * Hellinger distances, as normal distributions,
 *
 *   H^2 = 1 - exp(-B),   B = D^T S^-1 D / 8 + log(det S / sqrt(det S_a det S_b)) / 2,   S = (S_a + S_b) / 2
 *
 * (D: the difference of the means; B: Bhattacharyya's distance; Kailath 1967), have the least sum
 * (support/assignment.h). A distance is at most 1, so that a component that has moved far away does not make the others
 * change their partners. Of t distributions the scale matrices stand for the covariances.
 *
 * A replicate that began at the model has its components in the model's order as a rule. H is a metric: where the
 * distances H(k) of each component from its own namesake satisfy H(k) + H(l) <= H(model's k, model's l) for all pairs
 * the order is certain, and no other distances are computed. */
#ifndef FIT_REPLICATE_MATCH_H
#define FIT_REPLICATE_MATCH_H

#include "mixture/model.h"

#include <stdbool.h>

typedef struct replicate_matcher replicate_matcher;

/* model is borrowed. Errors: 71. */
gmmpi_status matcher_create(const gmmpi_model *model, replicate_matcher **result, gmmpi_error *error);
void matcher_destroy(replicate_matcher *matcher); /* NULL is fine */

/* The bytes it takes; INT64_MAX when they can't be counted. */
int64_t matcher_bytes(int64_t n_components, int64_t n_features);

/* order[k]: the component of the replicate, of the model's shape, that is the model's k. Components of weight 0 in the
 * model, which have weight 0 in replicates too, keep their place. Errors: 71. */
gmmpi_status matcher_match(replicate_matcher *matcher, const gmmpi_model *replicate, int64_t *order,
                           gmmpi_error *error);

#endif
