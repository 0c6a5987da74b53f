/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of `gmmpi fit`: its options, what it starts from, and what it says at the end. */
#ifndef CLI_FIT_COMMAND_H
#define CLI_FIT_COMMAND_H

#include "cli/data_account.h"
#include "cli/options.h"
#include "fit/fit.h"
#include "fit/options.h"
#include "fit/start_file.h"
#include "job/job.h"

#include <jansson.h>

/* What is said of groups, each of which gets a mixture of its own. */
typedef enum by_criterion { BY_NO_CRITERION, BY_BIC, BY_AIC, BY_ICL } by_criterion;
typedef struct fit_by_words {
  const char *keys;         /* a column, or a file; NULL: not given */
  const char *offsets;      /* a file; NULL: not given */
  int64_t least_components; /* of a range; else 0 */
  by_criterion criterion;
} fit_by_words;

static inline bool fit_is_by_groups(const fit_by_words *by)
{
  return by->keys != NULL || by->offsets != NULL;
}

/* The criterion by which each group's number of components is chosen, as --criterion has it; NULL: none. */
const char *fit_by_criterion_word(const fit_by_words *by);

/* Everything that the command line says. */
typedef struct fit_command {
  const char *data;
  reading_options reading;
  memory_options memory;
  fit_options fit;             /* start and labels are set later */
  const char *covariance_word; /* as --covariance has it, of fit; NULL: not given */
  uint64_t given;              /* of its table of options */
  const char *output_path;
  const char *merge;        /* by which criterion components are merged into clusters; NULL: they are not */
  const char *labels_path;  /* NULL: none */
  int64_t compress;         /* of the labels; 0: not at all */
  char *default_checkpoint; /* to be freed */
  fit_by_words by;
  job_options job;
  bool json;
  bool help;
} fit_command;

/* What the covariances are called for people: by mclust's code where they were asked for by it. */
const char *fit_command_covariance(const fit_command *command);

/* What the command line of a command like fit has besides, or instead. */
typedef struct fit_dialect {
  const char *name;    /* of the command */
  const char *purpose; /* as command_usage has it, like the next ones */
  const char *synopsis;
  const usage_note *examples;
  const char *about;            /* its first paragraph, with %s for the formats of DATA */
  const option_record *options; /* n_fit_options: fit_option_table, or one like it */
  option_group more;            /* its own */
  /* After all options have been read, before they are checked as a whole; NULL: nothing. */
  gmmpi_status (*settle)(void *context, fit_command *command, gmmpi_error *error);
  void *context;
} fit_dialect;

/* Reads the command line. Prints the help text on rank 0 when asked for. dialect: NULL, that of fit. Errors: 64. */
gmmpi_status fit_command_parse(int argc, char **argv, int rank, const fit_dialect *dialect, fit_command *command,
                               gmmpi_error *error);
void fit_command_clear(fit_command *command);

/* For rank 0: no output may be another output, and none may be a file of the data, or of what the fit starts or goes on
 * from. Errors: 64, 71. */
gmmpi_status fit_command_check_outputs(const fit_command *command, gmmpi_error *error);
gmmpi_status fit_command_check_input(const fit_command *command, const point_source *source, gmmpi_error *error);

/* The options that affect numbers, by the names a user types, for the checkpoint. NULL when there is no memory. */
json_t *fit_identity(const fit_command *command, const start_file *start);

/* What a fit came to, for the summary and the model's attributes. */
typedef struct fit_account {
  const fit_command *command;
  const shard *points;
  const data_account *data; /* rank 0's; NULL: none */
  const fit_result *result;
  const start_file *start;
  double seconds_total, seconds_read, seconds_checkpoint, seconds_merge;
  int64_t peak_memory;
  int n_ranks;
} fit_account;

/* Attributes of the model file: nothing that depends on ranks, time or place. NULL when there is no memory. */
json_t *fit_facts(const fit_account *account);

/* The summary as one object. NULL when there is no memory. */
json_t *fit_summary_json(const fit_account *account);

/* Prints the summary on standard output, as JSON or for people. */
void fit_print_summary(const fit_account *account);

/* A mixture for each group (cli/fit_by.c), once the command line is read. */
gmmpi_status fit_by_run(MPI_Comm comm, fit_command *command, gmmpi_error *error);

/* The options of groups, of members of fit_by_words; and do they go with the others? Errors: 64. */
extern const option_record fit_by_option_table[];
extern const int n_fit_by_options;
gmmpi_status fit_by_check(const fit_command *command, gmmpi_error *error);

/* -k K, or K:L for a range: sets the most components, and the least ones of a range. */
gmmpi_status fit_by_parse_components(const option_record *option, const char *text, void *value, gmmpi_error *error);

#endif
