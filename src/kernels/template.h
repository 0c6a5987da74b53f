/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernels' one source; a file per instruction set defines KERNEL, KERNEL_NAME, KERNEL_LEVEL and VECTOR_BYTES and
 * includes it.
 *
 * Every number is the result of the same operations in the same order however many lanes a vector has: where lanes run
 * over points, a point's numbers stay in its lane; where they run over features, points come one after the other; and
 * where lanes must be added up, they are first gathered in GROUP partial sums (lane p into sum p mod GROUP) and then
 * always in the same tree. */
#include "kernels/single_form.h"
#include "kernels/vector_math.h"

#include <math.h>
#include <string.h>

enum {
  TILE_VECTORS = TILE_ROWS / LANES,
  GROUP = 8 /* partial sums when lanes are added up */
};

#define SHARE_RANGE       41.588830833596718 /* 60 log 2: a share that far below the best one is nothing */
#define LEAST_LOG_DENSITY (-1e290)
#define LEAST_POSITIVE    0x1p-1022 /* responsibilities from here on count */

/* In this order: each uses what is in those before it. */
#include "kernels/tails.h"

#include "kernels/dense.h"

#include "kernels/common.h"
#include "kernels/distances.h"

#include "kernels/diagonal.h"
#include "kernels/shares.h"

#include "kernels/pulls.h"

#include "kernels/sums.h"

#include "kernels/single_vector.h"

#include "kernels/near.h"

#include "kernels/few.h"
#include "kernels/together.h"

#include "kernels/scatter.h"

#include "kernels/pooled.h"

#include "kernels/single_dense.h"
#include "kernels/single_diagonal.h"
#include "kernels/single_few.h"

#include "kernels/single.h"

#include "kernels/nearest.h"

static void log_densities_of_tile(const density_form *form, const double *tile, double *log_densities, double *scratch)
{
  if (form->common.holds) {
    const density_form transformed = transformed_form(form);
    log_densities_diagonal(&transformed, tile, log_densities, scratch);
  } else if (form->shape == DENSE) {
    log_densities_dense(form, tile, log_densities, scratch);
  } else {
    log_densities_diagonal(form, tile, log_densities, scratch);
  }
}

/* Behind the points of a tile: K words, and then what diagonal.h has. */
static uint32_t *words_in_scratch(const density_form *form, double *scratch)
{
  const int64_t room = TILE_ROWS * padded_width(form->n_features);
  return (uint32_t *)(scratch + (form->common.holds ? 2 : 1) * room);
}

static void reachable_of_tile(const density_form *form, const double *tile, double *log_densities,
                              double best[TILE_ROWS], double *scratch, uint32_t *words)
{
  if (form->common.holds) {
    const density_form transformed = transformed_form(form);
    reachable_diagonal(&transformed, tile, log_densities, best, scratch, words);
  } else if (form->shape == DENSE) {
    reachable_dense(form, tile, log_densities, best, scratch, words);
  } else {
    reachable_diagonal(form, tile, log_densities, best, scratch, words);
  }
}

static void posteriors_of_tile(const density_form *form, const row_tile *tile, double *responsibilities,
                               double *log_density, double *log_likelihood, double *sum_log_max, double *scratch)
{
  _Alignas(64) double best[TILE_ROWS];
  uint32_t *words = words_in_scratch(form, scratch);
  reachable_of_tile(form, tile->numbers, responsibilities, best, scratch, words);
  responsibilities_of_tile(form, tile, responsibilities, best, log_density, log_likelihood, sum_log_max, words);
}

static void pulls_of_form(const density_form *form, const row_tile *tile, double *pulls, double *responsibilities,
                          double *log_density, block_sums *sums, double *scratch)
{
  _Alignas(64) double best[TILE_ROWS];
  uint32_t *words = words_in_scratch(form, scratch);
  double *inverses = responsibilities + form->n_components * TILE_ROWS;
  if (form->common.holds) {
    const density_form transformed = transformed_form(form);
    log_densities_diagonal_tails(&transformed, tile->numbers, pulls, scratch, inverses);
    set_best(form, pulls, best);
  } else if (form->shape == DENSE) {
    dense_tails(form, tile->numbers, pulls, best, scratch, words, inverses);
  } else {
    log_densities_diagonal_tails(form, tile->numbers, pulls, scratch, inverses);
    set_best(form, pulls, best);
  }
  pulls_of_tile(form, tile, pulls, responsibilities, best, log_density, sums, words);
}

static void accumulate_tiles(int64_t n_tiles, const double *responsibilities, const double *tiles, int64_t tile_stride,
                             block_sums *sums, double *scratch)
{
  if (sums->pooled && sums->origin != NULL) {
    accumulate_pooled(n_tiles, responsibilities, tiles, tile_stride, sums, scratch);
    return;
  }
  if (accumulate_few_features(n_tiles, responsibilities, tiles, tile_stride, sums)) return;
  if (sums->shape == DENSE) {
    accumulate_dense(n_tiles, responsibilities, tiles, tile_stride, sums, scratch);
    return;
  }
  accumulate_diagonal(n_tiles, responsibilities, tiles, tile_stride, sums, scratch);
}

const kernel KERNEL = {
    .instruction_set = KERNEL_NAME,
    .level = KERNEL_LEVEL,
    .log_densities = log_densities_of_tile,
    .posteriors = posteriors_of_tile,
    .pulls = pulls_of_form,
    .near = near_posteriors,
    .candidates = candidates_of_tile,
    .distances_of_pairs = distances_of_pairs,
    .accumulate = accumulate_tiles,
    .together = together_of_tiles,
    .single = single_tiles,
};
