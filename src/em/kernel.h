/* The hot code: arithmetic on one tile of points, nothing else.
 *
 * One source, kernel.c, is compiled once per instruction set; kernel_best() says which of them this processor can run.
 * All of them do the same operations in the same order, so that AVX2 and AVX-512 (both fuse multiply and add) agree to
 * the bit.
 *
 * A tile is d x TILE_ROWS numbers; per-point results are one row of TILE_ROWS lanes per component. All arrays are
 * aligned to MEMORY_ALIGNMENT bytes. */
#ifndef EM_KERNEL_H
#define EM_KERNEL_H

#include "mixture/density.h"
#include "points/shard.h"

/* Features are padded to a multiple of this where lanes run over features. */
enum { FEATURE_GROUP = 8 };

static inline int64_t padded_width(int64_t n_features)
{
  return (n_features + FEATURE_GROUP - 1) / FEATURE_GROUP * FEATURE_GROUP;
}

/* Sums over the points of a block, per component about its reference point r_k, in the layout that the kernels like:
 * features are padded ("width"). */
typedef struct block_sums {
  density_shape shape;
  int64_t n_components, n_features;
  int64_t width;            /* padded_width(n_features) */
  const double *references; /* K x width, padded with zeros: r_k */
  double *counts;           /* K: sum of responsibilities */
  double *first;            /* K x width: sum of responsibility (x - r) */
  double *second;        /* DENSE: K x d x width, the lower triangle is valid; DIAGONAL: K x width; NULL: not wanted */
  double log_likelihood; /* sum of log density */
  double sum_log_max_responsibility;
} block_sums;

/* The smallest responsibility that counts: below it a point adds nothing to a component's sums. */
#define LEAST_RESPONSIBILITY 0x1p-60

typedef struct kernel {
  const char *instruction_set; /* "avx512", "avx2", "portable" */
  int level;                   /* 2, 1, 0: ranks agree on the minimum */

  /* Bytes of scratch that the functions below need, at most, for d features. Aligned to 64 bytes. */
  int64_t (*scratch_bytes)(int64_t n_features);

  /* log_densities: K x TILE_ROWS, the log of weight times density. Never NaN for finite points. */
  void (*log_densities)(const density_form *form, const double *tile, double *log_densities, double *scratch);

  /* In place: log densities (K x TILE_ROWS) become responsibilities, zero from lane n_points on. log_density, when not
   * NULL, receives the log of the mixture's density per point (TILE_ROWS). The sums over the n_points points of log
   * density and of log of the largest responsibility are added to *log_likelihood and *sum_log_max. */
  void (*responsibilities)(int64_t n_components, int n_points, double *log_densities, double *log_density,
                           double *log_likelihood, double *sum_log_max);

  /* Adds the tile's points, weighted by responsibilities (K x TILE_ROWS), to sums. */
  void (*accumulate)(const double *responsibilities, const double *tile, block_sums *sums, double *scratch);
} kernel;

/* The kernel of the highest level <= level that this processor can run. */
const kernel *kernel_best(int level);

enum { KERNEL_HIGHEST_LEVEL = 2 };

extern const kernel kernel_portable;
#if defined(__x86_64__)
extern const kernel kernel_avx2, kernel_avx512;
#endif

#endif
