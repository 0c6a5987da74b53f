/* SPDX-License-Identifier: BSD-3-Clause */
/* A mixture as the kernels in single precision want it (single.h), and when these are of use.
 *
 * Points and means are taken about one origin, the mixture's mean, in double, and rounded then: what is lost is 2^-24
 * of their distances from it. Constants are rounded about the largest one, so that what is lost of a log density is
 * 2^-24 of its distance from the best one there can be. */
#ifndef KERNELS_SINGLE_FORM_H
#define KERNELS_SINGLE_FORM_H

#include "kernels/kernel.h"

/* Features of a point, as a row, are padded to a multiple of this. */
enum { SINGLE_FEATURE_GROUP = 16 };

static inline int64_t single_width(int64_t n_features)
{
  return (n_features + SINGLE_FEATURE_GROUP - 1) / SINGLE_FEATURE_GROUP * SINGLE_FEATURE_GROUP;
}

typedef struct single_form {
  density_shape shape;
  int64_t n_components, n_features;
  int64_t width;            /* single_width(n_features) */
  bool isotropic;           /* DIAGONAL: one precision per component */
  double *origin;           /* d */
  double largest_constant;  /* of the components' log constants */
  float background;         /* log of the background's weight times density, as the constants; -infinity: none */
  float *log_constants;     /* K: less the largest one */
  float *constants;         /* DIAGONAL: K, the log density at the origin, less the same */
  bool *is_far;             /* DIAGONAL: K, the mean is many standard deviations from the origin */
  float *means;             /* K x width, padded with zeros: about the origin */
  float *references;        /* K x width, likewise: what the sums are about */
  float *whitening;         /* DENSE: as density_form has it; DIAGONAL: K x d times -precision / 2, K where isotropic */
  int64_t whitening_length; /* numbers per component */
  float *slopes;            /* DIAGONAL: K x d, precision times mean */
} single_form;

/* For forms like this one. Errors: 71. */
gmmpi_status single_form_create(const density_form *like, single_form **form, gmmpi_error *error);
void single_form_destroy(single_form *form); /* NULL is fine */

/* The bytes of one; INT64_MAX when they can't be counted. */
int64_t single_form_bytes(const covariance_family *family, int64_t n_components, int64_t n_features);

/* Sets the numbers from a form, when the origin is set. */
void single_form_set(single_form *form, const density_form *exact);

/* The references of sums (K x width of block_sums), each moved to a number that is exact in single precision about the
 * origin, but for the last bits. */
void single_form_round(const single_form *form, int64_t width, double *references);
void single_form_refer(single_form *form, int64_t width, const double *references);

/* Tiles that kernel.single is given together at most. */
int64_t single_group_tiles(density_shape shape, int64_t n_components, int64_t n_features);

/* Bytes of scratch that kernel.single needs; INT64_MAX when they can't be counted. */
int64_t single_scratch_bytes(density_shape shape, int64_t n_components, int64_t n_features);

#endif
