/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: full covariances of few features in single precision, lanes over points; as dense.h and few.h
 * have it in double.
 *
 * A lane takes every SINGLE_GROUP-th point of at most SINGLE_FEW_TILES tiles, so that fewer numbers than SINGLE_CHUNK
 * are added one after the other in single precision. A component's sums: responsibility, responsibility y (d),
 * responsibility y y^T (lower triangle, row by row). */
enum {
  SINGLE_STEP = SINGLE_GROUP / SINGLE_LANES,
  SINGLE_FEW_TILES = 8 /* that stay in the first cache while all components go by */
};

typedef float single_lane_sums[MOST_SUMS][SINGLE_GROUP];

/* Log densities of all components, and the highest. */
ALWAYS_INLINE void single_few_densities(int d, const single_form *form, const float *restrict x,
                                        float *restrict log_densities, float *restrict best)
{
  for (int64_t k = 0; k < form->n_components; k++, log_densities += TILE_ROWS) {
    const float *whitening = form->whitening + k * form->whitening_length;
    const float *mean = form->means + k * form->width;
    if (!single_is_live(form, k)) {
      single_fill(log_densities, -INFINITY);
      continue;
    }
    for (int first = 0; first < SINGLE_TILE_VECTORS; first += SINGLE_PANEL_VECTORS) {
      single_vector y[FEW_FEATURES][SINGLE_PANEL_VECTORS];
      single_vector distances[SINGLE_PANEL_VECTORS] = {{0.0F}};
      for (int i = 0; i < d; i++) {
        const int group = i / WHITENING_ROWS;
        const float *row = whitening + WHITENING_ROWS * WHITENING_ROWS * (group * (group + 1) / 2) + i % WHITENING_ROWS;
        single_vector z[SINGLE_PANEL_VECTORS] = {{0.0F}};
        for (int v = 0; v < SINGLE_PANEL_VECTORS; v++)
          y[i][v] = mean[i] - ((const single_vector *)(x + i * TILE_ROWS))[first + v];
        for (int j = 0; j <= i; j++) {
          for (int v = 0; v < SINGLE_PANEL_VECTORS; v++) z[v] += row[j * WHITENING_ROWS] * y[j][v];
        }
        for (int v = 0; v < SINGLE_PANEL_VECTORS; v++) distances[v] += z[v] * z[v];
      }
      for (int v = 0; v < SINGLE_PANEL_VECTORS; v++) {
        single_vector *top = (single_vector *)best + first + v;
        const single_vector own = single_live(form->log_constants[k], distances[v]);
        ((single_vector *)log_densities)[first + v] = own;
        *top = single_max(own, *top);
      }
    }
  }
}

/* Of more features false, and nothing is done. */
static bool single_reachable_few(const single_form *form, const float *x, float *log_densities, float *best)
{
#define FEW(d)                                                                                                         \
  case d:                                                                                                              \
    single_few_densities(d, form, x, log_densities, best);                                                             \
    return true;
  switch (form->n_features) {
    FEW(1) FEW(2) FEW(3) FEW(4) FEW(5) FEW(6) FEW(7) FEW(8) default : return false;
  }
#undef FEW
}

/* The points that count, as u = sqrt(responsibility) (x - r), d vectors for SINGLE_LANES points; the sums of
 * responsibilities and responsibility (x - r). Returns the end of what was packed. */
ALWAYS_INLINE single_vector *single_pack_few(int d, int64_t n_tiles, int64_t stride,
                                             const float *restrict responsibilities, int64_t tile_stride,
                                             const float *restrict tiles, const float *restrict reference, int first,
                                             single_vector *restrict packed, single_vector sums[1 + FEW_FEATURES])
{
  for (int i = 0; i < 1 + d; i++) sums[i] = single_of(0.0F);
  for (int64_t t = 0; t < n_tiles; t++, responsibilities += stride, tiles += tile_stride) {
    for (int v = first; v < SINGLE_TILE_VECTORS; v += SINGLE_STEP) {
      const single_vector own = ((const single_vector *)responsibilities)[v];
      if (single_lanes_at_least(own, single_of(0x1p-126F)) == 0) continue;
      const single_vector root = single_sqrt(own);
      sums[0] += own;
      for (int i = 0; i < d; i++) {
        packed[i] = root * (((const single_vector *)(tiles + i * TILE_ROWS))[v] - reference[i]);
        sums[1 + i] += root * packed[i];
      }
      packed += d;
    }
  }
  return packed;
}

/* The sum of u u^T for all packed u: of rows `row` ... `row_end` - 1 what is in columns `column` ... `column_end` - 1
 * of the lower triangle, at most 4 of each. */
ALWAYS_INLINE void single_few_products(int d, int row, int row_end, int column, int column_end,
                                       const single_vector *restrict packed, const single_vector *end,
                                       float (*restrict triangle)[SINGLE_GROUP])
{
  single_vector sums[4][4];
  for (int r = 0; r < 4; r++) {
    for (int c = 0; c < 4; c++) sums[r][c] = single_of(0.0F);
  }
  for (; packed < end; packed += d) {
    for (int c = column; c < column_end; c++) {
      for (int r = row < c ? c : row; r < row_end; r++) sums[r - row][c - column] += packed[r] * packed[c];
    }
  }
  for (int r = row; r < row_end; r++) {
    for (int c = column; c < column_end && c <= r; c++)
      *(single_vector *)triangle[r * (r + 1) / 2 + c] = sums[r - row][c - column];
  }
}

/* Adds the lanes up, in a tree. */
ALWAYS_INLINE void single_add_lanes(int d, single_lane_sums lanes, int64_t k, block_sums *sums)
{
  enum { QUARTER = SINGLE_GROUP / 4 };
  const int64_t width = sums->width;
  double totals[MOST_SUMS];
  for (int i = 0; i < 1 + d + d * (d + 1) / 2; i++) {
    float quarters[QUARTER];
    for (int l = 0; l < QUARTER; l++)
      quarters[l] = (lanes[i][l] + lanes[i][l + 2 * QUARTER]) + (lanes[i][l + QUARTER] + lanes[i][l + 3 * QUARTER]);
    totals[i] = ((double)quarters[0] + (double)quarters[2]) + ((double)quarters[1] + (double)quarters[3]);
  }
  const double *second = totals + 1 + d;
  double *own = sums->second == NULL ? NULL : second_of_component(sums, k);
  sums->counts[k] += totals[0];
  for (int i = 0; i < d; i++) {
    sums->first[k * width + i] += totals[1 + i];
    for (int j = 0; j <= i && own != NULL; j++) own[i * width + j] += second[i * (i + 1) / 2 + j];
  }
}

/* Tiles of d features in rows of TILE_ROWS, tile_stride apart; at most SINGLE_FEW_TILES. */
ALWAYS_INLINE void single_sum_few(int d, const single_form *form, int64_t n_tiles, const float *responsibilities,
                                  const float *tiles, int64_t tile_stride, block_sums *sums)
{
  const int64_t stride = form->n_components * TILE_ROWS;
  for (int64_t k = 0; k < form->n_components; k++) {
    _Alignas(64) single_lane_sums lanes;
    for (int first = 0; first < SINGLE_STEP; first++) {
      single_vector packed[SINGLE_FEW_TILES * SINGLE_TILE_VECTORS / SINGLE_STEP * FEW_FEATURES];
      single_vector own[1 + FEW_FEATURES];
      float(*triangle)[SINGLE_GROUP] = (float(*)[SINGLE_GROUP])(lanes[1 + d] + first * SINGLE_LANES);
      const single_vector *end = single_pack_few(d, n_tiles, stride, responsibilities + k * TILE_ROWS, tile_stride,
                                                 tiles, form->references + k * form->width, first, packed, own);
      for (int i = 0; i < 1 + d; i++) *(single_vector *)(lanes[i] + first * SINGLE_LANES) = own[i];
      single_few_products(d, 0, d < 4 ? d : 4, 0, 4, packed, end, triangle);
      for (int row = 4; row < d; row += 2)
        single_few_products(d, row, row + 2 < d ? row + 2 : d, 0, 4, packed, end, triangle);
      if (d > 4) single_few_products(d, 4, d, 4, d, packed, end, triangle);
    }
    single_add_lanes(d, lanes, k, sums);
  }
}

/* Do two thirds of a tile's pairs of a point and a component count? Where fewer do, many lanes would be idle. */
static bool single_most_count(int64_t n_components, const float *responsibilities)
{
  int64_t n = 0;
  for (int64_t i = 0; i < n_components * SINGLE_TILE_VECTORS; i++)
    n += __builtin_popcount(single_lanes_at_least(((const single_vector *)responsibilities)[i], single_of(0x1p-126F)));
  return 3 * n >= 2 * n_components * TILE_ROWS;
}

/* Does nothing and returns false when there are too few points that count in the first tile. tiles: n_features rows of
 * TILE_ROWS, tile_stride apart. */
static bool single_accumulate_few(const single_form *form, int64_t n_tiles, const float *responsibilities,
                                  const float *tiles, int64_t tile_stride, block_sums *sums)
{
  const int64_t stride = form->n_components * TILE_ROWS;
  if (form->n_features > VERY_FEW_FEATURES && !single_most_count(form->n_components, responsibilities)) return false;
  for (int64_t t = 0; t < n_tiles; t += SINGLE_FEW_TILES) {
    const int64_t n = n_tiles - t < SINGLE_FEW_TILES ? n_tiles - t : SINGLE_FEW_TILES;
    const float *own = responsibilities + t * stride;
    const float *x = tiles + t * tile_stride;
#define FEW(d)                                                                                                         \
  case d:                                                                                                              \
    single_sum_few(d, form, n, own, x, tile_stride, sums);                                                             \
    break;
    switch (form->n_features) {
      FEW(1) FEW(2) FEW(3) FEW(4) FEW(5) FEW(6) FEW(7) FEW(8) default : return false;
    }
#undef FEW
  }
  return true;
}
