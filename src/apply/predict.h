/* SPDX-License-Identifier: BSD-3-Clause */
/* Predictions (apply/predictor.h) for the points of all ranks, written to one file, whose columns are a table
 * (apply/prediction_columns.h). Rows are written chunk by chunk, so that n x K numbers are never held in memory. */
#ifndef APPLY_PREDICT_H
#define APPLY_PREDICT_H

#include "apply/prediction_columns.h"
#include "kernels/kernel.h"
#include "mixture/model.h"

/* What is known about all points afterwards, the same bits at any number of ranks. */
typedef struct predict_report {
  int64_t n_samples;
  double total_weight;               /* what they count for: n_samples without weights */
  double totals[N_PREDICTOR_TOTALS]; /* of weighted points where they have weights; 0 of what the model has not */
  int64_t n_outliers;                /* rows, where outliers are wished */
  double
      *target_totals; /* of apply/target_tile.h, where the points have the targets, too; else NULL; the caller frees */
  int64_t n_labels;   /* K, or that of clusters */
  int64_t *label_counts; /* n_labels, and one more for noise: points per label; the caller frees */
} predict_report;

/* Of targets the model is the marginal one of wishes.regression; the points have its features, or all of the joint
 * model's.
 *
 * Collective over points->comm. Writes the predictions for all points to path, as HDF5 (/labels: n, int32;
 * /responsibilities: n x K, or n x (K + 1), the last column being the background's, where there is one; /log_density,
 * /expected_log_density, /outlier_weights, /entropy, /outlier_p_value: n; /is_outlier: n, int32, 0 or 1; /target_mean,
 * /target_variance: n x targets, /target_covariance: n x targets x targets) or, by path's ending, CSV
 * (label,responsibility_1,...,noise,log_density). When rows were dropped /rows (n, int64; in CSV a last column `row`)
 * says in which row of the source, from 1, each point was. Names of components are an attribute of /labels, names (K),
 * and in CSV a column `class` behind the label, empty for noise. With wishes.clusters, which the model's hierarchy must
 * have, labels, responsibilities and entropies are those of clusters (apply/predictor.h) and names are joined by +.
 * Points whose label is known have that label. The file is whole or not there. report may be NULL; with
 * wishes.no_totals its totals need not be right. Errors, agreed: 73, 71, those of outlier_scale_create where outliers
 * are wished, and those of shard_agree. */
gmmpi_status predict_to_file(const gmmpi_model *model, const shard *points, predict_wishes wishes, const char *path,
                             predict_report *report, gmmpi_error *error);

/* The bytes that predict_to_file needs on a rank beside points and model; INT64_MAX when they can't be counted. */
int64_t predict_bytes(const gmmpi_model *model, predict_wishes wishes, int64_t n_samples, int n_threads);

#endif
