/* SPDX-License-Identifier: BSD-3-Clause */
/* Regression by a mixture: some features, the targets, are predicted from the others, which are known.
 *
 *   E(y | x) = sum_k r_k(x) m_k(x),   m_k(x) = mean_y + Sigma_yx Sigma_xx^-1 (x - mean_x),
 *   Var(y | x) = sum_k r_k(x) (S_k(x) + (m_k(x) - E) (m_k(x) - E)^T),   S_k = Sigma_yy - Sigma_yx Sigma_xx^-1 Sigma_xy,
 *
 * r_k(x) the responsibilities in the marginal mixture of the known features (Bishop 2006, eqs. 2.81, 2.82 and 9.13;
 * Sung 2004, "Gaussian mixture regression and classification", sec. 2.2). Of t distributions S_k(x) is the conditional
 * covariance (nu + delta) / (nu + m - 2) S_k, delta the square of x's distance and m known features (Ding 2016, "On the
 * conditional distribution of the multivariate t distribution", The American Statistician 70); infinite where nu + m <=
 * 2. A background takes part with the middle of its box and, of its uniform distribution, edge^2 / 12.
 *
 * Targets are in the units of the data where nothing but a shift and a scale was done to them; where a function was
 * (log10, ...), in those of the function's value: its mean and variance are no mean and variance of the feature. */
#ifndef APPLY_REGRESSION_H
#define APPLY_REGRESSION_H

#include "apply/feature_choice.h"
#include "mixture/model.h"

/* What is the same for all points. */
typedef struct regression {
  gmmpi_model *joint;    /* d features; of a model with a posterior its predictive density (predictive_model) */
  gmmpi_model *marginal; /* n_known features */
  int64_t n_known;
  int64_t n_targets;
  int64_t *known;       /* n_known features of the joint model, ascending */
  int64_t *targets;     /* n_targets, in the order in which they were named */
  double *coefficients; /* K x n_known x n_targets; NULL of DIAGONAL covariances, where targets do not depend on x */
  double *means;        /* K x n_targets: mean_y */
  double *covariances;  /* K x n_targets x n_targets: S_k */
  double *noise_mean;   /* n_targets, of a background */
  double *noise_variance;
  double *middle; /* n_targets: the mixture's mean */
  double *shifts; /* n_targets: y in the units above = shift + scale times y in the model's */
  double *scales;
  double log_scale;       /* the sum of log scales */
  const char **functions; /* n_targets: "log10", or NULL where there is none */
} regression;

/* targets: fewer than there are features. Errors: 64 a background whose parts are not known; 65 a covariance that
 * cannot be factorised; 71. */
gmmpi_status regression_create(const gmmpi_model *model, const feature_choice *targets, const char *label,
                               regression **result, gmmpi_error *error);
void regression_destroy(regression *self); /* NULL is fine */

/* INT64_MAX when they can't be counted. */
int64_t regression_bytes(const gmmpi_model *model, int64_t n_targets);

#endif
