/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/job.h"

#include "job/checkpoint.h"
#include "job/job_observer.h"
#include "job/job_parts.h"
#include "support/error.h"
#include "support/live_line.h"
#include "support/signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- what the watchdog calls --- */

/* Ends this rank, and through the launcher the job, with one message from the lowest rank that still can: the others
 * come a little later. */
static void stalled(void *context)
{
  const job *work = context;
  const job_options *options = &work->options;
  const bool saves = options->checkpoint_path != NULL;
  const char *what_next = saves ? "go on with --restart auto" : "there are no checkpoints, start again";
  gmmpi_error trouble = {0};
  if (work->saver != NULL && saver_save(work->saver, &trouble) != GMMPI_OK) warn("%s", trouble.message);
  live_line_clear();
  fprintf(stderr,
          "gmmpi: %s: rank %d has waited too long for the others (--stall-seconds %g), a host or the network "
          "between them may be lost; %s\n",
          saves ? options->checkpoint_path : options->output_path, work->rank, options->stall_seconds, what_next);
  fflush(stderr);
  _exit(GMMPI_STOPPED);
}

/* Rank 0 is the first to give up, since it can save the state. Another rank gives it this share of the patience more,
 * for saving and for clocks that differ, and each rank leaves so many seconds for the message of the one before it to
 * end the job: with thousands of ranks not for hours. */
static const double share_for_rank_0 = 0.25;
static const double seconds_per_rank = 5.0;
static const double most_seconds_for_ranks = 300.0;

/* Not collective. */
static gmmpi_status start_watchdog(job *work, gmmpi_error *error)
{
  const double patience = work->options.stall_seconds;
  const double for_ranks = fmin(seconds_per_rank * work->rank, most_seconds_for_ranks);
  const double later = work->rank == 0 ? 0.0 : share_for_rank_0 * patience + for_ranks;
  return patience > 0.0 ? watchdog_create(patience + later, stalled, work, &work->watchdog, error) : GMMPI_OK;
}

/* --- creation --- */

static bool same_file(const char *a, const char *b)
{
  struct stat one;
  struct stat other;
  if (strcmp(a, b) == 0) return true;
  return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Rank 0: the state to go on from, if there is one, and what the first checkpoint does to those that are there. */
static gmmpi_status load(job *work, const checkpoint_identity *identity, const job_subject *subject,
                         checkpoint_rotation *rotation, gmmpi_error *error)
{
  const job_options *options = &work->options;
  *rotation = KEEP_NONE;
  if (options->restart == NULL) {
    if (options->checkpoint_path != NULL && checkpoint_recognised(options->checkpoint_path))
      warn("%s: a checkpoint of an earlier job will be replaced; --restart auto would go on from it",
           options->checkpoint_path);
    return GMMPI_OK;
  }
  const bool automatic = job_restart_is_automatic(options->restart);
  const char *path = automatic ? options->checkpoint_path : options->restart;
  const gmmpi_status status =
      checkpoint_load(path, automatic, identity, &subject->plan, &work->resume, rotation, error);
  if (options->checkpoint_path != NULL && !same_file(path, options->checkpoint_path)) *rotation = KEEP_NONE;
  if (status == GMMPI_OK && work->resume != NULL)
    progress_note(work->progress, "%s: goes on after iteration %lld", path,
                  (long long)fit_iterations(fit_state_leader(work->resume)));
  else if (status == GMMPI_OK)
    progress_note(work->progress, "%s: no checkpoint to go on from; starts afresh", path);
  return status;
}

static gmmpi_status prepare_rank_0(job *work, const job_subject *subject, gmmpi_error *error)
{
  const job_options *options = &work->options;
  const checkpoint_identity identity = {.fingerprint = subject->fingerprint,
                                        .n_samples = subject->n_samples,
                                        .n_features = subject->plan.n_features,
                                        .options = options->numeric_options,
                                        .version = GMMPI_VERSION};
  checkpoint_rotation rotation;
  work->n_samples = (double)subject->n_samples;
  progress_begin_fits(subject->progress, &subject->fits, subject->seconds_read);
  gmmpi_status status = load(work, &identity, subject, &rotation, error);
  if (status == GMMPI_OK && options->log_path != NULL)
    status = journal_open(options->log_path, work->resume, &work->journal, error);
  if (status == GMMPI_OK && options->checkpoint_path != NULL)
    status = saver_create(options->checkpoint_path, &identity, options->checkpoint_every, options->checkpoint_seconds,
                          rotation, &work->saver, error);
  signals_set_answer("status: the points are read, a start is looked for");
  return status;
}

gmmpi_status job_create(MPI_Comm comm, const job_options *options, const job_subject *subject, const time_limit *limit,
                        job **result, gmmpi_error *error)
{
  job *work = calloc(1, sizeof *work);
  int rank;
  MPI_Comm_rank(comm, &rank);
  int resumes = 0;
  if (work == NULL) {
    fail(error, GMMPI_NO_MEMORY, "no memory is left to begin");
  } else {
    work->comm = comm;
    work->rank = rank;
    work->options = *options;
    work->last_pass = -1;
    work->limit = *limit;
    work->source = subject->source;
    work->progress = subject->progress;
    work->observer = job_make_observer(work);
    if (rank == 0) prepare_rank_0(work, subject, error);
    if (error->status == GMMPI_OK) start_watchdog(work, error);
    resumes = work->resume != NULL;
  }
  gmmpi_status status = agree(comm, error);
  if (status == GMMPI_OK) MPI_Bcast(&resumes, 1, MPI_INT, 0, comm);
  if (status == GMMPI_OK && resumes) status = checkpoint_broadcast(comm, &subject->plan, &work->resume, error);
  if (status != GMMPI_OK) {
    job_destroy(work);
    return status;
  }
  *result = work;
  return GMMPI_OK;
}

void job_destroy(job *work)
{
  if (work == NULL) return;
  watchdog_destroy(work->watchdog);
  progress_clear(work->progress);
  saver_destroy(work->saver);
  journal_close(work->journal);
  fit_state_destroy(work->resume);
  free(work);
}

const fit_state *job_resume_state(const job *work)
{
  return work->resume;
}

const fit_observer *job_observer(const job *work)
{
  return &work->observer;
}

/* --- the end --- */

bool job_must_stop(const job *work)
{
  const int mine = signals_stop_requested();
  int any;
  MPI_Allreduce(&mine, &any, 1, MPI_INT, MPI_MAX, work->comm);
  return any != 0;
}

void job_clear_line(job *work)
{
  progress_clear(work->progress);
}

const char *job_stopped_by(MPI_Comm comm)
{
  const int mine = signals_received();
  int number;
  MPI_Allreduce(&mine, &number, 1, MPI_INT, MPI_MAX, comm);
  return signals_name(number);
}

/* Without checkpoints the model is all that stays. */
static void say_stopped_without_checkpoints(const job *work, const char *by, bool model_measured, gmmpi_error *error)
{
  if (model_measured)
    fail(error, GMMPI_STOPPED, "%s: stopped by %s after iteration %lld; holds the model reached, without a checkpoint",
         work->options.output_path, by, (long long)work->last_pass);
  else
    fail(error, GMMPI_STOPPED,
         "%s: stopped by %s before the first iteration, when there was nothing to save; start again",
         work->options.output_path, by);
}

static void save_and_say_stopped(const job *work, const char *by, gmmpi_error *error)
{
  const char *path = work->options.checkpoint_path;
  const bool same_place = work->options.restart == NULL || job_restart_is_automatic(work->options.restart) ||
                          same_file(work->options.restart, path);
  gmmpi_error trouble = {0};
  saver_save(work->saver, &trouble);
  const saver_stamp saved = saver_saved(work->saver);
  if (saved.generation > 0) {
    if (trouble.status != GMMPI_OK) warn("%s", trouble.message);
    if (saved.level > 0)
      fail(error, GMMPI_STOPPED, "%s: stopped by %s, with subsamples still in use; go on with --restart auto", path,
           by);
    else
      fail(error, GMMPI_STOPPED, "%s: stopped by %s after iteration %lld; go on with --restart auto", path, by,
           (long long)saved.iteration);
  } else if (trouble.status != GMMPI_OK && work->resume == NULL) {
    fail(error, GMMPI_NO_OUTPUT, "%s (stopped by %s, nothing is saved)", trouble.message, by);
  } else if (work->resume != NULL) {
    fail(error, GMMPI_STOPPED, "%s: stopped by %s, still after iteration %lld; go on with --restart %s", path, by,
         (long long)fit_iterations(fit_state_leader(work->resume)), same_place ? "auto" : work->options.restart);
  } else {
    fail(error, GMMPI_STOPPED,
         "%s: stopped by %s before the first iteration, when there was nothing to save; "
         "--restart auto begins anew",
         path, by);
  }
}

gmmpi_status job_stopped(job *work, bool model_measured, gmmpi_error *error)
{
  const char *by = job_stopped_by(work->comm);
  job_clear_line(work);
  if (work->rank == 0) {
    if (work->saver != NULL)
      save_and_say_stopped(work, by, error);
    else
      say_stopped_without_checkpoints(work, by, model_measured, error);
  }
  return agree(work->comm, error);
}

bool job_keep_state(job *work)
{
  gmmpi_error ignored = {0};
  return work->saver != NULL && saver_latest(work->saver).generation > 0 &&
         saver_save(work->saver, &ignored) == GMMPI_OK;
}

double job_seconds_in_checkpoints(const job *work)
{
  return work->saver != NULL ? saver_seconds(work->saver) : 0.0;
}

void job_outputs_are_safe(job *work)
{
  if (work->saver != NULL) saver_retire(work->saver);
}
