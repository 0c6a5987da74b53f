/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/job_start.h"

#include "job/checkpoint.h"
#include "support/clock.h"
#include "support/error.h"
#include "support/file.h"
#include "support/signals.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void job_begin(const job_options *options, int rank, time_limit *limit)
{
  double left = options->time_limit - clock_process_age();
  if (options->time_limit == 0.0) {
    left = time_limit_until(getenv("SLURM_JOB_END_TIME"));
    if (left <= 0.0) {
      left = INFINITY;
      if (rank == 0) warn("SLURM_JOB_END_TIME is in the past; the job runs without a time limit");
    }
  }
  *limit = time_limit_begin(left);
  signals_end_time_in(left - limit->reserve);
}

bool job_restart_is_automatic(const char *restart)
{
  return strcmp(restart, "auto") == 0;
}

static gmmpi_status try_restart(const job_options *options, gmmpi_error *error)
{
  if (job_restart_is_automatic(options->restart)) {
    if (options->checkpoint_path != NULL) return GMMPI_OK;
    return fail(error, GMMPI_WRONG_USAGE,
                "--restart auto: finds nothing with --checkpoint none; name the file to go on from");
  }
  if (access(options->restart, R_OK) == 0) return GMMPI_OK;
  const int reason = errno;
  char *previous = checkpoint_previous_path(options->restart);
  const bool found = previous != NULL && access(previous, R_OK) == 0;
  free(previous);
  if (found) return GMMPI_OK;
  return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check the name or use --restart auto", options->restart,
              strerror(reason));
}

/* A log that is not there yet begins with a header, for which there must be room. */
static gmmpi_status try_log(const char *path, gmmpi_error *error)
{
  struct stat old;
  const bool is_there = stat(path, &old) == 0 && (!S_ISREG(old.st_mode) || old.st_size > 0);
  return is_there ? file_try_output(path, error) : file_try_writing(path, error);
}

gmmpi_status job_try_files(const job_options *options, checkpoint_lock **lock, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  if (options->checkpoint_path != NULL) {
    struct stat old;
    status = file_try_output(options->checkpoint_path, error);
    if (status == GMMPI_OK && stat(options->checkpoint_path, &old) == 0 && !S_ISREG(old.st_mode))
      status = fail(error, GMMPI_NO_OUTPUT, "%s: is not an ordinary file; name another one, or none, for checkpoints",
                    options->checkpoint_path);
  }
  if (status == GMMPI_OK && options->log_path != NULL) status = try_log(options->log_path, error);
  if (status == GMMPI_OK && options->restart != NULL) status = try_restart(options, error);
  if (status == GMMPI_OK && options->checkpoint_path != NULL)
    status = checkpoint_lock_take(options->checkpoint_path, lock, error);
  return status;
}

int64_t job_bytes(const job_options *options, const state_plan *plan)
{
  if (options->checkpoint_path == NULL && options->restart == NULL) return 0;
  const int64_t image = checkpoint_image_bytes(plan);
  const int64_t n_copies = 3; /* the latest state, what is being written, the state that was loaded */
  return image > INT64_MAX / n_copies ? INT64_MAX : n_copies * image;
}
