/* SPDX-License-Identifier: BSD-3-Clause */
/* The public function that draws points. */
#include "gmmpi/apply.h"

#include "apply/sample.h"
#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <stdlib.h>

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
