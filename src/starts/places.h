/* SPDX-License-Identifier: BSD-3-Clause */
/* Places: where a mixture would gain by one more component.
 *
 * Dense places. Around a row the points are counted in ellipsoids of the shape of the component that the row belongs
 * to, of radii r that grow by a factor sqrt 2 each. The model expects E = n p(row) V r^d points there, p being its
 * density and V r^d the volume; where N > E points are found, a component of their own gains about N log(N / E) - N + E
 * in log-likelihood (the likelihood ratio of Poisson counts, as in scan statistics: Kulldorff 1997, "A spatial scan
 * statistic"). Where the density changes within the ellipsoid, E is a bound from above. The rows are those that fit
 * worst, some of each component's, and some of all. So groups are found that are small but much denser than the model
 * says, and groups far away.
 *
 * Far places. All rows that are far from every component together, and the one that fits worst by itself. */
#ifndef STARTS_PLACES_H
#define STARTS_PLACES_H

#include "starts/place_finder.h"

/* One model whose places are wanted. */
typedef struct place_search {
  place_finder *finder;
  em_iteration *em;
  const gmmpi_model *model; /* with the number of components of em */
} place_search;

/* Finds places for n models, in walks over the points that all share: the iterations are on the same points. Collective
 * over the points' communicator, and the same on all ranks. Errors, agreed: 71, those of shard_agree. */
gmmpi_status find_places_together(const place_search *searches, int64_t n, uint64_t seed, gmmpi_error *error);

/* Finds places for a model with the number of components of em. Collective over the points' communicator, and the same
 * on all ranks. Errors, agreed: 71, those of shard_agree. */
gmmpi_status find_places(place_finder *finder, em_iteration *em, const gmmpi_model *model, uint64_t seed,
                         gmmpi_error *error);

/* The E-steps over all points, with one component, that a call takes the time of. */
double place_visits(density_shape shape, int64_t n_components, int64_t n_samples, int64_t n_features);

#endif
