/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/model_data.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

static name_list names_of_model(const model_data *data)
{
  return (name_list){.owner = data->called, .names = data->model->feature_names, .n = data->model->n_features};
}

static name_list names_of_source(const point_source *source)
{
  return (name_list){
      .owner = source->label, .names = source->feature_names, .n = source->n_features, .columns = source->columns};
}

/* Collective. Opens the data with the columns that are called as the features of the model, which has names, or all
 * columns where the data have none; *source is NULL when that fails, and failure says why. */
static void open_by_names(MPI_Comm comm, const model_data *data, point_source **source, gmmpi_error *failure)
{
  source_options options = reading_source_options(data->reading);
  options.columns = NULL;
  options.wanted = names_of_model(data);
  options.transforms = model_transforms(data->model, data->model_path);
  source_open(comm, data->path, &options, source, failure);
}

/* Collective. All columns, when they could not be found by name: they are taken in their order where the model has no
 * names, or none that say anything, else refused. Errors, agreed: those of source_open. */
static gmmpi_status open_all(MPI_Comm comm, const model_data *data, const gmmpi_error *other_names,
                             point_source **source, gmmpi_error *error)
{
  source_options options = reading_source_options(data->reading);
  options.transforms = model_transforms(data->model, data->model_path);
  const bool named = names_are_own(data->model->feature_names, data->model->n_features);
  gmmpi_error failure = {0};
  const bool opened = source_open(comm, data->path, &options, source, &failure) == GMMPI_OK;
  const bool refused = opened ? (*source)->has_names : failure.status == GMMPI_BAD_DATA;
  if (named && refused && other_names->status != GMMPI_OK) failure = *other_names;
  if (failure.status == GMMPI_OK) return GMMPI_OK;
  source_close(*source);
  *source = NULL;
  *error = failure;
  return failure.status;
}

/* Collective. The columns that --columns picks are the model's features in their order, unless they have just the
 * model's names: then each is the feature that it is called as. Errors, agreed: those of source_open, 71. */
static gmmpi_status open_picked(MPI_Comm comm, int rank, const model_data *data, point_source **source,
                                gmmpi_error *error)
{
  source_options options = reading_source_options(data->reading);
  options.transforms = model_transforms(data->model, data->model_path);
  const name_list wanted = names_of_model(data);
  if (source_open(comm, data->path, &options, source, error) != GMMPI_OK) return error->status;
  const name_list picked = names_of_source(*source);
  if (picked.n != wanted.n || !(*source)->has_names || wanted.names == NULL || names_agree(picked, wanted))
    return GMMPI_OK;
  gmmpi_error other_names = {0};
  int64_t *positions = allocate(wanted.n, sizeof *positions);
  if (positions == NULL)
    fail(&other_names, GMMPI_NO_MEMORY, "no memory is left for the names of the features");
  else
    names_find(picked, wanted, positions, &other_names);
  free(positions);
  if (agree(comm, &other_names) == GMMPI_OK) {
    point_source *sorted = NULL;
    open_by_names(comm, data, &sorted, &other_names);
    if (sorted != NULL) {
      source_close(*source);
      *source = sorted;
    }
  }
  if (other_names.status == GMMPI_NO_MEMORY) return fail(error, GMMPI_NO_MEMORY, "%s", other_names.message);
  if (other_names.status != GMMPI_OK && names_are_own(wanted.names, wanted.n) && rank == 0) {
    int64_t j = 0;
    while (strcmp(picked.names[j], wanted.names[j]) == 0) j++;
    warn("%s: feature %lld is \"%s\", in %s it is \"%s\"", (*source)->label, (long long)j + 1, picked.names[j],
         data->called, wanted.names[j]);
  }
  return GMMPI_OK;
}

/* Do the data have as many features as the model? */
static gmmpi_status check_features(const model_data *data, const point_source *source, gmmpi_error *error)
{
  if (source->n_features == data->model->n_features) return GMMPI_OK;
  int64_t *positions = NULL;
  if (source->has_names && names_are_own(data->model->feature_names, data->model->n_features) &&
      (positions = allocate(data->model->n_features, sizeof *positions)) != NULL)
    names_match(names_of_source(source), names_of_model(data), positions, error);
  free(positions);
  if (error->status != GMMPI_OK) return error->status;
  return fail(error, GMMPI_BAD_DATA, "%s: has %lld feature%s, %s was fitted to %lld; pick the same with --columns",
              source->label, (long long)source->n_features, plural(source->n_features), data->called,
              (long long)data->model->n_features);
}

void model_data_open_by_names(MPI_Comm comm, const model_data *data, point_source **source, gmmpi_error *failure)
{
  *source = NULL;
  open_by_names(comm, data, source, failure);
  if (*source != NULL && failure->status == GMMPI_OK) check_features(data, *source, failure);
}

gmmpi_status model_data_open(MPI_Comm comm, int rank, const model_data *data, point_source **source, gmmpi_error *error)
{
  *source = NULL;
  if (data->reading->columns != NULL) {
    if (open_picked(comm, rank, data, source, error) != GMMPI_OK) return error->status;
  } else {
    gmmpi_error other_names = {0};
    if (data->model->feature_names != NULL) open_by_names(comm, data, source, &other_names);
    if (*source == NULL && open_all(comm, data, &other_names, source, error) != GMMPI_OK) return error->status;
  }
  return check_features(data, *source, error);
}

gmmpi_status model_data_check(const char *command, const reading_options *reading, gmmpi_error *error)
{
  if (!reading_has_word(reading, "transform")) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE,
              "%s: --transform: the model knows how its features were transformed; leave it out", command);
}
