/* SPDX-License-Identifier: BSD-3-Clause */
/* Predictions by the models of groups (mixture/files/group_models.h): each point by that of its own group. */
#ifndef APPLY_GROUP_PREDICT_H
#define APPLY_GROUP_PREDICT_H

#include "apply/prediction_columns.h"
#include "mixture/files/group_models.h"
#include "points/shard.h"

/* The label of a point whose group has no model: it is unknown, could not be fitted, or the point has no key. */
#define NO_PREDICTION (-2)

typedef struct group_predict_report {
  int64_t n_samples;
  int64_t n_without;     /* points without a prediction */
  double total_weight;   /* of the others: what they count for */
  double log_likelihood; /* of the others, weighted */
} group_predict_report;

/* Collective over points->comm, and points are held. group_of: for each label of the points the group, or -1. Writes
 * /labels (n, int32), with the wishes /responsibilities (n x K, or K + 1 with a background; 0 for components that a
 * group does not have) and /log_density (n), and /rows where rows were dropped, as predict_to_file does; of points
 * without a prediction NO_PREDICTION and NaN. path_of_models: for messages. Errors, agreed: 73, 71, 65. */
gmmpi_status group_predict_to_file(const group_models *models, const char *path_of_models, const shard *points,
                                   const int64_t *group_of, const predict_wishes *wishes, const char *path,
                                   group_predict_report *report, gmmpi_error *error);

/* The bytes that it needs on a rank beside models and points; INT64_MAX when they can't be counted. */
int64_t group_predict_bytes(const group_models *models, const predict_wishes *wishes, int64_t n_samples, int n_ranks);

#endif
