/* SPDX-License-Identifier: BSD-3-Clause */
/* What a model says about points: labels, responsibilities, log-densities.
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
 * A predictor handles one tile at a time and holds only its workspace. Points of many ranks go to one file, chunk by
 * chunk, so that n x K numbers are never held in memory. */
#ifndef APPLY_PREDICT_H
#define APPLY_PREDICT_H

#include "apply/predictive.h"
#include "kernels/kernel.h"
#include "mixture/model.h"

#include <stdbool.h>

typedef struct predictor {
  const kernel *kernel;
  density_form *form;
  double *responsibilities;       /* K x TILE_ROWS, of the last tile */
  double *log_density;            /* TILE_ROWS, of the last tile */
  double *expected_log_density;   /* the same; without a posterior log_density */
  predictive *density;            /* NULL: the model has no posterior */
  double noise[TILE_ROWS];        /* the background's share of each point, of the last tile; without one 0 */
  int32_t labels[TILE_ROWS];      /* of the last tile, from 0; NOISE_LABEL (mixture/background.h) */
  double log_likelihood;          /* sum of log-densities since it was last set to 0 */
  double expected_log_likelihood; /* the same of expected_log_density, of a model with a posterior */
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

/* Sets labels, log_density, responsibilities and noise for the first n_points points of a tile (d x TILE_ROWS). */
void predictor_tile(predictor *self, const double *tile, int n_points);

/* What a file of predictions holds beside the labels. */
typedef struct predict_wishes {
  bool responsibilities;
  bool log_density;
  bool outlier_weights;      /* of models of t distributions only */
  bool expected_log_density; /* of a model with a posterior */
  int compress;              /* HDF5: 1 to 9, or 0 for not at all */
} predict_wishes;

/* What is known about all points afterwards, the same bits at any number of ranks. */
typedef struct predict_report {
  int64_t n_samples;
  double total_weight;            /* what they count for: n_samples without weights */
  double log_likelihood;          /* total, of weighted points where they have weights, as what is next */
  double expected_log_likelihood; /* of a model with a posterior */
  int64_t *label_counts;          /* K, and one more for noise: points per label; the caller frees */
} predict_report;

/* Collective over points->comm. Writes the predictions for all points to path, as HDF5 (/labels: n, int32;
 * /responsibilities: n x K, or n x (K + 1), the last column being the background's, where there is one; /log_density,
 * /expected_log_density, /outlier_weights: n) or, by path's ending, CSV (label,responsibility_1,...,noise,log_density).
 * When rows were dropped /rows (n, int64; in CSV a last column `row`) says in which row of the source, from 1, each
 * point was. Names of components are an attribute of /labels, names (K), and in CSV a column `class` behind the label,
 * empty for noise. Points whose label is known have that label. The file is whole or not there. report may be NULL.
 * Errors, agreed: 73, 71, and those of shard_agree. */
gmmpi_status predict_to_file(const gmmpi_model *model, const shard *points, predict_wishes wishes, const char *path,
                             predict_report *report, gmmpi_error *error);

/* The bytes that predict_to_file needs on a rank beside points and model; INT64_MAX when they can't be counted. */
int64_t predict_bytes(const gmmpi_model *model, predict_wishes wishes, int64_t n_samples, int n_threads);

#endif
