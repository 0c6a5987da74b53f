/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: sums over the points of a tile, weighted by responsibilities: what all shapes need, and
 * diagonal scatters.
 *
 * With few features lanes run over points (few.h). Otherwise they run over features, and the points that count
 * for a component come one after the other, so that points that do not count cost nothing. */

/* Which points of a tile count for a component, as bits; the sum of their responsibilities is added to *count. */
static uint64_t points_that_count(const double *restrict responsibilities, double *count)
{
  uint64_t points = 0;
  for (int v = 0; v < TILE_VECTORS; v++) {
    const vector own = ((const vector *)responsibilities)[v];
    points |= (uint64_t)lanes_at_least(own, vector_of(LEAST_POSITIVE)) << (v * LANES);
  }
  if (points != 0) *count += sum_of_lanes(responsibilities);
  return points;
}

/* The lanes of a tile's points as rows in blocks of at most BLOCK features: the block that begins at feature j holds
 * TILE_ROWS rows of block_width(width, j) numbers, from j * TILE_ROWS on. Features from n_features to width are 0. */
enum { BLOCK = 16 };

static int64_t block_width(int64_t width, int64_t j)
{
  return width - j < BLOCK ? width - j : BLOCK;
}

typedef double square_row __attribute__((vector_size(32), may_alias));

#if defined(__clang__)
#define SHUFFLED(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int64_t square_places __attribute__((vector_size(32)));
#define SHUFFLED(a, b, i, j, k, l) __builtin_shuffle(a, b, (square_places){i, j, k, l})
#endif

/* A square of 4 x 4 numbers, rows from_stride and to_stride apart, transposed. */
ALWAYS_INLINE void transpose_square(const double *restrict from, int64_t from_stride, double *restrict to,
                                    int64_t to_stride)
{
  const square_row a = *(const square_row *)from;
  const square_row b = *(const square_row *)(from + from_stride);
  const square_row c = *(const square_row *)(from + 2 * from_stride);
  const square_row d = *(const square_row *)(from + 3 * from_stride);
  const square_row ab_even = SHUFFLED(a, b, 0, 4, 2, 6);
  const square_row ab_odd = SHUFFLED(a, b, 1, 5, 3, 7);
  const square_row cd_even = SHUFFLED(c, d, 0, 4, 2, 6);
  const square_row cd_odd = SHUFFLED(c, d, 1, 5, 3, 7);
  *(square_row *)to = SHUFFLED(ab_even, cd_even, 0, 1, 4, 5);
  *(square_row *)(to + to_stride) = SHUFFLED(ab_odd, cd_odd, 0, 1, 4, 5);
  *(square_row *)(to + 2 * to_stride) = SHUFFLED(ab_even, cd_even, 2, 3, 6, 7);
  *(square_row *)(to + 3 * to_stride) = SHUFFLED(ab_odd, cd_odd, 2, 3, 6, 7);
}

static void blocks_of_tile(int64_t n_features, int64_t width, const double *restrict tile, double *restrict blocks)
{
  int64_t j = 0;
  for (; j + 4 <= n_features; j += 4) {
    const int64_t start = j / BLOCK * BLOCK;
    const int64_t stride = block_width(width, start);
    for (int p = 0; p < TILE_ROWS; p += 4)
      transpose_square(tile + j * TILE_ROWS + p, TILE_ROWS, blocks + start * TILE_ROWS + (j - start) + p * stride,
                       stride);
  }
  for (; j < width; j++) {
    const int64_t start = j / BLOCK * BLOCK;
    const int64_t stride = block_width(width, start);
    double *block = blocks + start * TILE_ROWS + (j - start);
    for (int p = 0; p < TILE_ROWS; p++) block[p * stride] = j < n_features ? tile[j * TILE_ROWS + p] : 0.0;
  }
}

/* --- first moments and diagonal scatters --- */

/* One point's n_vectors vectors of features. */
ALWAYS_INLINE void square_point(int n_vectors, double responsibility, const double *restrict row, const vector origin[],
                                vector sums[], vector squares[])
{
  for (int v = 0; v < n_vectors; v++) {
    const vector y = ((const vector *)row)[v] - origin[v];
    const vector weighted = vector_rounded(responsibility * y);
    sums[v] += weighted;
    squares[v] += weighted * y;
  }
}

/* n_vectors vectors of features of one component: points as bits, rows n_vectors * LANES apart. */
ALWAYS_INLINE void sum_squares(int n_vectors, uint64_t points, const double *restrict responsibilities,
                               const double *restrict rows, const double *restrict reference, double *restrict first,
                               double *restrict second)
{
  vector origin[BLOCK / LANES], sums[BLOCK / LANES], squares[BLOCK / LANES];
  for (int v = 0; v < n_vectors; v++) {
    origin[v] = ((const vector *)reference)[v];
    sums[v] = squares[v] = vector_of(0.0);
  }
  if (points == UINT64_MAX) {
    for (int p = 0; p < TILE_ROWS; p++)
      square_point(n_vectors, responsibilities[p], rows + p * n_vectors * LANES, origin, sums, squares);
  } else {
    for (; points != 0; points &= points - 1) {
      const int p = __builtin_ctzll(points);
      square_point(n_vectors, responsibilities[p], rows + p * n_vectors * LANES, origin, sums, squares);
    }
  }
  for (int v = 0; v < n_vectors; v++) ((vector *)first)[v] += sums[v];
  for (int v = 0; v < n_vectors && second != NULL; v++) ((vector *)second)[v] += squares[v];
}

/* scratch: the tile's points as rows in blocks, and K sets of points. */
static void accumulate_diagonal(const double *responsibilities, const double *tile, block_sums *sums, double *scratch)
{
  const int64_t K = sums->n_components;
  const int64_t width = sums->width;
  double *blocks = scratch;
  uint64_t *points = (uint64_t *)(scratch + TILE_ROWS * width);
  blocks_of_tile(sums->n_features, width, tile, blocks);
  for (int64_t k = 0; k < K; k++) {
    const bool absent = sums->present != NULL && (sums->present[k / 64] >> (k % 64) & 1) == 0;
    points[k] = absent ? 0 : points_that_count(responsibilities + k * TILE_ROWS, &sums->counts[k]);
  }
  for (int64_t j = 0; j < width; j += BLOCK) {
    for (int64_t k = 0; k < K; k++) {
      const double *own = responsibilities + k * TILE_ROWS;
      double *second = sums->second == NULL ? NULL : second_of_component(sums, k) + j;
      if (points[k] == 0) continue;
      if (width - j >= BLOCK)
        sum_squares(BLOCK / LANES, points[k], own, blocks + j * TILE_ROWS, sums->references + k * width + j,
                    sums->first + k * width + j, second);
      else
        sum_squares(FEATURE_GROUP / LANES, points[k], own, blocks + j * TILE_ROWS, sums->references + k * width + j,
                    sums->first + k * width + j, second);
    }
  }
}
