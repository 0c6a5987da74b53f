/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi predict --by: each point by the mixture of its group. */
#include "apply/group_predict.h"
#include "cli/data_account.h"
#include "cli/model_data.h"
#include "cli/options.h"
#include "cli/predict_command.h"
#include "cli/prepare.h"
#include "fit/memory_plan.h"
#include "support/error.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_known(const char *column)
{
  return strcmp(column, "labels") == 0 || strcmp(column, "responsibilities") == 0 || strcmp(column, "log_density") == 0;
}

/* Whatever else can be wished for is of one model. */
static gmmpi_status check_wishes(const predict_command *command, const gmmpi_model *outline, gmmpi_error *error)
{
  prediction_columns columns;
  bool known = command->targets == NULL && command->wishes.clusters == 0;
  if (known && prediction_columns_open((prediction_kind){outline, &command->wishes}, &columns, error) == GMMPI_OK) {
    for (int i = 0; i < columns.n; i++) known = known && is_known(columns.records[i]->name);
    prediction_columns_close(&columns);
  }
  if (known) return error->status;
  return fail(error, GMMPI_WRONG_USAGE,
              "--by goes with --responsibilities and --log-density alone; leave the other outputs away");
}

/* The group of each key that the data have, or -1. NULL: no memory. */
static int64_t *groups_of_keys(const group_models *models, const point_source *source)
{
  const class_list classes = reading_keys(source);
  const double *numbers = source_class_numbers(source);
  const bool are_texts = models->keys.texts != NULL;
  int64_t *groups = allocate(classes.n, sizeof *groups);
  for (int64_t i = 0; i < classes.n && groups != NULL; i++) {
    /* Numbers in a file of text are numbers: a file whose keys are texts may have some that look like them. */
    groups[i] = are_texts         ? group_of_text(&models->keys, classes.names[i])
                : numbers != NULL ? group_of_number(&models->keys, numbers[i])
                                  : -1;
    double number;
    if (!are_texts && numbers == NULL && parse_real(classes.names[i], &number))
      groups[i] = group_of_number(&models->keys, number);
  }
  return groups;
}

static void print_summary(const predict_command *command, const group_predict_report *report, const shard *points,
                          const data_account *data, gmmpi_error *error)
{
  const double mean = report->log_likelihood / report->total_weight;
  if (command->json) {
    print_json(json_pack("{s:o*, s:I, s:I, s:o, s:o, s:I, s:s}", "data", data != NULL ? data_account_json(data) : NULL,
                         "n_samples", (json_int_t)report->n_samples, "n_without_prediction",
                         (json_int_t)report->n_without, "mean_log_likelihood", json_number(mean), "log_likelihood",
                         json_number(report->log_likelihood), "n_dropped", (json_int_t)points->n_dropped, "output",
                         command->output_path),
               error);
    return;
  }
  if (command->quiet) return;
  printf("%s: %lld point%s, mean log-likelihood %.10g\n", command->output_path, (long long)report->n_samples,
         plural(report->n_samples), mean);
  if (data != NULL) data_account_print(data, stdout, "  ", "", true);
  print_dropped(shard_dropped(points));
  if (report->n_without > 0)
    printf("  %lld point%s without a prediction: of groups that are unknown or could not be fitted, or of none\n",
           (long long)report->n_without, plural(report->n_without));
}

/* Rows must be held: those of a group are worked on together. */
static gmmpi_status plan_memory(MPI_Comm comm, const predict_command *command, const group_models *models,
                                const point_source *source, shard_options *how, gmmpi_error *error)
{
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  const int64_t points = shard_bytes(source->n_rows, source_row_width(source), n_ranks, false);
  const memory_need need = {.rest = group_predict_bytes(models, &command->wishes, source->n_rows, n_ranks),
                            .points = points,
                            .least = points,
                            .advice = "use more nodes: the rows of groups must fit into memory"};
  return memory_plan(comm, source, &need, command->memory_limit, true, how, error);
}

/* Collective, once there are models. */
static gmmpi_status predict_points(MPI_Comm comm, int rank, const predict_command *command, const group_models *models,
                                   point_source *source, progress *shown, gmmpi_error *error)
{
  shard *points = NULL;
  data_account *data = rank == 0 ? data_account_create(source) : NULL;
  int64_t *group_of = groups_of_keys(models, source);
  group_predict_report report = {0};
  gmmpi_error local = {0};
  shard_options how = {.n_threads = command->threads};
  reading_note_rows(&command->reading, source, &how);
  how.drops_weightless = false; /* each has its label */
  if (group_of == NULL) fail(&local, GMMPI_NO_MEMORY, "%s: no memory is left for its keys", source->label);
  if (agree(comm, &local) == GMMPI_OK && plan_memory(comm, command, models, source, &how, &local) == GMMPI_OK &&
      shard_create(comm, source, how, &points, &local) == GMMPI_OK) {
    if (command->reading.sum == WEIGHTS_SUM_N) shard_normalise_weights(points);
    if (group_predict_to_file(models, command->model_path, points, group_of, &command->wishes, command->output_path,
                              &report, &local) == GMMPI_OK) {
      progress_close(shown);
      if (rank == 0) print_summary(command, &report, points, data, &local);
      agree(comm, &local);
    }
  }
  free(group_of);
  data_account_destroy(data);
  shard_destroy(points);
  return error_pass(error, &local);
}

gmmpi_status predict_by_run(MPI_Comm comm, const predict_command *command, progress *shown, gmmpi_error *error)
{
  group_models *models = NULL;
  gmmpi_model *outline = NULL;
  point_source *source = NULL;
  gmmpi_error local = {0};
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (prepare_threads(comm, command->threads, &local) == GMMPI_OK &&
      prepare_distinct(comm, command->output_path, command->model_path, &local) == GMMPI_OK &&
      prepare_output(comm, command->output_path, &local) == GMMPI_OK &&
      prepare_groups(comm, command->model_path, &models, &local) == GMMPI_OK) {
    if (group_outline(models, &outline, &local) == GMMPI_OK) check_wishes(command, outline, &local);
    const model_data data = {outline, command->model_path, command->model_path, command->data, &command->reading};
    if (agree(comm, &local) == GMMPI_OK && model_data_open(comm, rank, &data, &source, &local) == GMMPI_OK &&
        prepare_output_is_no_input(comm, command->output_path, source, &local) == GMMPI_OK)
      predict_points(comm, rank, command, models, source, shown, &local);
  }
  source_close(source);
  gmmpi_model_destroy(outline);
  group_models_destroy(models);
  return error_pass(error, &local);
}
