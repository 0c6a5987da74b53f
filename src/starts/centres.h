/* SPDX-License-Identifier: BSD-3-Clause */
/* Centres of k-means: how many are wanted, and in which coordinates. */
#ifndef STARTS_CENTRES_H
#define STARTS_CENTRES_H

#include "passes/pass.h"

/* What seeding and Lloyd's iterations work with. inverse_variances: d, 0 for a feature that does not vary. */
typedef struct seeding_options {
  const kernel *kernel;
  int64_t n_centres;
  const double *inverse_variances; /* d */
  uint64_t seed;
  stop_question stop;
} seeding_options;

#endif
