/* SPDX-License-Identifier: BSD-3-Clause */
#include "mixture/criteria.h"

#include <math.h>

information_criteria criteria_of(double log_likelihood, double sum_log_max_responsibility, int64_t n_parameters,
                                 double n)
{
  const double deviance = -2.0 * log_likelihood;
  const double bic = deviance + (double)n_parameters * log(n);
  return (information_criteria){
      .bic = bic,
      .aic = deviance + 2.0 * (double)n_parameters,
      .icl = bic - 2.0 * sum_log_max_responsibility,
  };
}
