/* SPDX-License-Identifier: BSD-3-Clause */
/* What `gmmpi bootstrap` found: for people, as JSON, as a table in text, and as HDF5.
 *
 * Table: quantity,component,component_name,feature,feature_2,estimate,standard_error,lower,upper: a row for each
 * number. quantity is weight, noise_weight, mean, dof or covariance (the lower triangle, a variance having the same
 * feature twice); components count from 0.
 *
 * HDF5: /weights (K), /means (K x d), /covariances (K x d x d, whatever the family) and, where the model has them,
 * /noise_weight (1) and /dof (K), each with the data sets estimate, standard_error, lower and upper; with the
 * replicates kept /replicates with the same of each replicate (R x ...), NaN where it failed; and attributes of the
 * root group. */
#ifndef CLI_BOOTSTRAP_OUTPUT_H
#define CLI_BOOTSTRAP_OUTPUT_H

#include "cli/data_account.h"
#include "fit/bootstrap.h"

#include <jansson.h>

typedef struct bootstrap_account {
  const gmmpi_model *model;
  const char *model_path;
  const shard *points;
  const data_account *data; /* NULL: there is nothing to say */
  const fit_options *fit;
  const bootstrap_options *how;
  const bootstrap_result *result;
  double seconds;
  int n_ranks;
  const char *output_path, *table_path; /* NULL: not wanted */
} bootstrap_account;

/* The names of enum bootstrap_type, as --type takes them; the last one is NULL. */
extern const char *const bootstrap_types[];

/* All for rank 0. */
void bootstrap_print(const bootstrap_account *account);
json_t *bootstrap_json(const bootstrap_account *account); /* NULL: no memory is left */

/* Errors: 71, 73. */
gmmpi_status bootstrap_write_table(const bootstrap_account *account, gmmpi_error *error);
gmmpi_status bootstrap_write_hdf5(const bootstrap_account *account, bool keeps_replicates, gmmpi_error *error);

/* The bytes that these take; INT64_MAX when they can't be counted. */
int64_t bootstrap_output_bytes(int64_t n_components, int64_t n_features, int64_t n_replicates, bool keeps_replicates);

/* --- for the files of these outputs only --- */

/* What is said of each number: lists as the replicates are (fit/replicate.h). */
typedef struct said_of_numbers {
  const char *name;
  const double *list;
} said_of_numbers;
enum { N_SAID = 4 };
void bootstrap_list_said(const bootstrap_result *result, said_of_numbers said[N_SAID]);

/* What the seed, the data and the options determine, beside the numbers; NULL: no memory is left. */
json_t *bootstrap_facts(const bootstrap_account *account);

#endif
