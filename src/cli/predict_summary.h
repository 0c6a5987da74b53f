/* SPDX-License-Identifier: BSD-3-Clause */
/* What `gmmpi predict` says when it is done, for people and for programs.
 *
 * To add a fact: a line of the table in predict_summary.c, and its line for people in predict_summary_print. */
#ifndef CLI_PREDICT_SUMMARY_H
#define CLI_PREDICT_SUMMARY_H

#include "apply/predict.h"
#include "cli/data_account.h"
#include "points/shard.h"

#include <jansson.h>

typedef struct predict_summary {
  const gmmpi_model *model;
  const shard *points;
  const data_account *data; /* NULL: there is nothing to say */
  const predict_report *report;
  const predict_wishes *wishes;
  const char *output_path;
  const regression *of; /* targets; NULL: there are none, else the model is the one without them */
} predict_summary;

/* For rank 0. NULL: no memory is left. */
json_t *predict_summary_json(const predict_summary *about);

/* For rank 0, on standard output. */
void predict_summary_print(const predict_summary *about);

/* For rank 0: a warning where there are far more outliers than there would be among points of the model. */
void predict_warn_of_outliers(const predict_summary *about, const char *data);

#endif
