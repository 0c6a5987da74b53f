/* SPDX-License-Identifier: BSD-3-Clause */
/* The density form: a mixture as the E-step wants it.
 *
 * For component k the log of weight times density at x is
 *
 *   log_constants[k] - |W_k (x - mean_k)|^2 / 2,
 *
 * log_constants[k] = log weight - d/2 log 2 pi + log det W_k (Bishop 2006, eq. 2.43), where W_k is the inverse of the
 * Cholesky factor of the covariance: lower triangular (DENSE) or diagonal (DIAGONAL). A component of weight 0 has
 * log_constants[k] = -infinity.
 *
 * Of components that are Student's t distributions (dof not NULL) it is, with nu = dof[k] and delta that square,
 *
 *   log_constants[k] - (nu + d)/2 log(1 + delta / nu),
 *
 * log_constants[k] = log weight + lgamma((nu + d)/2) - lgamma(nu/2) - d/2 log(nu pi) + log det W_k (Peel, McLachlan
 * 2000, eq. 3), where W_k is that of the scale matrix, which the model calls covariance.
 *
 * A uniform background has the same density at every point: it takes part in the sum over components, has a share of
 * each point, and no moments. */
#ifndef MIXTURE_DENSITY_H
#define MIXTURE_DENSITY_H

#include "gmmpi/error.h"
#include "mixture/shape.h"

#include <stdbool.h>
#include <stdint.h>

/* Rows of W that are interleaved: a kernel works on so many at a time. */
enum { WHITENING_ROWS = 4 };

typedef struct density_form {
  density_shape shape;
  int64_t n_components;  /* K */
  int64_t n_features;    /* d */
  double *log_constants; /* K */
  double *means;         /* K x d */
  /* DIAGONAL: K x d precisions (squares of W's diagonal). DENSE: per component the rows of W in groups of
   * WHITENING_ROWS, the last one filled up with zeros; group g holds columns 0 ... 4g+3, column by column,
   * WHITENING_ROWS numbers each. */
  double *whitening;
  int64_t whitening_length; /* numbers per component */
  bool isotropic;           /* DIAGONAL: all of a component's precisions are the same */
  double *dof;              /* K, degrees of freedom; NULL: components are normal */
  double *room_for_dof;     /* K */
  double background;        /* log of the background's weight times density; -infinity: there is none */
} density_form;

typedef struct gmmpi_model gmmpi_model;

/* A form for K components and d features; its numbers are set by density_from_model. Errors: 71. */
gmmpi_status density_create(density_shape shape, int64_t n_components, int64_t n_features, density_form **form,
                            gmmpi_error *error);
void density_destroy(density_form *form); /* NULL is fine */

/* The bytes of a form; INT64_MAX when they can't be counted. */
int64_t density_bytes(density_shape shape, int64_t n_components, int64_t n_features);

/* Sets the form's numbers from a model of the same shape, whose factors must be up to date. */
void density_from_model(density_form *form, const gmmpi_model *model);

#endif
