/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/posterior_accept.h"

#include "support/error.h"
#include "support/linear_algebra.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

static gmmpi_status accept_positive(const double *numbers, int64_t n, double bound, const char *name, const char *label,
                                    gmmpi_error *error)
{
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(numbers[i]) || !(numbers[i] > bound))
      return fail(error, GMMPI_BAD_DATA, "%s: %s has %g; all must be above %g", label, name, numbers[i], bound);
  }
  return GMMPI_OK;
}

gmmpi_status posterior_accept(gmmpi_model *model, const char *label, gmmpi_error *error)
{
  const bool dirichlet = model_has(model, PART_DIRICHLET);
  const bool sticks = model_has(model, PART_STICKS);
  const int64_t K = model->n_components;
  const double least_dof = (double)model->n_features - 1.0;
  if (!model_has(model, PART_POSTERIOR) && !dirichlet && !sticks) return GMMPI_OK;
  if (!model_has(model, PART_POSTERIOR) || dirichlet == sticks)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has parts of a variational posterior alone; give weight_concentration, K numbers or 2 x K, "
                "mean_precision, degrees_of_freedom and their priors, or none of them",
                label);
  gmmpi_error local = {0};
  double *factor = allocate(storage_length(model->family->storage, model->n_features), sizeof *factor);
  if (factor == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
  if (model->family->storage->rank == 2) mirror_lower_triangle(model->n_features, model->covariance_prior);
  if (accept_positive(model->weight_concentration, sticks ? 2 * K : K, 0.0, "weight_concentration", label, &local) ==
          GMMPI_OK &&
      accept_positive(model->mean_precision, K, 0.0, "mean_precision", label, &local) == GMMPI_OK &&
      accept_positive(model->degrees_of_freedom, K, least_dof, "degrees_of_freedom", label, &local) == GMMPI_OK &&
      accept_positive(model->weight_concentration_prior, 1, 0.0, "weight_concentration_prior", label, &local) ==
          GMMPI_OK &&
      accept_positive(model->mean_precision_prior, 1, 0.0, "mean_precision_prior", label, &local) == GMMPI_OK &&
      accept_positive(model->degrees_of_freedom_prior, 1, least_dof, "degrees_of_freedom_prior", label, &local) ==
          GMMPI_OK &&
      accept_positive(model->mean_prior, model->n_features, -INFINITY, "mean_prior", label, &local) == GMMPI_OK &&
      !model->family->storage->factorise(model->n_features, model->covariance_prior, factor))
    fail(&local, GMMPI_BAD_DATA, "%s: covariance_prior is not positive definite; correct it", label);
  free(factor);
  return error_pass(error, &local);
}
