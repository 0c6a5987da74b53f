/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/fit_command.h"
#include "cli/time_option.h"

#include "fit/adaptation.h"
#include "sources/kinds.h"
#include "support/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the command line says before it is checked as a whole. */
typedef struct fit_words {
  uint64_t given; /* of the table of options of a fit */
  bool quiet, verbose;
  const char *checkpoint;
} fit_words;

/* Contradictions, and everything that follows from more than one option. */
static gmmpi_status settle(const fit_words *words, fit_command *command, gmmpi_error *error)
{
  if (fit_options_check(&command->fit, words->given, error) != GMMPI_OK ||
      reading_check(&command->reading, error) != GMMPI_OK)
    return error->status;
  fit_options_settle(&command->fit, words->given);
  command->given = words->given;
  if (command->compress > 0 && command->labels_path == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "--compress packs what --labels writes; give --labels too, or leave it away");
  if (command->labels_path != NULL && compress_check(command->compress, command->labels_path, error) != GMMPI_OK)
    return error->status;
  if (fit_by_check(command, error) != GMMPI_OK) return error->status;
  if (words->quiet && words->verbose)
    return fail(error, GMMPI_WRONG_USAGE, "-q and -v contradict each other; leave one of them away");

  job_options *job_values = &command->job;
  if (words->checkpoint == NULL) {
    if (asprintf(&command->default_checkpoint, "%s.checkpoint", command->output_path) < 0) {
      command->default_checkpoint = NULL;
      return fail(error, GMMPI_NO_MEMORY, "there is no memory for a file name");
    }
    job_values->checkpoint_path = command->default_checkpoint;
  } else if (strcmp(words->checkpoint, "none") != 0) {
    job_values->checkpoint_path = words->checkpoint;
  }
  job_values->output_path = command->output_path;
  job_values->verbosity = words->quiet ? -1 : words->verbose ? 1 : 0;
  job_values->n_init = command->fit.n_init;
  job_values->accelerate = command->fit.accelerate;
  return GMMPI_OK;
}

static const usage_note examples_of_fit[] = {
    {"gmmpi fit points.csv -k 3 -o model.h5", "fit three components"},
    {"gmmpi fit points.csv --columns x,y -k 3 --covariance diag -o model.h5",
     "to two of the columns, with diagonal covariances"},
    {"mpirun -n 4 gmmpi fit points.csv -k 3 -o model.h5 --restart auto",
     "by four processes, going on where the same command was stopped"},
    {NULL, NULL},
};

static const usage_note files_of_fit[] = {
    {"MODEL.h5.checkpoint, MODEL.h5.checkpoint.prev",
     "the newest checkpoint and the one before, beside the model unless --checkpoint says; removed when it is written"},
    {NULL, NULL},
};

static const fit_dialect dialect_of_fit = {
    .name = "fit",
    .purpose = "fit one mixture to points",
    .examples = examples_of_fit,
    .synopsis = "DATA -k K [options] -o MODEL.h5",
    .about = "Fits a Gaussian mixture to the points in DATA: FILE, or FILE.h5:/path/of/dataset; %s, recognised by "
             "content. Runs alone or under mpirun or srun with any number of ranks; the model is the same to the last "
             "bit.",
    .options = fit_option_table,
};

/* The options have the name alone, whichever was given. */
static gmmpi_status parse_covariance(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  fit_command *command = value;
  command->covariance_word = text;
  return option_set(option_find(fit_option_table, n_fit_options, option->name), &command->fit, text, error);
}

const char *fit_command_covariance(const fit_command *command)
{
  const char *name = command->fit.covariance;
  const char *word = command->covariance_word;
  const covariance_family *family = family_find(name);
  if (word == NULL || family == NULL || family_is_of_one_feature(name) || family_find(word) != family) return name;
  return strcmp(word, family->code) == 0 ? family->code : name;
}

/* The table of the options of a fit, where -k may also be a range. */
static const option_record *table_with_range(fit_command *command)
{
  static option_record table[64];
  for (int i = 0; i < n_fit_options; i++) table[i] = fit_option_table[i];
  option_record *components = &table[option_index(table, n_fit_options, "components")];
  components->argument = "K|K:L";
  components->brief = "number of components (required)";
  components->help = "number of components (required, but with --method adapt the model has them); with --by, K:L "
                     "chooses from K to L for each group by --criterion";
  components->kind = OPTION_PARSED;
  components->value = command;
  components->parse = fit_by_parse_components;
  option_record *covariance = &table[option_index(table, n_fit_options, "covariance")];
  covariance->value = command;
  covariance->parse = parse_covariance;
  return table;
}

static option_group fit_group(const char *title, const fit_dialect *dialect, fit_command *command, fit_words *words)
{
  return (option_group){.title = title,
                        .options = dialect == &dialect_of_fit ? table_with_range(command) : dialect->options,
                        .n_options = n_fit_options,
                        .values = &command->fit,
                        .given = &words->given};
}

/* The text with `word` in place of its %s. */
static void text_with(const char *text, const char *word, char *result, size_t size)
{
  const char *place = strstr(text, "%s");
  snprintf(result, size, "%.*s%s%s", (int)(place - text), text, word, place + 2);
}

static const char *const merge_criteria[] = {"entropy", NULL};

gmmpi_status fit_command_parse(int argc, char **argv, int rank, const fit_dialect *dialect, fit_command *command,
                               gmmpi_error *error)
{
  if (dialect == NULL) dialect = &dialect_of_fit;
  fit_words words = {0};
  memset(command, 0, sizeof *command);
  job_options *job_values = &command->job;

  const option_record job_table[] = {
      {.name = "checkpoint",
       .argument = "FILE",
       .kind = OPTION_TEXT,
       .value = &words.checkpoint,
       .help = "where checkpoints go; none for none (default: the model's name + .checkpoint)"},
      {.name = "checkpoint-every",
       .argument = "N",
       .kind = OPTION_INTEGER,
       .value = &job_values->checkpoint_every,
       .smallest = 1,
       .largest = INT64_MAX / 4,
       .help = "a checkpoint every N iterations (default: off)"},
      {.name = "checkpoint-seconds",
       .argument = "S",
       .kind = OPTION_REAL,
       .value = &job_values->checkpoint_seconds,
       .least = 0.0,
       .most = 1e9,
       .fallback = "300",
       .help = "a checkpoint every S seconds"},
      time_limit_option(&job_values->time_limit,
                        "stop with a checkpoint before the program has run for T: seconds, 90m, 4h, MM:SS, HH:MM:SS, "
                        "D-HH:MM:SS; none (default: until SLURM_JOB_END_TIME where SLURM sets it, else none)"),
      {.name = "stall-seconds",
       .argument = "S",
       .kind = OPTION_REAL,
       .value = &job_values->stall_seconds,
       .least = 0.0,
       .most = 1e9,
       .fallback = "3600",
       .help = "leave with status 75 when a rank has waited for the others for S seconds: the network or a host is "
               "lost; 0: wait for ever"},
      {.name = "restart",
       .argument = "FILE|auto",
       .kind = OPTION_TEXT,
       .value = &job_values->restart,
       .brief = "go on from a checkpoint; auto: if there is one",
       .help = "go on from this checkpoint, at any number of ranks; auto: from this job's newest good one, afresh if "
               "there is none"},
  };
  const option_record output_options[] = {
      {.name = "output",
       .letter = 'o',
       .argument = "MODEL.h5",
       .kind = OPTION_TEXT,
       .value = &command->output_path,
       .fallback = "model.h5",
       .brief = "where the model goes",
       .help = "the model"},
      {.name = "merge",
       .argument = "CRITERION",
       .kind = OPTION_WORD,
       .value = &command->merge,
       .choices = merge_criteria,
       .help = "merge components into clusters, down to one: step by step the two whose merging lowers the entropy of "
               "the points' memberships most; the model keeps the hierarchy, of which gmmpi predict --clusters makes "
               "labels"},
      {.name = "labels",
       .argument = "OUT.h5",
       .kind = OPTION_TEXT,
       .value = &command->labels_path,
       .brief = "the component of every point, .h5 or .csv",
       .help = "the component of every point, as gmmpi predict writes it (.csv for text)"},
      compress_option(&command->compress),
      {.name = "log",
       .argument = "FILE.csv",
       .kind = OPTION_TEXT,
       .value = &job_values->log_path,
       .help = "a row for every iteration, written as it happens"},
      {.name = "json",
       .kind = OPTION_FLAG,
       .value = &command->json,
       .brief = "the summary as one JSON object",
       .help = "the summary as one JSON object, alone on standard output"},
      {.name = "quiet",
       .letter = 'q',
       .kind = OPTION_FLAG,
       .value = &words.quiet,
       .brief = "no progress and no summary",
       .help = "no progress and no summary; warnings and errors remain"},
      {.name = "verbose",
       .letter = 'v',
       .kind = OPTION_FLAG,
       .value = &words.verbose,
       .help = "a line for every iteration"},
  };
  const option_group groups[] = {
      dialect->more,
      fit_group("Model", dialect, command, &words),
      fit_group("Method", dialect, command, &words),
      fit_group("Iterations", dialect, command, &words),
      fit_group("Start", dialect, command, &words),
      reading_group(&command->reading),
      weights_group(&command->reading),
      {.options = &known_labels_option, .n_options = 1, .values = &command->reading},
      {.options = fit_by_option_table,
       .n_options = dialect == &dialect_of_fit ? n_fit_by_options : 0,
       .values = &command->by},
      fit_group("Machine", dialect, command, &words),
      {.options = memory_option_table, .n_options = n_memory_options, .values = &command->memory},
      OPTION_GROUP("Output", output_options),
      OPTION_GROUP("Checkpoints", job_table),
  };
  char formats[200];
  char first[1400];
  char about[2000];
  kinds_list("or", true, formats, sizeof formats);
  text_with(dialect->about, formats, first, sizeof first);
  snprintf(about, sizeof about,
           "%s\n\nSIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGXCPU and the end of the time end the job with a checkpoint "
           "and exit status 75; --restart auto goes on from there. SIGUSR2 is answered with a line that says how it "
           "goes.",
           first);
  const command_usage usage = {
      .name = dialect->name,
      .purpose = dialect->purpose,
      .examples = dialect->examples,
      .files = files_of_fit,
      .synopsis = dialect->synopsis,
      .about = about,
      .n_least = 1,
      .n_most = 1,
      .groups = dialect->more.n_options > 0 ? groups : groups + 1,
      .n_groups = dialect->more.n_options > 0 ? ARRAY_LENGTH(groups) : ARRAY_LENGTH(groups) - 1,
  };
  command_words operands;
  if (!options_read(&usage, argc, argv, rank, &operands, &command->help, error)) return error->status;
  command->data = operands.operands[0];
  if (dialect->settle != NULL && dialect->settle(dialect->context, command, error) != GMMPI_OK) return error->status;
  return settle(&words, command, error);
}

void fit_command_clear(fit_command *command)
{
  free(command->default_checkpoint);
}
