/* VVV: every component has a covariance of its own, without restriction. */
#include "mixture/family.h"
#include "mixture/model.h"
#include "support/linear_algebra.h"

#include <string.h>

static int dimensions(int64_t n_components, int64_t n_features, int64_t shape[3])
{
  shape[0] = n_components;
  shape[1] = n_features;
  shape[2] = n_features;
  return 3;
}

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return n_components * (n_features * (n_features + 1) / 2);
}

static double *slice(const gmmpi_model *model, double *array, int64_t component)
{
  return array + component * model->n_features * model->n_features;
}

/* Celeux, Govaert 1995, model [lambda_k D_k A_k D_k^T]: scatter_k / N_k. */
static void estimate(const component_scatter *scatter, gmmpi_model *model)
{
  const int64_t d = scatter->n_features;
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    const double *triangle = scatter->scatter + k * triangle_length(DENSE, d);
    double *covariance = slice(model, model->covariances, k);
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = 0; j <= i; j++) covariance[i * d + j] = *triangle++ / scatter->counts[k];
      covariance[i * d + i] += scatter->ridge[i];
    }
    mirror_lower_triangle(d, covariance);
  }
}

static bool factorise(gmmpi_model *model, int64_t component)
{
  return whitening_factor(model->n_features, slice(model, model->covariances, component),
                          slice(model, model->precisions_cholesky, component));
}

static size_t slice_bytes(const gmmpi_model *model)
{
  return (size_t)model->n_features * (size_t)model->n_features * sizeof(double);
}

static void expand(const gmmpi_model *model, int64_t component, double *covariance)
{
  memcpy(covariance, slice(model, model->covariances, component), slice_bytes(model));
}

static void contract(gmmpi_model *model, int64_t component, const double *covariance)
{
  memcpy(slice(model, model->covariances, component), covariance, slice_bytes(model));
}

const covariance_family family_full = {
    .name = "full",
    .code = "VVV",
    .shape = DENSE,
    .shared = false,
    .dimensions = dimensions,
    .n_parameters = n_parameters,
    .estimate = estimate,
    .factorise = factorise,
    .expand = expand,
    .contract = contract,
};
