/* SPDX-License-Identifier: BSD-3-Clause */
/* DATA for a model that is there already: its features are looked up by name where DATA has names, else DATA must have
 * as many columns as the model has features; --columns picks them. */
#ifndef CLI_MODEL_DATA_H
#define CLI_MODEL_DATA_H

#include "fit/reading.h"
#include "mixture/model.h"
#include "sources/source.h"

#include <mpi.h>

typedef struct model_data {
  const gmmpi_model *model;
  const char *model_path;
  const char *called; /* the model, in messages about its features: model_path, in most cases */
  const char *path;   /* of DATA */
  const reading_options *reading;
} model_data;

/* Can DATA be read like this for a model? command: its name. Errors: 64. */
gmmpi_status model_data_check(const char *command, const reading_options *reading, gmmpi_error *error);

/* Collective. Opens DATA with the columns that are the model's features, in their order. The caller closes *source, in
 * any case. Errors, agreed: those of source_open; 65 another number of features, or other names; 71. */
gmmpi_status model_data_open(MPI_Comm comm, int rank, const model_data *data, point_source **source,
                             gmmpi_error *error);

/* Collective. The same where only the features' names count; *source is NULL when that fails, and failure says why. */
void model_data_open_by_names(MPI_Comm comm, const model_data *data, point_source **source, gmmpi_error *failure);

#endif
