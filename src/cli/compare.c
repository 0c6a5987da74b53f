/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi compare: how alike two models are. */
#include "apply/common_features.h"
#include "apply/component_match.h"
#include "apply/divergence.h"

#include "cli/command.h"
#include "cli/compare_table.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "fit/memory_plan.h"
#include "job/progress.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/signals.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct compare_command {
  const char *paths[2];
  const char *table_path; /* NULL: none */
  int64_t n_points;
  uint64_t seed;
  bool json;
  bool quiet;
  bool help;
} compare_command;

static gmmpi_status parse(int argc, char **argv, int rank, compare_command *command, gmmpi_error *error)
{
  const option_record options[] = {
      {.name = "n-samples",
       .brief = "points drawn from each model",
       .letter = 'n',
       .argument = "N",
       .help = "how many points are drawn from each model; standard errors fall with the root of it",
       .kind = OPTION_INTEGER,
       .value = &command->n_points,
       .smallest = 2,
       .largest = INT64_C(1) << 36,
       .fallback = "100000"},
      {.name = "seed",
       .brief = "all randomness",
       .argument = "S",
       .help = "all randomness; the same seed gives the same numbers at any number of ranks",
       .kind = OPTION_SEED,
       .value = &command->seed,
       .fallback = "0"},
      {.name = "table",
       .brief = "the matched components as text",
       .argument = "T.csv",
       .help = "also the matched components as text, a row for each pair and for each that has no partner",
       .kind = OPTION_TEXT,
       .value = &command->table_path},
      {.name = "json",
       .brief = "the result as one JSON object",
       .help = "print the result as one JSON object",
       .kind = OPTION_FLAG,
       .value = &command->json},
      {.name = "quiet",
       .brief = "no summary",
       .letter = 'q',
       .help = "print nothing but warnings, errors and what --json asks for",
       .kind = OPTION_FLAG,
       .value = &command->quiet},
  };
  const option_group groups[] = {OPTION_GROUP("Options", options)};
  static const usage_note examples[] = {
      {"gmmpi compare model.h5 other.h5", "how far apart two densities are, and which components match"},
      {"gmmpi compare model.h5 other.h5 --table matched.csv", "with the matched components as text"},
      {NULL, NULL},
  };
  const command_usage usage = {
      .name = "compare",
      .purpose = "say how alike two models are",
      .examples = examples,
      .synopsis = "A.h5 B.h5 [options]",
      .about = "Says how alike two models are: the Kullback-Leibler divergences of their densities both ways, the "
               "Jensen-Shannon divergence and the total variation, in nats, as means over points that are drawn from "
               "the models, with their standard errors; and which component of A is which of B.\n\n"
               "Features are matched by name where both models have names, else by position. The models may differ in "
               "all else: numbers of components, covariances, distributions, noise.",
      .n_least = 2,
      .n_most = 2,
      .groups = groups,
      .n_groups = ARRAY_LENGTH(groups),
  };
  command_words words;
  if (!options_read(&usage, argc, argv, rank, &words, &command->help, error)) return error->status;
  for (int i = 0; i < 2; i++) command->paths[i] = words.operands[i];
  return GMMPI_OK;
}

/* Collective. Can the table be written? Errors, agreed: 64, 73. */
static gmmpi_status try_table(MPI_Comm comm, const compare_command *command, gmmpi_error *error)
{
  if (command->table_path == NULL) return GMMPI_OK;
  for (int i = 0; i < 2; i++) {
    if (prepare_distinct(comm, command->table_path, command->paths[i], error) != GMMPI_OK) return error->status;
  }
  return prepare_output(comm, command->table_path, error);
}

/* Collective. Both models, in the features of the first one. */
static gmmpi_status read_models(MPI_Comm comm, const compare_command *command, gmmpi_model *models[2],
                                gmmpi_error *error)
{
  for (int i = 0; i < 2; i++) {
    if (prepare_model(comm, command->paths[i], &models[i], error) != GMMPI_OK) return error->status;
  }
  take_features_of(models[0], command->paths[0], command->paths[1], &models[1], error);
  return agree(comm, error);
}

/* Collective. */
static gmmpi_status show(MPI_Comm comm, int rank, const compare_command *command, const comparison_result *result,
                         gmmpi_error *error)
{
  if (rank == 0 && command->table_path != NULL) compare_table_write(command->table_path, result, error);
  if (agree(comm, error) != GMMPI_OK) return error->status;
  if (rank == 0 && command->json) print_json(compare_json(result), error);
  if (rank == 0 && !command->json && !command->quiet) compare_print(result);
  return agree(comm, error);
}

gmmpi_status command_compare(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  compare_command command = {0};
  gmmpi_model *models[2] = {NULL, NULL};
  component_match *matches = NULL;
  progress shown;
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (parse(argc, argv, rank, &command, error) != GMMPI_OK || command.help) return error->status;
  if (rank == 0) signals_set_answer("status: comparing %s and %s", command.paths[0], command.paths[1]);
  progress_open(&shown, rank, command.quiet ? -1 : 0, NULL);
  progress_begin(&shown, "reading", command.paths[0]);
  if (try_table(comm, &command, error) != GMMPI_OK || read_models(comm, &command, models, error) != GMMPI_OK) goto done;
  comparison_result result = {.paths = {command.paths[0], command.paths[1]},
                              .models = {models[0], models[1]},
                              .n_points = command.n_points,
                              .seed = command.seed};
  const int64_t needed[] = {divergence_bytes(models[0], models[1]), match_bytes(models[0], models[1])};
  if (memory_check(comm, sum_of_bytes(ARRAY_LENGTH(needed), needed), command.paths[1], error) == GMMPI_OK &&
      divergence_estimate(comm, models[0], command.paths[0], models[1], command.paths[1], command.n_points,
                          command.seed, &result.divergences, error) == GMMPI_OK &&
      match_components(comm, models[0], models[1], &matches, &result.n_matches, error) == GMMPI_OK) {
    result.matches = matches;
    progress_close(&shown);
    show(comm, rank, &command, &result, error);
  }

done:
  progress_close(&shown);
  free(matches);
  for (int i = 0; i < 2; i++) gmmpi_model_destroy(models[i]);
  return error->status;
}
