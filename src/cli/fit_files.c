/* SPDX-License-Identifier: BSD-3-Clause */
/* No output of a fit may take the place of another one, or of something that it reads. */
#include "cli/fit_command.h"

#include "job/checkpoint.h"
#include "support/error.h"
#include "support/file.h"

#include <stdlib.h>
#include <string.h>

enum { N_OUTPUTS = 5, N_WITHOUT_CHECKPOINTS = 3 };

/* Of the outputs, the last two: they have names of their own, but are one file for a moment while a checkpoint is
 * written, and after a kill at that moment. */
static bool are_checkpoints(int i, int j)
{
  return i >= N_WITHOUT_CHECKPOINTS && j >= N_WITHOUT_CHECKPOINTS;
}

typedef struct named_output {
  const char *option;
  const char *path; /* NULL: not wanted */
} named_output;

/* *previous, to be freed, is the name of the checkpoint before the last one, which is the last output. */
static gmmpi_status list_outputs(const fit_command *command, named_output outputs[N_OUTPUTS], char **previous,
                                 gmmpi_error *error)
{
  const char *checkpoint = command->job.checkpoint_path;
  *previous = checkpoint != NULL ? checkpoint_previous_path(checkpoint) : NULL;
  if (checkpoint != NULL && *previous == NULL)
    return fail(error, GMMPI_NO_MEMORY, "there is no memory for a file name");
  outputs[0] = (named_output){"-o", command->output_path};
  outputs[1] = (named_output){"--labels", command->labels_path};
  outputs[2] = (named_output){"--log", command->job.log_path};
  outputs[3] = (named_output){"--checkpoint", checkpoint};
  outputs[4] = (named_output){"the checkpoint before the last one", *previous};
  return GMMPI_OK;
}

static gmmpi_status check_different(const named_output *outputs, gmmpi_error *error)
{
  for (int i = 0; i < N_OUTPUTS; i++) {
    for (int j = 0; j < i; j++) {
      if (outputs[i].path != NULL && outputs[j].path != NULL && !are_checkpoints(i, j) &&
          file_is_same(outputs[i].path, outputs[j].path))
        return fail(error, GMMPI_WRONG_USAGE, "%s and %s both name %s; name different files", outputs[j].option,
                    outputs[i].option, outputs[i].path);
    }
  }
  return GMMPI_OK;
}

/* Does one of the first n outputs have the name of what is read? input NULL: nothing is. */
static gmmpi_status check_kept(const named_output *outputs, int n, const char *input, const char *what,
                               gmmpi_error *error)
{
  for (int i = 0; i < n && input != NULL; i++) {
    if (outputs[i].path != NULL && file_is_same(outputs[i].path, input))
      return fail(error, GMMPI_WRONG_USAGE, "%s: %s would overwrite %s; name another file", outputs[i].option,
                  outputs[i].path, what);
  }
  return GMMPI_OK;
}

gmmpi_status fit_command_check_outputs(const fit_command *command, gmmpi_error *error)
{
  named_output outputs[N_OUTPUTS];
  char *previous;
  const char *restart = command->job.restart;
  if (restart != NULL && strcmp(restart, "auto") == 0) restart = NULL;
  if (list_outputs(command, outputs, &previous, error) == GMMPI_OK && check_different(outputs, error) == GMMPI_OK &&
      check_kept(outputs, N_OUTPUTS, start_file_path(&command->fit), "the file to start from", error) == GMMPI_OK)
    check_kept(outputs, N_WITHOUT_CHECKPOINTS, restart, "the checkpoint to go on from", error);
  free(previous);
  return error->status;
}

gmmpi_status fit_command_check_input(const fit_command *command, const point_source *source, gmmpi_error *error)
{
  named_output outputs[N_OUTPUTS];
  char *previous;
  if (list_outputs(command, outputs, &previous, error) == GMMPI_OK) {
    for (int i = 0; i < N_OUTPUTS; i++) {
      if (outputs[i].path != NULL && source_reads(source, outputs[i].path))
        fail(error, GMMPI_WRONG_USAGE, "%s: %s would overwrite the data; name another file", outputs[i].option,
             outputs[i].path);
    }
  }
  free(previous);
  return error->status;
}
