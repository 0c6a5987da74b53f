/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known before the points are seen: the parameters of prior distributions, one set for a whole fit, the same on
 * all levels and for all starts.
 *
 * Normal-inverse-Wishart, of the mean and covariance of a component (Gelman et al., Bayesian Data Analysis, 3rd ed.,
 * sec. 3.6; in terms of precisions Bishop 2006, eq. 10.40):
 *
 *   covariance ~ inverse Wishart(dof, scale),   mean | covariance ~ N(mean, covariance / shrinkage)
 *
 * To add a number: a member, set by whoever makes the prior of a method, and its place in prior_take_of_rank_0. */
#ifndef EM_PRIOR_H
#define EM_PRIOR_H

#include "em/options.h"
#include "passes/data_spread.h"

#include <mpi.h>

typedef struct prior {
  double shrinkage; /* how many points the prior mean counts for */
  double dof;
  double *mean;                   /* d; NULL, as the next one: it is of the model that is adapted */
  double *scale;                  /* covariance_length (mixture/shape.h) of the family's shape */
  const struct map_family *rules; /* of MAP (em/map.c): how the family's M-step takes them */
  double weight_concentration;    /* of each component's weight, or of each stick */
  const gmmpi_model *from;        /* what is adapted: borrowed; NULL: nothing */
  double n_samples;               /* points that there are, weighted */
  double *scratch;                /* n_scratch, for those who work with the prior; NULL: none is wanted */
  int64_t n_scratch;
  unsigned adapts; /* which of its parameters are: adapted_parameters (em/options.h) */
} prior;

/* The prior that the options ask for; *made is NULL where they ask for none. Not collective; all ranks make the same,
 * but where processors differ. Errors: 71; 64 numbers that were given and do not fit the features. */
gmmpi_status prior_create(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                          gmmpi_error *error);
/* That of METHOD_VB and METHOD_DP (em/bayes.c). Where an option is 0 or NULL: weight_concentration 1/K, shrinkage
 * (mean_precision_prior) 1, dof d, mean that of the points, scale the covariance of the points (divided by n - 1;
 * spherical: the mean of their variances), with the ridge of data_spread where it is not positive definite by itself.
 * Errors: 64 numbers that do not suit d features or the family; 71. */
gmmpi_status bayes_prior(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                         gmmpi_error *error);

/* How many numbers of scratch that has; INT64_MAX when they can't be counted. */
int64_t bayes_scratch_numbers(const fit_options *options, int64_t n_features);

void prior_destroy(prior *before); /* NULL is fine */

/* Collective: rank 0's numbers on every rank. NULL is fine. */
void prior_take_of_rank_0(MPI_Comm comm, density_shape shape, int64_t n_features, prior *before);

/* The bytes that it takes; INT64_MAX when they can't be counted. */
int64_t prior_bytes(const fit_options *options, int64_t n_features);

/* What prior_create gives each method: an empty prior with room for mean and scale, or NULL for want of memory. */
prior *prior_allocate(density_shape shape, int64_t n_features);

/* Those of the methods, with the contract of prior_create. */
gmmpi_status map_prior(const fit_options *options, const data_spread *spread, int64_t n_features, prior **made,
                       gmmpi_error *error);
gmmpi_status adapt_prior(const fit_options *options, prior **made, gmmpi_error *error);

#endif
