#include "em/degenerate.h"

#include "mixture/model.h"
#include "support/linear_algebra.h"

#include <math.h>

/* A component is as thin as the ridge below so many ridges, or this share of a feature's variance. */
static const double thin_in_ridges = 10.0;
static const double thin_in_variances = 1e-8;

bool is_degenerate(const em_iteration *em, const gmmpi_model *model, double *factor)
{
  const covariance_family *family = model->family;
  const int64_t d = model->n_features;
  const bool dense = family->shape == DENSE;
  double *covariance = em->step->covariance;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] == 0.0) continue;
    if (model->weights[k] * (double)em->points->n_samples < (double)(dense ? d + 1 : 2)) return true;
    family->expand(model, k, covariance);
    if (dense && !whitening_factor(d, covariance, factor)) return true;
    for (int64_t j = 0; j < d; j++) {
      /* Of feature j when those before it are known; without correlations simply its variance. */
      const int64_t place = covariance_diagonal(family->shape, d, j);
      const double variance = dense ? 1.0 / (factor[place] * factor[place]) : covariance[place];
      if (variance < fmax(thin_in_ridges * em->options->reg_covar, thin_in_variances * em->spread->variances[j]))
        return true;
    }
  }
  return false;
}
