/* SPDX-License-Identifier: BSD-3-Clause */
/* The density of points as sampler_draw (apply/sample.h) draws them, which integrates to 1: that of a mixture, of a
 * variational posterior the predictive one, and of a background
 *
 *   noise_weight / volume   inside the region it is drawn in, and 0 outside.
 *
 * (predict's log density has a background everywhere, as the fit does: mixture/background.h.) Points and densities are
 * those of the features as the model has them, after their transforms. */
#ifndef APPLY_POINT_DENSITY_H
#define APPLY_POINT_DENSITY_H

#include "kernels/kernel.h"
#include "mixture/model.h"

typedef struct point_density point_density;

/* The model is borrowed. Errors: 65 it has a background whose region is not known or flat; 71. */
gmmpi_status point_density_create(const kernel *instructions, const gmmpi_model *model, point_density **result,
                                  gmmpi_error *error);
void point_density_destroy(point_density *self); /* NULL is fine */

/* INT64_MAX when they can't be counted. */
int64_t point_density_bytes(const gmmpi_model *model);

/* Sets the log densities (TILE_ROWS, aligned as tiles are) of the n_points points of a tile (d x TILE_ROWS, all
 * finite). */
void point_density_tile(point_density *self, const double *tile, int n_points, double *log_density);

/* The same of the components alone, without the background, times their weights: it has the same order, among points of
 * the region, as the density, and tells points apart where a background is so dense that the sum does not. */
void point_density_components(point_density *self, const double *tile, int n_points, double *log_density);

#endif
