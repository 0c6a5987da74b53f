/* SPDX-License-Identifier: BSD-3-Clause */
/* First centres for k-means, far apart from each other, in coordinates scaled to unit variance.
 *
 * k-means++ (Arthur, Vassilvitskii 2007): each further centre is a point drawn with probability proportional to its
 * squared distance from the nearest centre so far. The draw is an exponential race, which needs no sum: with E_i
 * exponential, the point with the smallest E_i / w_i is drawn with probability proportional to w_i. k-means|| (Bahmani
 * et al. 2012): a few rounds draw about 2K candidates each, all at once; each candidate is weighted by the points that
 * are nearest to it, and weighted k-means++ and Lloyd iterations on the candidates alone, the same on every rank,
 * choose K. */
#ifndef STARTS_SEEDING_H
#define STARTS_SEEDING_H

#include "starts/centres.h"

/* Collective. centres: n_centres x d. Errors, agreed: 71, 75 when a rank wants to stop. */
gmmpi_status seed_kmeans_plus_plus(const shard *points, const seeding_options *options, double *centres,
                                   gmmpi_error *error);
gmmpi_status seed_kmeans_parallel(const shard *points, const seeding_options *options, double *centres,
                                  gmmpi_error *error);

/* The row of the first centre, drawn by weight. Collective where rows have weights. Errors, agreed: 71, and those of
 * shard_agree. */
gmmpi_status seeding_first_row(const shard *points, uint64_t seed, int64_t *row, gmmpi_error *error);

/* Collective: false, with an agreed error, when a rank wants to stop or could not read its points. */
bool seeding_goes_on(const shard *points, stop_question stop, gmmpi_error *error);

/* The bytes that choosing centres needs on a rank that owns n_rows rows, k-means from them included. */
int64_t seeding_bytes(int64_t n_rows, int64_t n_features, int64_t n_centres, int n_threads);

#endif
