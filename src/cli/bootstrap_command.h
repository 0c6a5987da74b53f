/* SPDX-License-Identifier: BSD-3-Clause */
/* What gmmpi bootstrap was told. */
#ifndef CLI_BOOTSTRAP_COMMAND_H
#define CLI_BOOTSTRAP_COMMAND_H

#include "em/options.h"
#include "fit/bootstrap.h"
#include "fit/reading.h"

#include <string.h>

typedef struct bootstrap_command {
  const char *model_path;
  const char *data;
  const char *output_path;
  const char *table_path;
  const char *checkpoint; /* as given, or NULL */
  const char *restart;    /* NULL, "auto" or a file */
  char *checkpoint_path;  /* to be freed; NULL: there are no checkpoints */
  reading_options reading;
  bootstrap_options how;
  fit_options given; /* tolerance, max_iterations and reg_covar, where bit 0, 1 or 2 says so */
  uint64_t given_bits;
  int threads;
  int64_t memory_limit;
  double time_limit; /* as in job_options */
  bool keep_replicates;
  bool json;
  bool quiet;
  bool help;
} bootstrap_command;

static inline bool bootstrap_restarts_by_itself(const bootstrap_command *command)
{
  return command->restart != NULL && strcmp(command->restart, "auto") == 0;
}

/* Every rank gets the same. command: all zero before; its checkpoint_path is the caller's to free. Errors: 64, 71. */
gmmpi_status bootstrap_command_parse(int argc, char **argv, int rank, bootstrap_command *command, gmmpi_error *error);

#endif
