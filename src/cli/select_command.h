/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of `gmmpi select`: its options, and what it says at the end. */
#ifndef CLI_SELECT_COMMAND_H
#define CLI_SELECT_COMMAND_H

#include "cli/fit_session.h"

typedef struct select_command {
  int64_t *sizes; /* n_sizes: numbers of components, ascending */
  int64_t n_sizes;
  const char *family_text;            /* as it was given */
  const covariance_family **families; /* n_families, each once */
  char (*family_words)[16];           /* n_families: as they were given */
  int64_t n_families;
  bool all_families;
  int criterion; /* of selection_criterion */
  int64_t n_folds;
  const char *table_path; /* NULL: none */
  const char *keep_all;   /* a folder; NULL: none */
  fit_shape *shapes;      /* n: the candidates, by families, then by sizes */
  int64_t n;
} select_command;

/* Reads the command line into both. Errors: 64, 71. */
gmmpi_status select_command_parse(int argc, char **argv, int rank, select_command *command, fit_command *fit,
                                  gmmpi_error *error);
void select_command_clear(select_command *command);

/* The candidates, once the number of features is known: with one feature there are two families. Errors: 64, 71. */
gmmpi_status select_command_list(select_command *command, const fit_options *common, int64_t n_features,
                                 gmmpi_error *error);

/* How a candidate's family was called. */
const char *select_family_word(const select_command *command, int64_t candidate);

/* What identifies the job besides the options of fits; and which facts the model's file has more. NULL when there is no
 * memory. */
json_t *select_identity(const select_command *command);
json_t *select_facts(const select_command *command, const selection_result *result);

extern const char *const selection_criteria[]; /* their words, NULL behind the last one */

/* The table as CSV. Errors: 73, 71. */
gmmpi_status select_write_table(const select_command *command, const selection_result *result, gmmpi_error *error);

/* On rank 0: what is doubtful about the choice is warned of, and the summary printed. */
void select_warn(const select_command *command, const fit_session *session, const selection_result *result);
void select_print_summary(const select_command *command, const fit_account *account, const selection_result *result);

#endif
