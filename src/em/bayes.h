/* SPDX-License-Identifier: BSD-3-Clause */
/* Variational Bayes: estimators of the posterior of a mixture's parameters (mixture/posterior.h), with the priors,
 * updates and bound of scikit-learn's BayesianGaussianMixture (1.2.1).
 *
 * The priors are a Dirichlet distribution of the weights, or of each stick Beta(1, weight_concentration), and
 * Normal-Wishart distributions (Bishop 2006, sec. 10.2; Attias 2000; Blei, Jordan 2006). From moments N, x, S of the
 * points (N S the scatter) the M-step is, for each component (eqs. 10.58 to 10.63, with W^-1 = nu covariance),
 *
 *   beta = beta0 + N,  m = (beta0 m0 + N x) / beta,  nu = nu0 + N,
 *   W^-1 = C0 + N (S + ridge) + N beta0 / beta (x - m0)(x - m0)^T.
 *
 * tied: nu = nu0 + sum N / K and W^-1 is the mean of the components' ones.
 *
 * The objective is the bound of the evidence at a model, with the responsibilities that are best for it:
 *
 *   sum_n log sum_k rho_nk + A(model) - sum of expected statistics times (posterior - prior) parameters,
 *
 * A the posterior's log normaliser. It never falls from one M-step to the next with a ridge of 0; the ridge is no part
 * of the points, and may make it fall by as little as it is itself. The terms that do not depend on the model are those
 * that scikit-learn drops, so that both agree at a fixed point: + n d/2 log 2 pi, and A of the prior is left out.
 * scikit-learn's lower_bound_ after T iterations is the entropy of the responsibilities of the last E-step, which was
 * made with the model before, plus A of the model after: model->lower_bound is the same number after a textbook step.
 */
#ifndef EM_BAYES_H
#define EM_BAYES_H

#include "em/prior.h"

/* Defaults, where an option is 0 or NULL: weight_concentration 1/K, shrinkage (mean_precision_prior) 1, dof d, mean
 * that of the points, scale the covariance of the points (divided by n - 1; spherical: the mean of their variances),
 * with the ridge of data_spread where it is not positive definite by itself. Errors: 64 numbers that do not suit d
 * features or the family; 71. */
gmmpi_status bayes_prior_create(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                                gmmpi_error *error);

#endif
