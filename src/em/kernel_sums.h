/* Part of kernel_template.h: sums over the points of tiles, weighted by responsibilities: what both shapes need, few
 * features, and diagonal scatters.
 *
 * With few features lanes run over points. Otherwise they run over features, and the points that count for a component
 * come one after the other, so that points that do not count cost nothing. */

/* Which points of a tile count for a component, as bits; the sum of their responsibilities is added to *count. */
static uint64_t points_that_count(const double *restrict responsibilities, double *count)
{
  uint64_t points = 0;
  for (int v = 0; v < TILE_VECTORS; v++) {
    const vector own = ((const vector *)responsibilities)[v];
    points |= (uint64_t)lanes_at_least(own, vector_of(0x1p-1022)) << (v * LANES);
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

static void blocks_of_tile(int64_t n_features, int64_t width, const double *restrict tile, double *restrict blocks)
{
  for (int64_t j = 0; j < width; j++) {
    const int64_t start = j / BLOCK * BLOCK;
    const int64_t stride = block_width(width, start);
    double *block = blocks + start * TILE_ROWS + (j - start);
    if (j < n_features) {
      for (int p = 0; p < TILE_ROWS; p++) block[p * stride] = tile[j * TILE_ROWS + p];
    } else {
      for (int p = 0; p < TILE_ROWS; p++) block[p * stride] = 0.0;
    }
  }
}

/* --- few features --- */

enum { FEW_FEATURES = 4 };

/* Sums of one component over tiles, for vectors of points v = first, first + step, ...: lane sums of responsibility,
 * responsibility y and responsibility y y^T (lower triangle row by row). */
ALWAYS_INLINE void sum_few_features(int d, int64_t n_tiles, int64_t tile_stride,
                                    const double *restrict responsibilities, const double *restrict tiles,
                                    const double *restrict reference, int first, int step, vector *restrict lane_sums)
{
  vector sums[1 + FEW_FEATURES + FEW_FEATURES * (FEW_FEATURES + 1) / 2];
  const int n_sums = 1 + d + d * (d + 1) / 2;
  for (int i = 0; i < n_sums; i++) sums[i] = vector_of(0.0);
  for (int64_t t = 0; t < n_tiles; t++) {
    for (int v = first; v < TILE_VECTORS; v += step) {
      const vector own = ((const vector *)(responsibilities + t * tile_stride))[v];
      if (lanes_at_least(own, vector_of(0x1p-1022)) == 0) continue;
      vector y[FEW_FEATURES];
      int place = 1 + d;
      sums[0] += own;
      for (int i = 0; i < d; i++) {
        y[i] = ((const vector *)(tiles + (t * d + i) * TILE_ROWS))[v] - reference[i];
        const vector weighted = own * y[i];
        sums[1 + i] += weighted;
        for (int j = 0; j <= i; j++) sums[place++] += weighted * y[j];
      }
    }
  }
  for (int i = 0; i < n_sums; i++) lane_sums[i] = sums[i];
}

/* Lanes are added up as sums of lanes p mod GROUP, whatever the length of a vector. */
ALWAYS_INLINE void accumulate_few_features(int d, int64_t n_tiles, const double *responsibilities, const double *tiles,
                                           block_sums *sums)
{
  enum { STEP = GROUP / LANES, MOST_SUMS = 1 + FEW_FEATURES + FEW_FEATURES * (FEW_FEATURES + 1) / 2 };
  const int64_t width = sums->width;
  for (int64_t k = 0; k < sums->n_components; k++) {
    vector lane_sums[STEP][MOST_SUMS];
    double totals[MOST_SUMS];
    for (int first = 0; first < STEP; first++)
      sum_few_features(d, n_tiles, sums->n_components * TILE_ROWS, responsibilities + k * TILE_ROWS, tiles,
                       sums->references + k * width, first, STEP, lane_sums[first]);
    for (int i = 0; i < 1 + d + d * (d + 1) / 2; i++) {
      _Alignas(64) double lanes[GROUP];
      for (int first = 0; first < STEP; first++) ((vector *)lanes)[first] = lane_sums[first][i];
      totals[i] = tree_sum(lanes);
    }
    sums->counts[k] += totals[0];
    int place = 1 + d;
    for (int i = 0; i < d; i++) {
      sums->first[k * width + i] += totals[1 + i];
      for (int j = 0; j <= i; j++, place++) {
        if (sums->second == NULL) continue;
        if (sums->shape == DENSE)
          sums->second[(k * d + i) * width + j] += totals[place];
        else if (i == j)
          sums->second[k * width + i] += totals[place];
      }
    }
  }
}

/* --- first moments and diagonal scatters --- */

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
  for (; points != 0; points &= points - 1) {
    const int p = __builtin_ctzll(points);
    const vector own = vector_of(responsibilities[p]);
    const vector *x = (const vector *)(rows + p * n_vectors * LANES);
    for (int v = 0; v < n_vectors; v++) {
      const vector y = x[v] - origin[v];
      const vector weighted = own * y;
      sums[v] += weighted;
      squares[v] += weighted * y;
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
  for (int64_t k = 0; k < K; k++) points[k] = points_that_count(responsibilities + k * TILE_ROWS, &sums->counts[k]);
  for (int64_t j = 0; j < width; j += BLOCK) {
    for (int64_t k = 0; k < K; k++) {
      const double *own = responsibilities + k * TILE_ROWS;
      double *second = sums->second == NULL ? NULL : sums->second + k * width + j;
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
