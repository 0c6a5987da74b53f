/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/sample.h"

#include "apply/output.h"
#include "mixture/background.h"
#include "mixture/posterior.h"
#include "points/layout.h"
#include "support/error.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gmmpi_status sampler_create(const gmmpi_model *model, uint64_t seed, sampler **result, gmmpi_error *error)
{
  *result = NULL;
  if (model_has(model, PART_NOISE) && *model->noise_weight > 0.0 && !background_has_region(model))
    return fail(error, GMMPI_BAD_DATA,
                "the model has noise but does not say where (noise_origin, noise_axes); give it these, or noise_weight "
                "0");
  sampler *created = calloc(1, sizeof *created);
  double *cumulated = allocate(model->n_components + 1, sizeof *cumulated);
  const bool transforms = model->transforms != NULL;
  feature_transform *undone = transforms ? allocate(model->n_features, sizeof *undone) : NULL;
  if (created == NULL || cumulated == NULL || (transforms && undone == NULL)) {
    free(created);
    free(cumulated);
    free(undone);
    return fail(error, GMMPI_NO_MEMORY, "no memory is left to draw points; use machines with more memory");
  }
  double sum = 0;
  for (int64_t k = 0; k < model->n_components; k++) {
    sum += model->weights[k];
    cumulated[k] = sum;
  }
  cumulated[model->n_components] = model_has(model, PART_NOISE) ? sum + *model->noise_weight : sum;
  for (int64_t j = 0; transforms && j < model->n_features; j++) transform_read(model->transforms[j], &undone[j]);
  *created = (sampler){.model = model, .seed = seed, .cumulated = cumulated, .transforms = undone};
  *result = created;
  return GMMPI_OK;
}

void sampler_destroy(sampler *source)
{
  if (source == NULL) return;
  free(source->cumulated);
  free(source->transforms);
  free(source);
}

/* The first component whose cumulated weight exceeds a number below their sum: never one of weight 0, since that has
 * the same cumulated weight as the one before it. K is the background. */
static int64_t draw_component(const sampler *source, int64_t row)
{
  const int64_t n_components = source->model->n_components;
  const double *cumulated = source->cumulated;
  const double target =
      random_uniform(source->seed, RANDOM_SAMPLE_COMPONENT, (uint64_t)row, 0) * cumulated[n_components];
  int64_t low = 0;
  int64_t high = cumulated[n_components] > cumulated[n_components - 1] ? n_components : n_components - 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (cumulated[middle] > target) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/* Replaces z by L z, where factor = inverse of L, transposed (upper triangular): forward substitution in factor^T y =
 * z. */
static void colour_dense(int64_t d, const double *factor, double *z)
{
  for (int64_t i = 0; i < d; i++) {
    const double *row = factor + i * d;
    z[i] /= row[i];
    for (int64_t j = i + 1; j < d; j++) z[j] -= row[j] * z[i];
  }
}

/* A t distributed point is a normal one over the square root of its latent weight, which is Gamma distributed with
 * shape and rate nu/2. */
static void spread_by_tail(const sampler *source, int64_t row, double half_dof, double *point)
{
  const double gamma = random_gamma(source->seed, RANDOM_SAMPLE_GAMMA, (uint64_t)row, half_dof);
  const double spread = sqrt(half_dof / gamma);
  for (int64_t j = 0; j < source->model->n_features; j++) point[j] *= spread;
}

/* What a point of a normal distribution with the component's covariance is multiplied with to become one of its
 * posterior predictive density. */
static double draw_stretch(const sampler *source, int64_t row, int64_t k)
{
  double scale;
  const double dof = predictive_dof(source->model, k, &scale);
  const double chi_squared = 2.0 * random_gamma(source->seed, RANDOM_SAMPLE_GAMMA, (uint64_t)row, 0.5 * dof);
  return sqrt(scale * dof / chi_squared);
}

static void draw_noise(const sampler *source, int64_t row, double *point)
{
  const gmmpi_model *model = source->model;
  const int64_t d = model->n_features;
  memcpy(point, model->noise_origin, (size_t)d * sizeof *point);
  for (int64_t i = 0; i < d; i++) {
    const double along = random_uniform(source->seed, RANDOM_SAMPLE_NOISE, (uint64_t)row, (uint64_t)i);
    for (int64_t j = 0; j < d; j++) point[j] += along * model->noise_axes[i * d + j];
  }
}

static void draw_normal(const sampler *source, int64_t row, int64_t k, double *point)
{
  const gmmpi_model *model = source->model;
  const int64_t d = model->n_features;
  for (int64_t j = 0; j < d; j += 2) {
    double pair[2];
    random_normal_pair(source->seed, RANDOM_SAMPLE_NORMAL, (uint64_t)row, (uint64_t)(j / 2), pair);
    point[j] = pair[0];
    if (j + 1 < d) point[j + 1] = pair[1];
  }
  const int64_t n_factors = model_stored_length(model);
  const double *factor = model_factor(model, k);
  if (model->family->storage->shape == DENSE) {
    colour_dense(d, factor, point);
  } else {
    for (int64_t j = 0; j < d; j++) point[j] /= factor[n_factors == d ? j : 0];
  }
  if (model->dof != NULL) spread_by_tail(source, row, 0.5 * model->dof[k], point);
  if (model_has(model, PART_POSTERIOR)) {
    const double stretch = draw_stretch(source, row, k);
    for (int64_t j = 0; j < d; j++) point[j] *= stretch;
  }
  for (int64_t j = 0; j < d; j++) point[j] += model->means[k * d + j];
}

/* A point as the model has it. */
static int32_t draw_transformed(const sampler *source, int64_t row, double *point)
{
  const int64_t n_components = source->model->n_components;
  const int64_t k = draw_component(source, row);
  if (k == n_components)
    draw_noise(source, row, point);
  else
    draw_normal(source, row, k, point);
  return k == n_components ? NOISE_LABEL : (int32_t)k;
}

int32_t sampler_draw(const sampler *source, int64_t row, double *point)
{
  const int32_t label = draw_transformed(source, row, point);
  for (int64_t j = 0; source->transforms != NULL && j < source->model->n_features; j++)
    point[j] = transform_undo(&source->transforms[j], point[j]);
  return label;
}

void sampler_draw_tile(const sampler *source, int64_t first_row, int n_points, double *point, double *tile)
{
  const int64_t d = source->model->n_features;
  for (int p = 0; p < TILE_ROWS; p++) {
    if (p < n_points) draw_transformed(source, first_row + p, point);
    for (int64_t j = 0; j < d; j++) tile[j * TILE_ROWS + p] = p < n_points ? point[j] : tile[j * TILE_ROWS];
  }
}

typedef struct sampling {
  const sampler *source;
  int64_t first_row; /* of this rank */
} sampling;

/* An output_producer. */
static gmmpi_status sample_rows(void *context, int64_t first, int64_t n, void *const *numbers, gmmpi_error *error)
{
  (void)error;
  const sampling *work = context;
  const int64_t d = work->source->model->n_features;
  double *points = numbers[0];
  int32_t *labels = numbers[1];
  for (int64_t row = 0; row < n; row++)
    labels[row] = sampler_draw(work->source, work->first_row + first + row, points + row * d);
  return GMMPI_OK;
}

/* How the columns are called where the model has no names: x1, x2, ... */
static char **numbered_names(int64_t n_features)
{
  enum { NAME_SIZE = 24 };
  char **names = calloc((size_t)n_features, sizeof *names + NAME_SIZE);
  if (names == NULL) return NULL;
  char *next = (char *)(names + n_features);
  for (int64_t j = 0; j < n_features; j++, next += NAME_SIZE) {
    names[j] = next;
    snprintf(next, NAME_SIZE, "x%lld", (long long)j + 1);
  }
  return names;
}

/* Ranks draw whole blocks of so many rows: few where they are wide. */
static int64_t rows_per_block(int64_t n_features)
{
  const int64_t most_numbers = INT64_C(1) << 18;
  int64_t rows = 4096;
  while (rows > 1 && rows > most_numbers / n_features) rows /= 2;
  return rows;
}

int64_t sample_bytes(int64_t n_features)
{
  return output_bytes(rows_per_block(n_features), n_features + 1);
}

gmmpi_status sample_to_file(MPI_Comm comm, const gmmpi_model *model, int64_t n_points, uint64_t seed, int compress,
                            const char *path, gmmpi_error *error)
{
  static const char *const label[] = {"label"};
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  gmmpi_error own = {0};
  sampler *source = NULL;
  char **numbered = numbered_names(model->n_features);
  if (numbered == NULL) fail(&own, GMMPI_NO_MEMORY, "no memory is left to draw points; use machines with more memory");
  sampler_create(model, seed, &source, &own);
  if (agree(comm, &own) == GMMPI_OK) {
    const bool named = model->feature_names != NULL;
    const output_column columns[] = {
        {.name = "points",
         .type = OUTPUT_REAL,
         .width = model->n_features,
         .is_matrix = true,
         .headings = (const char *const *)(named ? model->feature_names : numbered),
         .headings_attribute = named ? "feature_names" : NULL},
        {.name = "labels",
         .type = OUTPUT_INT32,
         .width = 1,
         .headings = label,
         .names = (const char *const *)model->component_names,
         .n_names = model->n_components,
         .names_heading = "class"},
    };
    const int64_t block_rows = rows_per_block(model->n_features);
    sampling work = {.source = source, .first_row = output_first_row(n_points, block_rows, rank, n_ranks)};
    const output_table table = {
        .n_rows = n_points,
        .first_row = work.first_row,
        .n_own = output_first_row(n_points, block_rows, rank + 1, n_ranks) - work.first_row,
        .granule = block_rows,
        .compress = compress,
        .columns = columns,
        .n_columns = 2,
        .produce = sample_rows,
        .context = &work,
    };
    output_write(comm, path, &table, &own);
  }
  sampler_destroy(source);
  free(numbered);
  if (own.status != GMMPI_OK && error != NULL) *error = own;
  return own.status;
}
