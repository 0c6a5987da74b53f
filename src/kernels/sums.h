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

static bool is_at_origin(const block_sums *sums, int64_t k)
{
  return sums->at_origin != NULL && sums->at_origin[k];
}

/* The sum of the products of TILE_ROWS numbers; as sum_of_lanes. */
static double sum_of_products(const double *a, const double *b)
{
  _Alignas(64) double sums[GROUP];
  for (int first = 0; first < GROUP / LANES; first++) {
    vector sum = vector_of(0.0);
    for (int v = first; v < TILE_VECTORS; v += GROUP / LANES) sum += ((const vector *)a)[v] * ((const vector *)b)[v];
    ((vector *)sums)[first] = sum;
  }
  return tree_sum(sums);
}

/* The sum of width numbers, a multiple of GROUP; likewise. */
static double sum_of_features(int64_t width, const double *numbers)
{
  _Alignas(64) double sums[GROUP] = {0.0};
  for (int64_t j = 0; j < width; j += GROUP) {
    for (int v = 0; v < GROUP / LANES; v++) ((vector *)sums)[v] += ((const vector *)(numbers + j))[v];
  }
  return tree_sum(sums);
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
  BLOCK_VECTORS = BLOCK / LANES,    /* their sums, squares and origins are in registers */
  NEAR_COMPONENTS = TRACED_TOGETHER /* whose sums of a block, and responsibilities, stay in the first caches */
};

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

/* As first_moments_of_block, with second moments where they are wanted; rows stand one behind the other. squares: where
 * sums are traced, rows of width numbers for the components from begin on. Components at the origin are left out. */
ALWAYS_INLINE void moments_of_block(int n_vectors, int64_t begin, int64_t end, const uint64_t *points,
                                    const double *responsibilities, const double *rows, int64_t j,
                                    const block_sums *sums, double *squares)
{
  if (sums->second == NULL) {
    first_moments_of_block(n_vectors, begin, end, points, responsibilities, rows, n_vectors * LANES, j, sums);
    return;
  }
  for (int64_t k = begin; k < end; k++) {
    double *second = sums->traced ? squares + (k - begin) * sums->width : second_of_component(sums, k);
    if (points[k] == 0 || is_at_origin(sums, k)) continue;
    sum_squares(n_vectors, points[k], responsibilities + k * TILE_ROWS, rows, sums->references + k * sums->width + j,
                sums->first + k * sums->width + j, second + j);
  }
}

/* --- first moments about one origin: a product of matrices, responsibilities and points --- */

/* Components whose sums of so many vectors of features are in registers together, beside those of a point. */
ALWAYS_INLINE int components_together(int n_vectors)
{
  return VECTOR_BYTES >= 64 || n_vectors <= 2 ? 6 : 3;
}
enum { MOST_OWN = 6 };

/* n_own components to which all points of a tile are added. */
ALWAYS_INLINE void add_products(int n_own, int n_vectors, const double *const responsibilities[MOST_OWN],
                                const double *restrict rows, double *const first[MOST_OWN])
{
  vector sums[MOST_OWN][BLOCK_VECTORS];
  for (int c = 0; c < n_own; c++) {
    for (int v = 0; v < n_vectors; v++) sums[c][v] = vector_of(0.0);
  }
  for (int p = 0; p < TILE_ROWS; p++, rows += n_vectors * LANES) {
    for (int c = 0; c < n_own; c++) {
      const vector own = vector_of(responsibilities[c][p]);
      for (int v = 0; v < n_vectors; v++) sums[c][v] += own * ((const vector *)rows)[v];
    }
  }
  for (int c = 0; c < n_own; c++) {
    for (int v = 0; v < n_vectors; v++) ((vector *)first[c])[v] += sums[c][v];
  }
}

/* The same of one component and some of the points. */
ALWAYS_INLINE void add_some_products(int n_vectors, uint64_t points, const double *restrict responsibilities,
                                     const double *restrict rows, double *restrict first)
{
  vector sums[BLOCK_VECTORS];
  for (int v = 0; v < n_vectors; v++) sums[v] = vector_of(0.0);
  for (; points != 0; points &= points - 1) {
    const int p = __builtin_ctzll(points);
    const vector *x = (const vector *)(rows + p * n_vectors * LANES);
    for (int v = 0; v < n_vectors; v++) sums[v] += responsibilities[p] * x[v];
  }
  for (int v = 0; v < n_vectors; v++) ((vector *)first)[v] += sums[v];
}

/* Of the components at the origin; rows: of points less the origin. */
ALWAYS_INLINE void products_of_block(int n_vectors, int64_t begin, int64_t end, const uint64_t *points,
                                     const double *responsibilities, const double *rows, int64_t j,
                                     const block_sums *sums, double *squares)
{
  const int together = components_together(n_vectors);
  const double *own[MOST_OWN];
  double *first[MOST_OWN];
  int n_waiting = 0;
  (void)squares;
  for (int64_t k = begin; k < end; k++) {
    if (points[k] == 0 || !is_at_origin(sums, k)) continue;
    own[n_waiting] = responsibilities + k * TILE_ROWS;
    first[n_waiting] = sums->first + k * sums->width + j;
    if (!nearly_all_count(points[k])) {
      add_some_products(n_vectors, points[k], own[n_waiting], rows, first[n_waiting]);
    } else if (++n_waiting == together) {
      add_products(together, n_vectors, own, rows, first);
      n_waiting = 0;
    }
  }
  for (int c = 0; c < n_waiting; c++) add_products(1, n_vectors, own + c, rows, first + c);
}

/* squares (TILE_ROWS) = |x - origin|^2 of a tile's points. */
static void squares_about_origin(int64_t n_features, const double *restrict tile, const double *restrict origin,
                                 double *restrict squares)
{
  vector sums[TILE_VECTORS];
  for (int v = 0; v < TILE_VECTORS; v++) sums[v] = vector_of(0.0);
  for (int64_t j = 0; j < n_features; j++) {
    for (int v = 0; v < TILE_VECTORS; v++) {
      const vector y = ((const vector *)(tile + j * TILE_ROWS))[v] - origin[j];
      sums[v] += y * y;
    }
  }
  for (int v = 0; v < TILE_VECTORS; v++) ((vector *)squares)[v] = sums[v];
}

/* Blocks of a tile's points (blocks_of_tile) become those of points less the origin. */
static void subtract_origin(int64_t width, const double *restrict origin, double *restrict blocks)
{
  for (int64_t j = 0; j < width; j += BLOCK) {
    const int n_vectors = (int)(block_width(width, j) / LANES);
    for (int p = 0; p < TILE_ROWS; p++) {
      for (int v = 0; v < n_vectors; v++, blocks += LANES) *(vector *)blocks -= ((const vector *)(origin + j))[v];
    }
  }
}

/* --- all of it --- */

/* Which points of tiles count, n_tiles x K; adds to counts. squares, where sums are traced: n_tiles x TILE_ROWS, of the
 * points about the origin. */
static void set_points_that_count(int64_t n_tiles, const double *responsibilities, const double *squares,
                                  block_sums *sums, uint64_t *points)
{
  const int64_t K = sums->n_components;
  for (int64_t t = 0; t < n_tiles; t++) {
    const uint64_t *present = sums->present != NULL ? sums->present + t * ((K + 63) / 64) : NULL;
    for (int64_t k = 0; k < K; k++) {
      const bool absent = present != NULL && (present[k / 64] >> (k % 64) & 1) == 0;
      const double *own = responsibilities + (t * K + k) * TILE_ROWS;
      points[t * K + k] = absent ? 0 : points_that_count(own, &sums->counts[k]);
      if (points[t * K + k] != 0 && is_at_origin(sums, k))
        sums->second[k] += sum_of_products(own, squares + t * TILE_ROWS);
    }
  }
}

typedef struct diagonal_task {
  int64_t n_tiles;
  const double *responsibilities; /* n_tiles x K x TILE_ROWS */
  const double *blocks;           /* of each tile: blocks_of_tile */
  const uint64_t *points;         /* n_tiles x K */
} diagonal_task;

/* Components from begin to end and one block of features, from j on, while all tiles go by: those at the origin, or the
 * others. */
ALWAYS_INLINE void sum_block(bool at_origin, int n_vectors, const diagonal_task *task, int64_t begin, int64_t end,
                             int64_t j, const block_sums *sums, double *squares)
{
  const int64_t K = sums->n_components;
  for (int64_t t = 0; t < task->n_tiles; t++) {
    const double *own = task->responsibilities + t * K * TILE_ROWS;
    const double *rows = task->blocks + (t * sums->width + j) * TILE_ROWS;
    if (at_origin)
      products_of_block(n_vectors, begin, end, task->points + t * K, own, rows, j, sums, squares);
    else
      moments_of_block(n_vectors, begin, end, task->points + t * K, own, rows, j, sums, squares);
  }
}

/* The sums of NEAR_COMPONENTS components in one block of features stay in the first cache while the tiles go by. */
ALWAYS_INLINE void sum_components(bool at_origin, const diagonal_task *task, int64_t begin, int64_t end,
                                  const block_sums *sums, double *squares)
{
  enum { N = FEATURE_GROUP / LANES };
  for (int64_t j = 0; j < sums->width; j += BLOCK) {
    switch (block_width(sums->width, j) / FEATURE_GROUP) {
    case 1:
      sum_block(at_origin, N, task, begin, end, j, sums, squares);
      break;
    case 2:
      sum_block(at_origin, 2 * N, task, begin, end, j, sums, squares);
      break;
#if BLOCK_GROUPS > 2
    case 3:
      sum_block(at_origin, 3 * N, task, begin, end, j, sums, squares);
      break;
    default:
      sum_block(at_origin, 4 * N, task, begin, end, j, sums, squares);
      break;
#endif
    }
  }
}

/* About each component's own reference. squares: where sums are traced, NEAR_COMPONENTS x width. */
static void sum_about_references(const diagonal_task *task, const block_sums *sums, double *squares)
{
  const int64_t K = sums->n_components;
  const bool traced = sums->traced && sums->second != NULL;
  for (int64_t begin = 0; begin < K; begin += NEAR_COMPONENTS) {
    const int64_t end = K - begin < NEAR_COMPONENTS ? K : begin + NEAR_COMPONENTS;
    if (traced) memset(squares, 0, (size_t)((end - begin) * sums->width) * sizeof *squares);
    sum_components(false, task, begin, end, sums, squares);
    for (int64_t k = begin; k < end && traced; k++) {
      if (!is_at_origin(sums, k)) sums->second[k] += sum_of_features(sums->width, squares + (k - begin) * sums->width);
    }
  }
}

static void sum_about_origin(const diagonal_task *task, const block_sums *sums)
{
  const int64_t K = sums->n_components;
  for (int64_t begin = 0; begin < K; begin += NEAR_COMPONENTS)
    sum_components(true, task, begin, K - begin < NEAR_COMPONENTS ? K : begin + NEAR_COMPONENTS, sums, NULL);
}

static bool any_at_origin(const block_sums *sums, bool wanted)
{
  for (int64_t k = 0; k < sums->n_components; k++) {
    if (is_at_origin(sums, k) == wanted) return true;
  }
  return false;
}

/* scratch: the tiles' points as rows in blocks, K sets of points of each; where sums are traced, the squares of points
 * about the origin, and of features. */
static void accumulate_diagonal(int64_t n_tiles, const double *responsibilities, const double *tiles,
                                int64_t tile_stride, block_sums *sums, double *scratch)
{
  const int64_t width = sums->width;
  const bool some_at_origin = any_at_origin(sums, true);
  double *squares_of_points = scratch + n_tiles * TILE_ROWS * width;
  double *squares = squares_of_points + (sums->traced ? n_tiles * TILE_ROWS : 0);
  uint64_t *points = (uint64_t *)(squares + (sums->traced ? NEAR_COMPONENTS * width : 0));
  const diagonal_task task = {n_tiles, responsibilities, scratch, points};
  for (int64_t t = 0; t < n_tiles; t++) {
    const double *tile = tiles + t * tile_stride;
    blocks_of_tile(sums->n_features, width, tile, scratch + t * TILE_ROWS * width);
    if (some_at_origin) squares_about_origin(sums->n_features, tile, sums->origin, squares_of_points + t * TILE_ROWS);
  }
  set_points_that_count(n_tiles, responsibilities, squares_of_points, sums, points);
  if (any_at_origin(sums, false)) sum_about_references(&task, sums, squares);
  if (!some_at_origin) return;
  for (int64_t t = 0; t < n_tiles; t++) subtract_origin(width, sums->origin, scratch + t * TILE_ROWS * width);
  sum_about_origin(&task, sums);
}
