/* SPDX-License-Identifier: BSD-3-Clause */
/* Models that grow: to a model of k components one is added at the place where it gains most, EM follows, and so on
 * from one component to K (Verbeek, Vlassis, Krose 2003, "Efficient greedy learning of Gaussian mixture models"; the
 * places are those of starts/places.h). Such a start tries the model of K - 1 components with one more, so that the
 * likelihood grows with K, and it finds small groups and outliers, which centres of k-means pass over. */
#ifndef STARTS_GROWTH_H
#define STARTS_GROWTH_H

#include "starts/bench.h"
#include "starts/places.h"

/* The model's components, with weights that leave room, and one at the place: to has one component more than from.
 * covariance: covariance_length numbers, scratch. False when a covariance is not definite. */
bool add_component(const gmmpi_model *from, const component_place *where, double *covariance, gmmpi_model *to);

/* Collective over the points' communicator like bench_improve, with the same errors. Grows a model of K components, for
 * the points of em, from `from`, which has fewer and is borrowed; NULL: from one component. finder: for the same
 * points. n_row_visits: those that its E-steps made, in E-steps with K components, are added. */
gmmpi_status grow_model(const em_iteration *em, place_finder *finder, uint64_t seed, const gmmpi_model *from,
                        const fit_observer *observer, gmmpi_model *to, int64_t *n_row_visits, gmmpi_error *error);

/* The E-steps with K components that growing takes the time of, on n_samples points. */
double growth_visits(density_shape shape, int64_t n_samples, int64_t n_features, int64_t n_components);

/* The bytes that grow_model needs beside its arguments; INT64_MAX when they can't be counted. */
int64_t growth_bytes(const fit_options *options, int64_t n_features);

#endif
