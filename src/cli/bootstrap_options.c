/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of gmmpi bootstrap. */
#include "cli/bootstrap_command.h"
#include "cli/bootstrap_output.h"
#include "cli/model_data.h"
#include "cli/options.h"
#include "cli/time_option.h"
#include "fit/options.h"
#include "support/error.h"
#include "support/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options of a fit that are the model's own unless they are given. */
static const char *const own_options[] = {"tol", "max-iter", "reg-covar"};
enum { N_OWN_OPTIONS = 3 };

static gmmpi_status check_outputs(const bootstrap_command *command, gmmpi_error *error)
{
  if (command->keep_replicates && command->output_path == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "--keep-replicates: -o is missing; say where they go, e.g. -o errors.h5");
  if (command->output_path != NULL && command->table_path != NULL &&
      file_is_same(command->output_path, command->table_path))
    return fail(error, GMMPI_WRONG_USAGE, "-o and --table both name %s; name different files", command->table_path);
  return GMMPI_OK;
}

/* Where replicates are kept when the job is stopped. */
static gmmpi_status settle_checkpoint(bootstrap_command *command, gmmpi_error *error)
{
  const bool is_none = command->checkpoint != NULL && strcmp(command->checkpoint, "none") == 0;
  const char *name = command->checkpoint != NULL ? command->checkpoint : command->output_path;
  const char *ending = command->checkpoint != NULL ? "" : ".checkpoint";
  if (!is_none && name != NULL) {
    const size_t size = strlen(name) + strlen(ending) + 1;
    command->checkpoint_path = malloc(size);
    if (command->checkpoint_path == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory for a file name");
    snprintf(command->checkpoint_path, size, "%s%s", name, ending);
  }
  const char *path = command->checkpoint_path;
  if (path == NULL && bootstrap_restarts_by_itself(command))
    return fail(error, GMMPI_WRONG_USAGE,
                "--restart auto: finds nothing without -o or --checkpoint; name the file to go on from");
  if (path != NULL && ((command->output_path != NULL && file_is_same(path, command->output_path)) ||
                       (command->table_path != NULL && file_is_same(path, command->table_path))))
    return fail(error, GMMPI_WRONG_USAGE, "--checkpoint and another output both name %s; name different files", path);
  return GMMPI_OK;
}

gmmpi_status bootstrap_command_parse(int argc, char **argv, int rank, bootstrap_command *command, gmmpi_error *error)
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
       .brief = "how many replicates",
       .argument = "R",
       .help = "how many replicates",
       .kind = OPTION_INTEGER,
       .value = &command->how.n_replicates,
       .smallest = 2,
       .largest = 100000000,
       .fallback = "999"},
      {.name = "type",
       .brief = "wlbs or poisson: weights of the rows",
       .argument = "NAME",
       .help = "weights of the rows in a replicate, times their own: wlbs: exponential ones, the weighted likelihood "
               "bootstrap; poisson: counts of mean 1, about what drawing rows with replacement gives",
       .kind = OPTION_CHOICE,
       .value = &command->how.type,
       .choices = bootstrap_types,
       .fallback = "wlbs"},
      {.name = "level",
       .brief = "share that the intervals hold",
       .argument = "P",
       .help = "share of the replicates that the intervals hold",
       .kind = OPTION_REAL,
       .value = &command->how.level,
       .least = 0.0,
       .above_least = true,
       .most = 1.0,
       .below_most = true,
       .fallback = "0.95"},
      {.name = "seed",
       .brief = "all randomness",
       .argument = "S",
       .help = "all randomness; a replicate's weights are a function of seed, its number and the row",
       .kind = OPTION_SEED,
       .value = &command->how.seed,
       .fallback = "0"},
  };
  const option_record outputs[] = {
      {.name = "output",
       .brief = "estimates, standard errors, intervals",
       .letter = 'o',
       .argument = "OUT.h5",
       .help = "HDF5 with /weights, /means, /covariances, each with estimate, standard_error, lower and upper",
       .kind = OPTION_TEXT,
       .value = &command->output_path},
      {.name = "table",
       .brief = "the same as text",
       .argument = "T.csv",
       .help = "the same as text, a row for each number",
       .kind = OPTION_TEXT,
       .value = &command->table_path},
      {.name = "keep-replicates",
       .help = "with -o: also the numbers of every replicate, in /replicates",
       .kind = OPTION_FLAG,
       .value = &command->keep_replicates},
      {.name = "checkpoint",
       .argument = "FILE",
       .help = "where replicates that are done are kept every five minutes, and when the job is stopped; none: nowhere "
               "(default: OUT.h5 and .checkpoint, with -o). It is removed in the end",
       .kind = OPTION_TEXT,
       .value = &command->checkpoint},
      {.name = "restart",
       .brief = "go on from a checkpoint",
       .argument = "FILE|auto",
       .help = "go on behind the replicates in a checkpoint, at any number of ranks; there may be more --replicates "
               "now. auto: the one of --checkpoint, if it is there",
       .kind = OPTION_TEXT,
       .value = &command->restart},
      time_limit_option(
          &command->time_limit,
          "stop, with what is done in the checkpoint, before the program has run for T: seconds, 90m, 4h, "
          "MM:SS, HH:MM:SS, D-HH:MM:SS; none (default: until SLURM_JOB_END_TIME where SLURM sets it, else "
          "none)"),
      option_of(option_find(fit_option_table, n_fit_options, "threads"), &command->threads),
      option_of(option_find(memory_option_table, n_memory_options, "memory-limit"), &command->memory_limit),
      {.name = "json",
       .brief = "the summary as one JSON object",
       .help = "print the summary as one JSON object",
       .kind = OPTION_FLAG,
       .value = &command->json},
      {.name = "quiet",
       .brief = "no progress and no summary",
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
  static const usage_note examples[] = {
      {"gmmpi bootstrap model.h5 points.csv --replicates 99 -o errors.h5",
       "from 99 replicates of the rows that the model was fitted to"},
      {"gmmpi bootstrap model.h5 points.csv --replicates 99 --table errors.csv", "the same as text"},
      {NULL, NULL},
  };
  static const usage_note files[] = {
      {"OUT.h5.checkpoint", "replicates that are done, unless --checkpoint says where; removed in the end"},
      {NULL, NULL},
  };
  const command_usage usage = {
      .name = "bootstrap",
      .purpose = "standard errors and intervals of a model's numbers",
      .examples = examples,
      .files = files,
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
  if (check_outputs(command, error) != GMMPI_OK) return error->status;
  return settle_checkpoint(command, error);
}
