/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of `gmmpi predict`. */
#ifndef CLI_PREDICT_COMMAND_H
#define CLI_PREDICT_COMMAND_H

#include "apply/prediction_columns.h"
#include "fit/reading.h"
#include "job/progress.h"

typedef struct predict_command {
  const char *model_path;
  const char *model_called; /* in messages about its features: without the targets, where they are not wanted */
  const char *data;
  const char *output_path;
  const char *targets;     /* NULL: none */
  reading_options reading; /* with keys: of a mixture for each group */
  predict_wishes wishes;
  int threads;
  int64_t compress;
  int64_t memory_limit;
  bool json;
  bool quiet;
  bool help;
} predict_command;

/* With keys: each point by the model of its group. shown: is closed before the summary is printed. */
gmmpi_status predict_by_run(MPI_Comm comm, const predict_command *command, progress *shown, gmmpi_error *error);

#endif
