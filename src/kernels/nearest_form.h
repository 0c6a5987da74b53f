/* SPDX-License-Identifier: BSD-3-Clause */
/* Which components may be the best ones at a point, in single precision with a bound on what is lost, so that only
 * these need be computed in double.
 *
 * With one precision p_k for all features in units of scales s that all components have in common, u = s (x - origin)
 * and m_k = s (mean_k - origin),
 *
 *   value_k = - log density = p_k (|u|^2 / 2 - u.m_k) + b_k,   b_k = p_k |m_k|^2 / 2 - log_constant_k.
 *
 * With e = 2^-24 the rounding of u and m_k costs 2 e |u||m_k|, their product by d fused multiply-adds d e |u||m_k|
 * (Higham 2002, eq. 3.5), and what is done then a few times e of p_k |u|^2 / 2, p_k |u||m_k| and b_k's parts. What the
 * value in double is wrong by is far less. In all no more than
 *
 *   lost_k = by_size |u| + by_half |u|^2 / 2 + alone,
 *   by_size = (d + 16) e p_k |m_k|,  by_half = 16 e p_k,  alone = 16 e (p_k |m_k|^2 / 2 + |log_constant_k|) + 2^-40,
 *
 * each rounded up. What may be the best: value_k - lost_k is no more than the least of value_j + lost_j. */
#ifndef KERNELS_NEAREST_FORM_H
#define KERNELS_NEAREST_FORM_H

#include "mixture/density.h"

/* With fewer of them the direct way takes as little. */
enum { LEAST_NEAREST_COMPONENTS = 16, LEAST_NEAREST_FEATURES = 16 };

/* Of a tile; where there are more, all is to be computed. */
enum { NEAREST_MOST_CANDIDATES = 256 };

typedef struct nearest_candidate {
  int32_t point, component;
} nearest_candidate;

typedef struct nearest_form {
  bool holds; /* is it to be used? */
  int64_t n_components, n_features;
  int64_t most_components;    /* that there is room for */
  int64_t stride;             /* numbers from one component's row to the next */
  double *origin;             /* d */
  double *scales;             /* d */
  float *means;               /* K x stride: m_k */
  float *precisions, *halves; /* K: p_k, b_k; of a component of weight 0 b_k is infinite */
  float *by_size, *by_half, *alone;
} nearest_form;

/* For up to most_components components. Errors: 71. */
gmmpi_status nearest_form_create(int64_t most_components, int64_t n_features, nearest_form **form, gmmpi_error *error);
void nearest_form_destroy(nearest_form *form); /* NULL is fine */

/* The bytes of one; INT64_MAX when they can't be counted. */
int64_t nearest_form_bytes(int64_t most_components, int64_t n_features);

/* Is a form of such a kind that there may be one of use for it, if it is isotropic? */
bool nearest_form_serves(const density_form *exact);

/* Sets the numbers from a form of diagonal shape of normal components, with one precision each, where it is isotropic,
 * and else with the precisions that the first one has: the caller knows that all have the same. */
void nearest_form_set(nearest_form *form, const density_form *exact);

#endif
