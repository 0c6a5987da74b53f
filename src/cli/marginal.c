/* SPDX-License-Identifier: BSD-3-Clause */
/* gmmpi marginal: a model of some of a model's features. */
#include "apply/marginal.h"

#include "apply/feature_choice.h"
#include "cli/command.h"
#include "cli/part.h"

#include <stdio.h>

static gmmpi_status make(const part_command *command, const gmmpi_model *model, json_t *facts, gmmpi_model **part,
                         gmmpi_error *error)
{
  feature_choice chosen;
  (void)facts;
  if (feature_choice_read(model, command->model_path, "--features", command->list, &chosen, error) == GMMPI_OK)
    model_marginal(model, chosen.features, chosen.n, command->model_path, part, error);
  feature_choice_clear(&chosen);
  return error->status;
}

static void print(const gmmpi_model *model, const gmmpi_model *part, const json_t *facts)
{
  (void)facts;
  printf("  of %lld in %s\n", (long long)model->n_features,
         part->n_features == model->n_features ? "another order" : "all");
}

gmmpi_status command_marginal(MPI_Comm comm, int argc, char **argv, gmmpi_error *error)
{
  static const option_record list = {
      .name = "features",
      .brief = "names, numbers, ranges, as A,C (required)",
      .argument = "LIST",
      .help = "which features, in this order (required): names, or numbers from 1 and ranges, as A,C or 1,3-5; a name "
              "with a comma is quoted as in CSV",
      .kind = OPTION_TEXT};
  static const usage_note examples[] = {
      {"gmmpi marginal model.h5 --features x,y -o part.h5", "the model of x and y, whatever z is"},
      {NULL, NULL},
  };
  static const command_usage usage = {
      .name = "marginal",
      .purpose = "the model of some of the features",
      .examples = examples,
      .synopsis = "MODEL.h5 --features A,C -o PART.h5 [options]",
      .about = "Writes the model of some of a model's features: the density that they have when the others may be "
               "anything. It is a model like any other."};
  static const part_maker maker = {"marginal", make, print};
  part_command command = {0};
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (part_command_read(argc, argv, rank, &usage, &list, &command, error) != GMMPI_OK || command.help)
    return error->status;
  return part_command_run(comm, &command, &maker, error);
}
