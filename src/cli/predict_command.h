/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of `gmmpi predict`. */
#ifndef CLI_PREDICT_COMMAND_H
#define CLI_PREDICT_COMMAND_H

#include "apply/prediction_columns.h"
#include "fit/reading.h"

typedef struct predict_command {
  const char *model_path;
  const char *data;
  const char *output_path;
  reading_options reading; /* with keys: of a mixture for each group */
  predict_wishes wishes;
  int threads;
  int64_t compress;
  int64_t memory_limit;
  bool json;
  bool quiet;
  bool help;
} predict_command;

/* Collective. Opens the data with the features of the model: by name where both have names. Errors, agreed: those of
 * source_open; 64, 65 they are others; 71. */
gmmpi_status predict_open_data(MPI_Comm comm, int rank, const predict_command *command, const gmmpi_model *model,
                               point_source **source, gmmpi_error *error);

/* With keys: each point by the model of its group. */
gmmpi_status predict_by_run(MPI_Comm comm, const predict_command *command, gmmpi_error *error);

#endif
