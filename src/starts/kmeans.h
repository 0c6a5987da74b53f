/* SPDX-License-Identifier: BSD-3-Clause */
/* Lloyd's k-means over all ranks, in coordinates scaled to unit variance: the start of an EM. */
#ifndef STARTS_KMEANS_H
#define STARTS_KMEANS_H

#include "starts/centres.h"

/* Collective. Moves the centres (n_centres x d) until the sum of squared distances falls by less than 1e-4 of itself,
 * at most 50 times. A centre that no point is nearest to is put on the point farthest from all centres. Errors,
 * agreed: 71. */
gmmpi_status kmeans_run(const shard *points, const seeding_options *options, double *centres, gmmpi_error *error);

/* The bytes it needs on a rank. */
int64_t kmeans_bytes(int64_t n_features, int64_t n_centres, int n_threads);

/* The density form whose nearest mean is the nearest centre: every precision is inverse_variances. Errors: 71. */
gmmpi_status kmeans_form(const seeding_options *options, int64_t n_features, const double *centres, density_form **form,
                         gmmpi_error *error);

#endif
