/* SPDX-License-Identifier: BSD-3-Clause */
/* Sufficient statistics: what one pass over all points leaves behind, about a reference point r_k per component.
 *
 *   counts[k] = sum of responsibilities,  first[k] = sum of responsibility (x - r_k),
 *   second[k] = sum of responsibility (x - r_k)(x - r_k)^T,  and the log-likelihood
 *
 * (Bishop 2006, eq. 9.27, and p. 440 for the M-step from them). About a reference point close to the component's mean
 * nothing is lost by cancellation for data far from the origin.
 *
 * Of Student's t distributions (mixture/density.h) the points are weighted by pulls, which responsibilities are times
 * (nu + d)/(nu + delta), in all of these, so that counts are sums of pulls S_k; and besides there are the tail sums
 *
 *   totals[k] = sum of responsibilities N_k,  logs[k] = sum of responsibility log(1 + delta / nu).
 *
 * Where only the sum of the second moments over all components is wanted (POOLED_ORDER), that is what there is: each
 * about its r_k, or all about one origin (statistics_about), which is d d / 2 products per point instead of per point
 * and component.
 *
 * Where of each component's second moments the trace alone is wanted (TRACE_ORDER), that is what there is, the sum of
 * responsibility |x - r_k|^2. Components that are near a common origin may have it as their r_k
 * (statistics_about_where_near): then first moments are a product of two matrices, and |x - origin|^2 is computed once
 * per point (kernels/sums.h).
 *
 * Sums over blocks and ranks do not depend on their order (support/exact_sum.h): a block's sum x is held in units of a
 * power of two that bounds it. The bound of counts is the block's rows, times
 * the largest weight, of first additionally the largest |x - r_k|
 * that the columns' ranges allow, of second the product of two of those. There are at most 2^22
 * blocks. A pull is at most (nu + d)/nu, which the bounds of t distributions have as a factor. Where single points are
 * so far away (1e13 standard deviations) that such units are too coarse for the others, the pass is made again in units
 * from the points that count for the component. */
#ifndef PASSES_STATISTICS_H
#define PASSES_STATISTICS_H

#include "kernels/kernel.h"
#include "passes/weighting.h"

typedef struct statistics {
  density_shape shape;
  statistics_order order;
  int64_t n_components;  /* K */
  int64_t n_features;    /* d */
  int64_t width;         /* d rounded up as block_sums has it */
  int64_t n_second;      /* n_second_moments */
  int64_t second_length; /* numbers of each: triangle_length (mixture/shape.h); of TRACE_ORDER 1 */
  double *references;    /* K x width, padded with zeros */
  double *counts;        /* K */
  double *first;         /* K x d */
  double *second;        /* n_second x second_length */
  double *origin;        /* width, padded with zeros: of POOLED_ORDER and TRACE_ORDER */
  bool about_origin;     /* statistics_about was called: second is about origin, and not about the references; of
                            TRACE_ORDER: references of some components are the origin */
  bool *at_origin;       /* K: which they are; NULL: of another order */
  double *totals;        /* K: tail sums; NULL: there are none */
  double *logs;          /* K */
  double log_likelihood;
  double sum_log_max_responsibility;

  /* The sums while they are collected: fixed-point limbs, then the full-range limbs of two sums. */
  int64_t n_values;               /* K (1 + d) + n_second second_length, and the tail sums: 2 K */
  int64_t n_words;                /* what travels */
  int64_t *travelling;            /* n_words: the first thread's, borrowed for a pass */
  int64_t *words;                 /* (n_threads - 1) x n_words: of the other threads */
  int n_threads;                  /* as many as the points have */
  double *inverse_scales;         /* K x width: of x - r_k */
  double *pooled_scales;          /* width: likewise, of POOLED_ORDER's second moments, of x - origin */
  double *trace_scales;           /* K: likewise, of |x - r_k|; NULL: of another order */
  double block_scale;             /* of a sum over a block's responsibilities, or pulls */
  double total_scale;             /* of a sum over a block's responsibilities */
  double largest_pull;            /* 1, or of t distributions the largest that (nu + d)/nu is */
  bool tight;                     /* statistics_tighten was called */
  const row_weighting *weighting; /* what the rows count for in the pass; NULL: their own weights */
  const shard *points;            /* borrowed: ranges of the columns */
} statistics;

/* Errors: 71. */
gmmpi_status statistics_create(density_shape shape, statistics_order order, int64_t n_components, const shard *points,
                               statistics **result, gmmpi_error *error);
void statistics_destroy(statistics *sums); /* NULL is fine */

/* After statistics_create: there are tail sums too. Errors: 71. */
gmmpi_status statistics_add_tails(statistics *sums, gmmpi_error *error);

/* What that adds to the words that travel, and to the bytes. */
int64_t statistics_tail_words(int64_t n_components);
int64_t statistics_tail_bytes(int64_t n_components, int n_threads);

/* The words that travel in a pass; statistics_bytes must be countable. */
int64_t statistics_words(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features);

/* The bytes of statistics, with the words that travel; INT64_MAX when they can't be counted. */
int64_t statistics_bytes(density_shape shape, statistics_order order, int64_t n_components, int64_t n_features,
                         int n_threads);

/* Takes the means (K x d) as reference points, each moved into the range of the data. */
void statistics_begin(statistics *sums, const double *means);

/* Of sums with tails, before a pass: the largest that (nu + d)/nu is. */
void statistics_set_largest_pull(statistics *sums, double largest_pull);

/* Before a pass: the rows count for what the weighting, which was measured, says; NULL: for their own weights. */
void statistics_weigh(statistics *sums, const row_weighting *weighting);

/* What sums of weights are multiples of. */
double statistics_weight_unit(const statistics *sums);

/* How many points the rows of the last pass count for. */
double statistics_total_weight(const statistics *sums);

/* After statistics_begin, for POOLED_ORDER: second moments about this origin (d), moved into the range of the data. */
void statistics_about(statistics *sums, const double *origin);

/* After statistics_begin, for TRACE_ORDER: moments about this origin (d), moved into the range of the data, of those
 * components whose mean is not too far away from it, so that few digits are lost: |mean - origin|^2 is at most 2^10 d
 * variances. precisions: 1 / variance, the components' `stride` apart. */
void statistics_about_where_near(statistics *sums, const double *origin, const double *precisions, int64_t stride);

/* After statistics_begin: sums in units that suit points no farther from the reference points than spans (K x d) say.
 */
void statistics_tighten(statistics *sums, const double *spans);

/* Is component k's scatter, with the ridge (d) that will be added, so small in the units of its sums, because of points
 * far away from all others, that digits are lost? Of POOLED_ORDER: the one scatter, whatever k is. Of TRACE_ORDER its
 * trace. Never after statistics_tighten: better units there are not. scatter: second_length numbers. */
bool statistics_are_coarse(const statistics *sums, int64_t k, const double *scatter, const double *ridge);

/* Adds what was summed over one block. Threads may do so at the same time, each with its number (from 0). */
void statistics_add_block(statistics *sums, const block_sums *block, int thread);

/* Where the first thread's words of the pass to come are: n_words, which are set to zero. */
void statistics_place(statistics *sums, int64_t *words);

/* After the walk: adds what the other threads have to the words that travel. */
void statistics_add_threads(statistics *sums);

/* After the words were summed over all ranks: sets counts, first, second and the log-likelihood from them. */
void statistics_take(statistics *sums);

#endif
