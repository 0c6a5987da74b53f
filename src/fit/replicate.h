/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of a model as one list, of which there is one for each replicate of the bootstrap, and what many of them
 * say about each number. */
#ifndef FIT_REPLICATE_H
#define FIT_REPLICATE_H

#include "mixture/model.h"

#include <stdbool.h>

/* Which numbers there are, and where in the list each kind begins. Covariances: the triangle (mixture/shape.h) of each
 * component's, of shared ones a single time. */
typedef struct replicate_layout {
  int64_t n_components, n_features; /* K, d */
  density_shape shape;              /* of covariances */
  int64_t n_covariances;            /* K, or 1 */
  int64_t weights;                  /* K */
  int64_t noise_weight;             /* one number; -1: there is none */
  int64_t means;                    /* K x d */
  int64_t dof;                      /* K; -1: there are none */
  int64_t covariances;              /* n_covariances x triangle_length */
  int64_t length;                   /* of the list */
} replicate_layout;

/* length is INT64_MAX when the numbers can't be counted. */
replicate_layout replicate_layout_of(model_kind kind, int64_t n_components, int64_t n_features);

/* Where in the list the element i, j (i >= j) of component k's covariance is; -1: it is 0 in this family. */
int64_t replicate_covariance(const replicate_layout *layout, int64_t k, int64_t i, int64_t j);

/* That element in a list, for any i and j. */
double replicate_covariance_of(const replicate_layout *layout, const double *list, int64_t k, int64_t i, int64_t j);

/* The numbers of a model whose component order[k] is the list's k. covariance: covariance_length numbers, scratch. */
void replicate_take(const replicate_layout *layout, const gmmpi_model *model, const int64_t *order, double *covariance,
                    double *numbers);

/* What is said about each number of the list; length numbers each. */
typedef struct replicate_summary {
  double *standard_errors;
  double *lower, *upper; /* ends of the percentile intervals */
} replicate_summary;

/* From n lists, one behind the other: standard deviations, and the quantiles for (1 - level) / 2 and (1 + level) / 2.
 * scratch: n numbers. Numbers of components of weight 0 in the estimate (a list), which are no estimates, get NaN. */
void replicate_summarise(const replicate_layout *layout, const double *estimate, int64_t n, const double *lists,
                         double level, double *scratch, const replicate_summary *summary);

#endif
