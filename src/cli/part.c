/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/part.h"

#include "apply/feature_choice.h"
#include "cli/prepare.h"
#include "mixture/files/model_file.h"
#include "support/error.h"
#include "support/file.h"
#include "support/json_text.h"
#include "support/printable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gmmpi_status part_command_read(int argc, char **argv, int rank, const command_usage *usage, const option_record *list,
                               part_command *command, gmmpi_error *error)
{
  const option_record options[] = {
      option_of(list, &command->list),
      {.name = "output",
       .brief = "where the new model goes (required)",
       .letter = 'o',
       .argument = "MODEL.h5",
       .help = "where the new model goes (required)",
       .kind = OPTION_TEXT,
       .value = &command->output_path},
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
  const option_group groups[] = {OPTION_GROUP("Options", options)};
  command_usage whole = *usage;
  whole.n_least = whole.n_most = 1;
  whole.groups = groups;
  whole.n_groups = ARRAY_LENGTH(groups);
  command_words words;
  if (!options_read(&whole, argc, argv, rank, &words, &command->help, error)) return error->status;
  command->model_path = words.operands[0];
  if (command->list == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "--%s is missing; gmmpi %s --help has an example", list->name, usage->name);
  if (command->output_path == NULL)
    return fail(error, GMMPI_WRONG_USAGE, "-o is missing; say where the new model goes, e.g. -o part.h5");
  return GMMPI_OK;
}

json_t *part_feature_names(const gmmpi_model *model, const int64_t *features, int64_t n)
{
  json_t *names = json_array();
  for (int64_t i = 0; i < n; i++) {
    char *name = feature_called(model, features[i]);
    if (name == NULL || json_array_append_new(names, json_text(name)) != 0) {
      json_decref(names);
      names = NULL;
    }
    free(name);
  }
  return names;
}

/* --- what is said --- */

static json_t *summary_of(const part_command *command, const gmmpi_model *part, const json_t *facts)
{
  json_t *weights = json_array();
  for (int64_t k = 0; k < part->n_components; k++) json_array_append_new(weights, json_real(part->weights[k]));
  json_t *names = json_array();
  for (int64_t j = 0; j < part->n_features; j++) {
    char *name = feature_called(part, j);
    json_array_append_new(names, json_text(name != NULL ? name : "?"));
    free(name);
  }
  json_t *summary = json_pack("{s:I, s:I, s:s, s:o, s:o, s:s}", "n_components", (json_int_t)part->n_components,
                              "n_features", (json_int_t)part->n_features, "covariance", part->family->name,
                              "feature_names", names, "weights", weights, "output", command->output_path);
  if (summary != NULL) json_object_update_missing(summary, (json_t *)facts);
  return summary;
}

static void print_summary(const part_command *command, const part_maker *maker, const gmmpi_model *model,
                          const gmmpi_model *part, const json_t *facts)
{
  printf("%s: %lld component%s in %lld feature%s", command->output_path, (long long)part->n_components,
         plural(part->n_components), (long long)part->n_features, plural(part->n_features));
  for (int64_t j = 0; j < part->n_features && j < 12; j++) {
    char *name = feature_called(part, j);
    if (name != NULL) printable_make(name);
    printf("%s%s", j == 0 ? " (" : ", ", name != NULL ? name : "?");
    free(name);
  }
  printf("%s)\n", part->n_features > 12 ? ", ..." : "");
  if (model_has(model, PART_POSTERIOR))
    puts("  of the posterior predictive density, a mixture of t distributions; the posterior is left out");
  if (part->family != model->family)
    printf("  %s covariances: they need not be %s as the model's\n", part->family->name, model->family->name);
  maker->print(model, part, facts);
}

/* --- the whole --- */

/* Rank 0: what is in the file beside the parameters: nothing that was true of the data of the fit. */
static json_t *first_facts(const part_maker *maker, const gmmpi_model *model)
{
  char hash[24];
  snprintf(hash, sizeof hash, "%016" PRIx64, model_hash(model));
  return json_pack("{s:s, s:s}", "derived_by", maker->name, "derived_from", hash);
}

static gmmpi_status write_part(const part_command *command, const gmmpi_model *part, const json_t *facts,
                               gmmpi_error *error)
{
  void *bytes;
  size_t n_bytes;
  if (model_file_image(part, facts, &bytes, &n_bytes, error) != GMMPI_OK) return error->status;
  file_write_whole(command->output_path, bytes, n_bytes, error);
  free(bytes);
  return error->status;
}

static gmmpi_status make_and_write(const part_command *command, const part_maker *maker, gmmpi_error *error)
{
  gmmpi_model *model = NULL;
  gmmpi_model *part = NULL;
  json_t *facts = NULL;
  if (model_file_read(command->model_path, &model, NULL, error) != GMMPI_OK) return error->status;
  if ((facts = first_facts(maker, model)) == NULL)
    fail(error, GMMPI_NO_MEMORY, "%s: there is no memory to write it", command->output_path);
  else if (maker->make(command, model, facts, &part, error) == GMMPI_OK &&
           write_part(command, part, facts, error) == GMMPI_OK) {
    if (command->json) print_json(summary_of(command, part, facts), error);
    if (!command->json && !command->quiet) print_summary(command, maker, model, part, facts);
  }
  json_decref(facts);
  gmmpi_model_destroy(part);
  gmmpi_model_destroy(model);
  return error->status;
}

gmmpi_status part_command_run(MPI_Comm comm, const part_command *command, const part_maker *maker, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (prepare_distinct(comm, command->output_path, command->model_path, error) != GMMPI_OK ||
      prepare_output(comm, command->output_path, error) != GMMPI_OK)
    return error->status;
  if (rank == 0) make_and_write(command, maker, error);
  return agree(comm, error);
}
