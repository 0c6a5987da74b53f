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

/* Do so many of a tile's points count that it takes less to add all of them? Those of responsibility 0 change no bit of
 * a sum, so that this is a matter of time alone. */
static bool nearly_all_count(uint64_t points)
{
  return __builtin_popcountll(points) >= TILE_ROWS - TILE_ROWS / 8;
}

/* The lanes of a tile's points as rows in blocks of at most BLOCK features: the block that begins at feature j holds
 * TILE_ROWS rows of block_width(width, j) numbers, from j * TILE_ROWS on. Features from n_features to width are 0. */
#define BLOCK_GROUPS (VECTOR_BYTES >= 64 ? 4 : 2) /* of FEATURE_GROUP features */
enum {
  BLOCK = BLOCK_GROUPS * FEATURE_GROUP,
  BLOCK_VECTORS = BLOCK / LANES, /* their sums, squares and origins are in registers */
  NEAR_COMPONENTS = 32           /* whose sums of a block, and responsibilities, stay in the first caches */
};

static int64_t block_width(int64_t width, int64_t j)
{
  return width - j < BLOCK ? width - j : BLOCK;
}

typedef double square_row __attribute__((vector_size(32), may_alias));
typedef double loose_row __attribute__((vector_size(32), may_alias, aligned(8)));

#if defined(__clang__)
#define SHUFFLED(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int64_t square_places __attribute__((vector_size(32)));
#define SHUFFLED(a, b, i, j, k, l) __builtin_shuffle(a, b, (square_places){i, j, k, l})
#endif

/* A square of 4 x 4 numbers, in these rows, transposed, rows to_stride apart. */
ALWAYS_INLINE void transpose_rows(const double *const from[4], double *restrict to, int64_t to_stride)
{
  const square_row a = *(const loose_row *)from[0];
  const square_row b = *(const loose_row *)from[1];
  const square_row c = *(const loose_row *)from[2];
  const square_row d = *(const loose_row *)from[3];
  const square_row ab_even = SHUFFLED(a, b, 0, 4, 2, 6);
  const square_row ab_odd = SHUFFLED(a, b, 1, 5, 3, 7);
  const square_row cd_even = SHUFFLED(c, d, 0, 4, 2, 6);
  const square_row cd_odd = SHUFFLED(c, d, 1, 5, 3, 7);
  *(square_row *)to = SHUFFLED(ab_even, cd_even, 0, 1, 4, 5);
  *(square_row *)(to + to_stride) = SHUFFLED(ab_odd, cd_odd, 0, 1, 4, 5);
  *(square_row *)(to + 2 * to_stride) = SHUFFLED(ab_even, cd_even, 2, 3, 6, 7);
  *(square_row *)(to + 3 * to_stride) = SHUFFLED(ab_odd, cd_odd, 2, 3, 6, 7);
}

/* The same of rows from_stride apart. */
ALWAYS_INLINE void transpose_square(const double *restrict from, int64_t from_stride, double *restrict to,
                                    int64_t to_stride)
{
  const double *const rows[4] = {from, from + from_stride, from + 2 * from_stride, from + 3 * from_stride};
  transpose_rows(rows, to, to_stride);
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

/* --- first moments --- */

/* n_vectors vectors of features of two components (or, with n_own 1, of one) to which all points of a tile are added: a
 * point is loaded once for both. Rows are `stride` numbers apart. */
ALWAYS_INLINE void add_all_points(int n_own, int n_vectors, const double *const responsibilities[2],
                                  const double *restrict rows, int64_t stride, const double *const references[2],
                                  double *const first[2])
{
  vector origin[2][BLOCK_VECTORS], sums[2][BLOCK_VECTORS];
  for (int c = 0; c < n_own; c++) {
    for (int v = 0; v < n_vectors; v++) {
      origin[c][v] = ((const vector *)references[c])[v];
      sums[c][v] = vector_of(0.0);
    }
  }
  for (int p = 0; p < TILE_ROWS; p++, rows += stride) {
    for (int v = 0; v < n_vectors; v++) {
      const vector x = ((const vector *)rows)[v];
      for (int c = 0; c < n_own; c++) sums[c][v] += responsibilities[c][p] * (x - origin[c][v]);
    }
  }
  for (int c = 0; c < n_own; c++) {
    for (int v = 0; v < n_vectors; v++) ((vector *)first[c])[v] += sums[c][v];
  }
}

/* The same of one component and some of the points. */
ALWAYS_INLINE void add_some_points(int n_vectors, uint64_t points, const double *restrict responsibilities,
                                   const double *restrict rows, int64_t stride, const double *restrict reference,
                                   double *restrict first)
{
  vector origin[BLOCK_VECTORS], sums[BLOCK_VECTORS];
  for (int v = 0; v < n_vectors; v++) {
    origin[v] = ((const vector *)reference)[v];
    sums[v] = vector_of(0.0);
  }
  for (; points != 0; points &= points - 1) {
    const int p = __builtin_ctzll(points);
    const vector *x = (const vector *)(rows + p * stride);
    for (int v = 0; v < n_vectors; v++) sums[v] += responsibilities[p] * (x[v] - origin[v]);
  }
  for (int v = 0; v < n_vectors; v++) ((vector *)first)[v] += sums[v];
}

/* Components from begin to end, a tile, and the n_vectors vectors of features that begin at feature j; rows: of these.
 */
ALWAYS_INLINE void first_moments_of_block(int n_vectors, int64_t begin, int64_t end, const uint64_t *points,
                                          const double *responsibilities, const double *rows, int64_t stride, int64_t j,
                                          const block_sums *sums)
{
  const double *own[2], *references[2];
  double *first[2];
  int n_waiting = 0;
  for (int64_t k = begin; k < end; k++) {
    own[n_waiting] = responsibilities + k * TILE_ROWS;
    references[n_waiting] = sums->references + k * sums->width + j;
    first[n_waiting] = sums->first + k * sums->width + j;
    if (nearly_all_count(points[k])) {
      if (++n_waiting < 2) continue;
      add_all_points(2, n_vectors, own, rows, stride, references, first);
      n_waiting = 0;
    } else if (points[k] != 0) {
      add_some_points(n_vectors, points[k], own[n_waiting], rows, stride, references[n_waiting], first[n_waiting]);
    }
  }
  if (n_waiting == 1) add_all_points(1, n_vectors, own, rows, stride, references, first);
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
  vector origin[BLOCK_VECTORS], sums[BLOCK_VECTORS], squares[BLOCK_VECTORS];
  for (int v = 0; v < n_vectors; v++) {
    origin[v] = ((const vector *)reference)[v];
    sums[v] = squares[v] = vector_of(0.0);
  }
  if (nearly_all_count(points)) {
    for (int p = 0; p < TILE_ROWS; p++)
      square_point(n_vectors, responsibilities[p], rows + p * n_vectors * LANES, origin, sums, squares);
  } else {
    for (; points != 0; points &= points - 1) {
      const int p = __builtin_ctzll(points);
      square_point(n_vectors, responsibilities[p], rows + p * n_vectors * LANES, origin, sums, squares);
    }
  }
  for (int v = 0; v < n_vectors; v++) ((vector *)first)[v] += sums[v];
  for (int v = 0; v < n_vectors; v++) ((vector *)second)[v] += squares[v];
}

/* As first_moments_of_block, with second moments where they are wanted; rows stand one behind the other. */
ALWAYS_INLINE void moments_of_block(int n_vectors, int64_t begin, int64_t end, const uint64_t *points,
                                    const double *responsibilities, const double *rows, int64_t j,
                                    const block_sums *sums)
{
  if (sums->second == NULL) {
    first_moments_of_block(n_vectors, begin, end, points, responsibilities, rows, n_vectors * LANES, j, sums);
    return;
  }
  for (int64_t k = begin; k < end; k++) {
    if (points[k] == 0) continue;
    sum_squares(n_vectors, points[k], responsibilities + k * TILE_ROWS, rows, sums->references + k * sums->width + j,
                sums->first + k * sums->width + j, second_of_component(sums, k) + j);
  }
}

/* Which points of tiles count, n_tiles x K; adds to counts. Returns how many there are for all components together. */
static int64_t set_points_that_count(int64_t n_tiles, const double *responsibilities, block_sums *sums,
                                     uint64_t *points)
{
  const int64_t K = sums->n_components;
  int64_t n = 0;
  for (int64_t t = 0; t < n_tiles; t++) {
    const uint64_t *present = sums->present != NULL ? sums->present + t * ((K + 63) / 64) : NULL;
    for (int64_t k = 0; k < K; k++) {
      const bool absent = present != NULL && (present[k / 64] >> (k % 64) & 1) == 0;
      points[t * K + k] = absent ? 0 : points_that_count(responsibilities + (t * K + k) * TILE_ROWS, &sums->counts[k]);
      if (!absent) n += __builtin_popcountll(points[t * K + k]);
    }
  }
  return n;
}

/* The code for each length of a block, in groups of features. */
#if BLOCK_GROUPS > 2
#define FOR_BLOCK_WIDTH(width, j, CALL)                                                                                \
  switch (block_width(width, j) / FEATURE_GROUP) {                                                                     \
  case 1:                                                                                                              \
    CALL(FEATURE_GROUP / LANES);                                                                                       \
    break;                                                                                                             \
  case 2:                                                                                                              \
    CALL(2 * FEATURE_GROUP / LANES);                                                                                   \
    break;                                                                                                             \
  case 3:                                                                                                              \
    CALL(3 * FEATURE_GROUP / LANES);                                                                                   \
    break;                                                                                                             \
  default:                                                                                                             \
    CALL(4 * FEATURE_GROUP / LANES);                                                                                   \
    break;                                                                                                             \
  }
#else
#define FOR_BLOCK_WIDTH(width, j, CALL)                                                                                \
  if (block_width(width, j) == FEATURE_GROUP)                                                                          \
    CALL(FEATURE_GROUP / LANES);                                                                                       \
  else                                                                                                                 \
    CALL(2 * FEATURE_GROUP / LANES);
#endif

/* One component's sums of a block of features over tiles, in registers from the first tile to the last. rows: of the
 * first tile, those of the next TILE_ROWS * width numbers behind; points and responsibilities: of the first tile. */
ALWAYS_INLINE void moments_of_component(int n_vectors, int64_t n_tiles, int64_t k, const uint64_t *points,
                                        const double *responsibilities, const double *rows, int64_t j,
                                        const block_sums *sums)
{
  const int64_t K = sums->n_components;
  vector *first = (vector *)(sums->first + k * sums->width + j);
  vector *second = (vector *)(sums->second + k * sums->width + j);
  vector origin[BLOCK_VECTORS], own[BLOCK_VECTORS], squares[BLOCK_VECTORS];
  for (int v = 0; v < n_vectors; v++) {
    origin[v] = ((const vector *)(sums->references + k * sums->width + j))[v];
    own[v] = first[v];
    squares[v] = second[v];
  }
  for (int64_t t = 0; t < n_tiles; t++) {
    uint64_t left = points[t * K + k];
    vector of_tile[BLOCK_VECTORS], squares_of_tile[BLOCK_VECTORS];
    if (left == 0) continue;
    for (int v = 0; v < n_vectors; v++) of_tile[v] = squares_of_tile[v] = vector_of(0.0);
    for (; left != 0; left &= left - 1) {
      const int p = __builtin_ctzll(left);
      square_point(n_vectors, responsibilities[(t * K + k) * TILE_ROWS + p],
                   rows + t * TILE_ROWS * sums->width + p * n_vectors * LANES, origin, of_tile, squares_of_tile);
    }
    for (int v = 0; v < n_vectors; v++) own[v] += of_tile[v];
    for (int v = 0; v < n_vectors; v++) squares[v] += squares_of_tile[v];
  }
  for (int v = 0; v < n_vectors; v++) first[v] = own[v];
  for (int v = 0; v < n_vectors; v++) second[v] = squares[v];
}

/* Where few points count: component by component, what accumulate_diagonal does. */
static void accumulate_few_points(int64_t n_tiles, const double *responsibilities, const uint64_t *points,
                                  const double *rows, const block_sums *sums)
{
  const int64_t K = sums->n_components;
  for (int64_t k = 0; k < K; k++) {
    uint64_t any = 0;
    for (int64_t t = 0; t < n_tiles; t++) any |= points[t * K + k];
    if (any == 0) continue;
    for (int64_t j = 0; j < sums->width; j += BLOCK) {
#define MOMENTS(n) moments_of_component(n, n_tiles, k, points, responsibilities, rows + j * TILE_ROWS, j, sums)
      FOR_BLOCK_WIDTH(sums->width, j, MOMENTS)
#undef MOMENTS
    }
  }
}

/* So many points of a tile, in the mean of the components, are few. */
enum { FEW_POINTS = 4 };

/* scratch: the tiles' points as rows in blocks, and K sets of points of each. The sums of NEAR_COMPONENTS components in
 * one block of features stay in the first cache while the tiles go by. */
static void accumulate_diagonal(int64_t n_tiles, const double *responsibilities, const double *tiles,
                                int64_t tile_stride, block_sums *sums, double *scratch)
{
  const int64_t K = sums->n_components;
  const int64_t width = sums->width;
  uint64_t *points = (uint64_t *)(scratch + n_tiles * TILE_ROWS * width);
  for (int64_t t = 0; t < n_tiles; t++)
    blocks_of_tile(sums->n_features, width, tiles + t * tile_stride, scratch + t * TILE_ROWS * width);
  const int64_t n_points = set_points_that_count(n_tiles, responsibilities, sums, points);
  if (n_points <= FEW_POINTS * K * n_tiles && sums->second != NULL && !sums->pooled) {
    accumulate_few_points(n_tiles, responsibilities, points, scratch, sums);
    return;
  }
  for (int64_t begin = 0; begin < K; begin += NEAR_COMPONENTS) {
    const int64_t end = K - begin < NEAR_COMPONENTS ? K : begin + NEAR_COMPONENTS;
    for (int64_t j = 0; j < width; j += BLOCK) {
      for (int64_t t = 0; t < n_tiles; t++) {
        const double *own = responsibilities + t * K * TILE_ROWS;
        const double *rows = scratch + (t * width + j) * TILE_ROWS;
#define MOMENTS(n) moments_of_block(n, begin, end, points + t * K, own, rows, j, sums)
        FOR_BLOCK_WIDTH(width, j, MOMENTS)
#undef MOMENTS
      }
    }
  }
}
