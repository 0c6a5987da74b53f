/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernels/single_form.h"

#include "points/layout.h"
#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points of a component that are added up in single precision, before they are added in double. */
enum { MOST_POINTS_TOGETHER = 2 * TILE_ROWS };

/* Beyond this squared distance of a mean from the origin, in standard deviations, more than 12 of 24 bits of a log
 * density would cancel. */
static const double farthest_mean = 0x1p12;

static int64_t own_whitening_length(density_shape shape, int64_t n_features)
{
  return shape == DENSE ? dense_whitening_length(n_features) : n_features;
}

gmmpi_status single_form_create(const density_form *like, single_form **form, gmmpi_error *error)
{
  const int64_t K = like->n_components;
  const int64_t d = like->n_features;
  single_form *created = calloc(1, sizeof *created);
  *form = created;
  if (created != NULL) {
    created->shape = like->shape;
    created->n_components = K;
    created->n_features = d;
    created->width = single_width(d);
    created->whitening_length = own_whitening_length(like->shape, d);
    created->origin = allocate(d, sizeof(double));
    created->log_constants = allocate(K, sizeof(float));
    created->constants = allocate(K, sizeof(float));
    created->is_far = allocate(K, sizeof(bool));
    created->means = allocate(K * created->width, sizeof(float));
    created->references = allocate(K * created->width, sizeof(float));
    created->whitening = allocate(K * created->whitening_length, sizeof(float));
    created->slopes = allocate(like->shape == DENSE ? 1 : K * d, sizeof(float));
    if (created->origin != NULL && created->log_constants != NULL && created->constants != NULL &&
        created->is_far != NULL && created->means != NULL && created->references != NULL &&
        created->whitening != NULL && created->slopes != NULL)
      return GMMPI_OK;
  }
  single_form_destroy(created);
  *form = NULL;
  return fail(error, GMMPI_NO_MEMORY,
              "no memory is left for %lld components in single precision; use --arithmetic double", (long long)K);
}

void single_form_destroy(single_form *form)
{
  if (form == NULL) return;
  free(form->origin);
  free(form->log_constants);
  free(form->constants);
  free(form->is_far);
  free(form->means);
  free(form->references);
  free(form->whitening);
  free(form->slopes);
  free(form);
}

int64_t single_form_bytes(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  const density_shape shape = family->storage->shape;
  int64_t numbers;
  int64_t bytes;
  if (density_bytes(family, n_components, n_features) == INT64_MAX) return INT64_MAX;
  const int64_t each =
      own_whitening_length(shape, n_features) + 2 * single_width(n_features) + 3 + (shape == DENSE ? 0 : n_features);
  if (!multiply_fits(n_components, each, &numbers) || !multiply_fits(numbers, (int64_t)sizeof(float), &bytes))
    return INT64_MAX;
  return sum_of_bytes(2, (int64_t[]){bytes, n_features * (int64_t)sizeof(double)});
}

/* A diagonal component: log density = constant + sum of (whitening x + slope) x. */
static void set_diagonal(single_form *form, const density_form *exact, int64_t k)
{
  const int64_t d = form->n_features;
  const double *precisions = exact->whitening + k * exact->whitening_length;
  double square = 0.0;
  double constant = exact->log_constants[k] - form->largest_constant;
  const bool is_live = exact->log_constants[k] > -INFINITY;
  for (int64_t j = 0; j < d; j++) {
    const double mean = exact->means[k * d + j] - form->origin[j];
    const double precision = is_live ? precisions[j] : 0.0;
    form->slopes[k * d + j] = (float)(precision * mean);
    square += precision * mean * mean;
    if (!form->isotropic) form->whitening[k * d + j] = (float)(-0.5 * precision);
  }
  if (is_live) constant -= 0.5 * square;
  if (form->isotropic) form->whitening[k] = is_live ? (float)(-0.5 * precisions[0]) : 0.0F;
  form->constants[k] = (float)constant;
  form->is_far[k] = square > farthest_mean;
}

void single_form_set(single_form *form, const density_form *exact)
{
  const int64_t d = form->n_features;
  const double *origin = form->origin;
  form->isotropic = exact->isotropic;
  form->largest_constant = exact->background;
  for (int64_t k = 0; k < form->n_components; k++)
    form->largest_constant = fmax(form->largest_constant, exact->log_constants[k]);
  form->background = (float)(exact->background - form->largest_constant);
  for (int64_t k = 0; k < form->n_components; k++) {
    float *means = form->means + k * form->width;
    memset(means, 0, (size_t)form->width * sizeof(float));
    for (int64_t j = 0; j < d; j++) means[j] = (float)(exact->means[k * d + j] - origin[j]);
    form->log_constants[k] = (float)(exact->log_constants[k] - form->largest_constant);
    if (form->shape == DIAGONAL) {
      set_diagonal(form, exact, k);
      continue;
    }
    const double *from = exact->whitening + k * exact->whitening_length;
    float *to = form->whitening + k * form->whitening_length;
    for (int64_t i = 0; i < form->whitening_length; i++) to[i] = (float)from[i];
  }
}

void single_form_round(const single_form *form, int64_t width, double *references)
{
  for (int64_t k = 0; k < form->n_components; k++) {
    for (int64_t j = 0; j < form->n_features; j++) {
      double *reference = references + k * width + j;
      *reference = form->origin[j] + (double)(float)(*reference - form->origin[j]);
    }
  }
}

void single_form_refer(single_form *form, int64_t width, const double *references)
{
  for (int64_t k = 0; k < form->n_components; k++) {
    float *own = form->references + k * form->width;
    memset(own, 0, (size_t)form->width * sizeof(float));
    for (int64_t j = 0; j < form->n_features; j++) own[j] = (float)(references[k * width + j] - form->origin[j]);
  }
}

/* Responsibilities have the room of those in double: twice as many tiles of diagonal components, whose kernel in double
 * takes one. */
int64_t single_group_tiles(density_shape shape, int64_t n_components, int64_t n_features)
{
  const int64_t exact = kernel_group_tiles(shape, n_components, n_features);
  const int64_t most = tiles_together(n_features);
  return shape == DIAGONAL && exact == 1 && most >= 2 ? 2 : exact;
}

/* In floats: a tile; its features about a mean; the group's points as rows; packed points; and, of all components, a
 * word. */
int64_t single_scratch_bytes(density_shape shape, int64_t n_components, int64_t n_features)
{
  const int64_t points = single_group_tiles(shape, n_components, n_features) * TILE_ROWS;
  int64_t numbers;
  int64_t bytes;
  if (n_components > INT64_MAX / 64 ||
      !multiply_fits(single_width(n_features), 2 * TILE_ROWS + points + MOST_POINTS_TOGETHER, &numbers) ||
      numbers > INT64_MAX / 16 ||
      !multiply_fits(numbers + n_components + 8 * TILE_ROWS, (int64_t)sizeof(float), &bytes))
    return INT64_MAX;
  return bytes;
}
