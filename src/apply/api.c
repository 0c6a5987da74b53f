/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions that apply a model to the caller's memory. */
#include "gmmpi/apply.h"

#include "apply/predictor.h"
#include "apply/sample.h"
#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* n_points rows (n_points x d) as a tile, filled up with copies of the first. -1, or the row that has a number that is
 * not finite. */
static int rows_to_tile(const double *rows, int n_points, int64_t d, const feature_transform *transforms, double *tile)
{
  for (int p = 0; p < TILE_ROWS; p++) {
    const double *row = rows + (p < n_points ? p : 0) * d;
    for (int64_t j = 0; j < d; j++) {
      const double value = transforms != NULL ? transform_apply(&transforms[j], row[j]) : row[j];
      if (!isfinite(value)) return p;
      tile[j * TILE_ROWS + p] = value;
    }
  }
  return -1;
}

gmmpi_status gmmpi_predict(const gmmpi_model *model, const double *rows, int64_t n_rows, int32_t *labels,
                           double *responsibilities, double *log_density, gmmpi_error *error)
{
  const int64_t d = model->n_features;
  const int64_t K = model->n_components;
  if (n_rows < 0) return fail(error, GMMPI_WRONG_USAGE, "%lld rows: give 0 or more", (long long)n_rows);
  predictor *self;
  linear_algebra_begin();
  gmmpi_status status = predictor_create(kernel_best(KERNEL_HIGHEST_LEVEL), model, &self, error);
  linear_algebra_end();
  if (status != GMMPI_OK) return status;
  double *tile = allocate(d, TILE_ROWS * sizeof(double));
  feature_transform *transforms = model->transforms != NULL ? allocate(d, sizeof *transforms) : NULL;
  for (int64_t j = 0; transforms != NULL && j < d; j++) transform_read(model->transforms[j], &transforms[j]);
  if (tile == NULL || (model->transforms != NULL && transforms == NULL))
    status = fail(error, GMMPI_NO_MEMORY, "no memory is left to predict; use machines with more memory");
  for (int64_t first = 0; status == GMMPI_OK && first < n_rows; first += TILE_ROWS) {
    const int n_points = n_rows - first < TILE_ROWS ? (int)(n_rows - first) : TILE_ROWS;
    const int bad = rows_to_tile(rows + first * d, n_points, d, transforms, tile);
    if (bad >= 0) {
      const int64_t place = first + bad + 1;
      status = fail_at(error, place, GMMPI_BAD_DATA,
                       "row %lld has a number that is not finite, as it is or as the model transforms it; leave it out",
                       (long long)place);
      break;
    }
    predictor_tile(self, tile, NULL, n_points);
    if (labels != NULL) memcpy(labels + first, self->labels, (size_t)n_points * sizeof *labels);
    if (log_density != NULL) memcpy(log_density + first, self->log_density, (size_t)n_points * sizeof *log_density);
    for (int p = 0; responsibilities != NULL && p < n_points; p++) {
      for (int64_t k = 0; k < K; k++) responsibilities[(first + p) * K + k] = self->responsibilities[k * TILE_ROWS + p];
    }
  }
  free(tile);
  free(transforms);
  predictor_destroy(self);
  return status;
}

gmmpi_status gmmpi_sample(const gmmpi_model *model, int64_t n_points, uint64_t seed, double *points, int32_t *labels,
                          gmmpi_error *error)
{
  const int64_t d = model->n_features;
  if (n_points < 0) return fail(error, GMMPI_WRONG_USAGE, "%lld points: give 0 or more", (long long)n_points);
  sampler *source;
  linear_algebra_begin();
  gmmpi_status status = sampler_create(model, seed, &source, error);
  linear_algebra_end();
  if (status != GMMPI_OK) return status;
  double *unwanted = allocate(d, sizeof *unwanted);
  if (unwanted == NULL)
    status = fail(error, GMMPI_NO_MEMORY, "no memory is left to draw points; use machines with more memory");
  for (int64_t row = 0; status == GMMPI_OK && row < n_points; row++) {
    const int32_t label = sampler_draw(source, row, points != NULL ? points + row * d : unwanted);
    if (labels != NULL) labels[row] = label;
  }
  free(unwanted);
  sampler_destroy(source);
  return status;
}
