/* SPDX-License-Identifier: BSD-3-Clause */
/* Covariances in a family's shape from dense ones, and back. */
#ifndef TESTS_COVARIANCES_H
#define TESTS_COVARIANCES_H

#include "mixture/model.h"

#include <string.h>

/* Makes dense (d x d), as far as the family can hold it, the component's covariance. Only the shape's numbers are
 * passed on: the rest of the family's argument is poisoned. */
static inline void contract_dense(gmmpi_model *model, int64_t component, const double *dense)
{
  enum { MOST_NUMBERS = 128 * 128 };
  const int64_t d = model->n_features;
  double covariance[MOST_NUMBERS];
  memset(covariance, 0xFF, sizeof covariance);
  for (int64_t i = 0; i < d; i++) {
    if (model->family->storage->shape == DENSE)
      memcpy(covariance + i * d, dense + i * d, (size_t)d * sizeof *dense);
    else
      covariance[i] = dense[i * d + i];
  }
  model_contract(model, component, covariance);
}

/* dense: d x d. */
static inline void expand_dense(const gmmpi_model *model, int64_t component, double *dense)
{
  const int64_t d = model->n_features;
  model_expand(model, component, dense);
  if (model->family->storage->shape == DENSE) return;
  for (int64_t i = d - 1; i >= 0; i--) {
    const double variance = dense[i];
    memset(dense + i * d, 0, (size_t)d * sizeof *dense);
    dense[i * d + i] = variance;
  }
}

#endif
