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
 * each point, and no moments.
 *
 * Where covariances have a matrix R in common, W_k = S_k R with a diagonal S_k, distances are
 *
 *   |W_k (x - mean_k)|^2 = |S_k (y - mean'_k)|^2,   y = R (x - origin),   mean'_k = R (mean_k - origin),
 *
 * so that a point is transformed once and then meets diagonal covariances, instead of meeting K matrices (common_form).
 */
#ifndef MIXTURE_DENSITY_H
#define MIXTURE_DENSITY_H

#include "gmmpi/error.h"
#include "mixture/family.h"

#include <stdbool.h>
#include <stdint.h>

/* Rows of W that are interleaved: a kernel works on so many at a time. */
enum { WHITENING_ROWS = 4 };

/* With fewer features all of a component's matrix is in registers, and to transform points beforehand takes longer. */
enum { LEAST_COMMON_FEATURES = 5 };

/* What covariances have in common. It serves for models whose means are not too far from each other: y is rounded in
 * units of |y|, so that of a distance as much is lost as the means are away from their middle in standard deviations.
 */
typedef struct common_form {
  bool holds;           /* is it of use, and are the components near enough? Else whitening is to be used */
  double between;       /* sum of weight |W_k (mean_k - origin)|^2 over the components: how far apart they are */
  double *origin;       /* d: the mean of the mixture; NULL: the covariances have nothing in common */
  double *means;        /* K x d: R (mean_k - origin) */
  const double *matrix; /* R: lower triangular, as whitening holds a component's W, or the same with all its columns */
  bool is_triangular;
  double *precisions; /* the squares of S_k's diagonal: precisions_length numbers each */
  int64_t precisions_length;
  bool isotropic; /* all of a component's precisions are the same */
  double *axes; /* d x d, of covariances with an orientation in common: R, or NULL; and behind it room for its making */
  double *packed; /* ... the same as matrix */
} common_form;

/* Features after which distances may be left for good when a component is out of reach by then: a stage. */
enum { STAGE_FEATURES = 16 };

/* Diagonal covariances about an origin, so that distances are products of points and means, as in a product of
 * matrices. With u = x - origin and m_k = mean_k - origin:
 *
 *   one precision p_k for all features:  |W_k (x - mean_k)|^2 = 2 p_k (|u|^2 / 2 + |m_k|^2 / 2 - u.m_k),
 *   else, of root_kj^2 = precision_kj:   the sum of (root_kj u_j - root_kj m_kj)^2 over j.
 *
 * That takes one fused multiply-add per feature, or two, where the direct way takes a subtraction more, or a
 * subtraction, a product and another. Products cancel: of half the square of a distance about 2^-53 |W_k m_k| (|W_k
 * m_k|
 * + |W_k (x - mean_k)|) is lost. So they are for components with |W_k m_k|^2 <= MOST_PRODUCTS_SQUARE, of which a log
 * density is then wrong by 2^-43, in the order of size. Of others with one precision (far ones) the squares of u - m_k
 * are summed, of which 2^-53 |W_k m_k| |W_k (x - mean_k)| is lost, like of the second kind. Where a component of a
 * weight above 0 is more than 2^16 of its standard deviations away, |W_k m_k|^2 > MOST_CENTRED_SQUARE, nothing is
 * centred and distances are computed directly. All this is decided from the model alone. */
#define MOST_PRODUCTS_SQUARE 0x1p10
#define MOST_CENTRED_SQUARE  0x1p32

typedef struct centred_form {
  bool holds;           /* is it to be used? */
  int64_t stride;       /* numbers from one component's row to the next: no power of 2 lies between rows */
  const double *origin; /* d; NULL: points come about the origin already (common_form) */
  double *means;        /* K x stride: m_k; or root_k m_k */
  double *roots;        /* K x stride, of the second kind */
  /* Of the first kind: (n_stages + 1) x K. The last row is |m_k|^2 / 2. Row s < n_stages, which is of the features of
   * the first s + 1 stages alone, is less than that by slack |m_k|^2, so that with halves of points that are less
   * likewise, what comes out never exceeds the whole, whatever was rounded. */
  double *halves;
  int64_t n_stages; /* that end before the last feature: (d - 1) / STAGE_FEATURES */
  double slack;
  double *room;   /* d: for an origin */
  bool *far;      /* K: of the first kind, is it a far one? */
  int64_t *order; /* K: the components, those that are not far first, ascending */
  int64_t n_near; /* that are not far */
} centred_form;

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
  int64_t whitening_length; /* numbers per component; 0: all components have the same, which is there once */
  bool isotropic;           /* DIAGONAL: all of a component's precisions are the same */
  double *dof;              /* K, degrees of freedom; NULL: components are normal */
  double *room_for_dof;     /* K */
  double background;        /* log of the background's weight times density; -infinity: there is none */
  common_form common;
  centred_form centred; /* of DIAGONAL shape; of DENSE where common holds: of the transformed points */
} density_form;

typedef struct gmmpi_model gmmpi_model;

/* A form for models of the family with K components and d features; its numbers are set by density_from_model. Errors:
 * 71. */
gmmpi_status density_create(const covariance_family *family, int64_t n_components, int64_t n_features,
                            density_form **form, gmmpi_error *error);
void density_destroy(density_form *form); /* NULL is fine */

/* The bytes of a form; INT64_MAX when they can't be counted. */
int64_t density_bytes(const covariance_family *family, int64_t n_components, int64_t n_features);

/* Sets the form's numbers from a model of the same family, whose factors must be up to date. */
void density_from_model(density_form *form, const gmmpi_model *model);

/* The numbers of a DENSE whitening. */
int64_t dense_whitening_length(int64_t n_features);

/* --- mixture/common_form.c: what density_create and the others above do for covariances with something in common ---
 */

/* The numbers of the family's common form, besides a matrix that is a component's whitening; 0: its covariances have
 * nothing in common; INT64_MAX when they can't be counted. */
int64_t common_form_length(const covariance_family *family, int64_t n_components, int64_t n_features);

/* Of a form whose whitening is there. False: no memory. */
bool common_form_allocate(const covariance_family *family, density_form *form);
void common_form_free(density_form *form);

/* Are the means, as the form's model has them, so near to each other that second moments of the points about their
 * common mean do not lose digits when the moments of the means are taken away? */
bool common_form_is_compact(const common_form *common);

/* Of a form whose means and whitening are set. */
void common_form_set(density_form *form, const gmmpi_model *model);

/* --- mixture/centred_form.c: likewise for forms that are diagonal, or become so when points are transformed --- */

/* INT64_MAX when they can't be counted. */
int64_t centred_form_length(const covariance_family *family, int64_t n_components, int64_t n_features);

/* False: no memory. */
bool centred_form_allocate(const covariance_family *family, density_form *form);
void centred_form_free(density_form *form);

/* Of a form whose other numbers are set: makes it where it is of use. weights: K, for the origin. */
void centred_form_set(density_form *form, const double *weights);

#endif
