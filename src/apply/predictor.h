/* SPDX-License-Identifier: BSD-3-Clause */
/* What a model says about the points of one tile: labels, responsibilities, log-densities.
 *
 *   responsibility_ik = weight_k N(x_i | k) / p(x_i),  label_i = the component with the largest one (ties: the lowest),
 *   log_density_i = log p(x_i) = log sum_k weight_k N(x_i | k)        (Bishop 2006, eq. 9.13 and 9.14)
 *
 *   outlier_weight_i = sum_k responsibility_ik (nu_k + d)/(nu_k + delta_ik)   of t distributions: the mean of the
 *                      point's latent weight (Peel, McLachlan 2000, sec. 6), about 1 inside and near 0 far outside
 *
 *   entropy_i = - sum_k responsibility_ik log responsibility_ik, with the background's where there is one: 0 where it
 * is certain which component the point is of, log K at most
 *
 * Of a model with a variational posterior responsibilities are those of the E-step, softmax over k of expected log
 * weight plus expected log density; expected_log_density_i is the log of the sum of their exponentials, as
 * scikit-learn's score_samples has it, and log_density_i that of the posterior predictive density (apply/predictive.h).
 *
 * A background has the responsibility noise_weight / noise_volume / p(x_i), and the label -1 (NOISE_LABEL) where that
 * is larger than any component's.
 *
 * Where components were merged into clusters labels and responsibilities are those of clusters: a cluster's
 * responsibility is the sum of its components'.
 *
 * A responsibility below 2^-60 of the point's largest one is given as 0 (kernels/kernel.h).
 *
 * A predictor handles one tile at a time and holds only its workspace. */
#ifndef APPLY_PREDICTOR_H
#define APPLY_PREDICTOR_H

#include "apply/outliers.h"
#include "apply/point_density.h"
#include "apply/predictive.h"
#include "kernels/kernel.h"
#include "mixture/model.h"

#include <stdbool.h>

/* What is summed over points. To add one: its name, and in predictor_tile its numbers, one a point, which `summed`
 * points at; what has none is not summed. */
typedef enum predictor_total {
  TOTAL_LOG_LIKELIHOOD,
  TOTAL_EXPECTED_LOG_DENSITY, /* of a model with a posterior */
  TOTAL_ENTROPY,              /* where it is wanted */
  N_PREDICTOR_TOTALS
} predictor_total;

typedef struct predictor {
  const kernel *kernel;
  density_form *form;
  int64_t n_labels;                         /* K, or that of clusters */
  const int64_t *cluster_of;                /* K: each component's cluster, -1: none; NULL: labels are components */
  double *responsibilities;                 /* n_labels x TILE_ROWS, of the last tile */
  double *log_density;                      /* TILE_ROWS, of the last tile */
  double *expected_log_density;             /* the same; without a posterior log_density */
  predictive *density;                      /* NULL: the model has no posterior */
  double noise[TILE_ROWS];                  /* the background's share of each point, of the last tile; without one 0 */
  int32_t labels[TILE_ROWS];                /* of the last tile, from 0; NOISE_LABEL (mixture/background.h) */
  double totals[N_PREDICTOR_TOTALS];        /* since they were last set to 0 */
  const double *summed[N_PREDICTOR_TOTALS]; /* TILE_ROWS each, of the last tile: what they are the sums of; or NULL */
  double *scratch;
  /* Where targets are wanted, what a target_tile has set, of the last tile (apply/target_tile.h): */
  const double *target_mean;       /* n_targets x TILE_ROWS */
  const double *target_covariance; /* n_targets x n_targets x TILE_ROWS */
  /* Where outlier weights are wanted: */
  double *outlier_weights; /* TILE_ROWS, of the last tile */
  double *pulls;           /* K x TILE_ROWS, of the last tile */
  block_sums sums;         /* with room for tail sums, which nobody wants */
  /* Where labels alone are wanted; or NULL: */
  nearest_form *quick;
  /* Where entropies are wanted: */
  double *entropy; /* TILE_ROWS, of the last tile */
  /* Where outliers are wanted: */
  const outlier_scale *scale; /* borrowed */
  double outlier_share;       /* whose p-value is no larger is one */
  point_density *components;  /* what is compared with the scale; NULL: log_density is */
  double *p_values;           /* TILE_ROWS, of the last tile */
  double *own_density;        /* TILE_ROWS */
  int64_t n_outliers;         /* since it was last set to 0 */
} predictor;

/* instructions: the kernel to use, for one result the same on every rank. Errors: 71. */
gmmpi_status predictor_create(const kernel *instructions, const gmmpi_model *model, predictor **result,
                              gmmpi_error *error);
void predictor_destroy(predictor *self); /* NULL is fine */

/* After predictor_create: labels and responsibilities are those of n_clusters clusters, as hierarchy_cut numbers them
 * (mixture/hierarchy.h); cluster_of is borrowed. */
void predictor_merge(predictor *self, int64_t n_clusters, const int64_t *cluster_of);

/* After predictor_create, of a model without a posterior: nothing but labels is wanted, the same ones; most components
 * can then be left out in single precision. Errors: 71. */
gmmpi_status predictor_set_labels_alone(predictor *self, gmmpi_error *error);

/* After predictor_create, of a model of t distributions: predictor_tile sets outlier weights too. Errors: 71. */
gmmpi_status predictor_add_outlier_weights(predictor *self, gmmpi_error *error);

/* After predictor_create: predictor_tile sets entropies, too. Errors: 71. */
gmmpi_status predictor_add_entropy(predictor *self, gmmpi_error *error);

/* After predictor_create, of the same model: predictor_tile sets p-values, too, and counts those up to share. The scale
 * is borrowed. Errors: 71. */
gmmpi_status predictor_add_outliers(predictor *self, const gmmpi_model *model, const outlier_scale *scale, double share,
                                    gmmpi_error *error);

/* The bytes of one, with outlier weights and outliers or without; INT64_MAX when they can't be counted. */
int64_t predictor_bytes(const gmmpi_model *model, bool outlier_weights, bool outliers);

/* Sets labels, log_density, responsibilities and noise for the first n_points points of a tile (d x TILE_ROWS), and
 * adds to the totals, each point times its weight (TILE_ROWS; NULL: 1). */
void predictor_tile(predictor *self, const double *tile, const double *weights, int n_points);

#endif
