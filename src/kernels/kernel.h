/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot code: arithmetic on tiles of points, nothing else.
 *
 * One source, template.h, is compiled once per instruction set; kernel_best() says which of them this processor
 * can run. All of them do the same operations in the same order, so that AVX2 and AVX-512 (both fuse multiply and add)
 * agree to the bit.
 *
 * A tile is d x TILE_ROWS numbers; per-point results are one row of TILE_ROWS lanes per component. All arrays are
 * aligned to MEMORY_ALIGNMENT bytes.
 *
 * To add one, for another instruction set: a file as avx2.c, which sets the length of a vector and includes template.h;
 * its name below; the question whether this processor can run it, in kernel_best (kernel.c), in the order of levels, of
 * which KERNEL_HIGHEST_LEVEL is the last; and its compiler options in CMakeLists.txt beside this file. The unit tests
 * compare every kernel that the machine has with textbook formulas in long double. */
#ifndef KERNELS_KERNEL_H
#define KERNELS_KERNEL_H

#include "kernels/near_groups.h"
#include "kernels/nearest_form.h"
#include "mixture/density.h"
#include "points/shard.h"

/* Features are padded to a multiple of this where lanes run over features. */
enum { FEATURE_GROUP = 8 };

static inline int64_t padded_width(int64_t n_features)
{
  return (n_features + FEATURE_GROUP - 1) / FEATURE_GROUP * FEATURE_GROUP;
}

/* Components of which traced sums hold the squares of each feature at a time, about their own references. */
enum { TRACED_TOGETHER = 32 };

/* Sums over the points of a block, per component about its reference point r_k, in the layout that the kernels like:
 * features are padded ("width"). */
typedef struct block_sums {
  density_shape shape;
  int64_t n_components, n_features;
  int64_t width;            /* padded_width(n_features) */
  const double *references; /* K x width, padded with zeros: r_k */
  double *counts;           /* K: sum of responsibilities */
  double *first;            /* K x width: sum of responsibility (x - r) */
  double *second;        /* DENSE: K x d x width, the lower triangle is valid; DIAGONAL: K x width, or traced; NULL: not
                            wanted */
  bool pooled;           /* second is one component's size and holds the sum over all components */
  bool traced;           /* DIAGONAL: second is K numbers, the sums of responsibility |x - r|^2 */
  const double *origin;  /* NULL, or width, padded with zeros; where pooled: second is about it, and not about r_k */
  const bool *at_origin; /* K, where traced and there is an origin: r_k is the origin */
  const uint64_t *present; /* NULL; or n_tiles x (K + 63) / 64 words for accumulate: a bit per component that has a
                              row of responsibilities */
  double log_likelihood;   /* sum of log density */
  double sum_log_max_responsibility;
  /* Of t distributions, whose points are weighted by pulls, so that counts are sums of these; else NULL: */
  double *totals; /* K: sum of responsibilities */
  double *logs;   /* K: sum of responsibility log(1 + delta / nu) (mixture/density.h) */
} block_sums;

/* Tiles that are accumulated together at most, so that sums are worked on while they are in a cache. It depends on the
 * mixture's size alone: results do depend on it. */
int64_t kernel_group_tiles(density_shape shape, int64_t n_components, int64_t n_features);

/* Features and components, at most, for E-step and sums in one go. */
enum { MOST_FEATURES_TOGETHER = 4, MOST_COMPONENTS_TOGETHER = 16 };

static inline bool goes_together(const density_form *form)
{
  return form->n_features <= MOST_FEATURES_TOGETHER && form->n_components <= MOST_COMPONENTS_TOGETHER &&
         form->dof == NULL && !form->common.holds;
}

/* Where component k's second moments are. */
static inline double *second_of_component(const block_sums *sums, int64_t k)
{
  if (sums->pooled) return sums->second;
  if (sums->traced) return sums->second + k;
  return sums->second + k * sums->width * (sums->shape == DENSE ? sums->n_features : 1);
}

/* Bytes of scratch that the functions below need at most, aligned to MEMORY_ALIGNMENT; INT64_MAX when they can't be
 * counted. */
int64_t kernel_scratch_bytes(density_shape shape, int64_t n_components, int64_t n_features);

/* The same where no more than so many tiles are given to them together. */
int64_t kernel_scratch_bytes_of(density_shape shape, int64_t n_components, int64_t n_features, int64_t group_tiles);

struct single_form;

typedef struct kernel {
  const char *instruction_set; /* "avx512", "avx2", "portable" */
  int level;                   /* 2, 1, 0: ranks agree on the minimum */

  /* log_densities: K x TILE_ROWS, the log of weight times density. Never NaN for finite points. */
  void (*log_densities)(const density_form *form, const double *tile, double *log_densities, double *scratch);

  /* The posterior probabilities of the components times the points' weights: responsibilities, K x TILE_ROWS, zero from
   * lane tile->n_points on. A component whose density is below 2^-60 of the largest one at a point has responsibility 0
   * there, so that it need not be computed to the end; what is returned depends on point and mixture alone. The
   * background's share is what the components' leave of the weight. log_density, when not NULL, receives the log of the
   * mixture's density per point (TILE_ROWS), whatever its weight. The weighted sums over the points of log density and
   * of log of the largest posterior probability, the background's included, are added to *log_likelihood and
   * *sum_log_max. */
  void (*posteriors)(const density_form *form, const row_tile *tile, double *responsibilities, double *log_density,
                     double *log_likelihood, double *sum_log_max, double *scratch);

  /* What posteriors does, of a form with dof: responsibilities (K x TILE_ROWS, and as much room behind them) are the
   * same. pulls are responsibilities times (nu + d) / (nu + delta) (Peel, McLachlan 2000, eq. 21), the weights of
   * points in means and scatters. log_density as in posteriors. Adds to the log-likelihood, the other sum, totals and
   * logs of sums. */
  void (*pulls)(const density_form *form, const row_tile *tile, double *pulls, double *responsibilities,
                double *log_density, block_sums *sums, double *scratch);

  /* What posteriors does, of a form of DIAGONAL shape without dof, to the bit, but that only the rows of components
   * that are present in near are set. near: what earlier passes, with the models that groups know of, have left, which
   * is brought up to date. */
  void (*near)(const density_form *form, const near_groups *groups, near_tile *near, const row_tile *tile,
               double *responsibilities, double *log_likelihood, double *sum_log_max, double *scratch);

  /* Which components of a form that holds may have the highest log density, as log_densities computes it, or may tie
   * with it to 2^-39, at each of TILE_ROWS points; where farthest (TILE_ROWS numbers >= 0, or NULL) is given, only
   * those where minus the log density may be at most that. Returns how many, in ascending order of components; -1: more
   * than NEAREST_MOST_CANDIDATES, or not to be told. candidates: room for NEAREST_MOST_CANDIDATES; bounds: room for K x
   * TILE_ROWS. */
  int64_t (*candidates)(const nearest_form *form, const double *tile, const double *farthest,
                        nearest_candidate *candidates, float *bounds, double *scratch);

  /* The squared distances of n points of a tile from components, of a form of DIAGONAL shape that is neither isotropic
   * nor centred, each with the bits that log_densities has for -2 times its log density where log_constants are 0. */
  void (*distances_of_pairs)(const density_form *form, const double *tile, int64_t n, const nearest_candidate *pairs,
                             double *distances);

  /* Adds the points of n_tiles (at most kernel_group_tiles) tiles, weighted by responsibilities (n_tiles x K x
   * TILE_ROWS), to sums. A tile begins tile_stride numbers behind the one before it. Points of responsibility 0 add
   * nothing. */
  void (*accumulate)(int64_t n_tiles, const double *responsibilities, const double *tiles, int64_t tile_stride,
                     block_sums *sums, double *scratch);

  /* posteriors and accumulate of n_tiles (at most kernel_group_tiles) tiles in one go, of a form that goes_together. */
  void (*together)(const density_form *form, const row_tile *tiles, int64_t n_tiles, block_sums *sums);

  /* posteriors and accumulate of n_tiles (at most single_group_tiles, kernels/single_form.h) tiles in single precision,
   * of normal components with second moments of their own. responsibilities: room for n_tiles x K x TILE_ROWS floats;
   * scratch: single_scratch_bytes. */
  void (*single)(const struct single_form *form, const row_tile *tiles, int64_t n_tiles, block_sums *sums,
                 double *responsibilities, double *scratch);
} kernel;

/* The kernel of the highest level <= level that this processor can run. */
const kernel *kernel_best(int level);

/* The best one that the processors of all ranks can run, so that all get the same bits. Collective. */
const kernel *kernel_common(MPI_Comm comm);

enum { KERNEL_HIGHEST_LEVEL = 2 };

extern const kernel kernel_portable;
#if defined(__x86_64__)
extern const kernel kernel_avx2, kernel_avx512;
#endif

#endif
