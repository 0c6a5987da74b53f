/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/info_describe.h"

#include "cli/info_bootstrap.h"
#include "cli/info_data.h"
#include "fit/group_checkpoint.h"
#include "fit/replicate_checkpoint.h"
#include "job/checkpoint.h"
#include "mixture/files/group_models.h"
#include "mixture/files/model_file.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_file.h"
#include "support/json_text.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum file_kind {
  KIND_DATA,
  KIND_MODEL,
  KIND_CHECKPOINT,
  KIND_GROUPS,
  KIND_GROUPS_CHECKPOINT,
  KIND_BOOTSTRAP,
  KIND_BOOTSTRAP_CHECKPOINT
};

static bool has_attribute(hid_t file, const char *name)
{
  return H5Aexists_by_name(file, ".", name, H5P_DEFAULT) > 0;
}

/* An HDF5 file with what models have, by whichever program it was written. */
static bool is_model(const char *path)
{
  if (!file_is_readable(path)) return false;
  if (model_file_has_seal(path)) return true;
  if (H5Fis_hdf5(path) <= 0) return false;
  const hid_t file = hdf5_open_file(path);
  if (file < 0) return false;
  const bool model = has_attribute(file, "covariance") ||
                     (H5Lexists(file, "weights", H5P_DEFAULT) > 0 && H5Lexists(file, "means", H5P_DEFAULT) > 0);
  H5Fclose(file);
  return model;
}

static int kind_of(const char *path)
{
  if (checkpoint_recognised(path)) return KIND_CHECKPOINT;
  if (group_checkpoint_recognised(path)) return KIND_GROUPS_CHECKPOINT;
  if (replicate_checkpoint_recognised(path)) return KIND_BOOTSTRAP_CHECKPOINT;
  if (group_models_are_in(path)) return KIND_GROUPS;
  if (info_bootstrap_is_in(path)) return KIND_BOOTSTRAP;
  return is_model(path) ? KIND_MODEL : KIND_DATA;
}

static int compare_numbers(const void *a, const void *b)
{
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The attributes, and what groups there are. */
static gmmpi_status describe_groups(const char *path, file_description *description, gmmpi_error *error)
{
  group_models *models = NULL;
  char first[100];
  char last[100];
  if (group_models_read(path, &models, &description->facts, error) != GMMPI_OK) return error->status;
  const int64_t n = models->keys.n;
  double *sizes = models->facts[GROUP_N_SAMPLES];
  qsort(sizes, (size_t)n, sizeof *sizes, compare_numbers);
  const double middle = 0.5 * (sizes[(n - 1) / 2] + sizes[n / 2]);
  group_key_text(&models->keys, 0, first, sizeof first);
  group_key_text(&models->keys, n - 1, last, sizeof last);
  json_object_update_new(description->facts,
                         json_pack("{s:s, s:o, s:o, s:I, s:f, s:I}", "keys",
                                   models->keys.texts != NULL ? "text" : "numbers", "first_key", json_text(first),
                                   "last_key", json_text(last), "smallest_group", (json_int_t)sizes[0], "median_group",
                                   middle, "largest_group", (json_int_t)sizes[n - 1]));
  group_models_destroy(models);
  return GMMPI_OK;
}

gmmpi_status info_describe(MPI_Comm comm, const char *path, const source_options *how, file_description *description,
                           gmmpi_error *error)
{
  static const char *const names[] = {[KIND_DATA] = "data",
                                      [KIND_MODEL] = "model",
                                      [KIND_CHECKPOINT] = "checkpoint",
                                      [KIND_GROUPS] = "models of groups",
                                      [KIND_GROUPS_CHECKPOINT] = "checkpoint of groups",
                                      [KIND_BOOTSTRAP] = "bootstrap of a model",
                                      [KIND_BOOTSTRAP_CHECKPOINT] = "checkpoint of a bootstrap"};
  int rank;
  MPI_Comm_rank(comm, &rank);
  int kind = KIND_DATA;
  if (rank == 0) {
    if (file_is_readable(path)) kind = kind_of(path); /* a pipe can be opened only once */
    if (kind == KIND_MODEL) model_file_read(path, &description->model, &description->facts, error);
    if (kind == KIND_CHECKPOINT) checkpoint_describe(path, &description->facts, &description->model, error);
    if (kind == KIND_GROUPS) describe_groups(path, description, error);
    if (kind == KIND_GROUPS_CHECKPOINT) group_checkpoint_describe(path, &description->facts, error);
    if (kind == KIND_BOOTSTRAP) info_bootstrap_describe(path, &description->facts, error);
    if (kind == KIND_BOOTSTRAP_CHECKPOINT) replicate_checkpoint_describe(path, &description->facts, error);
  }
  if (agree(comm, error) != GMMPI_OK) return error->status;
  MPI_Bcast(&kind, 1, MPI_INT, 0, comm);
  description->path = path;
  description->kind = names[kind];
  return kind == KIND_DATA ? info_data_describe(comm, path, how, &description->facts, error) : GMMPI_OK;
}

void info_clear(file_description *description)
{
  json_decref(description->facts);
  gmmpi_model_destroy(description->model);
}

json_t *info_json(const file_description *description, bool with_file)
{
  const bool is_model_file = strcmp(description->kind, "model") == 0;
  json_t *object = is_model_file && description->model != NULL ? model_to_json(description->model) : json_object();
  if (object == NULL) return NULL;
  bool good = true;
  if (with_file) good = json_object_set_new(object, "file", json_text(description->path)) == 0;
  if (good && !is_model_file) good = json_object_set_new(object, "kind", json_string(description->kind)) == 0;
  if (good && description->facts != NULL)
    good = is_model_file ? json_object_set(object, "attributes", description->facts) == 0
                         : json_object_update(object, description->facts) == 0;
  if (good) return object;
  json_decref(object);
  return NULL;
}
