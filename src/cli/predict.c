/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi predict: labels, responsibilities and log-densities of points. */
#include "apply/predict.h"

#include "cli/command.h"
#include "cli/data_account.h"
#include "cli/model_data.h"
#include "cli/options.h"
#include "cli/predict_command.h"
#include "cli/predict_summary.h"
#include "cli/prepare.h"
#include "fit/memory_plan.h"
#include "fit/options.h"
#include "mixture/background.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/signals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The smallest p-value is 1 / (draws + 1). */
static gmmpi_status check_draws(const predict_wishes *wishes, gmmpi_error *error)
{
  const double draws = (double)wishes->outlier_draws;
  if (!wishes->outliers || wishes->outlier_share * (draws + 1.0) >= 1.0) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE,
              "--outlier-share: with %lld draws no p-value is as small as %g; give --outlier-draws %.0f or more",
              (long long)wishes->outlier_draws, wishes->outlier_share, ceil(100.0 / wishes->outlier_share));
}

static gmmpi_status parse(int argc, char **argv, int rank, predict_command *command, gmmpi_error *error)
{
  const option_record output_options[] = {
      {.name = "output",
       .brief = "where results go, .h5 or .csv (required)",
       .letter = 'o',
       .argument = "OUT",
       .help = "where the predictions go (required): HDF5 with /labels, or, when the name ends in .csv (.tsv or .txt: "
               "with tabs), text with the column label",
       .kind = OPTION_TEXT,
       .value = &command->output_path},
      {.name = "responsibilities",
       .brief = "also the probability of each component",
       .help = "also the probability of each component given the point: /responsibilities (n x K), or columns "
               "responsibility_1 ... in text; with noise one column more, the background's",
       .kind = OPTION_FLAG,
       .value = &command->wishes.responsibilities},
      {.name = "clusters",
       .argument = "N",
       .help = "of a model of fit --merge: labels and responsibilities of N clusters in place of components, numbered "
               "from 0 by their lowest components",
       .kind = OPTION_INTEGER,
       .value = &command->wishes.clusters,
       .smallest = 1,
       .largest = INT64_MAX},
      {.name = "log-density",
       .brief = "also the log of the mixture's density",
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
      {.name = "entropy",
       .help = "also how uncertain it is which component the point is of: minus the sum of responsibility times its "
               "logarithm, the background's included, in nats: /entropy (n), or a column",
       .kind = OPTION_FLAG,
       .value = &command->wishes.entropy},
      {.name = "target",
       .brief = "features that are predicted from the others",
       .argument = "LIST",
       .help =
           "features of the model, by name or number, that are predicted from the others: their conditional mean and "
           "variance, /target_mean and /target_variance (n x targets), of several targets also /target_covariance, or "
           "columns mean_NAME, variance_NAME, covariance_A_B; all else is about the other features. DATA need not "
           "have the targets; where it has them the summary says how well they are predicted",
       .kind = OPTION_TEXT,
       .value = &command->targets},
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
      {.name = "json",
       .brief = "the summary as one JSON object",
       .help = "print the summary as one JSON object",
       .kind = OPTION_FLAG,
       .value = &command->json},
      {.name = "quiet",
       .brief = "no summary",
       .letter = 'q',
       .help = "print nothing but warnings, errors and what --json asks for",
       .kind = OPTION_FLAG,
       .value = &command->quiet},
  };
  const option_record outlier_options[] = {
      {.name = "outliers",
       .brief = "also how rare each point is",
       .help = "also how rare the point is: the share of points drawn from the model whose density is no higher, "
               "/outlier_p_value (n), and whether that is at most --outlier-share, /is_outlier (n, 0 or 1)",
       .kind = OPTION_FLAG,
       .value = &command->wishes.outliers},
      {.name = "outlier-share",
       .argument = "P",
       .help = "points with a p-value of at most P are outliers; of points of the model itself it is a share P",
       .kind = OPTION_REAL,
       .value = &command->wishes.outlier_share,
       .least = 0.0,
       .above_least = true,
       .most = 0.5,
       .fallback = "0.01",
       .needs = "outliers",
       .word = "yes"},
      {.name = "outlier-draws",
       .argument = "N",
       .help = "how many points are drawn from the model",
       .kind = OPTION_INTEGER,
       .value = &command->wishes.outlier_draws,
       .smallest = 1,
       .largest = INT64_C(1) << 36,
       .fallback = "100000",
       .needs = "outliers",
       .word = "yes"},
      {.name = "seed",
       .argument = "S",
       .help = "the randomness of these draws",
       .kind = OPTION_SEED,
       .value = &command->wishes.outlier_seed,
       .fallback = "0",
       .needs = "outliers",
       .word = "yes"},
  };
  uint64_t given = 0;
  option_group of_outliers = OPTION_GROUP("Outliers", outlier_options);
  of_outliers.given = &given;
  const option_group groups[] = {OPTION_GROUP("Options", output_options), of_outliers, reading_group(&command->reading),
                                 weights_group(&command->reading)};
  static const usage_note examples[] = {
      {"gmmpi predict model.h5 points.csv -o labels.csv", "the component of each row, as text"},
      {"gmmpi predict model.h5 points.csv -o out.h5 --responsibilities --log-density",
       "with all probabilities and the density at each point"},
      {"gmmpi predict model.h5 points.csv -o rare.csv --outliers",
       "which rows are rarer than one in a hundred drawn from the model"},
      {NULL, NULL},
  };
  const command_usage usage = {
      .name = "predict",
      .purpose = "say which component each point belongs to, and how likely",
      .examples = examples,
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
  command->model_path = command->model_called = words.operands[0];
  command->data = words.operands[1];
  if (command->output_path == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "-o is missing; say where the predictions go, e.g. -o labels.h5");
  if (reading_check(&command->reading, error) != GMMPI_OK) return error->status;
  if (model_data_check("predict", &command->reading, error) != GMMPI_OK) return error->status;
  if (options_check_needs(outlier_options, ARRAY_LENGTH(outlier_options), NULL, given, error) != GMMPI_OK ||
      check_draws(&command->wishes, error) != GMMPI_OK)
    return error->status;
  command->wishes.compress = (int)command->compress;
  return compress_check(command->compress, command->output_path, error);
}

/* Has the model so many clusters? */
static gmmpi_status check_clusters(const predict_command *command, const gmmpi_model *model, gmmpi_error *error)
{
  const int64_t n = command->wishes.clusters;
  if (n == 0) return GMMPI_OK;
  if (model->hierarchy == NULL)
    return fail(
        error, GMMPI_BAD_DATA,
        "%s: its components were not merged into clusters; do it with gmmpi fit DATA -k %lld --covariance %s%s%s "
        "--init %s --max-iter 0 --merge entropy -o MERGED.h5",
        command->model_path, (long long)model->n_components, model->family->name,
        model_has(model, PART_TAILS) ? " --distribution t" : "", model_has(model, PART_NOISE) ? " --noise" : "",
        command->model_path);
  if (n <= model->hierarchy->n_clusters) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE, "--clusters: %lld is more than the %lld component%s of %s; give 1 to %lld",
              (long long)n, (long long)model->hierarchy->n_clusters, plural(model->hierarchy->n_clusters),
              command->model_path, (long long)model->hierarchy->n_clusters);
}

/* Has the model what is wished for? */
static gmmpi_status check_wishes(const predict_command *command, const gmmpi_model *model, gmmpi_error *error)
{
  if (check_clusters(command, model, error) != GMMPI_OK) return error->status;
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
  if (command->wishes.outliers && model_has(model, PART_NOISE) && !background_has_region(model))
    return fail(error, GMMPI_BAD_DATA,
                "%s: has noise but does not say where (noise_origin, noise_axes), so that no points can be drawn for "
                "--outliers; give it these, or --log-density",
                command->model_path);
  if (command->wishes.expected_log_density && command->targets != NULL)
    return fail(
        error, GMMPI_WRONG_USAGE,
        "--expected-log-density: targets are predicted by the posterior predictive density, which has no expected "
        "log density; leave it out, or --target");
  if (command->wishes.clusters > 0 && command->targets != NULL)
    return fail(
        error, GMMPI_WRONG_USAGE,
        "--clusters: components were merged by what all features say of them, and --target leaves some of these "
        "out; give one of the two");
  return GMMPI_OK;
}

static model_data data_for(const predict_command *command, const gmmpi_model *model)
{
  return (model_data){model, command->model_path, command->model_called, command->data, &command->reading};
}

/* What predicts the targets; NULL where there are none. */
static gmmpi_status open_regression(const predict_command *command, const gmmpi_model *model, regression **of,
                                    gmmpi_error *error)
{
  feature_choice targets;
  if (command->targets == NULL) return GMMPI_OK;
  feature_choice_read(model, command->model_path, "--target", command->targets, &targets, error);
  if (error->status == GMMPI_OK && targets.n == model->n_features)
    fail(error, GMMPI_WRONG_USAGE,
         "--target: all %lld feature%s of %s are targets, and none is left to predict them from; leave some out",
         (long long)targets.n, plural(targets.n), command->model_path);
  if (error->status == GMMPI_OK) regression_create(model, &targets, command->model_path, of, error);
  feature_choice_clear(&targets);
  return error->status;
}

/* Collective. Data with the features of the model. */
static gmmpi_status open_features(MPI_Comm comm, int rank, const predict_command *command, const gmmpi_model *model,
                                  point_source **source, gmmpi_error *error)
{
  const model_data data = data_for(command, model);
  return model_data_open(comm, rank, &data, source, error);
}

/* Collective. Data that have the targets, too: *source is NULL when it seems that they have not, and failure says why.
 */
static void open_with_targets(MPI_Comm comm, int rank, const predict_command *command, const gmmpi_model *joint,
                              point_source **source, gmmpi_error *failure)
{
  const model_data data = data_for(command, joint);
  *source = NULL;
  if (command->reading.columns == NULL && names_are_own(joint->feature_names, joint->n_features))
    model_data_open_by_names(comm, &data, source, failure);
  else
    model_data_open(comm, rank, &data, source, failure);
  if (failure->status == GMMPI_OK) return;
  source_close(*source);
  *source = NULL;
}

/* Collective. Of targets the data have all features of the joint model, or the others alone. */
static gmmpi_status open_data(MPI_Comm comm, int rank, predict_command *command, const gmmpi_model *model,
                              point_source **source, gmmpi_error *error)
{
  const regression *of = command->wishes.regression;
  gmmpi_error failure = {0};
  *source = NULL;
  if (of != NULL) open_with_targets(comm, rank, command, of->joint, source, &failure);
  if (failure.status != GMMPI_OK && failure.status != GMMPI_BAD_DATA) return error_pass(error, &failure);
  if (*source == NULL) {
    if (of != NULL) command->model_called = "the model without its targets";
    if (open_features(comm, rank, command, model, source, error) != GMMPI_OK) return error->status;
  }
  return prepare_output_is_no_input(comm, command->output_path, *source, error);
}

static gmmpi_status print_summary(MPI_Comm comm, int rank, const predict_command *command,
                                  const predict_summary *summary, gmmpi_error *error)
{
  if (rank == 0 && command->json) print_json(predict_summary_json(summary), error);
  if (rank == 0 && !command->json && !command->quiet) predict_summary_print(summary);
  if (rank == 0) predict_warn_of_outliers(summary, command->data);
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
  const gmmpi_model *used; /* that whose features the rows are seen in: without the targets */
  point_source *source = NULL;
  shard *points = NULL;
  data_account *data = NULL;
  predict_report report = {0};
  regression *of = NULL;
  progress shown = {.is_open = false};
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  if (parse(argc, argv, rank, &command, error) != GMMPI_OK || command.help) return error->status;
  if (rank == 0) signals_set_answer("status: reading %s", command.data);
  progress_open(&shown, rank, command.quiet ? -1 : 0, NULL);
  progress_begin(&shown, "reading", command.data);
  if (command.reading.keys != NULL) {
    predict_by_run(comm, &command, &shown, error);
    goto done;
  }
  if (prepare_threads(comm, command.threads, error) != GMMPI_OK ||
      prepare_distinct(comm, command.output_path, command.model_path, error) != GMMPI_OK ||
      prepare_output(comm, command.output_path, error) != GMMPI_OK ||
      prepare_model(comm, command.model_path, &model, error) != GMMPI_OK ||
      check_wishes(&command, model, error) != GMMPI_OK || open_regression(&command, model, &of, error) != GMMPI_OK)
    goto done;
  command.wishes.targets = of != NULL;
  command.wishes.no_totals = command.quiet && !command.json;
  command.wishes.regression = of;
  used = of != NULL ? of->marginal : model;
  if (open_data(comm, rank, &command, used, &source, error) != GMMPI_OK) goto done;
  if (rank == 0) data = data_account_create(source);
  shard_options how = {.n_threads = command.threads};
  reading_note_rows(&command.reading, source, &how);
  how.drops_weightless = false; /* each has its label */
  const int64_t rest[] = {predict_bytes(used, command.wishes, source->n_rows, command.threads),
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
      predict_to_file(used, points, command.wishes, command.output_path, &report, error) == GMMPI_OK) {
    progress_close(&shown);
    print_summary(comm, rank, &command,
                  &(predict_summary){used, points, data, &report, &command.wishes, command.output_path, of}, error);
  }

done:
  progress_close(&shown);
  free(report.label_counts);
  free(report.target_totals);
  regression_destroy(of);
  data_account_destroy(data);
  shard_destroy(points);
  source_close(source);
  gmmpi_model_destroy(model);
  return error->status;
}
