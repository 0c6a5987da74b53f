/* VVI: every component has a diagonal covariance of its own. */
#include "mixture/family.h"
#include "mixture/model.h"
#include "support/linear_algebra.h"

#include <math.h>
#include <string.h>

static int dimensions(int64_t n_components, int64_t n_features, int64_t shape[3])
{
  shape[0] = n_components;
  shape[1] = n_features;
  return 2;
}

static int64_t n_parameters(int64_t n_components, int64_t n_features)
{
  return n_components * n_features;
}

/* Celeux, Govaert 1995, model [lambda_k B_k]: the diagonal of scatter_k / N_k. */
static void estimate(const component_scatter *scatter, gmmpi_model *model)
{
  const int64_t d = scatter->n_features;
  for (int64_t k = 0; k < scatter->n_components; k++) {
    if (!(scatter->counts[k] > 0)) continue;
    for (int64_t j = 0; j < d; j++)
      model->covariances[k * d + j] = scatter->scatter[k * d + j] / scatter->counts[k] + scatter->ridge[j];
  }
}

static bool factorise(gmmpi_model *model, int64_t component)
{
  const int64_t d = model->n_features;
  const double *variances = model->covariances + component * d;
  double *factors = model->precisions_cholesky + component * d;
  for (int64_t j = 0; j < d; j++) {
    if (!variance_is_safe(variances[j])) {
      memset(factors, 0, (size_t)d * sizeof *factors);
      return false;
    }
    factors[j] = 1 / sqrt(variances[j]);
  }
  return true;
}

static void expand(const gmmpi_model *model, int64_t component, double *covariance)
{
  const int64_t d = model->n_features;
  memcpy(covariance, model->covariances + component * d, (size_t)d * sizeof *covariance);
}

static void contract(gmmpi_model *model, int64_t component, const double *covariance)
{
  const int64_t d = model->n_features;
  memcpy(model->covariances + component * d, covariance, (size_t)d * sizeof *covariance);
}

const covariance_family family_diag = {
    .name = "diag",
    .code = "VVI",
    .shape = DIAGONAL,
    .shared = false,
    .dimensions = dimensions,
    .n_parameters = n_parameters,
    .estimate = estimate,
    .factorise = factorise,
    .expand = expand,
    .contract = contract,
};
