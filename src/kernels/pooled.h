/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: sums of which the second moments are wanted of all components together, about one origin: the sum
 * of p (x - origin)(x - origin)^T, p the sum of a point's responsibilities.
 *
 * So a point is squared once. Of each component its count and first moments are left to do: with few features lanes run
 * over points, else over features, as everywhere. */

/* --- counts and first moments --- */

/* One component over tiles, for vectors of points v = first, first + STEP, ... */
ALWAYS_INLINE void first_sums_of_few(int d, int64_t n_tiles, int64_t stride, const double *restrict responsibilities,
                                     int64_t tile_stride, const double *restrict tiles,
                                     const double *restrict reference, int first, vector *restrict lane_sums)
{
  vector sums[1 + FEW_FEATURES];
  for (int i = 0; i < 1 + d; i++) sums[i] = vector_of(0.0);
  for (int64_t t = 0; t < n_tiles; t++, responsibilities += stride, tiles += tile_stride) {
    for (int v = first; v < TILE_VECTORS; v += STEP) {
      const vector own = ((const vector *)responsibilities)[v];
      if (lanes_at_least(own, vector_of(LEAST_POSITIVE)) == 0) continue;
      sums[0] += own;
      for (int i = 0; i < d; i++) sums[1 + i] += own * (((const vector *)(tiles + i * TILE_ROWS))[v] - reference[i]);
    }
  }
  for (int i = 0; i < 1 + d; i++) lane_sums[i] = sums[i];
}

ALWAYS_INLINE void first_moments_of_few(int d, int64_t n_tiles, const double *responsibilities, const double *tiles,
                                        int64_t tile_stride, block_sums *sums)
{
  const int64_t stride = sums->n_components * TILE_ROWS;
  for (int64_t k = 0; k < sums->n_components; k++) {
    vector lane_sums[STEP][1 + FEW_FEATURES];
    for (int first = 0; first < STEP; first++)
      first_sums_of_few(d, n_tiles, stride, responsibilities + k * TILE_ROWS, tile_stride, tiles,
                        sums->references + k * sums->width, first, lane_sums[first]);
    for (int i = 0; i < 1 + d; i++) {
      _Alignas(64) double lanes[GROUP];
      for (int first = 0; first < STEP; first++) ((vector *)lanes)[first] = lane_sums[first][i];
      *(i == 0 ? &sums->counts[k] : &sums->first[k * sums->width + i - 1]) += tree_sum(lanes);
    }
  }
}

/* All components and tiles, whose points are rows. points: room for K sets. */
static void first_moments_of_rows(int64_t n_tiles, const double *responsibilities, const double *rows, block_sums *sums,
                                  uint64_t *points)
{
  enum { N = FEATURE_GROUP / LANES };
  const int64_t K = sums->n_components;
  const int64_t width = sums->width;
  for (int64_t t = 0; t < n_tiles; t++, responsibilities += K * TILE_ROWS, rows += TILE_ROWS * width) {
    set_points_that_count(1, responsibilities, NULL, sums, points);
    for (int64_t begin = 0; begin < K; begin += NEAR_COMPONENTS) {
      const int64_t end = K - begin < NEAR_COMPONENTS ? K : begin + NEAR_COMPONENTS;
      for (int64_t j = 0; j < width; j += BLOCK) {
        switch (block_width(width, j) / FEATURE_GROUP) {
        case 1:
          first_moments_of_block(N, begin, end, points, responsibilities, rows + j, width, j, sums);
          break;
        case 2:
          first_moments_of_block(2 * N, begin, end, points, responsibilities, rows + j, width, j, sums);
          break;
#if BLOCK_GROUPS > 2
        case 3:
          first_moments_of_block(3 * N, begin, end, points, responsibilities, rows + j, width, j, sums);
          break;
        default:
          first_moments_of_block(4 * N, begin, end, points, responsibilities, rows + j, width, j, sums);
          break;
#endif
        }
      }
    }
  }
}

/* --- second moments --- */

/* The sums of the points' responsibilities, n_tiles x TILE_ROWS. */
static void whole_responsibilities(int64_t n_components, int64_t n_tiles, const double *restrict responsibilities,
                                   double *restrict whole)
{
  for (int64_t t = 0; t < n_tiles; t++, whole += TILE_ROWS) {
    vector sums[TILE_VECTORS];
    for (int v = 0; v < TILE_VECTORS; v++) sums[v] = vector_of(0.0);
    for (int64_t k = 0; k < n_components; k++, responsibilities += TILE_ROWS) {
      for (int v = 0; v < TILE_VECTORS; v++) sums[v] += ((const vector *)responsibilities)[v];
    }
    for (int v = 0; v < TILE_VECTORS; v++) ((vector *)whole)[v] = sums[v];
  }
}

/* Packs the points of tiles, and adds their squares; scratch: room for a tile. */
static void add_squares_of_rows(int64_t n_tiles, const double *whole, const double *rows, block_sums *one,
                                double *packed)
{
  scatter_chunk chunk;
  memset(chunk.weights, 0, sizeof chunk.weights);
  chunk.n_points = 0;
  for (int64_t t = 0; t < n_tiles; t++, whole += TILE_ROWS, rows += TILE_ROWS * one->width) {
    const uint64_t points = points_that_count(whole, one->counts);
    if (chunk.n_points + __builtin_popcountll(points) > CHUNK) flush_chunk(&chunk, 0, one, packed);
    take_points(&chunk, points, whole, rows, one->width);
  }
  flush_chunk(&chunk, 0, one, packed);
}

/* Does nothing and returns false when there are too many features. */
static bool accumulate_pooled_few(int64_t n_tiles, const double *responsibilities, const double *whole,
                                  const double *tiles, int64_t tile_stride, block_sums *sums, block_sums *one)
{
#define FEW(d)                                                                                                         \
  case d:                                                                                                              \
    first_moments_of_few(d, n_tiles, responsibilities, tiles, tile_stride, sums);                                      \
    accumulate_few(d, n_tiles, whole, tiles, tile_stride, one);                                                        \
    return true;
  switch (sums->n_features) {
    FEW(1) FEW(2) FEW(3) FEW(4) FEW(5) FEW(6) FEW(7) FEW(8) default : return false;
  }
#undef FEW
}

/* DENSE. scratch: the points as rows, packed ones, the sums of responsibilities, and first moments that nobody wants,
 * and K sets of points. */
static void accumulate_pooled(int64_t n_tiles, const double *responsibilities, const double *tiles, int64_t tile_stride,
                              block_sums *sums, double *scratch)
{
  const int64_t K = sums->n_components;
  const int64_t width = sums->width;
  double *rows = scratch;
  double *packed = rows + n_tiles * TILE_ROWS * width;
  double *whole = packed + TILE_ROWS * width;
  double count = 0.0;
  block_sums one = {.shape = DENSE,
                    .n_components = 1,
                    .n_features = sums->n_features,
                    .width = width,
                    .references = sums->origin,
                    .counts = &count,
                    .first = whole + n_tiles * TILE_ROWS,
                    .second = sums->second};
  memset(one.first, 0, (size_t)width * sizeof(double));
  whole_responsibilities(K, n_tiles, responsibilities, whole);
  if (accumulate_pooled_few(n_tiles, responsibilities, whole, tiles, tile_stride, sums, &one)) return;
  rows_of_tiles(n_tiles, sums->n_features, width, tiles, tile_stride, rows);
  first_moments_of_rows(n_tiles, responsibilities, rows, sums, (uint64_t *)(one.first + width));
  add_squares_of_rows(n_tiles, whole, rows, &one, packed);
}
