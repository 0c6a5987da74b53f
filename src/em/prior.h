/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known before the points are seen: the parameters of prior distributions, one set for a whole fit, the same on
 * all levels and for all starts.
 *
 * Normal-inverse-Wishart, of the mean and covariance of a component (Gelman et al., Bayesian Data Analysis, 3rd ed.,
 * sec. 3.6; in terms of precisions Bishop 2006, eq. 10.40):
 *
 *   covariance ~ inverse Wishart(dof, scale),   mean | covariance ~ N(mean, covariance / shrinkage)
 *
 * To add a number: a member, set by whoever makes the prior of a method. */
#ifndef EM_PRIOR_H
#define EM_PRIOR_H

#include "em/options.h"
#include "passes/data_spread.h"

typedef struct prior {
  double shrinkage; /* how many points the prior mean counts for */
  double dof;
  double *mean;                /* d */
  double *scale;               /* covariance_length (mixture/shape.h) of the family's shape */
  double weight_concentration; /* of each component's weight, or of each stick */
  double n_samples;            /* points that there are, weighted */
  double *scratch;             /* n_scratch, for those who work with the prior; NULL: none is wanted */
  int64_t n_scratch;
  const gmmpi_model *from; /* what is adapted: borrowed; NULL: nothing */
} prior;

/* The prior that the options ask for; *made is NULL where they ask for none. Not collective; all ranks make the same,
 * but where processors differ. Errors: 64, 71. */
gmmpi_status prior_create(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                          gmmpi_error *error);
/* That of METHOD_VB and METHOD_DP (em/bayes.c). Where an option is 0 or NULL: weight_concentration 1/K, shrinkage
 * (mean_precision_prior) 1, dof d, mean that of the points, scale the covariance of the points (divided by n - 1;
 * spherical: the mean of their variances), with the ridge of data_spread where it is not positive definite by itself.
 * Errors: 64 numbers that do not suit d features or the family; 71. */
gmmpi_status bayes_prior(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                         gmmpi_error *error);

void prior_destroy(prior *before); /* NULL is fine */

#endif
