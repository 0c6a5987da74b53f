/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of a fit by groups. */
#ifndef CLI_FIT_BY_COMMAND_H
#define CLI_FIT_BY_COMMAND_H

#include "cli/fit_command.h"
#include "fit/groups.h"

typedef struct fit_by_account {
  const fit_command *command;
  const groups_result *result; /* with keys */
  const data_account *data;    /* NULL: none */
  int64_t n_samples, n_features;
  dropped_count dropped;
  int64_t n_outside; /* rows of no group */
  double seconds_total, seconds_read;
  int64_t peak_memory;
  int n_ranks;
} fit_by_account;

/* What came of all groups. */
typedef struct fit_by_counts {
  int64_t n_groups, n_failed, n_converged, n_eventful; /* the last: fitted groups in which something happened */
  int64_t n_iterations;
} fit_by_counts;
fit_by_counts fit_by_count(const group_models *models);

/* Attributes of the file: nothing that depends on ranks, time or place. NULL when there is no memory. */
json_t *fit_by_facts(const fit_by_account *account);

/* One warning of groups that failed, with the first few of them; with -v a line for each. */
void fit_by_warn(const fit_by_account *account);

/* Prints the summary on standard output, as JSON or for people. */
void fit_by_print_summary(const fit_by_account *account);

#endif
