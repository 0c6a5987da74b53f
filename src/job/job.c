#include "job/job.h"

#include "job/journal.h"
#include "job/progress.h"
#include "job/saver.h"
#include "job/watchdog.h"
#include "support/clock.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct job {
  MPI_Comm comm;
  int rank;
  job_options options;
  fit_state *resume;
  fit_observer observer;
  point_source *source; /* of the points: for the names of columns and rows */
  int64_t last_pass;    /* iteration of the last model that was measured, -1: none yet */
  watchdog *dog;        /* NULL: wait for ever */

  /* Rank 0 only. */
  time_limit limit;
  double n_samples;
  double n_in_pass; /* points of the pass whose next model is being made */
  double asked_at;  /* when the loop last wanted to know whether to stop */
  progress reporter;
  saver *keeper; /* NULL: no checkpoints */
  journal *book; /* NULL: no log */
};

/* --- before the data are read --- */

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

static bool is_automatic(const char *restart)
{
  return strcmp(restart, "auto") == 0;
}

static gmmpi_status try_restart(const job_options *options, gmmpi_error *error)
{
  if (is_automatic(options->restart)) {
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

int64_t job_bytes(const job_options *options, const covariance_family *family, int64_t n_components, int64_t n_features,
                  int64_t n_climbers)
{
  if (options->checkpoint_path == NULL && options->restart == NULL) return 0;
  const int64_t image = checkpoint_image_bytes(family, n_components, n_features, options->accelerate, n_climbers);
  const int64_t n_copies = 3; /* the latest state, what is being written, the state that was loaded */
  return image > INT64_MAX / n_copies ? INT64_MAX : n_copies * image;
}

/* --- what the loop calls --- */

static bool wants_stop(void *context)
{
  job *work = context;
  if (work->rank == 0 && time_limit_left(&work->limit) < time_limit_margin(&work->limit, work->n_samples))
    signals_time_is_up();
  work->asked_at = clock_now();
  return signals_stop_requested();
}

/* Rank 0 answers by itself. */
static bool is_asked(void *context)
{
  const job *work = context;
  return work->rank != 0 && signals_take_question();
}

static void pass_finished(void *context, const fit_pass *pass)
{
  job *work = context;
  if (pass->level == 0) work->last_pass = pass->iteration;
  if (work->rank != 0) return;
  work->n_in_pass = (double)pass->n_samples;
  time_limit_note_iteration(&work->limit, pass->seconds, work->n_in_pass);
  if (work->book != NULL && pass->level == 0) journal_add(work->book, pass);
  progress_pass(&work->reporter, pass);
}

static void event_happened(void *context, const fit_event *event)
{
  job *work = context;
  if (work->rank != 0) return;
  char text[400];
  fit_event_describe(event, text, sizeof text);
  progress_clear(&work->reporter);
  warn("%s", text);
}

/* Rank 0 reads the row again where only that tells its place. */
static void name_place(point_source *source, int64_t row, char *text, size_t n_bytes)
{
  double *values = NULL;
  bool known = source->kind->place == NULL;
  if (!known && (values = allocate(source->n_features, sizeof *values)) != NULL)
    known = source_read(source, row, 1, values, NULL) == GMMPI_OK;
  if (known)
    source_place_text(source, source_place(source, row), text, n_bytes);
  else
    snprintf(text, n_bytes, "row %lld", (long long)row + 1);
  free(values);
}

static void values_doubtful(void *context, const far_values *far)
{
  job *work = context;
  if (work->rank != 0) return;
  char name[120];
  char column[160];
  char place[300];
  char text[900];
  source_feature_text(work->source, far->feature, name, sizeof name);
  snprintf(column, sizeof column, work->source->has_names ? "column \"%s\"" : "column %s", name);
  name_place(work->source, far->first_row, place, sizeof place);
  far_values_describe(far, column, place, text, sizeof text);
  progress_clear(&work->reporter);
  warn("%s: %s", work->source->label, text);
}

static void state_advanced(void *context, const fit_state *state)
{
  job *work = context;
  if (work->n_in_pass > 0.0) time_limit_note_rest(&work->limit, clock_now() - work->asked_at, work->n_in_pass);
  work->n_in_pass = 0.0;
  if (work->keeper == NULL) return;
  saver_advance(work->keeper, state);
  work->limit.checkpoint = saver_slowest(work->keeper);
}

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
  if (work->keeper != NULL && saver_save(work->keeper, &trouble) != GMMPI_OK) warn("%s", trouble.message);
  fprintf(stderr,
          "gmmpi: %s: rank %d has waited too long for the others (--stall-seconds %g), a host or the network "
          "between them may be lost; %s\n",
          saves ? options->checkpoint_path : options->output_path, work->rank, options->stall_seconds, what_next);
  fflush(stderr);
  _exit(GMMPI_STOPPED);
}

/* Not collective. */
static gmmpi_status start_watchdog(job *work, gmmpi_error *error)
{
  const double patience = work->options.stall_seconds;
  const double later = work->rank == 0 ? 0.0 : 0.25 * patience + fmin(5.0 * work->rank, 300.0);
  return patience > 0.0 ? watchdog_create(patience + later, stalled, work, &work->dog, error) : GMMPI_OK;
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
  const bool automatic = is_automatic(options->restart);
  const char *path = automatic ? options->checkpoint_path : options->restart;
  const gmmpi_status status = checkpoint_load(path, automatic, identity, subject->family, subject->n_components,
                                              &work->resume, rotation, error);
  if (options->checkpoint_path != NULL && !same_file(path, options->checkpoint_path)) *rotation = KEEP_NONE;
  if (status == GMMPI_OK && work->resume != NULL)
    progress_note(&work->reporter, "%s: goes on after iteration %lld", path,
                  (long long)fit_iterations(fit_state_leader(work->resume)));
  else if (status == GMMPI_OK)
    progress_note(&work->reporter, "%s: no checkpoint to go on from; starts afresh", path);
  return status;
}

static gmmpi_status prepare_rank_0(job *work, const job_subject *subject, gmmpi_error *error)
{
  const job_options *options = &work->options;
  const checkpoint_identity identity = {.fingerprint = subject->fingerprint,
                                        .n_samples = subject->n_samples,
                                        .n_features = subject->n_features,
                                        .options = options->numeric_options,
                                        .version = GMMPI_VERSION};
  checkpoint_rotation rotation;
  work->n_samples = (double)subject->n_samples;
  work->reporter = progress_begin(options->verbosity, options->n_init, &work->limit, subject->seconds_read);
  gmmpi_status status = load(work, &identity, subject, &rotation, error);
  if (status == GMMPI_OK && options->log_path != NULL)
    status = journal_open(options->log_path, work->resume, &work->book, error);
  if (status == GMMPI_OK && options->checkpoint_path != NULL)
    status = saver_create(options->checkpoint_path, &identity, options->checkpoint_every, options->checkpoint_seconds,
                          rotation, &work->keeper, error);
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
    work->observer = (fit_observer){.context = work,
                                    .wants_stop = wants_stop,
                                    .is_asked = is_asked,
                                    .pass_finished = pass_finished,
                                    .event_happened = event_happened,
                                    .state_advanced = state_advanced,
                                    .values_doubtful = subject->source != NULL ? values_doubtful : NULL};
    if (rank == 0) prepare_rank_0(work, subject, error);
    if (error->status == GMMPI_OK) start_watchdog(work, error);
    resumes = work->resume != NULL;
  }
  gmmpi_status status = agree(comm, error);
  if (status == GMMPI_OK) MPI_Bcast(&resumes, 1, MPI_INT, 0, comm);
  if (status == GMMPI_OK && resumes)
    status = checkpoint_broadcast(comm, subject->family, subject->n_components, subject->n_features,
                                  options->accelerate, &work->resume, error);
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
  watchdog_destroy(work->dog);
  if (work->rank == 0) progress_clear(&work->reporter);
  saver_destroy(work->keeper);
  journal_close(work->book);
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
  if (work->rank == 0) progress_clear(&work->reporter);
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
  const bool same_place =
      work->options.restart == NULL || is_automatic(work->options.restart) || same_file(work->options.restart, path);
  gmmpi_error trouble = {0};
  saver_save(work->keeper, &trouble);
  const saver_stamp saved = saver_saved(work->keeper);
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
    if (work->keeper != NULL)
      save_and_say_stopped(work, by, error);
    else
      say_stopped_without_checkpoints(work, by, model_measured, error);
  }
  return agree(work->comm, error);
}

bool job_keep_state(job *work)
{
  gmmpi_error ignored = {0};
  return work->keeper != NULL && saver_latest(work->keeper).generation > 0 &&
         saver_save(work->keeper, &ignored) == GMMPI_OK;
}

double job_seconds_in_checkpoints(const job *work)
{
  return work->keeper != NULL ? saver_seconds(work->keeper) : 0.0;
}

void job_outputs_are_safe(job *work)
{
  if (work->keeper != NULL) saver_retire(work->keeper);
}
