/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi bootstrap: standard errors and intervals of a model's numbers. */
#include "fit/bootstrap.h"

#include "cli/bootstrap_output.h"
#include "cli/command.h"
#include "cli/model_data.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "fit/class_names.h"
#include "fit/memory_plan.h"
#include "fit/model_options.h"
#include "fit/options.h"
#include "support/clock.h"
#include "support/error.h"
#include "support/file.h"
#include "support/linear_algebra.h"
#include "support/memory.h"
#include "support/signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Options of a fit that are the model's own unless they are given. */
static const char *const own_options[] = {"tol", "max-iter", "reg-covar"};
enum { N_OWN_OPTIONS = 3 };

typedef struct bootstrap_command {
  const char *model_path;
  const char *data;
  const char *output_path;
  const char *table_path;
  reading_options reading;
  bootstrap_options how;
  fit_options given; /* of which own_options are of use where the bits say so */
  uint64_t given_bits;
  int threads;
  int64_t memory_limit;
  bool keep_replicates;
  bool json;
  bool quiet;
  bool help;
} bootstrap_command;

static gmmpi_status check_outputs(const bootstrap_command *command, gmmpi_error *error)
{
  if (command->keep_replicates && command->output_path == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "--keep-replicates: -o is missing; say where they go, e.g. -o errors.h5");
  if (command->output_path != NULL && command->table_path != NULL &&
      file_is_same(command->output_path, command->table_path))
    return fail(error, GMMPI_WRONG_USAGE, "-o and --table both name %s; name different files", command->table_path);
  return GMMPI_OK;
}

static gmmpi_status parse(int argc, char **argv, int rank, bootstrap_command *command, gmmpi_error *error)
{
  option_record of_fit[N_OWN_OPTIONS];
  for (int i = 0; i < N_OWN_OPTIONS; i++) {
    of_fit[i] = *option_find(fit_option_table, n_fit_options, own_options[i]);
    of_fit[i].fallback = NULL;
    of_fit[i].group = NULL;
  }
  of_fit[0].help = "a replicate has converged when its mean log-likelihood changes by less (default: as the model was "
                   "fitted, as of the next two)";
  of_fit[1].help = "iterations of a replicate, at most; one that needs more is left out";
  of_fit[2].help = "added to the diagonal of every covariance by the M-step";
  const option_record options[] = {
      {.name = "replicates",
       .argument = "R",
       .help = "how many replicates",
       .kind = OPTION_INTEGER,
       .value = &command->how.n_replicates,
       .smallest = 2,
       .largest = 100000000,
       .fallback = "999"},
      {.name = "type",
       .argument = "NAME",
       .help = "weights of the rows in a replicate, times their own: wlbs: exponential ones, the weighted likelihood "
               "bootstrap; poisson: counts of mean 1, about what drawing rows with replacement gives",
       .kind = OPTION_CHOICE,
       .value = &command->how.type,
       .choices = bootstrap_types,
       .fallback = "wlbs"},
      {.name = "level",
       .argument = "P",
       .help = "share of the replicates that the intervals hold",
       .kind = OPTION_REAL,
       .value = &command->how.level,
       .least = 0.0,
       .above_least = true,
       .most = 0.9999999999,
       .fallback = "0.95"},
      {.name = "seed",
       .argument = "S",
       .help = "all randomness; a replicate's weights are a function of seed, its number and the row",
       .kind = OPTION_SEED,
       .value = &command->how.seed,
       .fallback = "0"},
  };
  const option_record outputs[] = {
      {.name = "output",
       .letter = 'o',
       .argument = "OUT.h5",
       .help = "HDF5 with /weights, /means, /covariances, each with estimate, standard_error, lower and upper",
       .kind = OPTION_TEXT,
       .value = &command->output_path},
      {.name = "table",
       .argument = "T.csv",
       .help = "the same as text, a row for each number",
       .kind = OPTION_TEXT,
       .value = &command->table_path},
      {.name = "keep-replicates",
       .help = "with -o: also the numbers of every replicate, in /replicates",
       .kind = OPTION_FLAG,
       .value = &command->keep_replicates},
      option_of(option_find(fit_option_table, n_fit_options, "threads"), &command->threads),
      option_of(option_find(memory_option_table, n_memory_options, "memory-limit"), &command->memory_limit),
      {.name = "json", .help = "print the summary as one JSON object", .kind = OPTION_FLAG, .value = &command->json},
      {.name = "quiet",
       .letter = 'q',
       .help = "print nothing but warnings, errors and what --json asks for",
       .kind = OPTION_FLAG,
       .value = &command->quiet},
  };
  const option_group groups[] = {
      OPTION_GROUP("Options", options),
      {.options = of_fit, .n_options = N_OWN_OPTIONS, .values = &command->given, .given = &command->given_bits},
      OPTION_GROUP("Outputs and machine", outputs),
      reading_group(&command->reading),
      weights_group(&command->reading),
      {.options = &known_labels_option, .n_options = 1, .values = &command->reading}};
  const command_usage usage = {
      .name = "bootstrap",
      .synopsis = "MODEL.h5 DATA [options]",
      .about = "Says how certain the numbers of a model are: it fits the model again and again to the rows of DATA, to "
               "which it was fitted, with random weights, each time beginning at the model. What the numbers of these "
               "replicates vary by are their standard errors; intervals are quantiles.\n\n"
               "All replicates advance in the same passes over the points, as many at once as there is room for. "
               "Components that have changed places are matched with the model's; replicates that collapse or do not "
               "converge are counted and left out.",
      .n_least = 2,
      .n_most = 2,
      .groups = groups,
      .n_groups = ARRAY_LENGTH(groups),
  };
  command_words words;
  if (!options_read(&usage, argc, argv, rank, &words, &command->help, error)) return error->status;
  command->model_path = words.operands[0];
  command->data = words.operands[1];
  if (reading_check(&command->reading, error) != GMMPI_OK ||
      model_data_check("bootstrap", &command->reading, error) != GMMPI_OK)
    return error->status;
  return check_outputs(command, error);
}

/* The options of the replicates. Errors: 64 models for which there are none, 65. */
static gmmpi_status settle_fit(const bootstrap_command *command, const gmmpi_model *model, const json_t *facts,
                               fit_options *fit, gmmpi_error *error)
{
  if (model_has(model, PART_POSTERIOR))
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: a model of fit --method vb or dp is a posterior, which says itself how certain its numbers are; "
                "bootstrap one of --method ml or map",
                command->model_path);
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
  if ((command->given_bits & 2) != 0) fit->max_iterations = command->given.max_iterations;
  if ((command->given_bits & 4) != 0) fit->reg_covar = command->given.reg_covar;
  fit->threads = command->threads;
  return GMMPI_OK;
}

/* --- progress --- */

typedef struct bootstrap_progress {
  bool speaks;   /* rank 0, and not quiet */
  bool terminal; /* one live line, else a line now and then */
  bool live;
  double began, last; /* on clock_now() */
} bootstrap_progress;

static bool wants_stop(void *context)
{
  (void)context;
  return signals_stop_requested();
}

static void tell_progress(void *context, const int64_t counts[N_REPLICATE_STATES], int64_t n_replicates)
{
  static const double between_live_lines = 0.1;
  static const double between_plain_lines = 10.0;
  bootstrap_progress *reporter = context;
  const int64_t n_left = counts[REPLICATE_UNDONE];
  const double now = clock_now();
  char failed[64] = "";
  char left[64] = "";
  if (!reporter->speaks || now - reporter->last < (reporter->terminal ? between_live_lines : between_plain_lines))
    return;
  reporter->last = now;
  const int64_t n_failed = counts[REPLICATE_COLLAPSED] + counts[REPLICATE_NOT_CONVERGED];
  const int64_t n_ended = n_replicates - n_left;
  char text[CLOCK_TEXT_BYTES];
  if (n_failed > 0) snprintf(failed, sizeof failed, ", %lld failed", (long long)n_failed);
  if (n_ended > 0 && n_left > 0)
    snprintf(left, sizeof left, ", about %s",
             clock_text((now - reporter->began) * (double)n_left / (double)n_ended, text));
  reporter->live = reporter->terminal;
  fprintf(stderr,
          reporter->terminal ? "\r%lld of %lld replicates%s; %lld left%s\033[K"
                             : "%lld of %lld replicates%s; %lld left%s\n",
          (long long)n_ended, (long long)n_replicates, failed, (long long)n_left, left);
  fflush(stderr);
  signals_set_answer("status: %lld of %lld replicates%s; %lld left%s", (long long)n_ended, (long long)n_replicates,
                     failed, (long long)n_left, left);
}

static void clear_progress(bootstrap_progress *reporter)
{
  if (reporter->live) fputs("\r\033[K", stderr);
  reporter->live = false;
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
      shard_stream_tables_bytes(source->n_rows, session->n_ranks)};
  const memory_need need = {
      .rest = sum_of_bytes(ARRAY_LENGTH(rest), rest),
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
      prepare_model_and_facts(session->comm, command->model_path, &session->model, &session->facts, error) !=
          GMMPI_OK ||
      settle_fit(command, session->model, session->facts, &session->fit, error) != GMMPI_OK)
    return error->status;
  const model_data data = {session->model, command->model_path, command->model_path, command->data, &command->reading};
  if (model_data_open(session->comm, session->rank, &data, &session->source, error) != GMMPI_OK ||
      keep_inputs(session, command->output_path, error) != GMMPI_OK ||
      keep_inputs(session, command->table_path, error) != GMMPI_OK || settle_classes(session, error) != GMMPI_OK)
    return error->status;
  if (session->rank == 0) session->data = data_account_create(session->source);
  return read_points(session, error);
}

/* Few replicates say little about the ends of intervals; many failures make those that are left a selection. */
static void warn_of_doubts(const bootstrap_session *session)
{
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

gmmpi_status command_bootstrap(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  bootstrap_session session = {.comm = comm};
  MPI_Comm_rank(comm, &session.rank);
  MPI_Comm_size(comm, &session.n_ranks);
  const double began = clock_now();
  if (parse(argc, argv, session.rank, &session.command, error) != GMMPI_OK || session.command.help)
    return error->status;
  if (session.rank == 0) signals_set_answer("status: reading %s", session.command.data);
  if (open_session(&session, error) == GMMPI_OK) {
    const double now = clock_now();
    bootstrap_progress reporter = {.speaks = session.rank == 0 && !session.command.quiet,
                                   .terminal = isatty(STDERR_FILENO) == 1,
                                   .began = now,
                                   .last = -INFINITY};
    const bootstrap_observer observer = {.context = &reporter, .wants_stop = wants_stop, .advanced = tell_progress};
    bootstrap_run(session.points, session.model, &session.fit, &session.command.how, &observer, &session.result, error);
    clear_progress(&reporter);
    if (error->status == GMMPI_OK) hand_out(&session, clock_now() - began, error);
  }
  bootstrap_result_clear(&session.result);
  data_account_destroy(session.data);
  shard_destroy(session.points);
  source_close(session.source);
  json_decref(session.facts);
  gmmpi_model_destroy(session.model);
  return error->status;
}
