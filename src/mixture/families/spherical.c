/* VII: every component is a ball with a variance of its own. */
#include "mixture/family.h"
#include "mixture/model.h"
#include "support/linear_algebra.h"

#include <math.h>

static int dimensions(int64_t n_components, int64_t n_features, int64_t shape[3])
{
  (void)n_features;
  shape[0] = n_components;
  return 1;
}

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  (void)n_features;
  return n_components;
}

/* Celeux, Govaert 1995, model [lambda_k I]: trace(scatter_k) / (d N_k). */
static void estimate(const component_scatter *scatter, gmmpi_model *model)
{
  const int64_t d = scatter->n_features;
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    double sum = 0;
    for (int64_t j = 0; j < d; j++) sum += scatter->scatter[k * d + j] / scatter->counts[k] + scatter->ridge[j];
    model->covariances[k] = sum / (double)d;
  }
}

static bool factorise(gmmpi_model *model, int64_t component)
{
  const double variance = model->covariances[component];
  const bool safe = variance_is_safe(variance);
  model->precisions_cholesky[component] = safe ? 1 / sqrt(variance) : 0;
  return safe;
}

static void expand(const gmmpi_model *model, int64_t component, double *covariance)
{
  for (int64_t j = 0; j < model->n_features; j++) covariance[j] = model->covariances[component];
}

static void contract(gmmpi_model *model, int64_t component, const double *covariance)
{
  const int64_t d = model->n_features;
  double sum = 0;
  for (int64_t j = 0; j < d; j++) sum += covariance[j];
  model->covariances[component] = sum / (double)d;
}

const covariance_family family_spherical = {
    .name = "spherical",
    .code = "VII",
    .shape = DIAGONAL,
    .shared = false,
    .dimensions = dimensions,
    .n_parameters = n_parameters,
    .estimate = estimate,
    .factorise = factorise,
    .expand = expand,
    .contract = contract,
};
