/* SPDX-License-Identifier: BSD-3-Clause */
/* A component's covariance, its features parted into some that are known (a) and the rest (b):
 *
 *   Sigma = [aa ab; ba bb] = U^T U,   U = [U_aa U_ab; 0 U_bb] upper triangular,
 *
 *   log det Sigma_aa = 2 sum log of U_aa's diagonal,   |U_aa^-T (x_a - mean_a)|^2 the known features' distance,
 *   regression coefficients  Sigma_ba Sigma_aa^-1 = (U_aa^-1 U_ab)^T,
 *   conditional covariance   Sigma_bb - Sigma_ba Sigma_aa^-1 Sigma_ab = U_bb^T U_bb
 *
 * (Bishop 2006, eqs. 2.81, 2.82 and 2.96 to 2.98). No matrix is inverted and none is subtracted from another: what is
 * conditional is definite by its making, and as exact as a backward stable factorisation of Sigma is (Higham 2002,
 * theorem 10.3), whatever the features' units. */
#ifndef APPLY_PARTITION_H
#define APPLY_PARTITION_H

#include "mixture/model.h"

typedef struct partition {
  const gmmpi_model *model; /* borrowed */
  int64_t n_known, n_rest;  /* n_features together */
  int64_t *order;           /* n_features: first the known ones, then the rest */
  double *upper;            /* DENSE: d x d, U; DIAGONAL: d, the variances in that order; of the component taken last */
  double *covariance;       /* room for one */
  int64_t taken;            /* which component that is; -1: none */
} partition;

/* known: n_known features; rest: the others. Errors: 71. */
gmmpi_status partition_open(const gmmpi_model *model, const int64_t *known, int64_t n_known, const int64_t *rest,
                            partition *parted, gmmpi_error *error);
void partition_close(partition *parted); /* of all zeros fine, too */

/* The bytes of one; INT64_MAX when they can't be counted. */
int64_t partition_bytes(const gmmpi_model *model);

/* Takes component k. False when its covariance cannot be factorised in this order. */
bool partition_take(partition *parted, int64_t k);

/* Of the component taken last. white (n_known) = U_aa^-T difference; half the log determinant of Sigma_aa. */
void partition_whiten(const partition *parted, double *difference);
double partition_half_log_determinant(const partition *parted);

/* shift (n_rest) = Sigma_ba Sigma_aa^-1 difference, from the whitened difference. */
void partition_shift(const partition *parted, const double *white, double *shift);

/* The conditional covariance, covariance_length(shape, n_rest) numbers, times factor. */
void partition_rest(const partition *parted, double factor, double *covariance);

/* The regression coefficients as n_known rows of n_rest numbers: Sigma_aa^-1 Sigma_ab; of DIAGONAL ones 0. U_ab is lost
 * with that: nothing but partition_rest may be asked of the component from then on. */
void partition_coefficients(partition *parted, double *coefficients);

#endif
