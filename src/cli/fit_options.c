#include "cli/fit_command.h"
#include "cli/memory_limit.h"
#include "fit/options.h"

#include "support/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const init_covariance_names[] = {"sample", "identity", NULL};
static const char *const collapse_names[] = {"reseed", "drop", "error", NULL};
static const char *const spurious_names[] = {"avoid", "keep", NULL};
static const char *const precision_names[] = {"double", "single", NULL};
static const char *const accelerate_names[] = {"auto", "none", "anderson", "squarem", NULL};

/* What the command line says before it is checked as a whole. */
typedef struct fit_words {
  int covariance, init_covariance, on_collapse, accelerate, precision, spurious;
  int64_t threads;
  bool init_covariance_given, components_given, quiet, verbose, coarse_to_fine, no_coarse_to_fine;
  const char *checkpoint;
} fit_words;

static start_method init_of_name(const char *name)
{
  static const struct {
    const char *name;
    start_method init;
  } methods[] = {{"kmeans", INIT_KMEANS},
                 {"k-means++", INIT_KMEANS_PLUS_PLUS},
                 {"random_from_data", INIT_RANDOM_FROM_DATA},
                 {"random", INIT_RANDOM}};
  for (int i = 0; i < ARRAY_LENGTH(methods); i++) {
    if (strcmp(name, methods[i].name) == 0) return methods[i].init;
  }
  return INIT_MODEL;
}

static gmmpi_status parse_time_limit(const command_option *option, const char *text, gmmpi_error *error)
{
  if (time_limit_parse(text, option->value)) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE,
              "--%s: \"%s\" is no span of time; give seconds, or one such as 90m, 4h, 30:00, 04:00:00, 1-12:00:00",
              option->name, text);
}

static const char *default_scratch(void)
{
  const char *folder = getenv("TMPDIR");
  return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}

/* Contradictions, and everything that follows from more than one option. */
static gmmpi_status settle(const fit_words *words, fit_command *command, gmmpi_error *error)
{
  fit_options *fit = &command->fit;
  if (!words->components_given)
    return fail(error, GMMPI_WRONG_USAGE, "-k is missing; say how many components to fit, e.g. -k 3");
  fit->covariance = family_names[words->covariance];
  fit->init = init_of_name(command->init);
  fit->init_identity = words->init_covariance == 1;
  fit->on_collapse = (collapse_policy)words->on_collapse;
  fit->threads = (int)words->threads;
  fit->precision = (point_precision)words->precision;
  fit->spurious = (spurious_choice)words->spurious;
  fit->accelerate = accelerate_names[words->accelerate];
  fit->coarse_to_fine = words->coarse_to_fine ? COARSE_ON : words->no_coarse_to_fine ? COARSE_OFF : COARSE_AUTO;
  if (fit->init == INIT_MODEL) command->start_path = command->init;
  if (words->init_covariance_given && fit->init != INIT_RANDOM_FROM_DATA)
    return fail(error, GMMPI_WRONG_USAGE,
                "--init-covariance goes with --init random_from_data only; leave one of them away");
  if (command->start_path != NULL && fit->n_init > 1)
    return fail(error, GMMPI_WRONG_USAGE, "--n-init %lld starts from %s would all be the same; leave one of them away",
                (long long)fit->n_init, command->start_path);
  if (words->coarse_to_fine && words->no_coarse_to_fine)
    return fail(error, GMMPI_WRONG_USAGE,
                "--coarse-to-fine and --no-coarse-to-fine contradict each other; leave one of them away");
  if (command->compress > 0 && command->labels_path == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "--compress packs what --labels writes; give --labels too, or leave it away");
  if (command->labels_path != NULL && compress_check(command->compress, command->labels_path, error) != GMMPI_OK)
    return error->status;
  if (words->quiet && words->verbose)
    return fail(error, GMMPI_WRONG_USAGE, "-q and -v contradict each other; leave one of them away");

  if (command->scratch == NULL) command->scratch = default_scratch();
  if (strcmp(command->scratch, "none") == 0) command->scratch = NULL;
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
  job_values->n_init = fit->n_init;
  job_values->accelerate = fit->accelerate;
  return GMMPI_OK;
}

gmmpi_status fit_command_parse(int argc, char **argv, int rank, fit_command *command, gmmpi_error *error)
{
  fit_words words = {.quiet = false};
  *command = (fit_command){.fit = fit_defaults(1),
                           .init = "kmeans",
                           .output_path = "model.h5",
                           .job = {.checkpoint_seconds = 300.0, .stall_seconds = 3600.0}};
  fit_options *fit = &command->fit;
  job_options *job_values = &command->job;

  const command_option model_options[] = {
      {.name = "components",
       .letter = 'k',
       .argument = "K",
       .kind = OPTION_INTEGER,
       .value = &fit->n_components,
       .given = &words.components_given,
       .smallest = 1,
       .largest = INT32_MAX,
       .help = "number of components (required)"},
      {.name = "covariance",
       .argument = "NAME",
       .kind = OPTION_CHOICE,
       .value = &words.covariance,
       .choices = family_names,
       .help = FAMILY_HELP(" (default: full)")},
      {.name = "reg-covar",
       .argument = "R",
       .kind = OPTION_REAL,
       .value = &fit->reg_covar,
       .least = 0.0,
       .most = 1e300,
       .help = "added to the diagonal of every covariance by the M-step (default: 1e-6)"},
      {.name = "on-collapse",
       .argument = "NAME",
       .kind = OPTION_CHOICE,
       .value = &words.on_collapse,
       .choices = collapse_names,
       .help = "a component that became empty or lost definiteness: reseed: put it where the data fit worst, three "
               "times at "
               "most, then drop it; drop: weight 0; error (default: reseed)"},
  };
  const command_option iteration_options[] = {
      {.name = "tol",
       .argument = "T",
       .kind = OPTION_REAL,
       .value = &fit->tolerance,
       .least = 0.0,
       .most = 1e100,
       .help =
           "stop when the mean log-likelihood per point changes by less; 0 runs --max-iter iterations (default: 1e-6)"},
      {.name = "max-iter",
       .argument = "N",
       .kind = OPTION_INTEGER,
       .value = &fit->max_iterations,
       .smallest = 0,
       .largest = INT64_MAX / 4,
       .help = "iterations at most (default: 1000)"},
      {.name = "accelerate",
       .argument = "NAME",
       .kind = OPTION_CHOICE,
       .value = &words.accelerate,
       .choices = accelerate_names,
       .help = "none: textbook EM; anderson, squarem: extrapolate the sufficient statistics, never below the last "
               "textbook step; auto: anderson unless its memory would be out of proportion (default: auto)"},
      {.name = "coarse-to-fine",
       .kind = OPTION_FLAG,
       .value = &words.coarse_to_fine,
       .help = "start on nested subsamples of the points, however few there are (default: where there are many)"},
      {.name = "no-coarse-to-fine",
       .kind = OPTION_FLAG,
       .value = &words.no_coarse_to_fine,
       .help = "every pass sees all points, and kmeans is one start instead of a search among many"},
  };
  const command_option start_options[] = {
      {.name = "init",
       .argument = "METHOD",
       .kind = OPTION_TEXT,
       .value = &command->init,
       .help =
           "kmeans, k-means++, random_from_data, random, or a file to start from: a model, JSON parameters as "
           "printed by "
           "gmmpi info --json, whose features are found by name where they and the data's have names, or labels, one "
           "integer per row (default: kmeans)"},
      {.name = "init-covariance",
       .argument = "NAME",
       .kind = OPTION_CHOICE,
       .value = &words.init_covariance,
       .given = &words.init_covariance_given,
       .choices = init_covariance_names,
       .help = "with random_from_data: the covariance of all points (sample) or the identity (default: sample)"},
      {.name = "n-init",
       .argument = "N",
       .kind = OPTION_INTEGER,
       .value = &fit->n_init,
       .smallest = 1,
       .largest = INT32_MAX,
       .help = "starts; the best final log-likelihood wins (default: 1)"},
      {.name = "spurious",
       .argument = "NAME",
       .kind = OPTION_CHOICE,
       .value = &words.spurious,
       .choices = spurious_names,
       .help = "a model whose likelihood rests on a component of a few points that happen to be close together or to "
               "agree: avoid: the search passes it over, and says so when it would have won; keep: it is a model like "
               "any other (default: avoid)"},
      {.name = "seed",
       .argument = "S",
       .kind = OPTION_PARSED,
       .value = &fit->seed,
       .parse = parse_seed_option,
       .help = "all randomness follows from it (default: 0)"},
  };
  const command_option job_table[] = {
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
       .help = "a checkpoint every S seconds (default: 300)"},
      {.name = "time-limit",
       .argument = "T",
       .kind = OPTION_PARSED,
       .value = &job_values->time_limit,
       .parse = parse_time_limit,
       .help = "stop with a checkpoint before the program has run for T: seconds, 90m, 4h, MM:SS, HH:MM:SS, "
               "D-HH:MM:SS; none (default: until SLURM_JOB_END_TIME where SLURM sets it, else none)"},
      {.name = "stall-seconds",
       .argument = "S",
       .kind = OPTION_REAL,
       .value = &job_values->stall_seconds,
       .least = 0.0,
       .most = 1e9,
       .help = "leave with status 75 when a rank has waited for the others for S seconds: the network or a host is "
               "lost (default: 3600; 0: wait for ever)"},
      {.name = "restart",
       .argument = "FILE|auto",
       .kind = OPTION_TEXT,
       .value = &job_values->restart,
       .help = "go on from this checkpoint, at any number of ranks; auto: from this job's newest good one, afresh if "
               "there is none"},
  };
  const command_option machine_options[] = {
      threads_option(&words.threads),
      {.name = "precision",
       .argument = "NAME",
       .kind = OPTION_CHOICE,
       .value = &words.precision,
       .choices = precision_names,
       .help =
           "how points are held in memory. single halves it: each number is rounded to 24 bits (7 digits) once, when "
           "it is read, and model and output are those of the rounded numbers; arithmetic stays double. Numbers "
           "far from 0 compared with their spread lose digits: there is a warning (default: double)"},
      memory_limit_option(&command->memory_limit),
      {.name = "scratch",
       .argument = "DIR",
       .kind = OPTION_TEXT,
       .value = &command->scratch,
       .help =
           "a folder on a disk, not in memory, for subsamples of points that are larger than the memory; nothing is "
           "left in it. none: they are read from the data again and again (default: $TMPDIR, else /tmp)"},
  };
  const command_option output_options[] = {
      {.name = "output",
       .letter = 'o',
       .argument = "MODEL.h5",
       .kind = OPTION_TEXT,
       .value = &command->output_path,
       .help = "the model (default: model.h5)"},
      {.name = "labels",
       .argument = "OUT.h5",
       .kind = OPTION_TEXT,
       .value = &command->labels_path,
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
       .help = "the summary as one JSON object, alone on standard output"},
      {.name = "quiet",
       .letter = 'q',
       .kind = OPTION_FLAG,
       .value = &words.quiet,
       .help = "no progress and no summary; warnings and errors remain"},
      {.name = "verbose",
       .letter = 'v',
       .kind = OPTION_FLAG,
       .value = &words.verbose,
       .help = "a line for every iteration"},
  };
  command_option data_table[N_DATA_OPTIONS];
  data_options_table(&command->data_options, data_table);
  const option_group groups[] = {
      OPTION_GROUP("Model", model_options),     OPTION_GROUP("Iterations", iteration_options),
      OPTION_GROUP("Start", start_options),     data_options_group(data_table),
      OPTION_GROUP("Machine", machine_options), OPTION_GROUP("Output", output_options),
      OPTION_GROUP("Checkpoints", job_table),
  };
  char formats[200];
  char about[1000];
  kinds_list("or", true, formats, sizeof formats);
  snprintf(about, sizeof about,
           "Fits a Gaussian mixture to the points in DATA: FILE, or FILE.h5:/path/of/dataset; %s, recognised by "
           "content. Runs alone or under mpirun or srun with any number of ranks; the model is the same to the last "
           "bit.\n\nSIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGXCPU and the end of the time end the job with a checkpoint "
           "and exit status 75; --restart auto goes on from there. SIGUSR2 is answered with a line that says how it "
           "goes.",
           formats);
  const command_usage usage = {
      .name = "fit",
      .synopsis = "DATA -k K [options] -o MODEL.h5",
      .about = about,
      .n_least = 1,
      .n_most = 1,
      .groups = groups,
      .n_groups = ARRAY_LENGTH(groups),
  };
  command_words operands;
  if (!options_read(&usage, argc, argv, rank, &operands, &command->help, error)) return error->status;
  command->data = operands.operands[0];
  return settle(&words, command, error);
}

void fit_command_clear(fit_command *command)
{
  free(command->default_checkpoint);
}
