/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi condition: a model of the other features where some are given. */
#include "apply/condition.h"

#include "apply/feature_choice.h"
#include "cli/command.h"
#include "cli/part.h"
#include "cli/prepare.h"
#include "support/error.h"

#include <math.h>
#include <stdio.h>

/* Given values may be those of transformed features, whose log density is not one in the units of the data. */
static bool is_transformed(const gmmpi_model *model, const feature_choice *given)
{
  bool any = false;
  for (int64_t i = 0; model->transforms != NULL && i < given->n; i++)
    any = any || model->transforms[given->features[i]][0] != '\0';
  return any;
}

static bool note(const gmmpi_model *model, const feature_choice *given, double log_density, json_t *facts)
{
  json_t *values = json_array();
  for (int64_t i = 0; i < given->n; i++) json_array_append_new(values, json_real(given->own_values[i]));
  return json_object_set_new(facts, "given_features", part_feature_names(model, given->features, given->n)) == 0 &&
         json_object_set_new(facts, "given_values", values) == 0 &&
         (is_transformed(model, given) || !isfinite(log_density) ||
          json_object_set_new(facts, "given_log_density", json_real(log_density)) == 0);
}

static gmmpi_status make(const part_command *command, const gmmpi_model *model, json_t *facts, gmmpi_model **part,
                         gmmpi_error *error)
{
  feature_choice given;
  double log_density = 0.0;
  feature_values_read(model, command->model_path, "--given", command->list, &given, error);
  if (error->status == GMMPI_OK && given.n == model->n_features)
    fail(error, GMMPI_WRONG_USAGE,
         "--given: all %lld feature%s of %s are given, and none is left; leave out those that are asked for, or see "
         "gmmpi predict --log-density",
         (long long)given.n, plural(given.n), command->model_path);
  if (error->status == GMMPI_OK)
    model_condition(model, given.features, given.values, given.n, command->model_path, part, &log_density, error);
  if (error->status == GMMPI_OK && !note(model, &given, log_density, facts))
    fail(error, GMMPI_NO_MEMORY, "%s: there is no memory to write it", command->output_path);
  feature_choice_clear(&given);
  return error->status;
}

static void print(const gmmpi_model *model, const gmmpi_model *part, const json_t *facts)
{
  const json_t *log_density = json_object_get(facts, "given_log_density");
  if (log_density != NULL) printf("  log density of what is given: %.10g\n", json_real_value(log_density));
  puts("  component      weight  as given");
  for (int64_t k = 0; k < part->n_components; k++) {
    printf("  %9lld  %10.4g  %8.4g", (long long)k, model->weights[k], part->weights[k]);
    print_component_name("  called ", part, k);
    putchar('\n');
  }
  if (model_has(part, PART_NOISE)) printf("      noise  %10.4g  %8.4g\n", *model->noise_weight, *part->noise_weight);
}

gmmpi_status command_condition(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  static const option_record list = {
      .name = "given",
      .brief = "what is known, as \"A=1.5,B=2\" (required)",
      .argument = "LIST",
      .help = "what is known (required): features, by name or by number from 1, and their values in the units of the "
              "data, as \"A=1.5,B=2\"; a name with a comma or = is quoted as in CSV",
      .kind = OPTION_TEXT};
  static const usage_note examples[] = {
      {"gmmpi condition model.h5 --given \"x=1.5\" -o rest.h5", "the model of y and z where x is 1.5"},
      {NULL, NULL},
  };
  static const command_usage usage = {
      .name = "condition",
      .purpose = "the model of the other features where some are given",
      .examples = examples,
      .synopsis = "MODEL.h5 --given \"A=1.5,B=2\" -o REST.h5 [options]",
      .about = "Writes the model of the other features where some features have given values: their conditional "
               "density, which is a mixture of as many components. It is a model like any other."};
  static const part_maker maker = {"condition", make, print};
  part_command command = {0};
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (part_command_read(argc, argv, rank, &usage, &list, &command, error) != GMMPI_OK || command.help)
    return error->status;
  return part_command_run(comm, &command, &maker, error);
}
