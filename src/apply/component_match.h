/* SPDX-License-Identifier: BSD-3-Clause */
/* Which component of one model is which of another: pairs whose overlaps, the Bhattacharyya coefficients exp(-distance)
 * of normal distributions (apply/normal_pair.h), have the largest sum (support/assignment.h). An overlap is at most 1,
 * so that a component that has moved far away does not make the others change their partners; where nothing overlaps
 * the distances decide. Components of weight 0 have no partner. */
#ifndef APPLY_COMPONENT_MATCH_H
#define APPLY_COMPONENT_MATCH_H

#include "apply/normal_pair.h"

#include <mpi.h>

typedef struct component_match {
  int64_t a, b;             /* components, from 0; -1: the other one has no partner */
  normal_distance distance; /* of two partners */
} component_match;

/* Collective over comm; every rank has both models, of the same features. *matches, which the caller frees, receives
 * *n_matches: the components of a in their order, then those of b that are left; only those whose weight is not 0.
 * Errors, agreed: 71. */
gmmpi_status match_components(MPI_Comm comm, const gmmpi_model *a, const gmmpi_model *b, component_match **matches,
                              int64_t *n_matches, gmmpi_error *error);

/* The bytes it takes; INT64_MAX when they can't be counted. */
int64_t match_bytes(const gmmpi_model *a, const gmmpi_model *b);

#endif
