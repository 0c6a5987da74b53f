/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi sample: points drawn from a model. */
#include "apply/sample.h"
#include "apply/group_sample.h"

#include "cli/command.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "fit/memory_plan.h"
#include "job/progress.h"
#include "support/error.h"
#include "support/signals.h"

#include <stdio.h>

typedef struct sample_command {
  const char *model_path;
  const char *output_path;
  int64_t n_points;
  uint64_t seed;
  int64_t compress;
  bool by_groups;
  bool quiet;
  bool help;
} sample_command;

static gmmpi_status parse(int argc, char **argv, int rank, sample_command *command, gmmpi_error *error)
{
  const option_record options[] = {
      {.name = "n-samples",
       .brief = "how many points (required)",
       .letter = 'n',
       .argument = "N",
       .help = "how many points (required)",
       .kind = OPTION_INTEGER,
       .value = &command->n_points,
       .smallest = 1,
       .largest = INT64_MAX / 4096},
      {.name = "output",
       .brief = "where they go, .h5 or .csv (required)",
       .letter = 'o',
       .argument = "OUT",
       .help = "where they go (required): HDF5 with /points (N x d) and /labels (N, from 0), or, when the name ends in "
               ".csv (.tsv or .txt: with tabs), text with the features by name and label",
       .kind = OPTION_TEXT,
       .value = &command->output_path},
      {.name = "seed",
       .brief = "all randomness",
       .argument = "S",
       .help = "all randomness; the same seed gives the same points at any number of ranks",
       .kind = OPTION_SEED,
       .value = &command->seed,
       .fallback = "0"},
      {.name = "by",
       .help =
           "of a file of fit --by: N points from the mixture of each group that was fitted, with its key: /keys, or "
           "where keys are texts /groups, the group's index with the keys as the attribute names",
       .kind = OPTION_FLAG,
       .value = &command->by_groups},
      compress_option(&command->compress),
      {.name = "quiet",
       .brief = "no summary",
       .letter = 'q',
       .help = "print nothing but warnings and errors",
       .kind = OPTION_FLAG,
       .value = &command->quiet},
  };
  const option_group groups[] = {OPTION_GROUP("Options", options)};
  static const usage_note examples[] = {
      {"gmmpi sample model.h5 -n 1000 -o drawn.csv", "a thousand points as text"},
      {"gmmpi sample model.h5 -n 1000 --seed 7 -o drawn.h5", "others, as HDF5"},
      {NULL, NULL},
  };
  const command_usage usage = {
      .name = "sample",
      .purpose = "draw points from a model",
      .examples = examples,
      .synopsis = "MODEL.h5 -n N -o OUT [options]",
      .about =
          "Draws points from a model: a component by its weight, then a point from its normal distribution. With a "
          "larger N the first points stay the same.",
      .n_least = 1,
      .n_most = 1,
      .groups = groups,
      .n_groups = ARRAY_LENGTH(groups),
  };
  command_words words;
  if (!options_read(&usage, argc, argv, rank, &words, &command->help, error)) return error->status;
  command->model_path = words.operands[0];
  if (command->n_points == 0)
    return fail(error, GMMPI_WRONG_USAGE, "-n is missing; say how many points to draw, e.g. -n 1000");
  if (command->output_path == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "-o is missing; say where the points go, e.g. -o points.h5");
  return compress_check(command->compress, command->output_path, error);
}

/* Collective. */
static gmmpi_status sample_groups(MPI_Comm comm, const sample_command *command, progress *shown, gmmpi_error *error)
{
  group_models *models = NULL;
  if (prepare_groups(comm, command->model_path, &models, error) == GMMPI_OK &&
      memory_check(comm, sample_bytes(models->layout.n_features + 1), command->output_path, error) == GMMPI_OK &&
      group_sample_to_file(comm, models, command->model_path, command->n_points, command->seed, (int)command->compress,
                           command->output_path, error) == GMMPI_OK &&
      shown->is_open && !command->quiet) {
    progress_close(shown);
    printf("%s: %lld point%s of %lld feature%s drawn from each group that was fitted, of %lld (seed %llu)\n",
           command->output_path, (long long)command->n_points, plural(command->n_points),
           (long long)models->layout.n_features, plural(models->layout.n_features), (long long)models->keys.n,
           (unsigned long long)command->seed);
  }
  group_models_destroy(models);
  return error->status;
}

/* Collective. */
static gmmpi_status sample_model(MPI_Comm comm, const sample_command *command, progress *shown, gmmpi_error *error)
{
  gmmpi_model *model = NULL;
  if (prepare_model(comm, command->model_path, &model, error) == GMMPI_OK &&
      memory_check(comm, sample_bytes(model->n_features), command->output_path, error) == GMMPI_OK &&
      sample_to_file(comm, model, command->n_points, command->seed, (int)command->compress, command->output_path,
                     error) == GMMPI_OK &&
      shown->is_open && !command->quiet) {
    progress_close(shown);
    printf("%s: %lld point%s of %lld feature%s drawn from %lld component%s (seed %llu)\n", command->output_path,
           (long long)command->n_points, plural(command->n_points), (long long)model->n_features,
           plural(model->n_features), (long long)model->n_components, plural(model->n_components),
           (unsigned long long)command->seed);
  }
  gmmpi_model_destroy(model);
  return error->status;
}

gmmpi_status command_sample(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  sample_command command = {0};
  progress shown;
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (parse(argc, argv, rank, &command, error) != GMMPI_OK || command.help) return error->status;
  if (rank == 0) signals_set_answer("status: reading %s", command.model_path);
  progress_open(&shown, rank, command.quiet ? -1 : 0, NULL);
  progress_begin(&shown, "reading", command.model_path);
  if (prepare_distinct(comm, command.output_path, command.model_path, error) == GMMPI_OK &&
      prepare_output(comm, command.output_path, error) == GMMPI_OK) {
    if (command.by_groups)
      sample_groups(comm, &command, &shown, error);
    else
      sample_model(comm, &command, &shown, error);
  }
  progress_close(&shown);
  return error->status;
}
