/* SPDX-License-Identifier: BSD-3-Clause */
/* What is remembered of earlier passes so that components which are certainly out of reach of a point need not be
 * looked at again (passes/near.h): the interface between who remembers and the arithmetic.
 *
 * A component's log density at x is C - e^2 / 2 with e^2 = delta^2 + 2 (C - log constant), for any ceiling C that no
 * log constant is above: e is a distance in a space of one dimension more. Components are in groups, each with its C.
 * Of a point and a group one float b is held; no member, but for the point's best component, is nearer than
 *
 *   e >= scale b - fall,
 *
 * scale and fall being what the changes of the model have made of it since (Hamerly 2010 and Ding et al. 2015, of whom
 * this is the form for metrics that change). b = 0 says nothing. */
#ifndef KERNELS_NEAR_GROUPS_H
#define KERNELS_NEAR_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

/* Log densities are computed to better than this, and a relative 2^-30; and so is what follows from them. */
#define NEAR_MARGIN 0x1p-10

/* A bound that is not farther is as good as any, and its square a float. */
#define NEAR_FARTHEST 0x1p60

/* Groups at most. */
enum { NEAR_MOST_GROUPS = 1024 };

typedef struct near_groups {
  int64_t n_groups;        /* G */
  const int32_t *group_of; /* K */
  const double *ceilings;  /* G: C; as the next two */
  const double *scales;
  const double *falls;
  const bool *forgotten; /* G: what is held says nothing any more, and is to be set anew */

  /* For the question what is out of reach: ceilings rounded up, scales down, falls up, by more than the arithmetic of
   * floats loses. */
  const float *ceilings_above, *scales_below, *falls_above;

  /* A group g has two parts: 2 g, with components of the kind that most have, and 2 g + 1, with those that are far
   * (kind_of_component in kernels/distances.h). */
  const int64_t *starts;  /* 2 G + 1: where each part begins in members */
  const int64_t *members; /* K */

  /* What their distances are computed from, with lanes over members: part i has starts of its own, multiples of
   * FEATURE_GROUP. Means (and factors) are there by FEATURE_GROUP members: d rows of as many numbers, from d times the
   * first one's place on. What fills up a part has log constants -infinity and number -1. */
  const int64_t *packed_starts; /* 2 G + 1 */
  const double *packed_means, *packed_factors;
  const double *packed_constants, *packed_precisions, *packed_halves, *packed_numbers;
} near_groups;

/* What is remembered of tiles, one behind the other, and what was done. */
typedef struct near_tiles {
  int32_t *best;          /* TILE_ROWS each: components that looked best */
  float *bounds;          /* G x TILE_ROWS each: b */
  uint64_t *present;      /* out, (K + 63) / 64 words each: a bit per component that has a row of responsibilities; the
                             other rows are not set */
  int64_t n_computed;     /* out: of all pairs of a point and a group those that could not be left out */
  int64_t n_pairs;        /* out: all of them */
  int64_t n_within_reach; /* out: points and components that were found within reach of each other */
} near_tiles;

#endif
