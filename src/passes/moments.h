/* SPDX-License-Identifier: BSD-3-Clause */
/* Sufficient statistics in the form that the M-step takes: of each component the count, the mean and the scatter about
 * that mean (Bishop 2006, eqs. 9.24-9.27).
 *
 *   counts[k] = N_k,  means[k] = sum of responsibility x / N_k,
 *   scatter[k] = sum of responsibility (x - means[k])(x - means[k])^T
 *
 * or, where all that is wanted of the scatters is their sum (POOLED_ORDER), that sum. Of scatters of which only the
 * trace is known (TRACE_ORDER) each feature has its part, trace / d: what is made of them depends on the trace alone.
 * About its own mean a component's scatter loses nothing, wherever the data are.
 *
 * Of Student's t distributions means and scatters are weighted by pulls (kernels/kernel.h), and a mean is divided by
 * their sum; counts are sums of responsibilities as ever. */
#ifndef PASSES_MOMENTS_H
#define PASSES_MOMENTS_H

#include "gmmpi/error.h"
#include "mixture/shape.h"

#include <stdint.h>

typedef struct moments {
  density_shape shape;
  int64_t n_components;  /* K */
  int64_t n_features;    /* d */
  int64_t n_second;      /* n_second_moments: K, or 1, the sum over all components */
  int64_t second_length; /* triangle_length (mixture/shape.h) */
  double n_samples;      /* of the points that they are of */
  double *counts;        /* K */
  double *means;         /* K x d */
  double *scatter;       /* n_second x second_length */
  double *pulls;         /* K: sums of pulls, S_k; NULL: components are normal */
  double *tails; /* K: sum of responsibility (E log w - E w), w the latent weight of a point (mixture/tails.h) */
  /* What scatters are divided by: by maximum likelihood the counts, and n_samples. An estimator with a prior has its
   * own (em/estimator.h). */
  double *divisors; /* K; NULL: the counts */
  double divisor;   /* 0: n_samples */
} moments;

/* Errors: 71. */
gmmpi_status moments_create(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features,
                            moments **result, gmmpi_error *error);

/* After moments_create: there are pulls and tails. Errors: 71. */
gmmpi_status moments_add_tails(moments *some, gmmpi_error *error);
int64_t moments_tail_bytes(int64_t n_components);

void moments_destroy(moments *some); /* NULL is fine */

/* The scatter that component k's is part of: its own, or the sum of all. */
static inline double *moments_scatter(const moments *some, int64_t k)
{
  return some->scatter + (some->n_second == some->n_components ? k * some->second_length : 0);
}

/* The numbers of counts, means and scatters, and the bytes of all; INT64_MAX when they can't be counted. */
int64_t moments_length(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features);
int64_t moments_bytes(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features);

#endif
