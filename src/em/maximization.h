/* SPDX-License-Identifier: BSD-3-Clause */
/* The M-step: statistics -> moments -> the next model (Bishop 2006, eqs. 9.24-9.26; covariances by the family, Celeux,
 * Govaert 1995). */
#ifndef EM_MAXIMIZATION_H
#define EM_MAXIMIZATION_H

#include "em/estimator.h"
#include "passes/statistics.h"

/* A component with fewer points than this share of all is empty. */
#define EMPTY_SHARE 1e-10

/* Where such components have an estimate all the same, one with fewer points than this has none of its own. */
#define NEGLIGIBLE_SHARE 1e-18

typedef enum component_state {
  COMPONENT_SOUND,
  COMPONENT_DROPPED,    /* its weight was 0 already */
  COMPONENT_EMPTY,      /* its responsibilities sum to less than EMPTY_SHARE n */
  COMPONENT_INDEFINITE, /* its covariance is not positive definite */
  COMPONENT_RIDGED      /* nor is that of a known class, which keeps its points: it has a ridge */
} component_state;

/* What the M-step needs besides the moments, and what it finds. */
typedef struct maximization {
  double *ridge;           /* in: d, added to the diagonal of every covariance */
  const estimator *how;    /* in: borrowed, like the next one */
  const prior *before;     /* in: NULL where the estimator wants none */
  const double *variances; /* in: d, of all points; borrowed */
  double dof;              /* in: what the options say of degrees of freedom */
  bool degenerate;         /* in: covariances that are not definite get a ridge and are no collapse */
  int64_t n_classes;       /* in: so many components, the first ones, have points of their own (--known-labels) */
  bool ridged;             /* out: one did */
  bool lost_background;    /* out: the components have all points, and the background, which had some, has none */
  bool failed_together; /* out: what the components share is not definite, and so none is; no component is at fault */
  component_state *states; /* out: K */
  double *counts;          /* K: those that are estimated, else 0 */
  double *no_ridge;        /* d zeros */
  moments *total;          /* what the estimator makes of the moments; NULL: they are taken as they are */
  double *covariance;      /* covariance_length: scratch */
  double *larger_ridge;    /* d: scratch */
  double *scratch;         /* of the family's M-step: family_scratch_numbers; NULL where it wants none */
} maximization;

/* For models of the family with the sizes of the sums. Errors: 71. */
gmmpi_status maximization_create(const covariance_family *family, const estimator *how, const statistics *sums,
                                 maximization **step, gmmpi_error *error);
void maximization_destroy(maximization *step); /* NULL is fine */
int64_t maximization_bytes(const covariance_family *family, const estimator *how, int64_t n_components,
                           int64_t n_features);

/* What became of statistics. */
typedef enum moments_outcome {
  MOMENTS_TAKEN,
  MEANS_MOVED_FAR, /* a mean is so far from its reference point that the scatter about it would lose digits: the pass is
                      to be made again about the new means */
  SUMS_ARE_COARSE  /* the pass is to be made again with statistics_tighten */
} moments_outcome;

/* The moments of the statistics; a component that is empty, or of weight 0 in previous, keeps previous's mean. accept:
 * digits that are lost are lost; the outcome is MOMENTS_TAKEN. */
moments_outcome moments_of_statistics(const maximization *step, const statistics *sums, const gmmpi_model *previous,
                                      bool accept, moments *taken);

/* Sets next's parameters and factors from the moments, and step->states. Components that are not sound keep previous's
 * mean, covariance and factor; their weight is 0. A background has the points that no component has. A shared
 * covariance that is not positive definite makes every live component indefinite (failed_together), and likewise the
 * pooled scatter of a POOLED family, whose covariances then have the ridge that makes them definite, and their weights.
 */
void maximize(maximization *step, const moments *from, const gmmpi_model *previous, gmmpi_model *next);

/* Is every component sound, or dropped long ago, no covariance in need of a ridge, and the background not lost? */
bool all_sound(const maximization *step, int64_t n_components);

/* Factorises the component's covariance after adding to its diagonal the smallest share, 1e-10 times a power of 100, of
 * its own variances that makes it definite; of the data's variance where its own is 0, and 1e-6 where that is 0 too. */
void factorise_with_ridge(const maximization *step, gmmpi_model *model, int64_t component);

#endif
