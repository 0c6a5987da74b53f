/* SPDX-License-Identifier: BSD-3-Clause */
/* Adaptation of a model to further points: Reynolds, Quatieri, Dunn 2000, "Speaker verification using adapted Gaussian
 * mixture models" (Digital Signal Processing 10), eqs. 7 to 14. With alpha_k = N_k / (N_k + relevance)
 *
 *   weight_k     ~ alpha_k N_k / N        + (1 - alpha_k) weight_k of the model, divided by their sum
 *   mean_k       = alpha_k E_k[x]         + (1 - alpha_k) mean_k of the model
 *   covariance_k = alpha_k E_k[x x^T]     + (1 - alpha_k) (covariance_k + mean_k mean_k^T of the model) - mean_k
 * mean_k^T
 *
 * of which any may be left as they are. In terms of scatters about means, in which nothing is lost, the last one is
 *
 *   covariance_k (N_k + relevance) = W_k + relevance covariance_k of the model + f (x_k - m_k)(x_k - m_k)^T
 *
 * with f = N_k relevance / (N_k + relevance), or N_k where means stay. So it is the M-step of a conjugate prior, whose
 * log density is in the objective, and families whose covariances have something in common take the same scatters. Of
 * weights the paper's formula maximises nothing. */
#ifndef EM_ADAPT_H
#define EM_ADAPT_H

#include "em/estimator.h"

#endif
