/* SPDX-License-Identifier: BSD-3-Clause */
/* The mode of the posterior under a conjugate prior, as mclust has it: Fraley, Raftery 2007, "Bayesian regularization
 * for normal mixture estimation and model-based clustering" (Journal of Classification 24).
 *
 * With kappa the shrinkage, m the prior mean, nu the degrees of freedom and S the scale, of a component with N_k
 * points of mean x_k and scatter W_k
 *
 *   mean_k = (N_k x_k + kappa m) / (N_k + kappa)
 *   B_k    = W_k + kappa N_k / (kappa + N_k) (x_k - m)(x_k - m)^T
 *
 * and the family's M-step has B_k + S in place of W_k, with larger divisors (the table in map.c). All of these maximise
 *
 *   log-likelihood - sum over k of [ c_k log det Sigma_k + trace(S_k Sigma_k^-1)
 *                                    + kappa (mean_k - m)^T Sigma_k^-1 (mean_k - m) ] / 2,
 *
 * the log of the posterior density up to a constant, over components whose weight is not 0: c_k is what the divisor has
 * more than N_k, and S_k is S, or of families with one covariance S / K. */
#ifndef EM_MAP_H
#define EM_MAP_H

#include "em/estimator.h"

/* Is there a prior for the family? */
bool map_knows(const covariance_family *family);

#endif
