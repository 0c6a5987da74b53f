/* SPDX-License-Identifier: BSD-3-Clause */
/* The degrees of freedom of t distributions in an EM iteration (Peel, McLachlan 2000, sec. 4).
 *
 * A point of component k is normal with covariance Sigma_k / w given a weight w, which is Gamma distributed with shape
 * and rate nu/2. The E-step under nu gives E w = u = (nu + d)/(nu + delta) and, as w given the point is Gamma with
 * shape (nu + d)/2, E log w = log u + digamma((nu + d)/2) - log((nu + d)/2). The expected complete log-likelihood is a
 * sum of a function of means and covariances and one of the degrees of freedom alone, which is largest where
 *
 *   log(nu/2) - digamma(nu/2) + 1 + T_k / N_k = 0,   T_k = sum of responsibility (E log w - E w).
 *
 * So one E-step serves both, and EM with it never lowers the likelihood. */
#ifndef EM_TAILS_H
#define EM_TAILS_H

#include "em/options.h"
#include "passes/moments.h"
#include "passes/statistics.h"

/* Component k's pulls, tails and count from sums under dof degrees of freedom (0: not known yet). Responsibilities by
 * another rule than the posterior bring no tail sums: then pulls are responsibilities, and tails such that the degrees
 * of freedom stay. */
void take_tails(const statistics *sums, int64_t k, double dof, moments *taken);

/* Sets next->dof of the components with counts > 0, by what the options say of it; from one step to the next it grows
 * four times at most, so that a leap of an accelerator does not end where tails are lost for good. */
void set_dof(double option, const double *counts, const moments *from, const gmmpi_model *previous, gmmpi_model *next);

#endif
