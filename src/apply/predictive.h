/* SPDX-License-Identifier: BSD-3-Clause */
/* The posterior predictive density of a mixture with a variational posterior (Bishop 2006, eqs. 10.81, 10.82):
 *
 *   p(x | points) = sum_k weights[k] St(x | means[k], scale_k covariances[k], nu_k + 1 - d),
 *   scale_k = (1 + beta_k) nu_k / (beta_k (nu_k + 1 - d)),
 *
 * St the multivariate t with scale matrix and degrees of freedom, beta = mean_precision, nu = degrees_of_freedom. It
 * integrates to 1, unlike the sum of expected log densities that responsibilities are of. The same for all four
 * families, since precisions of the posterior are matrices whatever W is restricted to (mixture/posterior.h). */
#ifndef APPLY_PREDICTIVE_H
#define APPLY_PREDICTIVE_H

#include "kernels/kernel.h"
#include "mixture/model.h"

typedef struct predictive predictive;

/* Errors: 71. */
gmmpi_status predictive_create(const kernel *instructions, const gmmpi_model *model, predictive **result,
                               gmmpi_error *error);
void predictive_destroy(predictive *self); /* NULL is fine */

/* INT64_MAX when they can't be counted. */
int64_t predictive_bytes(const gmmpi_model *model);

/* Sets the log densities of a tile's points: TILE_ROWS. scratch: kernel_scratch_bytes. */
void predictive_tile(predictive *self, const double *tile, double *log_density, double *scratch);

#endif
