/* SPDX-License-Identifier: BSD-3-Clause */
/* Spurious maxima: models whose likelihood is large because a component rests on next to nothing.
 *
 * The likelihood of a mixture has no bound where a component shrinks onto points that lie in a plane of fewer
 * dimensions (Bishop 2006, sec. 9.2.1); the ridge gives it one, and such maxima say nothing about the data (McLachlan,
 * Peel 2000, "Finite Mixture Models", ch. 3: a local maximiser is spurious when a component rests on a few points
 * that happen to be close together, or nearly in a plane). But data that take few values, as levels of a sensor or
 * columns of 0 and 1 do, are flat themselves, and there a thin component with many points is the answer. The rule:
 *
 * A component is spurious when
 *  - FEW: fewer than d + 1 points belong to it (2 with diagonal and spherical covariances); or
 *  - FLAT: its scatter is below the ridge in some direction, in which its points take no more than d different values,
 *    although neither that direction has only levels (at most LEVELS_PER_COMPONENT K different values among all points,
 *    of which the component has 2 (d + 1) points), nor does the component hold a quarter of all points, or at least
 *    TIMES_USUAL times as many as a value in that direction has on average;
 * unless it is far from all other components, as outliers and fill values are (starts/far.h).
 *
 * With SPURIOUS_STRICT, for models that are compared by their likelihoods, all are FLAT whose scatter is below the
 * ridge in some direction, whatever they stand for: what such a component adds to the likelihood is decided by the
 * ridge. So are those whose points take no more than d different values in a direction in which the component is
 * narrow, where only what it shares with others, as the shape of VEV, keeps it from being as thin as the ridge.
 *
 * A covariance that all components share does not shrink onto a few points, so only FEW applies there. */
#ifndef STARTS_SOUNDNESS_H
#define STARTS_SOUNDNESS_H

#include "em/iteration.h"

typedef enum spurious_kind { COMPONENT_NOT_SPURIOUS, COMPONENT_ON_FEW, COMPONENT_FLAT } spurious_kind;

typedef struct spurious_component {
  spurious_kind kind;
  int64_t component;
  int64_t n_points; /* that belong to it, rounded */
} spurious_component;

/* A spurious model comes behind all others whose log-likelihood per point is not lower by more than this. */
#define SPURIOUS_HANDICAP 1e6

/* The best model that was passed over for being spurious. */
typedef struct passed_over_model {
  gmmpi_model *model;
  double objective; /* total, of the points that were searched; NaN: none was */
  int64_t n_points; /* that its spurious component rests on */
  int64_t order;    /* of candidates of a search: the lower one came first */
  spurious_kind kind;
} passed_over_model;

/* The first spurious component of a model, if any, by the options' ridge and strictness. points: all that the model was
 * fitted to, or a sample of them; total_weight: of all of them. Collective over the points' communicator, though little
 * is communicated; the same on all ranks. Errors, agreed: 71, and those of shard_agree. */
gmmpi_status find_spurious(const shard *points, double total_weight, const fit_options *options,
                           const gmmpi_model *model, spurious_component *found, gmmpi_error *error);

/* What a model is worth among candidates of a search: its objective, less the handicap where it is spurious and such
 * models are to be avoided. Collective; errors as above. */
gmmpi_status worth_of_model(const em_iteration *em, double objective, const gmmpi_model *model, double *worth,
                            gmmpi_error *error);

#endif
