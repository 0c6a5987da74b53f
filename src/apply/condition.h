/* SPDX-License-Identifier: BSD-3-Clause */
/* The density of the other features of a mixture where some are given:
 *
 *   p(b | a) = sum_k w_k N(b | mean_k|a, covariance_k|a),   w_k = weight_k N(a | k) / sum_j weight_j N(a | j),
 *   mean_k|a = mean_b + Sigma_ba Sigma_aa^-1 (a - mean_a),
 *   covariance_k|a = Sigma_bb - Sigma_ba Sigma_aa^-1 Sigma_ab     (Bishop 2006, eqs. 2.81, 2.82; apply/partition.h)
 *
 * Of a t distribution with nu degrees of freedom, delta the square of a's distance and p features given, it is the t
 * distribution with nu + p degrees of freedom about the same mean, whose scale matrix is (nu + delta) / (nu + p) times
 * that (Ding 2016, "On the conditional distribution of the multivariate t distribution", The American Statistician 70,
 * eq. 3).
 *
 * A uniform background has weight_0 / (volume of its box along the given features) in place of weight_k N(a | k), as
 * everywhere also beyond the box, and the box of the other features. Of a model with a variational posterior it is the
 * conditional density of the posterior predictive density (apply/predictive_model.h). */
#ifndef APPLY_CONDITION_H
#define APPLY_CONDITION_H

#include "mixture/model.h"

/* given: n_given different features, fewer than there are, and their values, in the units of the model's (transformed)
 * features. The other features stay in their order. log_density, unless NULL: log p(a). label: the model's origin, for
 * messages. Errors: 64 the values are so far from all components that none has a density there, or a background's part
 * is not known; 65 a covariance that cannot be factorised; 71. */
gmmpi_status model_condition(const gmmpi_model *model, const int64_t *given, const double *values, int64_t n_given,
                             const char *label, gmmpi_model **conditional, double *log_density, gmmpi_error *error);

#endif
