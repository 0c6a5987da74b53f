/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi info: what a model, checkpoint or data file holds. */
#include "cli/command.h"
#include "cli/info_describe.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "job/progress.h"
#include "support/error.h"

#include <limits.h>
#include <stdio.h>

/* False: there is no more to do. */
static bool parse(int argc, char **argv, int rank, bool *json, reading_options *reading, command_words *words,
                  gmmpi_error *error)
{
  const option_record options[] = {
      {.name = "json",
       .brief = "one JSON object",
       .help = "print one JSON object, or with several files an array of them; a model's can be given to "
               "gmmpi fit --init",
       .kind = OPTION_FLAG,
       .value = json},
  };
  const option_group groups[] = {OPTION_GROUP("Options", options), reading_group(reading)};
  static const usage_note examples[] = {
      {"gmmpi info points.csv", "what is read of a file, and what may be wrong with it"},
      {"gmmpi info model.h5", "the components of a model"},
      {"gmmpi info --json model.h5", "the same for another program, or for gmmpi fit --init"},
      {NULL, NULL},
  };
  const command_usage usage = {
      .name = "info",
      .purpose = "say what a model, checkpoint or data file holds",
      .examples = examples,
      .synopsis = "FILE... [options]",
      .about =
          "Says what files hold: a model's components and what is known about its fit, how far a checkpoint got, the "
          "rows and features of data (FILE or FILE.h5:/path/of/dataset), the ranges of its columns, its first rows, "
          "and "
          "which options it suggests.",
      .n_least = 1,
      .n_most = INT_MAX,
      .groups = groups,
      .n_groups = ARRAY_LENGTH(groups),
  };
  bool help;
  return options_read(&usage, argc, argv, rank, words, &help, error);
}

/* The descriptions of all files, as one value for --json. Collective; *json is for rank 0. */
static gmmpi_status describe_all(MPI_Comm comm, const command_words *words, const source_options *how, json_t **json,
                                 gmmpi_error *error)
{
  json_t *array = json_array();
  if (array == NULL) fail(error, GMMPI_NO_MEMORY, "no memory is left to describe the files");
  agree(comm, error);
  for (int i = 0; i < words->n_operands && error->status == GMMPI_OK; i++) {
    file_description description = {0};
    if (info_describe(comm, words->operands[i], how, &description, error) == GMMPI_OK) {
      json_t *object = info_json(&description, words->n_operands > 1);
      if (json_array_append_new(array, object) != 0)
        fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to describe it", words->operands[i]);
    }
    agree(comm, error);
    info_clear(&description);
  }
  *json = array;
  if (words->n_operands == 1 && error->status == GMMPI_OK) {
    *json = json_incref(json_array_get(array, 0));
    json_decref(array);
  }
  return error->status;
}

/* Collective. */
static void show_json(MPI_Comm comm, int rank, const command_words *words, const source_options *how, progress *shown,
                      gmmpi_error *error)
{
  json_t *value = NULL;
  describe_all(comm, words, how, &value, error);
  progress_clear(shown);
  if (error->status == GMMPI_OK && rank == 0)
    print_json(value, error);
  else
    json_decref(value);
  agree(comm, error);
}

/* Collective. Each file as soon as it was read. */
static void show_each(MPI_Comm comm, int rank, const command_words *words, const source_options *how, progress *shown,
                      gmmpi_error *error)
{
  for (int i = 0; i < words->n_operands && error->status == GMMPI_OK; i++) {
    file_description description = {0};
    progress_begin(shown, "reading", words->operands[i]);
    if (info_describe(comm, words->operands[i], how, &description, error) == GMMPI_OK && rank == 0) {
      progress_clear(shown);
      if (i > 0) putchar('\n');
      info_print(&description);
    }
    info_clear(&description);
  }
}

gmmpi_status command_info(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  bool json = false;
  progress shown;
  command_words words;
  int rank;
  MPI_Comm_rank(comm, &rank);
  reading_options reading = {0};
  if (!parse(argc, argv, rank, &json, &reading, &words, error)) return error->status;
  const source_options how = reading_source_options(&reading);
  progress_open(&shown, rank, 0, NULL);
  if (json)
    show_json(comm, rank, &words, &how, &shown, error);
  else
    show_each(comm, rank, &words, &how, &shown, error);
  progress_close(&shown);
  return error->status;
}
