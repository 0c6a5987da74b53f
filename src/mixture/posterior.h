/* SPDX-License-Identifier: BSD-3-Clause */
/* Variational posteriors of mixtures: what a model with PART_POSTERIOR stands for.
 *
 * The posterior of the parameters factorises (Bishop 2006, sec. 10.2), for component k with m = means[k],
 * beta = mean_precision[k], nu = degrees_of_freedom[k] and W = inverse of nu covariances[k]:
 *
 *   mean, precision   Normal(mean | m, (beta precision)^-1) Wishart(precision | W, nu)
 *   weights           Dirichlet(weight_concentration), or by sticks v_k ~ Beta(weight_concentration[0][k],
 *                     weight_concentration[1][k]), weight_k = v_k prod_j<k (1 - v_j), truncated after K (Blei, Jordan
 *                     2006)
 *
 * model->weights are the expected weights (of sticks divided by their sum), covariances the inverses of the expected
 * precisions. Arrays, their names and these conventions are those of scikit-learn's BayesianGaussianMixture. Of
 * diagonal and spherical families W is restricted to such matrices while the precision itself is not: that is the
 * posterior of which scikit-learn's expectations are those. The tied family has one Wishart posterior, whose
 * degrees_of_freedom stand K times; it counts 1/K of the points, and K times in the bound. */
#ifndef MIXTURE_POSTERIOR_H
#define MIXTURE_POSTERIOR_H

#include "mixture/model.h"

/* Expected log weights, of all components: K. */
void posterior_log_weights(const gmmpi_model *model, double *log_weights);

/* Expected log weight plus expected log density of a component at a point x, but for -1/2 (x - m)^T precision (x - m)
 * with the expected precision (Bishop 2006, eqs. 10.46, 10.64 to 10.66). */
double posterior_log_constant(const gmmpi_model *model, int64_t k, double log_weight);

/* Sets weights from weight_concentration. */
void posterior_set_weights(gmmpi_model *model);

/* Sets weight_concentration and weights from how many points belong to each component: counts, K. */
void posterior_concentrate(gmmpi_model *model, const double *counts);

/* (x - m)^T P (x - m), P the inverse of component k's covariance; difference: d, x - m. */
double posterior_square(const gmmpi_model *model, int64_t k, const double *difference);

/* trace(P C), C covariance_length numbers in the family's shape (mixture/shape.h), of which the lower triangle counts.
 */
double posterior_trace(const gmmpi_model *model, int64_t k, const double *covariance);

/* The log normaliser of the posterior but for terms that depend on K and d alone: the negative logs of the Dirichlet
 * (or Beta) and Wishart constants B and C (Bishop 2006, eqs. B.23, B.79) and -d/2 sum log mean_precision. */
double posterior_log_normaliser(const gmmpi_model *model);

/* How many points belong to component k, and whether that makes it one that is used: 1 or more. */
double posterior_count(const gmmpi_model *model, int64_t k);
bool posterior_is_used(const gmmpi_model *model, int64_t k);
int64_t posterior_n_used(const gmmpi_model *model);

/* Brings components into the order of their counts, the largest first, ties as they were: no other order of the same
 * ones makes the bound of sticks higher. Errors: 71. */
gmmpi_status posterior_sort(gmmpi_model *model, gmmpi_error *error);

/* A model of the components that are used alone (of the one with most points where none is), its weights those of the
 * posterior without the others: of sticks, as if there had never been more. The feature names stay. Errors: 71. */
gmmpi_status posterior_prune(const gmmpi_model *model, gmmpi_model **pruned, gmmpi_error *error);

/* The posterior predictive density of component k is Student's t (Bishop 2006, eqs. 10.81, 10.82) with nu + 1 - d
 * degrees of freedom about m: its scale matrix is covariances[k] times *scale. */
double predictive_dof(const gmmpi_model *model, int64_t k, double *scale);

#endif
