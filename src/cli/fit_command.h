/* The parts of `gmmpi fit`: its options, what it starts from, and what it says at the end. */
#ifndef CLI_FIT_COMMAND_H
#define CLI_FIT_COMMAND_H

#include "cli/options.h"
#include "fit/fit.h"
#include "job/job.h"

#include <jansson.h>

/* Everything that the command line says. */
typedef struct fit_command {
  const char *data;
  data_options data_options;
  fit_options fit;        /* start and labels are set later */
  const char *init;       /* as typed */
  const char *start_path; /* --init is a file: its name; else NULL */
  const char *output_path;
  const char *labels_path;  /* NULL: none */
  int64_t compress;         /* of the labels; 0: not at all */
  char *default_checkpoint; /* to be freed */
  job_options job;
  int64_t memory_limit; /* bytes of each rank; 0: the machine's */
  const char *scratch;  /* a folder; NULL: none */
  bool json;
  bool help;
} fit_command;

/* Reads the command line. Prints the help text on rank 0 when asked for. Errors: 64. */
gmmpi_status fit_command_parse(int argc, char **argv, int rank, fit_command *command, gmmpi_error *error);
void fit_command_clear(fit_command *command);

/* For rank 0: no output may be another output, and none may be a file of the data, or of what the fit starts or goes on
 * from. Errors: 64, 71. */
gmmpi_status fit_command_check_outputs(const fit_command *command, gmmpi_error *error);
gmmpi_status fit_command_check_input(const fit_command *command, const point_source *source, gmmpi_error *error);

/* What --init FILE holds. */
typedef struct fit_start {
  gmmpi_model *model; /* NULL when it holds labels */
  bool is_labels;
  int64_t *labels;      /* of this rank's rows, see fit_start_labels */
  uint64_t fingerprint; /* of what was started from, 0 for a method */
} fit_start;

/* Collective. Reads a model (HDF5 or JSON) or recognises labels. Errors, agreed: 66, 65, 71. */
gmmpi_status fit_start_open(MPI_Comm comm, const fit_command *command, fit_start *start, gmmpi_error *error);

/* Collective. A model to start from: brings its features into the order of the data's, by name, and takes the
 * fingerprint. Without names, or where those of one side only number the columns, they are taken in their order, and
 * check_sizes sees whether there are as many. Errors, agreed: 65 features that have other names, or a name that stands
 * for two; 71. */
gmmpi_status fit_start_match(MPI_Comm comm, const fit_command *command, const point_source *source, fit_start *start,
                             gmmpi_error *error);

/* Collective. Reads the labels of the rows of points; the file has one for each row of the data, dropped or not.
 * Errors, agreed: 66, 65, 74, 71, and those of shard_agree. */
gmmpi_status fit_start_labels(const fit_command *command, const shard *points, fit_start *start, gmmpi_error *error);
int64_t fit_start_labels_bytes(int64_t n_samples, int n_ranks); /* the memory that they take */
void fit_start_clear(fit_start *start);

/* The options that affect numbers, by the names a user types, for the checkpoint. NULL when there is no memory. */
json_t *fit_identity(const fit_command *command, const fit_start *start);

/* What a fit came to, for the summary and the model's attributes. */
typedef struct fit_account {
  const fit_command *command;
  const shard *points;
  const fit_result *result;
  double seconds_total, seconds_read, seconds_checkpoint;
  int64_t peak_memory;
  int n_ranks;
} fit_account;

/* Attributes of the model file: nothing that depends on ranks, time or place. NULL when there is no memory. */
json_t *fit_facts(const fit_account *account);

/* Prints the summary on standard output, as JSON or for people. */
void fit_print_summary(const fit_account *account);

#endif
