/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernels/nearest_form.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An odd number of cache lines, as in centred_form. */
static int64_t nearest_stride(int64_t n_features)
{
  const int64_t lines = (n_features + 15) / 16;
  return 16 * (lines | 1);
}

enum { ARRAYS_OF_COMPONENTS = 5 };

int64_t nearest_form_bytes(int64_t most_components, int64_t n_features)
{
  int64_t rows;
  if (!multiply_fits(most_components, nearest_stride(n_features) + ARRAYS_OF_COMPONENTS, &rows) ||
      rows > INT64_MAX / (int64_t)sizeof(float))
    return INT64_MAX;
  return sum_of_bytes(3, (int64_t[]){(int64_t)sizeof(nearest_form), rows * (int64_t)sizeof(float),
                                     2 * n_features * (int64_t)sizeof(double)});
}

gmmpi_status nearest_form_create(int64_t most_components, int64_t n_features, nearest_form **form, gmmpi_error *error)
{
  nearest_form *created = calloc(1, sizeof *created);
  *form = created;
  if (created != NULL) {
    float **arrays[ARRAYS_OF_COMPONENTS] = {&created->precisions, &created->halves, &created->by_size,
                                            &created->by_half, &created->alone};
    created->most_components = most_components;
    created->n_features = n_features;
    created->stride = nearest_stride(n_features);
    created->origin = allocate(n_features, sizeof(double));
    created->scales = allocate(n_features, sizeof(double));
    created->means = allocate(most_components * created->stride, sizeof(float));
    bool has_all = created->origin != NULL && created->scales != NULL && created->means != NULL;
    for (int i = 0; i < ARRAYS_OF_COMPONENTS; i++) {
      *arrays[i] = allocate(most_components, sizeof(float));
      has_all = has_all && *arrays[i] != NULL;
    }
    if (has_all) return GMMPI_OK;
  }
  nearest_form_destroy(created);
  *form = NULL;
  return fail(error, GMMPI_NO_MEMORY, "there is no memory for %lld centres; use machines with more memory",
              (long long)most_components);
}

void nearest_form_destroy(nearest_form *form)
{
  if (form == NULL) return;
  free(form->origin);
  free(form->scales);
  free(form->means);
  free(form->precisions);
  free(form->halves);
  free(form->by_size);
  free(form->by_half);
  free(form->alone);
  free(form);
}

/* Beyond, single precision might have no such numbers, or none that are normal. */
#define LARGEST_SQUARE    0x1p60
#define LARGEST_PRECISION 0x1p40

/* The mean of the means, one by one, so that nothing overflows; of components of weight 0 nothing. */
static void set_middle(nearest_form *form, const density_form *exact)
{
  const int64_t d = form->n_features;
  double n = 0.0;
  memset(form->origin, 0, (size_t)d * sizeof(double));
  for (int64_t k = 0; k < form->n_components; k++) {
    if (exact->log_constants[k] == -INFINITY) continue;
    n += 1.0;
    for (int64_t j = 0; j < d; j++) form->origin[j] += (exact->means[k * d + j] - form->origin[j]) / n;
  }
}

static float rounded_up(double value)
{
  return (float)(value * (1.0 + 0x1p-20));
}

/* Returns whether single precision has the component's numbers. */
static bool set_component(nearest_form *form, const density_form *exact, int64_t k)
{
  const double unit = 0x1p-24;
  const int64_t d = form->n_features;
  const double p = exact->isotropic ? exact->whitening[k * exact->whitening_length] : 1.0;
  const double constant = exact->log_constants[k];
  float *row = form->means + k * form->stride;
  double square = 0.0;
  if (constant == -INFINITY) {
    memset(row, 0, (size_t)form->stride * sizeof(float));
    form->precisions[k] = form->by_size[k] = form->by_half[k] = form->alone[k] = 0.0F;
    form->halves[k] = INFINITY;
    return true;
  }
  for (int64_t j = 0; j < d; j++) {
    const double m = form->scales[j] * (exact->means[k * d + j] - form->origin[j]);
    square += m * m;
    row[j] = (float)m;
  }
  const double half = 0.5 * p * square;
  form->precisions[k] = (float)p;
  form->halves[k] = (float)(half - constant);
  form->by_size[k] = rounded_up((double)(d + 16) * unit * p * sqrt(square));
  form->by_half[k] = rounded_up(16.0 * unit * p);
  form->alone[k] = rounded_up(16.0 * unit * (half + fabs(constant)) + 0x1p-40);
  return square <= LARGEST_SQUARE && p <= LARGEST_PRECISION && p >= 1.0 / LARGEST_PRECISION &&
         fabs(constant) <= LARGEST_SQUARE;
}

bool nearest_form_serves(const density_form *exact)
{
  return exact->shape == DIAGONAL && exact->dof == NULL && exact->background == -INFINITY &&
         exact->n_components >= LEAST_NEAREST_COMPONENTS && exact->n_features >= LEAST_NEAREST_FEATURES;
}

void nearest_form_set(nearest_form *form, const density_form *exact)
{
  const int64_t d = form->n_features;
  form->n_components = exact->n_components;
  form->holds = nearest_form_serves(exact);
  if (!form->holds) return;
  for (int64_t j = 0; j < d; j++) {
    form->scales[j] = exact->isotropic ? 1.0 : sqrt(exact->whitening[j]);
    form->holds = form->holds && form->scales[j] <= LARGEST_PRECISION;
  }
  set_middle(form, exact);
  for (int64_t k = 0; k < form->n_components && form->holds; k++) form->holds = set_component(form, exact, k);
}
