/* EEE: one covariance without restriction, shared by all components. */
#include "mixture/family.h"
#include "mixture/model.h"
#include "support/linear_algebra.h"

#include <string.h>

static int dimensions(int64_t n_components, int64_t n_features, int64_t shape[3])
{
  (void)n_components;
  shape[0] = n_features;
  shape[1] = n_features;
  return 2;
}

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  (void)n_components;
  return n_features * (n_features + 1) / 2;
}

static size_t matrix_bytes(const gmmpi_model *model)
{
  return (size_t)model->n_features * (size_t)model->n_features * sizeof(double);
}

/* Celeux, Govaert 1995, model [lambda D A D^T]: the sum of the scatters / n. */
static void estimate(const component_scatter *scatter, gmmpi_model *model)
{
  const int64_t d = scatter->n_features;
  const int64_t length = triangle_length(DENSE, d);
  double *covariance = model->covariances;
  if (!(scatter->n_samples > 0)) return;
  memset(covariance, 0, matrix_bytes(model));
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    const double *triangle = scatter->scatter + k * length;
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = 0; j <= i; j++) covariance[i * d + j] += *triangle++;
    }
  }
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j <= i; j++) covariance[i * d + j] /= scatter->n_samples;
    covariance[i * d + i] += scatter->ridge[i];
  }
  mirror_lower_triangle(d, covariance);
}

static bool factorise(gmmpi_model *model, int64_t component)
{
  (void)component;
  return whitening_factor(model->n_features, model->covariances, model->precisions_cholesky);
}

static void expand(const gmmpi_model *model, int64_t component, double *covariance)
{
  (void)component;
  memcpy(covariance, model->covariances, matrix_bytes(model));
}

static void contract(gmmpi_model *model, int64_t component, const double *covariance)
{
  (void)component;
  memcpy(model->covariances, covariance, matrix_bytes(model));
}

const covariance_family family_tied = {
    .name = "tied",
    .code = "EEE",
    .shape = DENSE,
    .shared = true,
    .dimensions = dimensions,
    .n_parameters = n_parameters,
    .estimate = estimate,
    .factorise = factorise,
    .expand = expand,
    .contract = contract,
};
