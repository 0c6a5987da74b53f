/* SPDX-License-Identifier: BSD-3-Clause */
/* Drawing points from a mixture.
 *
 * Point i: component k with probability weight_k (by inversion of the cumulated weights), then x = mean_k + L_k z,
 * where covariance_k = L_k L_k^T and z are independent standard normal numbers. Draws are keyed by seed and i, so a
 * point is the same whichever rank draws it. With the background's weight the point is uniform in its region. */
#ifndef APPLY_SAMPLE_H
#define APPLY_SAMPLE_H

#include "mixture/model.h"
#include "support/feature_transform.h"

#include <mpi.h>

typedef struct sampler {
  const gmmpi_model *model; /* borrowed */
  uint64_t seed;
  double *cumulated;             /* K, and one more for the background: sum of the weights up to each and its own */
  feature_transform *transforms; /* d: undone in what is drawn; NULL: none */
} sampler;

/* Errors: 65 there is a background, and the model does not know where; 71. */
gmmpi_status sampler_create(const gmmpi_model *model, uint64_t seed, sampler **result, gmmpi_error *error);
void sampler_destroy(sampler *source); /* NULL is fine */

/* Draws point `row` (from 0): point receives d numbers. Returns its component, or NOISE_LABEL. Of a model with a
 * variational posterior points are of its posterior predictive density (apply/predictive.h). */
int32_t sampler_draw(const sampler *source, int64_t row, double *point);

/* The same points as the model has them, without undoing transforms: rows first_row and on, n_points of them (at most
 * TILE_ROWS), as a tile (d x TILE_ROWS) that is filled up with copies of the first. point: room for d numbers. */
void sampler_draw_tile(const sampler *source, int64_t first_row, int n_points, double *point, double *tile);

/* Collective over comm; every rank has the same model. Writes n_points points to path, as HDF5 (/points: N x d with the
 * attribute feature_names when the model has names; /labels: N, int32, with the attribute names when its components
 * have some) or, by path's ending, CSV (the features by name, then label, and class where components have names).
 * compress: HDF5: 1 to 9, or 0 for not at all. The file is whole or not there, and has the same bytes at any number of
 * ranks. Errors, agreed: 73, 71.
 */
gmmpi_status sample_to_file(MPI_Comm comm, const gmmpi_model *model, int64_t n_points, uint64_t seed, int compress,
                            const char *path, gmmpi_error *error);

/* The bytes that sample_to_file needs on a rank beside the model; INT64_MAX when they can't be counted. */
int64_t sample_bytes(int64_t n_features);

#endif
