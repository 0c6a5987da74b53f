/* SPDX-License-Identifier: BSD-3-Clause */
/* The uniform background of a mixture (noise; Banfield, Raftery 1993, "Model-based Gaussian and non-Gaussian
 * clustering"):
 *
 *   p(x) = noise_weight / noise_volume + sum_k weights[k] N(x | means[k], covariances[k])
 *
 * Its density is the same everywhere, also beyond the region that the volume is of. Where that region is, a
 * parallelepiped, is kept for those who draw points from the model.
 *
 * All functions do nothing for models without a background, but for what they say of weights. */
#ifndef MIXTURE_BACKGROUND_H
#define MIXTURE_BACKGROUND_H

#include "mixture/model.h"

/* What points of the background are labelled. */
enum { NOISE_LABEL = -1 };

/* The region: origin + sum_i u_i axes[i], 0 <= u_i < 1. */
typedef struct noise_region {
  double volume;
  double *origin; /* d */
  double *axes;   /* d x d, row-major: row i is an edge; all 0: nobody knows where it is */
} noise_region;

/* Gives the model the region and this weight, which the components' weights, scaled to sum to the rest, leave it. */
void background_set(gmmpi_model *model, const noise_region *region, double weight);

/* Volume and region alone, the weights stay. */
void background_set_region(gmmpi_model *model, const noise_region *region);

/* Weight and region, also between models of different numbers of components; the components' weights stay. */
void background_copy(gmmpi_model *to, const gmmpi_model *from);

/* Region alone. */
void background_copy_region(gmmpi_model *to, const gmmpi_model *from);

/* Is it known where the region is? */
bool background_has_region(const gmmpi_model *model);

/* Divides all weights, the background's included, by their sum. */
void model_normalise_weights(gmmpi_model *model);

#endif
