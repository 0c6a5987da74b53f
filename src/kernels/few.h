/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: sums for few features, lanes over points: always for VERY_FEW_FEATURES, for more of them
 * where most points count.
 *
 * Lanes are added up once per group of tiles, as sums of lanes p mod GROUP, whatever the length of a vector: with
 * shorter vectors every STEP-th one goes to the same sums. A component's lane sums: responsibility, then responsibility
 * y (d), then responsibility y y^T (lower triangle, row by row). */
enum {
  VERY_FEW_FEATURES = 4, /* all sums fit into registers */
  FEW_FEATURES = 8,      /* those of a dense scatter fit in some turns */
  STEP = GROUP / LANES,
  MOST_SUMS = 1 + FEW_FEATURES + FEW_FEATURES * (FEW_FEATURES + 1) / 2,
  FEW_TILES = 4 /* that stay in the first cache while all components go by */
};

static int number_of_sums(int d)
{
  return 1 + d + d * (d + 1) / 2;
}

static void add_lane_sums(int d, vector lane_sums[STEP][MOST_SUMS], int64_t k, block_sums *sums)
{
  const int64_t width = sums->width;
  double totals[MOST_SUMS];
  for (int i = 0; i < number_of_sums(d); i++) {
    _Alignas(64) double lanes[GROUP];
    for (int first = 0; first < STEP; first++) ((vector *)lanes)[first] = lane_sums[first][i];
    totals[i] = tree_sum(lanes);
  }
  sums->counts[k] += totals[0];
  const double *second = totals + 1 + d;
  double *own = sums->second == NULL ? NULL : second_of_component(sums, k);
  for (int i = 0; i < d; i++) {
    sums->first[k * width + i] += totals[1 + i];
    for (int j = 0; j <= i; j++, second++) {
      if (own == NULL) continue;
      if (sums->shape == DENSE)
        own[i * width + j] += *second;
      else if (i == j)
        own[sums->traced ? 0 : i] += *second;
    }
  }
}

/* One component over tiles, for vectors of points v = first, first + STEP, ..., at most VERY_FEW_FEATURES. */
ALWAYS_INLINE void sum_very_few_features(int d, int64_t n_tiles, int64_t stride,
                                         const double *restrict responsibilities, int64_t tile_stride,
                                         const double *restrict tiles, const double *restrict reference, int first,
                                         vector *restrict lane_sums)
{
  vector sums[MOST_SUMS];
  for (int i = 0; i < 1 + d + d * (d + 1) / 2; i++) sums[i] = vector_of(0.0);
  for (int64_t t = 0; t < n_tiles; t++) {
    for (int v = first; v < TILE_VECTORS; v += STEP) {
      const vector own = ((const vector *)(responsibilities + t * stride))[v];
      if (lanes_at_least(own, vector_of(LEAST_POSITIVE)) == 0) continue;
      vector y[VERY_FEW_FEATURES];
      int place = 1 + d;
      sums[0] += own;
      for (int i = 0; i < d; i++) {
        y[i] = ((const vector *)(tiles + t * tile_stride + i * TILE_ROWS))[v] - reference[i];
        const vector weighted = own * y[i];
        sums[1 + i] += weighted;
        for (int j = 0; j <= i; j++) sums[place++] += weighted * y[j];
      }
    }
  }
  for (int i = 0; i < 1 + d + d * (d + 1) / 2; i++) lane_sums[i] = sums[i];
}

/* The points of n_tiles tiles that count, as u = sqrt(responsibility) (x - r), d vectors for LANES points;
 * the sums of responsibilities and responsibility (x - r), into lane_sums. Returns the end of what was packed. */
ALWAYS_INLINE vector *pack_few_features(int d, int64_t n_tiles, int64_t stride, const double *restrict responsibilities,
                                        int64_t tile_stride, const double *restrict tiles,
                                        const double *restrict reference, int first, vector *restrict packed,
                                        vector *restrict lane_sums)
{
  vector sums[1 + FEW_FEATURES];
  for (int i = 0; i < 1 + d; i++) sums[i] = vector_of(0.0);
  for (int64_t t = 0; t < n_tiles; t++, responsibilities += stride, tiles += tile_stride) {
    for (int v = first; v < TILE_VECTORS; v += STEP) {
      const vector own = ((const vector *)responsibilities)[v];
      if (lanes_at_least(own, vector_of(LEAST_POSITIVE)) == 0) continue;
      const vector root = vector_sqrt(own);
      sums[0] += own;
      for (int i = 0; i < d; i++) {
        packed[i] = root * (((const vector *)(tiles + i * TILE_ROWS))[v] - reference[i]);
        sums[1 + i] += root * packed[i];
      }
      packed += d;
    }
  }
  for (int i = 0; i < 1 + d; i++) lane_sums[i] = sums[i];
  return packed;
}

/* The sum of u u^T for all packed u, into a lower triangle: of rows `row` ... `row_end` - 1 what is in columns `column`
 * ... `column_end` - 1, at most 4 of each. */
ALWAYS_INLINE void sum_products(int d, int row, int row_end, int column, int column_end, const vector *restrict packed,
                                const vector *end, vector *restrict triangle)
{
  vector sums[4][4];
  for (int r = 0; r < 4; r++) {
    for (int c = 0; c < 4; c++) sums[r][c] = vector_of(0.0);
  }
  for (; packed < end; packed += d) {
    for (int c = column; c < column_end; c++) {
      for (int r = row < c ? c : row; r < row_end; r++) sums[r - row][c - column] += packed[r] * packed[c];
    }
  }
  for (int r = row; r < row_end; r++) {
    for (int c = column; c < column_end && c <= r; c++) triangle[r * (r + 1) / 2 + c] = sums[r - row][c - column];
  }
}

/* The same as sum_very_few_features for more of them and at most FEW_TILES tiles: so many sums that they take turns in
 * the registers. */
ALWAYS_INLINE void sum_few_features(int d, int64_t n_tiles, int64_t stride, const double *restrict responsibilities,
                                    int64_t tile_stride, const double *restrict tiles, const double *restrict reference,
                                    int first, vector *restrict lane_sums)
{
  vector packed[FEW_TILES * TILE_VECTORS / STEP * FEW_FEATURES];
  vector *triangle = lane_sums + 1 + d;
  const vector *end =
      pack_few_features(d, n_tiles, stride, responsibilities, tile_stride, tiles, reference, first, packed, lane_sums);
  sum_products(d, 0, 4, 0, 4, packed, end, triangle);
  for (int row = 4; row < d; row += 2) sum_products(d, row, row + 2 < d ? row + 2 : d, 0, 4, packed, end, triangle);
  sum_products(d, 4, d, 4, d, packed, end, triangle);
}

ALWAYS_INLINE void accumulate_few(int d, int64_t n_tiles, const double *responsibilities, const double *tiles,
                                  int64_t tile_stride, block_sums *sums)
{
  const int64_t stride = sums->n_components * TILE_ROWS;
  const int64_t most = d <= VERY_FEW_FEATURES ? n_tiles : FEW_TILES;
  for (int64_t t = 0; t < n_tiles; t += most, responsibilities += most * stride, tiles += most * tile_stride) {
    const int64_t n = n_tiles - t < most ? n_tiles - t : most;
    for (int64_t k = 0; k < sums->n_components; k++) {
      const double *own = responsibilities + k * TILE_ROWS;
      const double *reference = sums->references + k * sums->width;
      vector lane_sums[STEP][MOST_SUMS];
      for (int first = 0; first < STEP; first++) {
        if (d <= VERY_FEW_FEATURES)
          sum_very_few_features(d, n, stride, own, tile_stride, tiles, reference, first, lane_sums[first]);
        else
          sum_few_features(d, n, stride, own, tile_stride, tiles, reference, first, lane_sums[first]);
      }
      add_lane_sums(d, lane_sums, k, sums);
    }
  }
}

/* Do two thirds of a tile's pairs of a point and a component count? Where fewer do, many lanes would be idle. */
static bool most_points_count(int64_t n_components, const double *responsibilities)
{
  int64_t n = 0;
  for (int64_t i = 0; i < n_components * TILE_VECTORS; i++)
    n += __builtin_popcount(lanes_at_least(((const vector *)responsibilities)[i], vector_of(LEAST_POSITIVE)));
  return 3 * n >= 2 * n_components * TILE_ROWS;
}

/* Does nothing and returns false when there are too many features, or too few points that count in the first tile. */
static bool accumulate_few_features(int64_t n_tiles, const double *responsibilities, const double *tiles,
                                    int64_t tile_stride, block_sums *sums)
{
#define FEW(d)                                                                                                         \
  case d:                                                                                                              \
    accumulate_few(d, n_tiles, responsibilities, tiles, tile_stride, sums);                                            \
    return true;
  if (sums->n_features > VERY_FEW_FEATURES &&
      (sums->shape == DIAGONAL || !most_points_count(sums->n_components, responsibilities)))
    return false;
  switch (sums->n_features) {
    FEW(1) FEW(2) FEW(3) FEW(4) FEW(5) FEW(6) FEW(7) FEW(8) default : return false;
  }
#undef FEW
}
