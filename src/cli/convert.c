/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi convert: points of any source to one HDF5 file. */
#include "apply/convert.h"

#include "apply/output.h"
#include "cli/command.h"
#include "cli/data_account.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "fit/memory_plan.h"
#include "job/progress.h"
#include "sources/kinds.h"
#include "support/error.h"
#include "support/signals.h"

#include <stdio.h>
#include <string.h>

typedef struct convert_command {
  const char *data;
  const char *output_path;
  reading_options reading;
  int precision; /* 1: single */
  int64_t compress;
  bool json;
  bool quiet;
  bool help;
} convert_command;

static gmmpi_status parse(int argc, char **argv, int rank, convert_command *command, gmmpi_error *error)
{
  static const char *const precisions[] = {"double", "single", NULL};
  const option_record output_options[] = {
      {.name = "precision",
       .brief = "double or single",
       .argument = "NAME",
       .help = "how numbers are written: double (float64) or single (float32, rounded once, half the size)",
       .kind = OPTION_CHOICE,
       .value = &command->precision,
       .choices = precisions,
       .fallback = "double"},
      compress_option(&command->compress),
      {.name = "json",
       .brief = "the summary as one JSON object",
       .help = "print the summary as one JSON object",
       .kind = OPTION_FLAG,
       .value = &command->json},
      {.name = "quiet",
       .brief = "no progress and no summary",
       .letter = 'q',
       .help = "no progress and no summary; warnings and errors remain",
       .kind = OPTION_FLAG,
       .value = &command->quiet},
  };
  const option_group groups[] = {OPTION_GROUP("Options", output_options), reading_group(&command->reading)};
  char purpose[300];
  static const usage_note examples[] = {
      {"gmmpi convert points.csv points.h5", "as HDF5, which jobs read in parallel"},
      {"gmmpi convert points.csv points.h5 --precision single --compress 4", "in single precision, packed"},
      {NULL, NULL},
  };
  kinds_list("or", false, purpose, 200);
  snprintf(purpose + strlen(purpose), 100, " to one HDF5 file, so that later jobs start fast");
  const command_usage usage = {
      .name = "convert",
      .purpose = purpose,
      .examples = examples,
      .synopsis = "DATA OUT.h5 [options]",
      .about = "Writes the points of DATA to an HDF5 file: /points, one row for each point, with the names of the "
               "features where DATA has names. Jobs that read it start faster than with text, and read no more than "
               "they need.\n\n"
               "Under mpirun or srun all ranks read and write; the file is the same at any number of ranks, and need "
               "not fit into memory. It is whole or not there at all.",
      .n_least = 2,
      .n_most = 2,
      .groups = groups,
      .n_groups = ARRAY_LENGTH(groups),
  };
  command_words words;
  if (!options_read(&usage, argc, argv, rank, &words, &command->help, error)) return error->status;
  command->data = words.operands[0];
  command->output_path = words.operands[1];
  if (reading_has_word(&command->reading, "transform"))
    return fail(
        error, GMMPI_WRONG_USAGE,
        "convert: --transform: numbers are written as they are, so that a model can undo it; give it to gmmpi fit");
  if (output_is_text(command->output_path))
    return fail(error, GMMPI_WRONG_USAGE, "convert: %s would be text by its name; give a name such as points.h5",
                command->output_path);
  return GMMPI_OK;
}

static json_t *summary_json(const convert_command *command, const point_source *source, const data_account *data,
                            const convert_result *result)
{
  return json_pack("{s:o*, s:I, s:I, s:I, s:I, s:s, s:s}", "data", data != NULL ? data_account_json(data) : NULL,
                   "n_samples", (json_int_t)result->n_samples, "n_features", (json_int_t)source->n_features,
                   "n_dropped", (json_int_t)result->dropped.n, "n_infinite", (json_int_t)result->dropped.n_infinite,
                   "precision", command->precision == 1 ? "single" : "double", "output", command->output_path);
}

static void print_for_people(const convert_command *command, const point_source *source, const data_account *data,
                             const convert_result *result)
{
  printf("%s: %lld point%s of %lld feature%s as float%d\n", command->output_path, (long long)result->n_samples,
         plural(result->n_samples), (long long)source->n_features, plural(source->n_features),
         command->precision == 1 ? 32 : 64);
  if (data != NULL) data_account_print(data, stdout, "  ", "from ", true);
  print_dropped(result->dropped);
}

static gmmpi_status convert(MPI_Comm comm, int rank, const convert_command *command, point_source *source,
                            progress *shown, gmmpi_error *error)
{
  convert_result result;
  const convert_options options = {.missing = command->reading.missing,
                                   .infinite = command->reading.infinite,
                                   .single_precision = command->precision == 1,
                                   .compress = (int)command->compress};
  data_account *data = rank == 0 ? data_account_create(source) : NULL;
  const gmmpi_status status = convert_to_file(comm, source, &options, command->output_path, &result, error);
  progress_close(shown);
  if (status == GMMPI_OK && rank == 0 && command->json) print_json(summary_json(command, source, data, &result), error);
  if (status == GMMPI_OK && rank == 0 && !command->json && !command->quiet)
    print_for_people(command, source, data, &result);
  data_account_destroy(data);
  if (status != GMMPI_OK) return status;
  return agree(comm, error);
}

gmmpi_status command_convert(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  convert_command command = {0};
  point_source *source = NULL;
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (parse(argc, argv, rank, &command, error) != GMMPI_OK || command.help) return error->status;
  progress shown;
  progress_open(&shown, rank, command.quiet ? -1 : 0, NULL);
  progress_begin(&shown, "reading", command.data);
  if (rank == 0) signals_set_answer("status: reading %s", command.data);
  const source_options how = reading_source_options(&command.reading);
  if (prepare_output(comm, command.output_path, error) == GMMPI_OK &&
      source_open(comm, command.data, &how, &source, error) == GMMPI_OK &&
      prepare_output_is_no_input(comm, command.output_path, source, error) == GMMPI_OK &&
      memory_check(comm, convert_bytes(source->n_rows, source->n_features), source->label, error) == GMMPI_OK)
    convert(comm, rank, &command, source, &shown, error);
  progress_close(&shown);
  source_close(source);
  return error->status;
}
