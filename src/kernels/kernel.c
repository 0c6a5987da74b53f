/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernels/kernel.h"

#include "support/memory.h"

/* Responsibilities, and points as rows, are to stay in the second cache or not far from it. Diagonal sums are as large
 * as a tile's responsibilities or larger, so that twice as many tiles go by while these are at hand. */
int64_t kernel_group_tiles(density_shape shape, int64_t n_components, int64_t n_features)
{
  const int64_t larger = n_components > n_features ? n_components : n_features;
  return tiles_together(shape == DIAGONAL && n_features > 4 ? larger / 2 + larger % 2 : larger);
}

int64_t kernel_scratch_bytes(density_shape shape, int64_t n_components, int64_t n_features)
{
  return kernel_scratch_bytes_of(shape, n_components, n_features, kernel_group_tiles(shape, n_components, n_features));
}

int64_t kernel_scratch_bytes_of(density_shape shape, int64_t n_components, int64_t n_features, int64_t group_tiles)
{
  const int64_t tiles = shape == DENSE ? group_tiles + 1 : group_tiles;
  int64_t sets;
  int64_t numbers;
  int64_t bytes;
  /* Points as panels or rows, halves of their squares by each stage, and a word per component, or per component and
   * tile; DENSE: rows of a group, a tile of packed points, and what pooled.h knows of the points and their sum;
   * DIAGONAL: what sums.h holds where sums are traced. */
  const int64_t rows = tiles * TILE_ROWS + TILE_ROWS / STAGE_FEATURES + (shape == DENSE ? 1 : TRACED_TOGETHER);
  if (!multiply_fits(padded_width(n_features), rows, &numbers) || numbers > INT64_MAX / 2 ||
      !multiply_fits(n_components, group_tiles, &sets) || sets > INT64_MAX / 16 ||
      !multiply_fits(numbers + sets + 8 + TILE_ROWS + tiles * TILE_ROWS, (int64_t)sizeof(double), &bytes))
    return INT64_MAX;
  return bytes;
}

const kernel *kernel_best(int level)
{
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (level >= kernel_avx512.level && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return &kernel_avx512;
  if (level >= kernel_avx2.level && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return &kernel_avx2;
#endif
  (void)level;
  return &kernel_portable;
}

const kernel *kernel_common(MPI_Comm comm)
{
  int level = kernel_best(KERNEL_HIGHEST_LEVEL)->level;
  MPI_Allreduce(MPI_IN_PLACE, &level, 1, MPI_INT, MPI_MIN, comm);
  return kernel_best(level);
}
