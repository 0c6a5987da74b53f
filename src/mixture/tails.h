/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions of the degrees of freedom of Student's t distributions (Peel, McLachlan 2000, "Robust mixture modelling
 * using the t distribution", Statistics and Computing 10). */
#ifndef MIXTURE_TAILS_H
#define MIXTURE_TAILS_H

/* Estimated degrees of freedom stay within these. A t distribution of the most differs from a normal one by less than
 * d^2 / DOF_MOST^2 in mean log density. */
#define DOF_LEAST 0.1
#define DOF_MOST  1e4

/* Before anything is known of a component's tails. */
#define DOF_START 20.0

/* lgamma((dof + d)/2) - lgamma(dof/2) - d/2 log(dof/2): what log densities have besides those of a normal distribution,
 * to about 1e-15 d. dof > 0, d >= 1. */
double tails_log_factor(double dof, double n_features);

/* digamma(x) - log(x), x > 0; negative. */
double tails_digamma_less_log(double x);

/* Where log(dof/2) - digamma(dof/2) = excess (> 0), within DOF_LEAST ... DOF_MOST; DOF_MOST where excess is not
 * positive. */
double tails_solve_dof(double excess);

#endif
