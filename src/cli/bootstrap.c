/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi bootstrap: standard errors and intervals of a model's numbers. */
#include "cli/bootstrap_command.h"
#include "cli/bootstrap_output.h"
#include "cli/command.h"
#include "cli/model_data.h"
#include "cli/prepare.h"
#include "fit/class_names.h"
#include "fit/memory_plan.h"
#include "fit/model_options.h"
#include "fit/options.h"
#include "fit/replicate_checkpoint.h"
#include "job/job.h"
#include "job/progress.h"
#include "support/clock.h"
#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"
#include "support/signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The options of the replicates. Errors: 64 models for which there are none, 65. */
static gmmpi_status settle_fit(const bootstrap_command *command, const gmmpi_model *model, const json_t *facts,
                               fit_options *fit, gmmpi_error *error)
{
  if (model_has(model, PART_POSTERIOR))
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: a model of fit --method vb or dp is a posterior, which says itself how certain its numbers are; "
                "bootstrap one of --method ml or map",
                command->model_path);
  if (json_object_get(facts, "derived_by") != NULL)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: was made by gmmpi %s of another model, not fitted to any rows; fit one to these features",
                command->model_path, json_string_value(json_object_get(facts, "derived_by")));
  if (fit_options_of_model(model, facts, command->model_path, fit, error) != GMMPI_OK) return error->status;
  if (fit->method == METHOD_ADAPT)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: a model of fit --method adapt is made of another model in one step, and no optimum that "
                "replicates could find; bootstrap one of --method ml or map",
                command->model_path);
  if (model_n_living(model) == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: all components have weight 0; give a model that was fitted",
                command->model_path);
  if ((command->given_bits & 1) != 0) fit->tolerance = command->given.tolerance;
  if ((command->given_bits & 2) != 0)
    fit->max_iterations = command->given.max_iterations;
  else if (fit->max_iterations == 0) /* a model that was merged, or written from JSON, by a fit of no iterations */
    fit->max_iterations = fit_defaults(model->n_components).max_iterations;
  if ((command->given_bits & 4) != 0) fit->reg_covar = command->given.reg_covar;
  fit->threads = command->threads;
  return GMMPI_OK;
}

/* --- what is done after each pass --- */

typedef struct bootstrap_reporter {
  progress *shown;

  /* Checkpoints, on rank 0: */
  const char *path; /* NULL: none */
  const json_t *identity;
  double saved; /* when the last one was written */
  bool has_saved;

  /* The end of the time, on rank 0: */
  time_limit *limit; /* NULL: on other ranks */
  double n_samples;
  double last; /* when the last pass ended */
} bootstrap_reporter;

static bool wants_stop(void *context)
{
  const bootstrap_reporter *reporter = context;
  const time_limit *limit = reporter->limit;
  if (limit != NULL && time_limit_left(limit) < time_limit_margin(limit, reporter->n_samples)) signals_time_is_up();
  return signals_stop_requested();
}

/* Failures are warnings: the next time may be better. */
static void save_now_and_then(bootstrap_reporter *reporter, const bootstrap_result *result, int64_t n_replicates)
{
  static const double between_saves = 300.0;
  gmmpi_error local = {0};
  const double began = clock_now();
  if (reporter->path == NULL || clock_now() - reporter->saved < between_saves) return;
  if (replicate_checkpoint_write(reporter->path, reporter->identity, result, n_replicates, &local) == GMMPI_OK)
    reporter->has_saved = true;
  else
    warn("%s", local.message);
  if (reporter->limit != NULL) reporter->limit->checkpoint = fmax(reporter->limit->checkpoint, clock_now() - began);
  reporter->saved = clock_now();
}

static void advanced(void *context, const bootstrap_result *result, int64_t n_replicates)
{
  bootstrap_reporter *reporter = context;
  const int64_t *counts = result->counts;
  const int64_t n_failed = counts[REPLICATE_COLLAPSED] + counts[REPLICATE_NOT_CONVERGED];
  char failed[64] = "";
  if (n_failed > 0) snprintf(failed, sizeof failed, "%lld failed", (long long)n_failed);
  progress_parts(reporter->shown, "replicates", n_replicates - counts[REPLICATE_UNDONE], n_replicates, failed);
  const double now = clock_now();
  if (reporter->limit != NULL) time_limit_note_iteration(reporter->limit, now - reporter->last, reporter->n_samples);
  reporter->last = now;
  save_now_and_then(reporter, result, n_replicates);
}

/* --- the command --- */

typedef struct bootstrap_session {
  MPI_Comm comm;
  int rank, n_ranks;
  bootstrap_command command;
  gmmpi_model *model;
  json_t *facts; /* of the model's file */
  fit_options fit;
  point_source *source;
  data_account *data;
  shard *points;
  bootstrap_result result;
  json_t *identity;       /* of checkpoints, on rank 0 */
  bootstrap_done earlier; /* likewise: of an earlier run */
  time_limit limit;
  progress shown; /* speaks on rank 0 */
} bootstrap_session;

/* Collective. Before anything is read. */
static gmmpi_status try_output(const bootstrap_session *session, const char *path, gmmpi_error *error)
{
  if (path == NULL) return GMMPI_OK;
  if (prepare_distinct(session->comm, path, session->command.model_path, error) != GMMPI_OK) return error->status;
  return prepare_output(session->comm, path, error);
}

/* Collective. */
static gmmpi_status keep_inputs(const bootstrap_session *session, const char *path, gmmpi_error *error)
{
  return path == NULL ? GMMPI_OK : prepare_output_is_no_input(session->comm, path, session->source, error);
}

static replicate_layout layout_of(const gmmpi_model *model)
{
  return replicate_layout_of(model_kind_of(model), model->n_components, model->n_features);
}

/* Collective. */
static gmmpi_status read_points(bootstrap_session *session, gmmpi_error *error)
{
  const bootstrap_command *command = &session->command;
  const point_source *source = session->source;
  const gmmpi_model *model = session->model;
  shard_options how = {.n_threads = command->threads};
  reading_note_rows(&command->reading, source, &how);
  const int64_t rest[] = {
      bootstrap_bytes(&session->fit, &command->how, source->n_rows, model->n_features, session->n_ranks),
      bootstrap_output_bytes(model->n_components, model->n_features, command->how.n_replicates,
                             command->keep_replicates),
      command->checkpoint_path != NULL || command->restart != NULL
          ? replicate_checkpoint_bytes(command->how.n_replicates, layout_of(model).length)
          : 0,
      shard_stream_tables_bytes(source->n_rows, session->n_ranks)};
  const memory_need need = {
      .rest = sum_of_bytes((int)(sizeof rest / sizeof rest[0]), rest),
      .points = shard_bytes(source->n_rows, source_row_width(source), session->n_ranks, false),
      .least = shard_least_stream_bytes(source->n_rows, source_row_width(source), shard_drops(&how)),
      .reserved = LINEAR_ALGEBRA_BUFFER,
      .advice = "use more nodes, a smaller model, or fewer --replicates",
  };
  if (memory_plan(session->comm, source, &need, command->memory_limit, command->quiet, &how, error) != GMMPI_OK ||
      shard_create(session->comm, session->source, how, &session->points, error) != GMMPI_OK)
    return error->status;
  return reading_settle_weights(&command->reading, source->label, session->points, error);
}

/* Rows whose component is known stay there in all replicates: the first components are the classes of the data. */
static gmmpi_status settle_classes(bootstrap_session *session, gmmpi_error *error)
{
  if (!source_has_labels(session->source)) return GMMPI_OK;
  const class_list classes = reading_classes(session->source);
  if (reading_check_labels(session->source, error) != GMMPI_OK ||
      classes_settle(classes, &session->fit, error) != GMMPI_OK)
    return error->status;
  return classes_match(classes, &session->fit, session->command.model_path, session->model, error);
}

/* Collective. */
static gmmpi_status open_session(bootstrap_session *session, gmmpi_error *error)
{
  const bootstrap_command *command = &session->command;
  if (prepare_threads(session->comm, command->threads, error) != GMMPI_OK ||
      try_output(session, command->output_path, error) != GMMPI_OK ||
      try_output(session, command->table_path, error) != GMMPI_OK ||
      try_output(session, command->checkpoint_path, error) != GMMPI_OK ||
      prepare_model_and_facts(session->comm, command->model_path, &session->model, &session->facts, error) !=
          GMMPI_OK ||
      settle_fit(command, session->model, session->facts, &session->fit, error) != GMMPI_OK)
    return error->status;
  const model_data data = {session->model, command->model_path, command->model_path, command->data, &command->reading};
  if (model_data_open(session->comm, session->rank, &data, &session->source, error) != GMMPI_OK ||
      keep_inputs(session, command->output_path, error) != GMMPI_OK ||
      keep_inputs(session, command->table_path, error) != GMMPI_OK ||
      keep_inputs(session, command->checkpoint_path, error) != GMMPI_OK || settle_classes(session, error) != GMMPI_OK)
    return error->status;
  if (session->rank == 0) session->data = data_account_create(session->source);
  return read_points(session, error);
}

/* Intervals are those of a fit to these rows: the model of others has none here. In units of a point. */
static const double same_rows = 1e-4;

static void warn_of_other_rows(const bootstrap_session *session)
{
  const json_t *noted = json_object_get(session->facts, "log_likelihood");
  const double n = session->points->total_weight;
  const double of_file = json_number_value(noted) / n;
  const double of_rows = session->result.log_likelihood / n;
  if (!json_is_number(noted) || fabs(of_rows - of_file) <= same_rows * fmax(1.0, fabs(of_file))) return;
  warn("%s: is of other rows, or of others' weights: its log-likelihood is %.10g, for these rows it is %.10g; "
       "replicates "
       "go to the optimum of these rows, so give those that it was fitted to, or fit it to these",
       session->command.model_path, of_file * n, of_rows * n);
}

/* Few replicates say little about the ends of intervals; many failures make those that are left a selection. */
static void warn_of_doubts(const bootstrap_session *session)
{
  warn_of_other_rows(session);
  const bootstrap_options *how = &session->command.how;
  const int64_t n_done = session->result.counts[REPLICATE_DONE];
  if (0.5 * (1.0 - how->level) * (double)n_done < 1.0)
    warn(
        "%lld replicates are too few for the ends of intervals of %g %%; ask for more --replicates, or a lower --level",
        (long long)n_done, 100.0 * how->level);
  if (10 * n_done < 9 * how->n_replicates)
    warn("%lld of %lld replicates failed (%lld collapsed, %lld did not converge); the others are a selection, and vary "
         "less than all would",
         (long long)(how->n_replicates - n_done), (long long)how->n_replicates,
         (long long)session->result.counts[REPLICATE_COLLAPSED],
         (long long)session->result.counts[REPLICATE_NOT_CONVERGED]);
}

/* Collective. */
static gmmpi_status hand_out(const bootstrap_session *session, double seconds, gmmpi_error *error)
{
  const bootstrap_command *command = &session->command;
  const bootstrap_account account = {.model = session->model,
                                     .model_path = command->model_path,
                                     .points = session->points,
                                     .data = session->data,
                                     .fit = &session->fit,
                                     .how = &command->how,
                                     .result = &session->result,
                                     .seconds = seconds,
                                     .n_ranks = session->n_ranks,
                                     .output_path = command->output_path,
                                     .table_path = command->table_path};
  if (session->rank == 0) {
    warn_of_doubts(session);
    if (command->output_path != NULL) bootstrap_write_hdf5(&account, command->keep_replicates, error);
    if (command->table_path != NULL && error->status == GMMPI_OK) bootstrap_write_table(&account, error);
    if (command->json && error->status == GMMPI_OK) print_json(bootstrap_json(&account), error);
    if (!command->json && !command->quiet && error->status == GMMPI_OK) bootstrap_print(&account);
  }
  return agree(session->comm, error);
}

/* Collective. Replicates of an earlier run, if they are wanted. */
static gmmpi_status read_earlier(bootstrap_session *session, gmmpi_error *error)
{
  const bootstrap_command *command = &session->command;
  const bool by_itself = bootstrap_restarts_by_itself(command);
  const char *path = by_itself ? command->checkpoint_path : command->restart;
  if (session->rank == 0) {
    session->identity = replicate_identity(session->points, session->model, &session->fit, &command->how);
    if (session->identity == NULL)
      fail(error, GMMPI_NO_MEMORY, "there is no memory for checkpoints");
    else if (path != NULL && (!by_itself || access(path, F_OK) == 0))
      replicate_checkpoint_read(path, session->identity, command->how.n_replicates, layout_of(session->model).length,
                                &session->earlier, error);
  }
  return agree(session->comm, error);
}

/* Collective. The job was stopped: what is done is kept. */
static gmmpi_status save_at_stop(const bootstrap_session *session, gmmpi_error *error)
{
  const bootstrap_command *command = &session->command;
  const bootstrap_result *result = &session->result;
  const char *path = command->checkpoint_path;
  const int64_t n = command->how.n_replicates;
  const int64_t n_ended = n - result->counts[REPLICATE_UNDONE];
  const char *by = job_stopped_by(session->comm);
  *error = (gmmpi_error){0};
  if (session->rank == 0 && path != NULL) replicate_checkpoint_write(path, session->identity, result, n, error);
  if (agree(session->comm, error) != GMMPI_OK) return error->status;
  if (path != NULL)
    return fail(error, GMMPI_STOPPED, "%s: stopped by %s after %lld of %lld replicates; go on with --restart auto",
                path, by, (long long)n_ended, (long long)n);
  return fail(error, GMMPI_STOPPED,
              "stopped by %s after %lld of %lld replicates, which are lost; -o or --checkpoint would keep them", by,
              (long long)n_ended, (long long)n);
}

/* Collective. */
static gmmpi_status run(bootstrap_session *session, double began, gmmpi_error *error)
{
  const bootstrap_command *command = &session->command;
  bootstrap_reporter reporter = {.shown = &session->shown,
                                 .path = session->rank == 0 ? command->checkpoint_path : NULL,
                                 .identity = session->identity,
                                 .saved = clock_now(),
                                 .limit = session->rank == 0 ? &session->limit : NULL,
                                 .n_samples = (double)session->points->n_samples,
                                 .last = clock_now()};
  const bootstrap_observer observer = {.context = &reporter, .wants_stop = wants_stop, .advanced = advanced};
  bootstrap_run(session->points, session->model, &session->fit, &command->how, &session->earlier, &observer,
                &session->result, error);
  progress_close(&session->shown);
  if (error->status == GMMPI_STOPPED) return save_at_stop(session, error);
  if (error->status != GMMPI_OK || hand_out(session, clock_now() - began, error) != GMMPI_OK) return error->status;
  if (reporter.has_saved || (session->rank == 0 && bootstrap_restarts_by_itself(command)))
    unlink(command->checkpoint_path);
  return GMMPI_OK;
}

gmmpi_status command_bootstrap(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  bootstrap_session session = {.comm = comm};
  MPI_Comm_rank(comm, &session.rank);
  MPI_Comm_size(comm, &session.n_ranks);
  const double began = clock_now();
  if (bootstrap_command_parse(argc, argv, session.rank, &session.command, error) == GMMPI_OK && !session.command.help) {
    if (session.rank == 0) signals_set_answer("status: reading %s", session.command.data);
    job_begin(&(job_options){.time_limit = session.command.time_limit}, session.rank, &session.limit);
    progress_open(&session.shown, session.rank, session.command.quiet ? -1 : 0, &session.limit);
    progress_begin(&session.shown, "reading", session.command.data);
    if (open_session(&session, error) == GMMPI_OK && read_earlier(&session, error) == GMMPI_OK)
      run(&session, began, error);
  }
  progress_close(&session.shown);
  bootstrap_result_clear(&session.result);
  free(session.earlier.states);
  free(session.earlier.replicates);
  json_decref(session.identity);
  data_account_destroy(session.data);
  shard_destroy(session.points);
  source_close(session.source);
  json_decref(session.facts);
  gmmpi_model_destroy(session.model);
  free(session.command.checkpoint_path);
  return error->status;
}
