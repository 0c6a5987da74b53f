/* SPDX-License-Identifier: BSD-3-Clause */
/* What a model says about the points of one tile: labels, responsibilities, log-densities.
 *
 *   responsibility_ik = weight_k N(x_i | k) / p(x_i),  label_i = the component with the largest one (ties: the lowest),
 *   log_density_i = log p(x_i) = log sum_k weight_k N(x_i | k)        (Bishop 2006, eq. 9.13 and 9.14)
 *
 *   outlier_weight_i = sum_k responsibility_ik (nu_k + d)/(nu_k + delta_ik)   of t distributions: the mean of the
 *                      point's latent weight (Peel, McLachlan 2000, sec. 6), about 1 inside and near 0 far outside
 *
 * Of a model with a variational posterior responsibilities are those of the E-step, softmax over k of expected log
 * weight plus expected log density; expected_log_density_i is the log of the sum of their exponentials, as
 * scikit-learn's score_samples has it, and log_density_i that of the posterior predictive density (apply/predictive.h).
 *
 * A background has the responsibility noise_weight / noise_volume / p(x_i), and the label -1 (NOISE_LABEL) where that
 * is larger than any component's.
 *
 * A responsibility below 2^-60 of the point's largest one is given as 0 (kernels/kernel.h).
 *
 * A predictor handles one tile at a time and holds only its workspace. */
#ifndef APPLY_PREDICTOR_H
#define APPLY_PREDICTOR_H

#include "apply/predictive.h"
#include "kernels/kernel.h"
#include "mixture/model.h"

#include <stdbool.h>

/* What is summed over points. To add one: its name, and in predictor_tile its numbers, one a point, which `summed`
 * points at; what has none is not summed. */
typedef enum predictor_total {
  TOTAL_LOG_LIKELIHOOD,
  TOTAL_EXPECTED_LOG_DENSITY, /* of a model with a posterior */
  N_PREDICTOR_TOTALS
} predictor_total;

typedef struct predictor {
  const kernel *kernel;
  density_form *form;
  double *responsibilities;                 /* K x TILE_ROWS, of the last tile */
  double *log_density;                      /* TILE_ROWS, of the last tile */
  double *expected_log_density;             /* the same; without a posterior log_density */
  predictive *density;                      /* NULL: the model has no posterior */
  double noise[TILE_ROWS];                  /* the background's share of each point, of the last tile; without one 0 */
  int32_t labels[TILE_ROWS];                /* of the last tile, from 0; NOISE_LABEL (mixture/background.h) */
  double totals[N_PREDICTOR_TOTALS];        /* since they were last set to 0 */
  const double *summed[N_PREDICTOR_TOTALS]; /* TILE_ROWS each, of the last tile: what they are the sums of; or NULL */
  double *scratch;
  /* Where outlier weights are wanted: */
  double *outlier_weights; /* TILE_ROWS, of the last tile */
  double *pulls;           /* K x TILE_ROWS, of the last tile */
  block_sums sums;         /* with room for tail sums, which nobody wants */
} predictor;

/* instructions: the kernel to use, for one result the same on every rank. Errors: 71. */
gmmpi_status predictor_create(const kernel *instructions, const gmmpi_model *model, predictor **result,
                              gmmpi_error *error);
void predictor_destroy(predictor *self); /* NULL is fine */

/* After predictor_create, of a model of t distributions: predictor_tile sets outlier weights too. Errors: 71. */
gmmpi_status predictor_add_outlier_weights(predictor *self, gmmpi_error *error);

/* The bytes of one, with outlier weights or without; INT64_MAX when they can't be counted. */
int64_t predictor_bytes(const gmmpi_model *model, bool outlier_weights);

/* Sets labels, log_density, responsibilities and noise for the first n_points points of a tile (d x TILE_ROWS), and
 * adds to the totals, each point times its weight (TILE_ROWS; NULL: 1). */
void predictor_tile(predictor *self, const double *tile, const double *weights, int n_points);

#endif
