/* SPDX-License-Identifier: BSD-3-Clause */
/* What the rows of the points count for in a pass, other than their own weights: a function of seed, number (of the
 * replicate, or the fold) and row, so that it is the same at any number of ranks, held or streamed, and nothing needs
 * to be stored. Rows' own weights are a factor of it.
 *
 *   exponential: E_i, exponential with mean 1, the total being that of the rows' own weights: the weighted likelihood
 *     bootstrap (Newton, Raftery 1994, "Approximate Bayesian inference with the weighted likelihood bootstrap"; the
 *     "wlbs" of mclust's MclustBootstrap);
 *   Poisson: counts of mean 1, as of rows drawn with replacement when there are many (Hanley, MacGibbon 2006);
 *   training: 0 for the rows of one fold of several, 1 for all others;  held out: the other way round.
 *
 * Folds: of n_folds rows that follow each other each is of another fold, in random order; so the numbers of rows of two
 * folds differ by one at most.
 *
 * A weighting is made, measured over all points (weightings_measure), and given to passes (passes/pass.h). */
#ifndef PASSES_WEIGHTING_H
#define PASSES_WEIGHTING_H

#include "points/shard.h"

/* Folds, at most. */
enum { MOST_FOLDS = 64 };

typedef struct row_weighting row_weighting;
struct row_weighting {
  /* Fills the weights (TILE_ROWS) of the tile's rows, 0 from n_points on. Several threads do so at the same time. */
  void (*fill)(const row_weighting *weighting, const row_tile *tile, double *weights);
  uint64_t seed;
  int64_t number;   /* of the replicate, or the fold, from 0 */
  int64_t n_folds;  /* 0: there are none */
  bool keeps_total; /* weight_unit makes the total that of the rows' own weights */

  /* Set by weightings_measure, the same at any number of ranks: */
  double largest_weight; /* of all ranks' rows, in weights as fill gives them */
  double weight_unit;    /* what these are to be multiplied with: as of the points (shard.weight_unit) */
  double total_weight;   /* how many points the rows count for; 0 is possible, and then a pass is of no use */

  /* By weighting_keep: weights are kept from their first use on. */
  double *kept;      /* weighting_n_tiles x TILE_ROWS, aligned to MEMORY_ALIGNMENT; NULL: made anew in each pass */
  bool *is_kept;     /* of each of these tiles */
  int64_t first_row; /* with which this rank begins */
  int64_t n_tiles;   /* of this rank; weights of others are made anew */
};

row_weighting weighting_exponential(uint64_t seed, int64_t replicate);
row_weighting weighting_poisson(uint64_t seed, int64_t replicate);

/* fold: of 0 ... n_folds - 1; 2 <= n_folds <= MOST_FOLDS. */
row_weighting weighting_training(uint64_t seed, int64_t fold, int64_t n_folds);
row_weighting weighting_held_out(uint64_t seed, int64_t fold, int64_t n_folds);

/* Collective over the points' communicator: one walk over the points and one exact sum for n weightings. Errors,
 * agreed: 71, and those of shard_agree. */
gmmpi_status weightings_measure(const shard *points, row_weighting *all, int64_t n, gmmpi_error *error);

/* The bytes that this takes on a rank. */
int64_t weightings_measure_bytes(int64_t n, int n_threads);

/* Tiles of this rank's rows. */
int64_t weighting_n_tiles(const shard *points);

/* Between walks: from now on the weights are kept where the caller has room for them, kept (weighting_n_tiles x
 * TILE_ROWS, aligned to MEMORY_ALIGNMENT) and is_kept (weighting_n_tiles), which is cleared. */
void weighting_keep(const shard *points, row_weighting *weighting, double *kept, bool *is_kept);

/* The weights of a tile's rows, as a tile has them: in room (TILE_ROWS), or where they are kept. */
const double *weights_of_tile(const row_weighting *weighting, const row_tile *tile, double *room);

/* What the points count for under a weighting, which may be NULL. */
static inline double total_of_weighting(const shard *points, const row_weighting *weighting)
{
  return weighting != NULL ? weighting->total_weight : points->total_weight;
}

#endif
