/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets of the points of one tile (apply/regression.h), and how they compare with those that are known. */
#ifndef APPLY_TARGET_TILE_H
#define APPLY_TARGET_TILE_H

#include "apply/predictor.h"
#include "apply/regression.h"

#include <stdbool.h>

typedef struct target_tile {
  const regression *of; /* borrowed */
  double *known;        /* n_known x TILE_ROWS: what the predictor of the marginal is given */
  double *differences;  /* the same, less a component's mean */
  double *parts;        /* K x n_targets x TILE_ROWS: m_k(x) */
  bool *has_part;       /* K: has any point of the last tile a responsibility of it? */
  double *mean;         /* n_targets x TILE_ROWS: E(y | x), of the last tile */
  double *covariance;   /* n_targets x n_targets x TILE_ROWS: Var(y | x) */
  density_form *form;   /* of t distributions: its log densities are -delta / 2 */
  double *squares;      /* K x TILE_ROWS: these */
  double *scratch;

  /* Where the tiles have the targets, too: */
  predictor *joint; /* NULL: they have not */
  double *totals;   /* target_n_totals, since they were last set to 0 */
} target_tile;

/* has_targets: tiles hold all features of the joint model in its order; else the known ones alone, in their order. The
 * tile's predictor is one of the marginal model. Errors: 71. */
gmmpi_status target_tile_create(const kernel *instructions, const regression *of, bool has_targets,
                                target_tile **result, gmmpi_error *error);
void target_tile_destroy(target_tile *self); /* NULL is fine */

/* INT64_MAX when they can't be counted. */
int64_t target_tile_bytes(const gmmpi_model *model, int64_t n_targets);

/* The known features of a tile, n_known x TILE_ROWS. */
const double *target_tile_known(target_tile *self, const double *tile);

/* After predictor_tile of these: sets mean and covariance, which self->target_mean and target_covariance of the
 * predictor point at, and adds to the totals, each point times its weight (TILE_ROWS; NULL: 1). */
void target_tile_predict(target_tile *self, predictor *marginal, const double *tile, const double *weights,
                         int n_points);

/* The totals: of log p(y | x); then for each target of squared errors, of y less the mixture's mean, and of its square.
 */
enum { TOTALS_PER_TARGET = 3 };
static inline int64_t target_n_totals(int64_t n_targets)
{
  return 1 + TOTALS_PER_TARGET * n_targets;
}

/* What they say, of points that weigh total_weight in all. */
double target_mean_log_density(const double *totals, double total_weight);
double target_rmse(const double *totals, int64_t target, double total_weight);
double target_r2(const double *totals, int64_t target, double total_weight); /* NaN where all y are the same */

#endif
