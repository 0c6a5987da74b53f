/* SPDX-License-Identifier: BSD-3-Clause */
/* Information criteria: how well a model explains the points, less a penalty for its size. With scikit-learn's sign:
 * lower is better.
 *
 *   BIC = -2 log L + p log n        (Schwarz 1978, "Estimating the dimension of a model")
 *   AIC = -2 log L + 2 p            (Akaike 1974, "A new look at the statistical model identification")
 *   ICL = BIC - 2 sum_i log max_k responsibility_ik
 *                                   (Biernacki, Celeux, Govaert 2000, "Assessing a mixture model for clustering with
 * the integrated completed likelihood") */
#ifndef MIXTURE_CRITERIA_H
#define MIXTURE_CRITERIA_H

#include <stdint.h>

typedef struct information_criteria {
  double bic, aic, icl;
} information_criteria;

/* log_likelihood and sum_log_max_responsibility (<= 0) are sums over all points, which count for n: their number, or
 * the sum of their weights (shard.total_weight); n_parameters as model_n_parameters counts: components of weight 0 have
 * none. */
information_criteria criteria_of(double log_likelihood, double sum_log_max_responsibility, int64_t n_parameters,
                                 double n);

#endif
