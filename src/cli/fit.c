/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi fit: one mixture, from a file of points to a model. */
#include "cli/command.h"
#include "cli/fit_command.h"
#include "cli/prepare.h"

#include "apply/predict.h"
#include "fit/adaptation.h"
#include "fit/batch.h"
#include "fit/memory_plan.h"
#include "mixture/files/model_file.h"
#include "sources/pipe.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* A fit from command line to files. */
typedef struct fit_session {
  MPI_Comm comm;
  int rank, n_ranks;
  fit_command command;
  start_file start;
  point_source *source;
  data_account *data; /* rank 0 */
  shard *points;
  json_t *identity;
  checkpoint_lock *lock; /* rank 0 */
  job *job;
  fit_result result;
  time_limit limit;
  double began, seconds_read;
} fit_session;

/* Outputs are tried before anything is read. */
static gmmpi_status try_outputs(fit_session *session, gmmpi_error *error)
{
  const fit_command *command = &session->command;
  if (session->rank == 0 && fit_command_check_outputs(command, error) == GMMPI_OK &&
      file_try_output(command->output_path, error) == GMMPI_OK &&
      (command->labels_path == NULL || file_try_output(command->labels_path, error) == GMMPI_OK))
    job_try_files(&command->job, &session->lock, error);
  return agree(session->comm, error);
}

static fit_shape shape_of(const fit_command *command)
{
  return (fit_shape){fit_kind(&command->fit), command->fit.n_components};
}

static state_plan plan_of(const fit_command *command, const fit_shape *shape, int64_t n_features)
{
  return (state_plan){.shapes = shape,
                      .n_shapes = 1,
                      .n_features = n_features,
                      .accelerate = command->fit.accelerate,
                      .n_climbers = starts_together(&command->fit, n_features)};
}

/* Refuses what cannot fit into memory before it is read; how: see memory_plan. */
static gmmpi_status plan_memory(const fit_session *session, shard_options *how, gmmpi_error *error)
{
  const fit_command *command = &session->command;
  const point_source *source = session->source;
  const fit_shape shape = shape_of(command);
  const state_plan plan = plan_of(command, &shape, source->n_features);
  const int64_t rest[] = {
      job_bytes(&command->job, &plan),
      session->start.is_labels ? start_file_labels_bytes(source->n_rows, session->n_ranks) : 0,
      model_file_extra_bytes(family_find(command->fit.covariance), command->fit.n_components, source->n_features),
  };
  return memory_plan_fit(session->comm, source, &command->fit, sum_of_bytes(ARRAY_LENGTH(rest), rest),
                         command->memory.memory_limit, command->job.verbosity < 0, how, error);
}

static gmmpi_status check_sizes(const fit_session *session, int64_t n_rows, gmmpi_error *error)
{
  const gmmpi_model *start = session->start.model;
  const point_source *source = session->source;
  if (fit_check_covariance(&session->command.fit, source->n_features, error) != GMMPI_OK) return error->status;
  if (session->command.fit.n_components > n_rows && session->command.fit.method != METHOD_ADAPT)
    return fail(error, GMMPI_BAD_DATA, "%s: has %lld point%s, too few for %lld components; give a smaller -k",
                source->label, (long long)n_rows, plural(n_rows), (long long)session->command.fit.n_components);
  if (start != NULL && start->n_features != source->n_features)
    return fail(error, GMMPI_BAD_DATA, "%s: has %lld feature%s, the data %lld; pick the same with --columns",
                start_file_path(&session->command.fit), (long long)start->n_features, plural(start->n_features),
                (long long)source->n_features);
  return GMMPI_OK;
}

static gmmpi_status check_input(const fit_session *session, gmmpi_error *error)
{
  if (session->rank == 0) fit_command_check_input(&session->command, session->source, error);
  return agree(session->comm, error);
}

/* Says early, on rank 0, what is going to be fitted: hours later is too late to see that it is something else. */
static void tell_data(fit_session *session)
{
  if (session->rank != 0) return;
  session->data = data_account_create(session->source);
  if (session->data != NULL && session->command.job.verbosity >= 0 && !session->command.json)
    data_account_print(session->data, stderr, "", "", false);
}

static gmmpi_status settle_classes(fit_session *session, gmmpi_error *error)
{
  if (!source_has_labels(session->source)) return GMMPI_OK;
  if (reading_check_labels(session->source, error) != GMMPI_OK) return error->status;
  return classes_settle(reading_classes(session->source), &session->command.fit, error);
}

static gmmpi_status read_points(fit_session *session, gmmpi_error *error)
{
  fit_command *command = &session->command;
  source_options options = reading_source_options(&command->reading);
  shard_options how = {.n_threads = command->fit.threads,
                       .single_precision = command->fit.precision == PRECISION_SINGLE,
                       .scratch = memory_scratch(&command->memory)};
  if (start_file_open(session->comm, &command->fit, &session->start, error) != GMMPI_OK ||
      fit_options_take_model(&command->fit, command->given, session->start.model, error) != GMMPI_OK)
    return error->status;
  if (!reading_has_word(&command->reading, "transform"))
    options.transforms = model_transforms(session->start.model, start_file_path(&command->fit));
  if (source_open(session->comm, command->data, &options, &session->source, error) != GMMPI_OK ||
      check_input(session, error) != GMMPI_OK || settle_classes(session, error) != GMMPI_OK ||
      start_file_match(session->comm, &command->fit, session->source, &session->start, error) != GMMPI_OK ||
      check_sizes(session, session->source->n_rows, error) != GMMPI_OK)
    return error->status;
  reading_note_rows(&command->reading, session->source, &how);
  if (plan_memory(session, &how, error) != GMMPI_OK) return error->status;
  tell_data(session);
  if (shard_create(session->comm, session->source, how, &session->points, error) != GMMPI_OK ||
      check_sizes(session, session->points->n_samples, error) != GMMPI_OK ||
      reading_settle_weights(&command->reading, session->source->label, session->points, error) != GMMPI_OK)
    return error->status;
  if (session->data != NULL && session->points->n_samples > 1)
    data_account_warn(session->data, session->points->minima, session->points->maxima);
  if (session->start.is_labels) {
    command->fit.init = INIT_LABELS;
    if (start_file_labels(&command->fit, session->points, &session->start, error) != GMMPI_OK) return error->status;
  }
  command->fit.start = session->start.model;
  command->fit.labels = session->start.labels;
  session->seconds_read = MPI_Wtime() - session->began;
  return GMMPI_OK;
}

static gmmpi_status open_job(fit_session *session, gmmpi_error *error)
{
  fit_command *command = &session->command;
  const fit_shape shape = shape_of(command);
  const job_subject subject = {.plan = plan_of(command, &shape, session->points->n_features),
                               .n_samples = session->points->n_samples,
                               .fingerprint = session->points->fingerprint,
                               .source = session->source,
                               .seconds_read = session->seconds_read};
  gmmpi_error local = {0};
  session->identity = fit_identity(command, &session->start);
  command->job.numeric_options = session->identity;
  if (session->identity == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to note the options");
  if (agree(session->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  return job_create(session->comm, &command->job, &subject, &session->limit, &session->job, error);
}

static fit_account account_of(fit_session *session)
{
  int64_t peak = memory_peak();
  MPI_Allreduce(MPI_IN_PLACE, &peak, 1, MPI_INT64_T, MPI_MAX, session->comm);
  return (fit_account){.command = &session->command,
                       .points = session->points,
                       .data = session->data,
                       .result = &session->result,
                       .start = &session->start,
                       .seconds_total = MPI_Wtime() - session->began,
                       .seconds_read = session->seconds_read,
                       .seconds_checkpoint = job_seconds_in_checkpoints(session->job),
                       .peak_memory = peak,
                       .n_ranks = session->n_ranks};
}

/* Rank 0 writes, all learn whether it went well. */
static gmmpi_status write_model(fit_session *session, gmmpi_error *error)
{
  gmmpi_model *model = session->result.end.model;
  const fit_account account = account_of(session);
  gmmpi_error local = {0};
  model_take_classes(model, reading_classes(session->source), &local);
  if (agree(session->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  if (session->rank == 0) {
    void *bytes = NULL;
    size_t n_bytes = 0;
    json_t *facts = fit_facts(&account);
    if (facts == NULL)
      fail(&local, GMMPI_NO_MEMORY, "%s: there is no memory to write it", session->command.output_path);
    if (local.status == GMMPI_OK && model_take_features(model, session->source, &local) == GMMPI_OK &&
        model_file_image(model, facts, &bytes, &n_bytes, &local) == GMMPI_OK)
      file_write_whole(session->command.output_path, bytes, n_bytes, &local);
    free(bytes);
    json_decref(facts);
  }
  agree(session->comm, &local);
  return error_pass(error, &local);
}

static gmmpi_status write_outputs(fit_session *session, gmmpi_error *error)
{
  const fit_command *command = &session->command;
  if (write_model(session, error) != GMMPI_OK) return error->status;
  if (command->labels_path != NULL &&
      predict_to_file(session->result.end.model, session->points, (predict_wishes){.compress = (int)command->compress},
                      command->labels_path, NULL, error) != GMMPI_OK)
    return error->status;
  job_outputs_are_safe(session->job);
  const fit_account account = account_of(session);
  if (session->rank == 0) {
    const bool limited = session->result.end.iteration >= command->fit.max_iterations;
    if (!session->result.end.converged && !limited)
      warn("not converged: the last component would lose its positive definite covariance; give a larger --reg-covar");
    else if (!session->result.end.converged && command->fit.tolerance > 0.0)
      warn("not converged after %lld iteration%s; raise --max-iter or --tol", (long long)session->result.end.iteration,
           plural(session->result.end.iteration));
    fit_print_summary(&account);
  }
  return GMMPI_OK;
}

/* A stopped job leaves a checkpoint, or without checkpoints the model as it stands. */
static gmmpi_status leave_early(fit_session *session, gmmpi_error *error)
{
  const bool measured = session->result.end.model != NULL;
  gmmpi_error local = {0};
  job_stopped(session->job, measured, &local);
  if (measured && session->command.job.checkpoint_path == NULL) {
    gmmpi_error writing = {0};
    if (write_model(session, &writing) != GMMPI_OK) local = writing;
  }
  *error = local;
  return error->status;
}

/* The points, unless the job is asked to stop before they are all there. */
static gmmpi_status read_points_or_stop(fit_session *session, gmmpi_error *error)
{
  gmmpi_error local = {0};
  size_t length;
  const char *data = session->command.data;
  if (pipe_is_standard_input(data, &length)) data = pipe_standard_input;
  if (session->rank == 0) signals_set_answer("status: reading %s", data);
  if (read_points(session, &local) != GMMPI_STOPPED) {
    if (local.status != GMMPI_OK) *error = local;
    return local.status;
  }
  return fail(error, GMMPI_STOPPED, "%s: stopped by %s while it was read, when there was nothing to save; start again",
              data, job_stopped_by(session->comm));
}

/* What is done stays done when something else has failed. */
static void keep_fit(const fit_session *session, const char *advice)
{
  if (job_keep_state(session->job))
    warn("the fit so far is kept in %s; %sgo on with --restart auto", session->command.job.checkpoint_path, advice);
}

static gmmpi_status run_session(fit_session *session, gmmpi_error *error)
{
  job_begin(&session->command.job, session->rank, &session->limit);
  if (prepare_threads(session->comm, session->command.fit.threads, error) != GMMPI_OK ||
      try_outputs(session, error) != GMMPI_OK || read_points_or_stop(session, error) != GMMPI_OK ||
      open_job(session, error) != GMMPI_OK)
    return error->status;
  gmmpi_status status = GMMPI_STOPPED;
  if (!job_must_stop(session->job))
    status = fit_run(session->points, &session->command.fit, job_resume_state(session->job), job_observer(session->job),
                     &session->result, error);
  job_clear_line(session->job);
  if (status == GMMPI_STOPPED) return leave_early(session, error);
  if (session->rank == 0) signals_set_answer("status: the fit is done, writing %s", session->command.output_path);
  if (shard_is_streamed(session->points) && (status == GMMPI_INPUT_FAILED || status == GMMPI_BAD_DATA))
    keep_fit(session, "see to the data and ");
  if (status != GMMPI_OK || write_outputs(session, error) == GMMPI_OK) return status;
  keep_fit(session, error->status == GMMPI_NO_OUTPUT ? "make room and "
                    : error->status == GMMPI_STOPPED ? ""
                                                     : "see to it and ");
  return error->status;
}

gmmpi_status command_fit(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  fit_session session = {.comm = comm, .began = MPI_Wtime()};
  MPI_Comm_rank(comm, &session.rank);
  MPI_Comm_size(comm, &session.n_ranks);
  if (fit_command_parse(argc, argv, session.rank, &session.command, error) == GMMPI_OK && !session.command.help) {
    if (session.command.json && session.rank == 0) warnings_keep();
    if (fit_is_by_groups(&session.command.by))
      fit_by_run(comm, &session.command, error);
    else
      run_session(&session, error);
  }

  job_destroy(session.job);
  checkpoint_lock_release(session.lock);
  fit_result_clear(&session.result);
  json_decref(session.identity);
  shard_destroy(session.points);
  source_close(session.source);
  start_file_clear(&session.start);
  fit_command_clear(&session.command);
  warnings_forget();
  return error->status;
}
