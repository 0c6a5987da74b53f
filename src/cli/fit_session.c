/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/fit_session.h"

#include "apply/merging.h"
#include "apply/predict.h"
#include "cli/prepare.h"
#include "fit/adaptation.h"
#include "fit/batch.h"
#include "fit/memory_plan.h"
#include "mixture/files/model_file.h"
#include "sources/pipe.h"
#include "support/activity.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

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

static fit_shape shape_of(const fit_session *session)
{
  const fit_options *options = &session->command.fit;
  return (fit_shape){fit_kind(options), options->n_components};
}

/* What the job's states are like; shape: where it is to be, if there is one only. */
static state_plan plan_of(const fit_session *session, fit_shape *shape, int64_t n_features)
{
  const fit_command *command = &session->command;
  if (session->selection != NULL) return selection_plan(session->selection, n_features);
  *shape = shape_of(session);
  return (state_plan){.shapes = shape,
                      .n_shapes = 1,
                      .n_features = n_features,
                      .accelerate = command->fit.accelerate,
                      .n_climbers = starts_together(&command->fit, n_features)};
}

/* Of the largest model. */
static int64_t bytes_to_merge(const fit_session *session)
{
  const fit_command *command = &session->command;
  const selection *all = session->selection;
  const int64_t n = all != NULL ? all->n : 1;
  int64_t most = 0;
  for (int64_t i = 0; i < n && command->merge != NULL; i++) {
    const fit_shape shape = all != NULL ? all->shapes[i] : shape_of(session);
    const int64_t bytes =
        merging_bytes(shape.kind, shape.n_components, session->source->n_features, command->fit.threads);
    if (bytes > most) most = bytes;
  }
  return most;
}

/* Refuses what cannot fit into memory before it is read; how: see memory_plan. */
static gmmpi_status plan_memory(const fit_session *session, shard_options *how, gmmpi_error *error)
{
  const fit_command *command = &session->command;
  const point_source *source = session->source;
  fit_shape shape;
  const state_plan plan = plan_of(session, &shape, source->n_features);
  const int64_t rest[] = {
      job_bytes(&command->job, &plan),
      session->start.is_labels ? start_file_labels_bytes(source->n_rows, session->n_ranks) : 0,
      model_file_extra_bytes(family_find(command->fit.covariance), command->fit.n_components, source->n_features),
      bytes_to_merge(session),
  };
  const row_shape row = {source->n_features, source->n_beside};
  const fit_memory memory = session->selection != NULL
                                ? selection_memory_of(session->selection, source->n_rows, row, session->n_ranks)
                                : fit_memory_of(&command->fit, source->n_rows, row, session->n_ranks);
  return memory_plan_fit(session->comm, source, &memory, sum_of_bytes(ARRAY_LENGTH(rest), rest),
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
  if (session->data == NULL || session->command.job.verbosity < 0 || session->command.json) return;
  progress_clear(&session->progress);
  data_account_print(session->data, stderr, "", "", false);
}

static gmmpi_status settle_classes(fit_session *session, gmmpi_error *error)
{
  if (!source_has_labels(session->source)) return GMMPI_OK;
  if (reading_check_labels(session->source, error) != GMMPI_OK) return error->status;
  return classes_settle(reading_classes(session->source), &session->command.fit, error);
}

static gmmpi_status read_points(fit_session *session, gmmpi_status (*settle)(fit_session *session, gmmpi_error *error),
                                gmmpi_error *error)
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
      check_input(session, error) != GMMPI_OK || (settle != NULL && settle(session, error) != GMMPI_OK) ||
      settle_classes(session, error) != GMMPI_OK ||
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

/* For rank 0's lines: what of the options they speak of. */
static progress_plan plan_of_fits(const fit_session *session)
{
  const fit_options *options = &session->command.fit;
  const selection *all = session->selection;
  return (progress_plan){.is_selection = all != NULL,
                         .n_candidates = all != NULL ? all->n : 1,
                         .n_init = options->n_init,
                         .n_folds = all != NULL ? all->n_folds : 0,
                         .max_iterations = options->max_iterations,
                         .tolerance = options->tolerance};
}

gmmpi_status session_open_job(fit_session *session, const json_t *more_identity, gmmpi_error *error)
{
  fit_command *command = &session->command;
  fit_shape shape;
  const job_subject subject = {.plan = plan_of(session, &shape, session->points->n_features),
                               .n_samples = session->points->n_samples,
                               .fingerprint = session->points->fingerprint,
                               .source = session->source,
                               .seconds_read = session->seconds_read,
                               .fits = plan_of_fits(session),
                               .progress = &session->progress};
  gmmpi_error local = {0};
  session->identity = fit_identity(command, &session->start);
  if (session->identity != NULL && more_identity != NULL &&
      json_object_update(session->identity, (json_t *)more_identity) != 0)
    fail(&local, GMMPI_NO_MEMORY, "there is no memory to note the options");
  command->job.numeric_options = session->identity;
  if (session->identity == NULL) fail(&local, GMMPI_NO_MEMORY, "there is no memory to note the options");
  if (agree(session->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  return job_create(session->comm, &command->job, &subject, &session->limit, &session->job, error);
}

static bool merging_goes_on(void *context, int64_t n_clusters)
{
  const fit_session *session = context;
  const int64_t n = session->result.end.model->n_components;
  activity_tell_steps("merging clusters", n - n_clusters, n);
  if (session->rank == 0) signals_set_answer("status: the fit is done, merging %lld clusters", (long long)n_clusters);
  return !job_must_stop(session->job);
}

gmmpi_status session_merge(fit_session *session, gmmpi_error *error)
{
  if (session->command.merge == NULL) return GMMPI_OK;
  const double began = MPI_Wtime();
  progress_begin(&session->progress, "merging clusters", NULL);
  merge_by_entropy(session->result.end.model, session->points, merging_goes_on, session, error);
  session->seconds_merge = MPI_Wtime() - began;
  return error->status;
}

fit_account session_account(fit_session *session)
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
                       .seconds_merge = session->seconds_merge,
                       .peak_memory = peak,
                       .n_ranks = session->n_ranks};
}

/* Rank 0 writes, all learn whether it went well. */
gmmpi_status session_write_model(fit_session *session, const json_t *more_facts, gmmpi_error *error)
{
  gmmpi_model *model = session->result.end.model;
  const fit_account account = session_account(session);
  gmmpi_error local = {0};
  model_take_classes(model, reading_classes(session->source), &local);
  if (agree(session->comm, &local) != GMMPI_OK) return error_pass(error, &local);
  if (session->rank == 0) {
    void *bytes = NULL;
    size_t n_bytes = 0;
    json_t *facts = fit_facts(&account);
    if (facts == NULL || (more_facts != NULL && json_object_update(facts, (json_t *)more_facts) != 0))
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

/* A stopped job leaves a checkpoint, or without checkpoints the model as it stands. */
gmmpi_status session_leave_early(fit_session *session, gmmpi_error *error)
{
  const bool measured = session->result.end.model != NULL;
  gmmpi_error local = {0};
  job_stopped(session->job, measured, &local);
  if (measured && session->command.job.checkpoint_path == NULL) {
    gmmpi_error writing = {0};
    if (session_write_model(session, NULL, &writing) != GMMPI_OK) local = writing;
  }
  *error = local;
  return error->status;
}

/* The points, unless the job is asked to stop before they are all there. */
static gmmpi_status read_points_or_stop(fit_session *session,
                                        gmmpi_status (*settle)(fit_session *session, gmmpi_error *error),
                                        gmmpi_error *error)
{
  gmmpi_error local = {0};
  size_t length;
  const char *data = session->command.data;
  if (pipe_is_standard_input(data, &length)) data = pipe_standard_input;
  if (session->rank == 0) signals_set_answer("status: reading %s", data);
  if (read_points(session, settle, &local) != GMMPI_STOPPED) {
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

gmmpi_status session_read(fit_session *session, gmmpi_status (*settle)(fit_session *session, gmmpi_error *error),
                          gmmpi_error *error)
{
  job_begin(&session->command.job, session->rank, &session->limit);
  progress_open(&session->progress, session->rank, session->command.job.verbosity, &session->limit);
  progress_begin(&session->progress, "reading", session->command.data);
  if (prepare_threads(session->comm, session->command.fit.threads, error) == GMMPI_OK &&
      try_outputs(session, error) == GMMPI_OK)
    read_points_or_stop(session, settle, error);
  return error->status;
}

gmmpi_status session_write_labels(fit_session *session, gmmpi_error *error)
{
  const fit_command *command = &session->command;
  if (command->labels_path == NULL) return GMMPI_OK;
  progress_begin(&session->progress, "writing", command->labels_path);
  return predict_to_file(session->result.end.model, session->points,
                         (predict_wishes){.compress = (int)command->compress}, command->labels_path, NULL, error);
}

void session_warn_of_convergence(const fit_session *session)
{
  const fit_options *options = &session->command.fit;
  const fit_position *end = &session->result.end;
  const bool limited = end->iteration >= options->max_iterations;
  if (session->rank != 0 || end->converged) return;
  if (!limited)
    warn("not converged: the last component would lose its positive definite covariance; give a larger --reg-covar");
  else if (options->tolerance > 0.0)
    warn("not converged after %lld iteration%s; raise --max-iter or --tol", (long long)end->iteration,
         plural(end->iteration));
}

void session_keep_after_fit(const fit_session *session, gmmpi_status status)
{
  if (shard_is_streamed(session->points) && (status == GMMPI_INPUT_FAILED || status == GMMPI_BAD_DATA))
    keep_fit(session, "see to the data and ");
}

void session_keep_after_outputs(const fit_session *session, gmmpi_status status)
{
  keep_fit(session, status == GMMPI_NO_OUTPUT ? "make room and " : status == GMMPI_STOPPED ? "" : "see to it and ");
}

void session_close(fit_session *session)
{
  job_destroy(session->job);
  progress_close(&session->progress);
  checkpoint_lock_release(session->lock);
  fit_result_clear(&session->result);
  json_decref(session->identity);
  data_account_destroy(session->data);
  shard_destroy(session->points);
  source_close(session->source);
  start_file_clear(&session->start);
  fit_command_clear(&session->command);
  warnings_forget();
}
