/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: dense scatters, sum of responsibility (x - r)(x - r)^T, lanes over features.
 *
 * The points that count for a component are packed, CHUNK of them at a time, as u = sqrt(responsibility) (x - r), so
 * that the scatter is the sum of u u^T: PACK features of all packed points, then the next PACK features. Register tiles
 * of PACK rows by some packs of columns then read both operands from beginning to end. */
enum {
  CHUNK = TILE_ROWS,
  PACK = LANES > 4 ? LANES : 4,
  PACK_VECTORS = PACK / LANES,
  MOST_PACKS = LANES >= 4 ? 3 : 1, /* columns of a register tile */
  NEAR_PACKS = 48 / PACK           /* columns that stay in the first cache while all rows go by */
};

typedef struct scatter_chunk {
  int n_points;
  const double *rows[CHUNK];          /* d features each, padded */
  _Alignas(64) double weights[CHUNK]; /* responsibilities, then their square roots */
} scatter_chunk;

/* One register tile: rows of pack `row`, columns of n_packs packs from `column` on; n_rows of the rows exist. */
ALWAYS_INLINE void scatter_packs(int n_packs, int n_points, int64_t row, int64_t column, int64_t n_rows, int64_t width,
                                 const double *restrict packed, double *restrict second)
{
  vector sums[PACK][MOST_PACKS * PACK_VECTORS];
  const double *left = packed + row * PACK * CHUNK;
  const double *right = packed + column * PACK * CHUNK;
  for (int r = 0; r < PACK; r++) {
    for (int v = 0; v < n_packs * PACK_VECTORS; v++) sums[r][v] = vector_of(0.0);
  }
  for (int i = 0; i < n_points; i++, left += PACK, right += PACK) {
    vector u[MOST_PACKS * PACK_VECTORS];
    for (int v = 0; v < n_packs * PACK_VECTORS; v++)
      u[v] = *(const vector *)(right + v / PACK_VECTORS * (PACK * CHUNK) + v % PACK_VECTORS * LANES);
    for (int r = 0; r < PACK; r++) {
      for (int v = 0; v < n_packs * PACK_VECTORS; v++) sums[r][v] += left[r] * u[v];
    }
  }
  for (int r = 0; r < PACK; r++) {
    vector *to = (vector *)(second + (row * PACK + r) * width + column * PACK);
    for (int v = 0; v < n_packs * PACK_VECTORS && r < n_rows; v++) to[v] += sums[r][v];
  }
}

/* Columns from pack `column` up to, not including, pack `end`. */
static void scatter_row(int n_points, int64_t row, int64_t column, int64_t end, int64_t n_rows, int64_t width,
                        const double *packed, double *second)
{
  while (column < end) {
    const int64_t left = end - column;
    const int n_packs = left == 4 && MOST_PACKS == 3 ? 2 : left < MOST_PACKS ? (int)left : MOST_PACKS; /* 4 = 2 + 2 */
    switch (n_packs) {
    case 1:
      scatter_packs(1, n_points, row, column, n_rows, width, packed, second);
      break;
#if VECTOR_BYTES >= 32
    case 2:
      scatter_packs(2, n_points, row, column, n_rows, width, packed, second);
      break;
    default:
      scatter_packs(3, n_points, row, column, n_rows, width, packed, second);
      break;
#endif
    }
    column += n_packs;
  }
}

#if VECTOR_BYTES == 32
/* Packs `row` and row + 1 of rows by themselves as columns: one register tile for this triangle. */
static void scatter_pair(int n_points, int64_t row, int64_t n_rows, int64_t width, const double *restrict packed,
                         double *restrict second)
{
  vector upper[PACK], lower[PACK][2];
  second += row * PACK * width + row * PACK;
  packed += row * PACK * CHUNK;
  for (int r = 0; r < PACK; r++) upper[r] = lower[r][0] = lower[r][1] = vector_of(0.0);
  for (int i = 0; i < n_points; i++, packed += PACK) {
    const double *other = packed + PACK * CHUNK;
    const vector u[2] = {*(const vector *)packed, *(const vector *)other};
    for (int r = 0; r < PACK; r++) {
      upper[r] += packed[r] * u[0];
      lower[r][0] += other[r] * u[0];
      lower[r][1] += other[r] * u[1];
    }
  }
  for (int r = 0; r < PACK; r++) {
    *(vector *)(second + r * width) += upper[r];
    for (int c = 0; c < 2 && PACK + r < n_rows; c++) *(vector *)(second + (PACK + r) * width + c * PACK) += lower[r][c];
  }
}
#endif

/* The lower triangle (and what is above it in its packs) of the sum of u u^T. */
static void scatter(int n_points, int64_t n_features, int64_t width, const double *packed, double *second)
{
  const int64_t n_packs = (n_features + PACK - 1) / PACK;
  for (int64_t near = 0; near < n_packs; near += NEAR_PACKS) {
    for (int64_t row = near; row < n_packs; row++) {
      int64_t end = row + 1;
#if VECTOR_BYTES == 32
      end = row % 2 == 1 ? row - 1 : row + 1 < n_packs ? row : end;
      if (row % 2 == 0 && row + 1 < n_packs && row < near + NEAR_PACKS)
        scatter_pair(n_points, row, n_features - row * PACK, width, packed, second);
#endif
      if (end > near + NEAR_PACKS) end = near + NEAR_PACKS;
      scatter_row(n_points, row, near, end, n_features - row * PACK, width, packed, second);
    }
  }
}

/* Packs one point's FEATURE_GROUP features from feature j on. */
ALWAYS_INLINE void pack_point(const scatter_chunk *chunk, int i, int64_t j, const vector origin[],
                              double *restrict packed, vector sums[])
{
  const vector weight = vector_of(chunk->weights[i]);
  const vector *x = (const vector *)(chunk->rows[i] + j);
  for (int v = 0; v < FEATURE_GROUP / LANES; v++) {
    const vector u = weight * (x[v] - origin[v]);
    *(vector *)(packed + (j + v * LANES) / PACK * (PACK * CHUNK) + i * PACK + v * LANES % PACK) = u;
    sums[v] += weight * u;
  }
}

ALWAYS_INLINE void take_roots(scatter_chunk *chunk, int i)
{
  vector *weights = (vector *)(chunk->weights + i);
  *weights = vector_sqrt(*weights);
}

/* Packs FEATURE_GROUP features from feature j on, and adds responsibility (x - r) to first. The first features take the
 * square roots by the way, which then cost no time of their own. */
ALWAYS_INLINE void pack_features(scatter_chunk *chunk, int64_t j, const double *restrict reference,
                                 double *restrict packed, double *restrict first)
{
  enum { N = FEATURE_GROUP / LANES };
  vector origin[N], even[N], odd[N];
  int i = 0;
  for (int v = 0; v < N; v++) {
    origin[v] = ((const vector *)(reference + j))[v];
    even[v] = odd[v] = vector_of(0.0);
  }
  for (; i + 1 < chunk->n_points; i += 2) {
    if (j == 0 && i % LANES == 0) take_roots(chunk, i);
    pack_point(chunk, i, j, origin, packed, even);
    pack_point(chunk, i + 1, j, origin, packed, odd);
  }
  if (i < chunk->n_points) {
    if (j == 0 && i % LANES == 0) take_roots(chunk, i);
    pack_point(chunk, i, j, origin, packed, even);
  }
  for (int v = 0; v < N; v++) ((vector *)(first + j))[v] += even[v] + odd[v];
}

/* Adds the chunk's points to component k and empties the chunk. */
static void flush_chunk(scatter_chunk *chunk, int64_t k, block_sums *sums, double *packed)
{
  const int64_t d = sums->n_features;
  const int64_t width = sums->width;
  if (chunk->n_points == 0) return;
  for (int64_t j = 0; j < width; j += FEATURE_GROUP)
    pack_features(chunk, j, sums->references + k * width, packed, sums->first + k * width);
  if (sums->second != NULL) scatter(chunk->n_points, d, width, packed, second_of_component(sums, k));
  chunk->n_points = 0;
}

static void take_points(scatter_chunk *chunk, uint64_t points, const double *restrict responsibilities,
                        const double *rows, int64_t width)
{
  int n = chunk->n_points;
  if (points == UINT64_MAX) {
    for (int p = 0; p < TILE_ROWS; p++) chunk->rows[p] = rows + p * width;
    memcpy(chunk->weights, responsibilities, TILE_ROWS * sizeof(double));
    n = TILE_ROWS;
  }
  for (; points != 0 && n < CHUNK; points &= points - 1, n++) {
    const int p = __builtin_ctzll(points);
    chunk->rows[n] = rows + p * width;
    chunk->weights[n] = responsibilities[p];
  }
  chunk->n_points = n;
}

/* The points as rows of width numbers; features beyond n_features are 0. */
static void rows_of_tiles(int64_t n_tiles, int64_t n_features, int64_t width, const double *restrict tiles,
                          int64_t tile_stride, double *restrict rows)
{
  for (int64_t t = 0; t < n_tiles; t++, tiles += tile_stride, rows += width * TILE_ROWS) {
    int64_t j = 0;
    for (; j + 4 <= n_features; j += 4) {
      for (int p = 0; p < TILE_ROWS; p += 4)
        transpose_square(tiles + j * TILE_ROWS + p, TILE_ROWS, rows + p * width + j, width);
    }
    for (; j < width; j++) {
      for (int p = 0; p < TILE_ROWS; p++) rows[p * width + j] = j < n_features ? tiles[j * TILE_ROWS + p] : 0.0;
    }
  }
}

/* scratch: the points as rows, then packed ones. */
static void accumulate_dense(int64_t n_tiles, const double *responsibilities, const double *tiles, int64_t tile_stride,
                             block_sums *sums, double *scratch)
{
  const int64_t K = sums->n_components;
  const int64_t width = sums->width;
  double *rows = scratch;
  double *packed = scratch + n_tiles * TILE_ROWS * width;
  scatter_chunk chunk;
  memset(chunk.weights, 0, sizeof chunk.weights);
  chunk.n_points = 0;
  rows_of_tiles(n_tiles, sums->n_features, width, tiles, tile_stride, rows);
  for (int64_t k = 0; k < K; k++) {
    for (int64_t t = 0; t < n_tiles; t++) {
      const double *own = responsibilities + (t * K + k) * TILE_ROWS;
      const uint64_t points = points_that_count(own, &sums->counts[k]);
      if (chunk.n_points + __builtin_popcountll(points) > CHUNK) flush_chunk(&chunk, k, sums, packed);
      take_points(&chunk, points, own, rows + t * TILE_ROWS * width, width);
    }
    flush_chunk(&chunk, k, sums, packed);
  }
}
