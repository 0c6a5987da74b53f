/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/group_sample.h"

#include "apply/output.h"
#include "apply/sample.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"

#include <stdlib.h>

typedef struct group_sampling {
  const group_models *models;
  const char *path;      /* of the models */
  const int64_t *fitted; /* the groups that were fitted */
  int64_t n_points;      /* of each */
  uint64_t seed;
  int64_t first_row; /* of this rank */
  /* Of the group that was drawn from last, -1: none. */
  int64_t group;
  gmmpi_model *model;
  sampler *source;
} group_sampling;

static void leave_group(group_sampling *work)
{
  sampler_destroy(work->source);
  gmmpi_model_destroy(work->model);
  work->source = NULL;
  work->model = NULL;
  work->group = -1;
}

static gmmpi_status enter_group(group_sampling *work, int64_t group, gmmpi_error *error)
{
  if (group == work->group) return GMMPI_OK;
  leave_group(work);
  if (group_model(work->models, group, work->path, &work->model, error) != GMMPI_OK ||
      sampler_create(work->model, random_seed_of_start(work->seed, group), &work->source, error) != GMMPI_OK)
    return error->status;
  work->group = group;
  return GMMPI_OK;
}

static void put_key(const group_sampling *work, int64_t group, bool is_whole, int64_t row, void *keys)
{
  const group_keys *all = &work->models->keys;
  if (all->numbers == NULL)
    ((int32_t *)keys)[row] = (int32_t)group;
  else if (is_whole)
    ((int64_t *)keys)[row] = (int64_t)all->numbers[group];
  else
    ((double *)keys)[row] = all->numbers[group];
}

/* An output_producer. */
static gmmpi_status sample_rows(void *context, int64_t first, int64_t n, void *const *numbers, gmmpi_error *error)
{
  group_sampling *work = context;
  const int64_t d = work->models->layout.n_features;
  const bool is_whole = group_keys_are_whole(&work->models->keys);
  for (int64_t i = 0; i < n; i++) {
    const int64_t row = work->first_row + first + i;
    const int64_t group = work->fitted[row / work->n_points];
    if (enter_group(work, group, error) != GMMPI_OK) return error->status;
    ((int32_t *)numbers[1])[i] = sampler_draw(work->source, row % work->n_points, (double *)numbers[0] + i * d);
    put_key(work, group, is_whole, i, numbers[2]);
  }
  return GMMPI_OK;
}

static output_column column_of_keys(const group_models *models)
{
  static const char *const key[] = {"key"};
  static const char *const group[] = {"group"};
  const group_keys *keys = &models->keys;
  if (keys->numbers == NULL)
    return (output_column){.name = "groups",
                           .type = OUTPUT_INT32,
                           .width = 1,
                           .headings = group,
                           .names = (const char *const *)keys->texts,
                           .n_names = keys->n,
                           .names_heading = "key"};
  return (output_column){
      .name = "keys", .type = group_keys_are_whole(keys) ? OUTPUT_INT64 : OUTPUT_REAL, .width = 1, .headings = key};
}

static int64_t list_fitted(const group_models *models, int64_t *fitted)
{
  int64_t n = 0;
  for (int64_t g = 0; g < models->keys.n; g++) {
    if (group_is_fitted(models, g)) fitted[n++] = g;
  }
  return n;
}

/* Ranks draw whole blocks of so many rows. */
static int64_t rows_per_block(int64_t n_features)
{
  int64_t rows = 4096;
  while (rows > 1 && rows > (1 << 18) / n_features) rows /= 2;
  return rows;
}

gmmpi_status group_sample_to_file(MPI_Comm comm, const group_models *models, const char *path_of_models,
                                  int64_t n_points, uint64_t seed, int compress, const char *path, gmmpi_error *error)
{
  static const char *const label[] = {"label"};
  const group_layout *layout = &models->layout;
  gmmpi_error own = {0};
  int rank;
  int n_ranks;
  int64_t n_rows = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  int64_t *fitted = allocate(models->keys.n, sizeof *fitted);
  if (fitted == NULL) {
    fail(&own, GMMPI_NO_MEMORY, "no memory is left to draw points; use machines with more memory");
  } else {
    const int64_t n_fitted = list_fitted(models, fitted);
    if (n_fitted == 0) fail(&own, GMMPI_BAD_DATA, "%s: none of the groups was fitted", path_of_models);
    if (!multiply_fits(n_fitted, n_points, &n_rows) || n_rows > INT64_MAX / 4096)
      fail(&own, GMMPI_WRONG_USAGE, "-n: so many points of each of %lld groups are too many; give a smaller number",
           (long long)n_fitted);
  }
  if (agree(comm, &own) == GMMPI_OK) {
    const output_column columns[] = {
        {.name = "points",
         .type = OUTPUT_REAL,
         .width = layout->n_features,
         .is_matrix = true,
         .headings = (const char *const *)models->feature_names,
         .headings_attribute = "feature_names"},
        {.name = "labels", .type = OUTPUT_INT32, .width = 1, .headings = label},
        column_of_keys(models),
    };
    const int64_t block_rows = rows_per_block(layout->n_features);
    group_sampling work = {.models = models,
                           .path = path_of_models,
                           .fitted = fitted,
                           .n_points = n_points,
                           .seed = seed,
                           .first_row = output_first_row(n_rows, block_rows, rank, n_ranks),
                           .group = -1};
    const output_table table = {
        .n_rows = n_rows,
        .first_row = work.first_row,
        .n_own = output_first_row(n_rows, block_rows, rank + 1, n_ranks) - work.first_row,
        .granule = block_rows,
        .compress = compress,
        .columns = columns,
        .n_columns = 3,
        .produce = sample_rows,
        .context = &work,
    };
    output_write(comm, path, &table, &own);
    leave_group(&work);
  }
  free(fitted);
  return error_pass(error, &own);
}
