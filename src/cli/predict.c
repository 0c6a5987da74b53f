/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi predict: labels, responsibilities and log-densities of points. */
#include "apply/predict.h"

#include "cli/command.h"
#include "cli/data_account.h"
#include "cli/options.h"
#include "cli/predict_command.h"
#include "cli/predict_summary.h"
#include "cli/prepare.h"
#include "fit/memory_plan.h"
#include "fit/options.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/signals.h"

#include <stdlib.h>
#include <string.h>

static gmmpi_status parse(int argc, char **argv, int rank, predict_command *command, gmmpi_error *error)
{
  const option_record output_options[] = {
      {.name = "output",
       .letter = 'o',
       .argument = "OUT",
       .help = "where the predictions go (required): HDF5 with /labels, or, when the name ends in .csv (.tsv or .txt: "
               "with tabs), text with the column label",
       .kind = OPTION_TEXT,
       .value = &command->output_path},
      {.name = "responsibilities",
       .help = "also the probability of each component given the point: /responsibilities (n x K), or columns "
               "responsibility_1 ... in text; with noise one column more, the background's",
       .kind = OPTION_FLAG,
       .value = &command->wishes.responsibilities},
      {.name = "log-density",
       .help = "also the natural logarithm of the mixture's density at the point: /log_density (n), or a column; of a "
               "model of fit --method vb or dp that of the posterior predictive density",
       .kind = OPTION_FLAG,
       .value = &command->wishes.log_density},
      {.name = "outlier-weights",
       .help =
           "of a model of t distributions: also how much the point counts, about 1 inside the components and near 0 "
           "far outside: /outlier_weights (n), or a column outlier_weight",
       .kind = OPTION_FLAG,
       .value = &command->wishes.outlier_weights},
      {.name = "expected-log-density",
       .help = "of a model of fit --method vb or dp, also what its responsibilities are made of: the log of the sum of "
               "exponentials of expected log densities, which do not integrate to 1 (scikit-learn's score_samples)",
       .kind = OPTION_FLAG,
       .value = &command->wishes.expected_log_density},
      {.name = "by",
       .argument = "COLUMN|FILE",
       .help = "of a file of fit --by: each point by the mixture of its group, whose key is in this column of DATA, by "
               "name or 1-based number, or file with one column and as many rows. A point whose group has none, or "
               "that has no key, has label -2, and NaN elsewhere",
       .kind = OPTION_TEXT,
       .value = &command->reading.keys},
      compress_option(&command->compress),
      option_of(option_find(fit_option_table, n_fit_options, "threads"), &command->threads),
      option_of(option_find(memory_option_table, n_memory_options, "memory-limit"), &command->memory_limit),
      {.name = "json", .help = "print the summary as one JSON object", .kind = OPTION_FLAG, .value = &command->json},
      {.name = "quiet",
       .letter = 'q',
       .help = "print nothing but warnings, errors and what --json asks for",
       .kind = OPTION_FLAG,
       .value = &command->quiet},
  };
  const option_group groups[] = {OPTION_GROUP("Options", output_options), reading_group(&command->reading),
                                 weights_group(&command->reading)};
  const command_usage usage = {
      .name = "predict",
      .synopsis = "MODEL.h5 DATA -o OUT.h5 [options]",
      .about =
          "Says for every point of DATA which component it most likely belongs to (/labels, counted from 0; -1: the "
          "background of a model with noise). Where the model knows classes (fit --known-labels) /labels has their "
          "names as "
          "the attribute names, and text a column class.\n\n"
          "Without --columns the model's features are looked up by name where DATA has names; else DATA must have as "
          "many "
          "columns as the model has features.\n\n"
          "With --missing drop there is one result for each row that was kept, and /rows (in text a last column row) "
          "says which row of DATA it is, counted from 1, when any row was dropped.",
      .n_least = 2,
      .n_most = 2,
      .groups = groups,
      .n_groups = ARRAY_LENGTH(groups),
  };
  command_words words;
  if (!options_read(&usage, argc, argv, rank, &words, &command->help, error)) return error->status;
  command->model_path = words.operands[0];
  command->data = words.operands[1];
  if (command->output_path == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "-o is missing; say where the predictions go, e.g. -o labels.h5");
  if (reading_check(&command->reading, error) != GMMPI_OK) return error->status;
  if (reading_has_word(&command->reading, "transform"))
    return fail(error, GMMPI_WRONG_USAGE,
                "predict: --transform: the model knows how its features were transformed; leave it out");
  command->wishes.compress = (int)command->compress;
  return compress_check(command->compress, command->output_path, error);
}

static name_list names_of_model(const predict_command *command, const gmmpi_model *model)
{
  return (name_list){.owner = command->model_path, .names = model->feature_names, .n = model->n_features};
}

static name_list names_of_source(const point_source *source)
{
  return (name_list){
      .owner = source->label, .names = source->feature_names, .n = source->n_features, .columns = source->columns};
}

/* Collective. Opens the data with the columns that are called as the features of the model, which has names, or all
 * columns where the data have none; *source is NULL when that fails, and failure says why. */
static void open_by_names(MPI_Comm comm, const predict_command *command, const gmmpi_model *model,
                          point_source **source, gmmpi_error *failure)
{
  source_options options = reading_source_options(&command->reading);
  options.columns = NULL;
  options.wanted = names_of_model(command, model);
  options.transforms = model_transforms(model, command->model_path);
  source_open(comm, command->data, &options, source, failure);
}

/* Collective. All columns, when they could not be found by name: they are taken in their order where the model has no
 * names, or none that say anything, else refused. Errors, agreed: those of source_open. */
static gmmpi_status open_all(MPI_Comm comm, const predict_command *command, const gmmpi_model *model,
                             const gmmpi_error *other_names, point_source **source, gmmpi_error *error)
{
  source_options options = reading_source_options(&command->reading);
  options.transforms = model_transforms(model, command->model_path);
  const bool named = names_are_own(model->feature_names, model->n_features);
  gmmpi_error failure = {0};
  const bool opened = source_open(comm, command->data, &options, source, &failure) == GMMPI_OK;
  const bool refused = opened ? (*source)->has_names : failure.status == GMMPI_BAD_DATA;
  if (named && refused && other_names->status != GMMPI_OK) failure = *other_names;
  if (failure.status == GMMPI_OK) return GMMPI_OK;
  source_close(*source);
  *source = NULL;
  *error = failure;
  return failure.status;
}

/* Collective. The columns that --columns picks are the model's features in their order, unless they have just the
 * model's names: then each is the feature that it is called as. Errors, agreed: those of source_open, 71. */
static gmmpi_status open_picked(MPI_Comm comm, int rank, const predict_command *command, const gmmpi_model *model,
                                point_source **source, gmmpi_error *error)
{
  source_options options = reading_source_options(&command->reading);
  options.transforms = model_transforms(model, command->model_path);
  const name_list wanted = names_of_model(command, model);
  if (source_open(comm, command->data, &options, source, error) != GMMPI_OK) return error->status;
  const name_list picked = names_of_source(*source);
  if (picked.n != wanted.n || !(*source)->has_names || wanted.names == NULL || names_agree(picked, wanted))
    return GMMPI_OK;
  gmmpi_error other_names = {0};
  int64_t *positions = allocate(wanted.n, sizeof *positions);
  if (positions == NULL)
    fail(&other_names, GMMPI_NO_MEMORY, "no memory is left for the names of the features");
  else
    names_find(picked, wanted, positions, &other_names);
  free(positions);
  if (agree(comm, &other_names) == GMMPI_OK) {
    point_source *sorted = NULL;
    open_by_names(comm, command, model, &sorted, &other_names);
    if (sorted != NULL) {
      source_close(*source);
      *source = sorted;
    }
  }
  if (other_names.status == GMMPI_NO_MEMORY) return fail(error, GMMPI_NO_MEMORY, "%s", other_names.message);
  if (other_names.status != GMMPI_OK && names_are_own(wanted.names, wanted.n) && rank == 0) {
    int64_t j = 0;
    while (strcmp(picked.names[j], wanted.names[j]) == 0) j++;
    warn("%s: feature %lld is \"%s\", in %s it is \"%s\"", (*source)->label, (long long)j + 1, picked.names[j],
         command->model_path, wanted.names[j]);
  }
  return GMMPI_OK;
}

/* Has the model what is wished for? */
static gmmpi_status check_wishes(const predict_command *command, const gmmpi_model *model, gmmpi_error *error)
{
  if (command->wishes.outlier_weights && model->dof == NULL)
    return fail(
        error, GMMPI_WRONG_USAGE,
        "--outlier-weights: %s is a mixture of normal distributions, to which all points count alike; fit it with "
        "--distribution t, or use --log-density",
        command->model_path);
  if (command->wishes.expected_log_density && !model_has(model, PART_POSTERIOR))
    return fail(error, GMMPI_WRONG_USAGE,
                "--expected-log-density: %s has no posterior, so that its density is known; give --log-density",
                command->model_path);
  return GMMPI_OK;
}

/* Do the data have as many features as the model? */
static gmmpi_status check_features(const predict_command *command, const gmmpi_model *model, const point_source *source,
                                   gmmpi_error *error)
{
  if (source->n_features == model->n_features) return GMMPI_OK;
  int64_t *positions = NULL;
  if (source->has_names && names_are_own(model->feature_names, model->n_features) &&
      (positions = allocate(model->n_features, sizeof *positions)) != NULL)
    names_match(names_of_source(source), names_of_model(command, model), positions, error);
  free(positions);
  if (error->status != GMMPI_OK) return error->status;
  return fail(error, GMMPI_BAD_DATA, "%s: has %lld feature%s, %s was fitted to %lld; pick the same with --columns",
              source->label, (long long)source->n_features, plural(source->n_features), command->model_path,
              (long long)model->n_features);
}

gmmpi_status predict_open_data(MPI_Comm comm, int rank, const predict_command *command, const gmmpi_model *model,
                               point_source **source, gmmpi_error *error)
{
  *source = NULL;
  if (command->reading.columns != NULL) {
    if (open_picked(comm, rank, command, model, source, error) != GMMPI_OK) return error->status;
  } else {
    gmmpi_error other_names = {0};
    if (model->feature_names != NULL) open_by_names(comm, command, model, source, &other_names);
    if (*source == NULL && open_all(comm, command, model, &other_names, source, error) != GMMPI_OK)
      return error->status;
  }
  if (prepare_output_is_no_input(comm, command->output_path, *source, error) != GMMPI_OK) return error->status;
  return check_features(command, model, *source, error);
}

static gmmpi_status print_summary(MPI_Comm comm, int rank, const predict_command *command,
                                  const predict_summary *summary, gmmpi_error *error)
{
  if (rank == 0 && command->json) print_json(predict_summary_json(summary), error);
  if (rank == 0 && !command->json && !command->quiet) predict_summary_print(summary);
  return agree(comm, error);
}

/* Weights, if there are any, weigh the mean log-likelihood: they may not all be 0. */
static gmmpi_status weigh_points(const predict_command *command, const point_source *source, shard *points,
                                 gmmpi_error *error)
{
  if (points->has_weights && !(points->total_weight > 0.0))
    return fail(error, GMMPI_BAD_DATA, "%s: all weights are 0; give some rows a weight", source->label);
  if (command->reading.sum == WEIGHTS_SUM_N) shard_normalise_weights(points);
  return GMMPI_OK;
}

gmmpi_status command_predict(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  predict_command command = {0};
  gmmpi_model *model = NULL;
  point_source *source = NULL;
  shard *points = NULL;
  data_account *data = NULL;
  predict_report report = {0};
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  if (parse(argc, argv, rank, &command, error) != GMMPI_OK || command.help) return error->status;
  if (rank == 0) signals_set_answer("status: reading %s", command.data);
  if (command.reading.keys != NULL) return predict_by_run(comm, &command, error);
  if (prepare_threads(comm, command.threads, error) != GMMPI_OK ||
      prepare_distinct(comm, command.output_path, command.model_path, error) != GMMPI_OK ||
      prepare_output(comm, command.output_path, error) != GMMPI_OK ||
      prepare_model(comm, command.model_path, &model, error) != GMMPI_OK ||
      check_wishes(&command, model, error) != GMMPI_OK ||
      predict_open_data(comm, rank, &command, model, &source, error) != GMMPI_OK)
    goto done;
  if (rank == 0) data = data_account_create(source);
  shard_options how = {.n_threads = command.threads};
  reading_note_rows(&command.reading, source, &how);
  how.drops_weightless = false; /* each has its label */
  const int64_t rest[] = {predict_bytes(model, command.wishes, source->n_rows, command.threads),
                          shard_stream_tables_bytes(source->n_rows, n_ranks)};
  const memory_need need = {
      .rest = sum_of_bytes(ARRAY_LENGTH(rest), rest),
      .points = shard_bytes(source->n_rows, source_row_width(source), n_ranks, false),
      .least = shard_least_stream_bytes(source->n_rows, source_row_width(source), shard_drops(&how)),
      .advice = "use more nodes, or a smaller model",
  };
  if (memory_plan(comm, source, &need, command.memory_limit, command.quiet, &how, error) == GMMPI_OK &&
      shard_create(comm, source, how, &points, error) == GMMPI_OK &&
      weigh_points(&command, source, points, error) == GMMPI_OK &&
      predict_to_file(model, points, command.wishes, command.output_path, &report, error) == GMMPI_OK)
    print_summary(comm, rank, &command, &(predict_summary){model, points, data, &report, command.output_path}, error);

done:
  free(report.label_counts);
  data_account_destroy(data);
  shard_destroy(points);
  source_close(source);
  gmmpi_model_destroy(model);
  return error->status;
}
