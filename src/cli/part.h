/* SPDX-License-Identifier: BSD-3-Clause */
/* What `gmmpi marginal` and `gmmpi condition` have in common: a model of some of a model's features is written, and
 * said what it is. */
#ifndef CLI_PART_H
#define CLI_PART_H

#include "cli/options.h"
#include "mixture/model.h"

#include <jansson.h>
#include <mpi.h>

typedef struct part_command {
  const char *model_path;
  const char *output_path;
  const char *list; /* of features, or of features and values */
  bool json;
  bool quiet;
  bool help;
} part_command;

/* Reads the command line of a command whose one option of its own is `list`. Errors: 64. */
gmmpi_status part_command_read(int argc, char **argv, int rank, const command_usage *usage, const option_record *list,
                               part_command *command, gmmpi_error *error);

/* What the command makes of the model, for rank 0: the part; what it says of the file that it writes, as facts of that,
 * and beside these of the summary; and what people read of it, printed behind the first line. */
typedef struct part_maker {
  const char *name; /* "marginal" */
  gmmpi_status (*make)(const part_command *command, const gmmpi_model *model, json_t *facts, gmmpi_model **part,
                       gmmpi_error *error);
  void (*print)(const gmmpi_model *model, const gmmpi_model *part, const json_t *facts);
} part_maker;

/* Collective. Errors, agreed: 64, 65, 66, 71, 73. */
gmmpi_status part_command_run(MPI_Comm comm, const part_command *command, const part_maker *maker, gmmpi_error *error);

/* An array of what people call the features; NULL: no memory. */
json_t *part_feature_names(const gmmpi_model *model, const int64_t *features, int64_t n);

#endif
