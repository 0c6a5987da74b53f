/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: full covariances in single precision. Distances as in dense.h, four rows of W by a panel of
 * points in registers; scatters as in scatter.h, of packed points. */
enum {
  SINGLE_PANEL_VECTORS = 2,
  SINGLE_PANEL = SINGLE_PANEL_VECTORS * SINGLE_LANES,
  SINGLE_PANELS = TILE_ROWS / SINGLE_PANEL,
  SINGLE_CHUNK = 2 * TILE_ROWS, /* points that are added in single precision */
  SINGLE_ROWS = SINGLE_LANES > 8 ? SINGLE_LANES / 2 : 4,
  SINGLE_PACKS = SINGLE_LANES >= 8 ? 3 : 2 /* columns of a register tile */
};

/* A component that counts has a log density of no more than SHARE_RANGE below the best one. */
#define SINGLE_RANGE 41.5888308F
#define SINGLE_LEAST (-1e30F)

/* Adds |rows of W times y|^2, y = mean - x: four rows that begin at column n_before. Of y the columns before them are
 * in centred, and these are appended. */
ALWAYS_INLINE void single_add_rows(const float *restrict whitening, int64_t n_before, const float *restrict mean,
                                   const float *restrict x, float *restrict centred,
                                   single_vector distances[SINGLE_PANEL_VECTORS])
{
  single_vector z[WHITENING_ROWS][SINGLE_PANEL_VECTORS];
  for (int r = 0; r < WHITENING_ROWS; r++) {
    for (int v = 0; v < SINGLE_PANEL_VECTORS; v++) z[r][v] = single_of(0.0F);
  }
  for (int64_t j = 0; j < n_before; j += 2) {
    for (int c = 0; c < 2; c++, whitening += WHITENING_ROWS) {
      const single_vector *y = (const single_vector *)(centred + (j + c) * SINGLE_PANEL);
      for (int r = 0; r < WHITENING_ROWS; r++) {
        for (int v = 0; v < SINGLE_PANEL_VECTORS; v++) z[r][v] += whitening[r] * y[v];
      }
    }
  }
  for (int c = 0; c < WHITENING_ROWS; c++, whitening += WHITENING_ROWS) {
    for (int v = 0; v < SINGLE_PANEL_VECTORS; v++) {
      const single_vector y = mean[n_before + c] - ((const single_vector *)(x + (n_before + c) * TILE_ROWS))[v];
      ((single_vector *)(centred + (n_before + c) * SINGLE_PANEL))[v] = y;
      for (int r = c; r < WHITENING_ROWS; r++) z[r][v] += whitening[r] * y;
    }
  }
  for (int v = 0; v < SINGLE_PANEL_VECTORS; v++)
    distances[v] += (z[0][v] * z[0][v] + z[1][v] * z[1][v]) + (z[2][v] * z[2][v] + z[3][v] * z[3][v]);
}

ALWAYS_INLINE single_vector single_live(float constant, single_vector distance)
{
  return single_max(constant - 0.5F * distance, single_of(SINGLE_LEAST));
}

/* Is any of a panel's points not beyond what counts? A sum of squares only grows, in floating point neither does it
 * shrink. */
ALWAYS_INLINE bool single_within_reach(float constant, const single_vector distances[SINGLE_PANEL_VECTORS],
                                       const single_vector *best)
{
  unsigned lanes = 0;
  for (int v = 0; v < SINGLE_PANEL_VECTORS; v++)
    lanes |= single_lanes_at_least(single_live(constant, distances[v]), best[v] - SINGLE_RANGE);
  return lanes != 0;
}

static bool single_is_live(const single_form *form, int64_t k)
{
  return form->log_constants[k] > -INFINITY;
}

static void single_fill(float *numbers, float value)
{
  for (int p = 0; p < TILE_ROWS; p++) numbers[p] = value;
}

/* The first four rows of all components; the one that is best by them goes first where ahead has a bit for a panel. */
static void single_start(const single_form *form, const float *x, float *restrict distances, float *centred,
                         uint32_t *ahead)
{
  _Alignas(64) float highest[TILE_ROWS];
  _Alignas(64) int32_t guesses[TILE_ROWS];
  single_fill(highest, -INFINITY);
  memset(guesses, 0, sizeof guesses);
  for (int64_t k = 0; k < form->n_components; k++) {
    ahead[k] = 0;
    if (!single_is_live(form, k)) continue;
    for (int panel = 0; panel < SINGLE_PANELS; panel++) {
      single_vector sums[SINGLE_PANEL_VECTORS] = {{0.0F}};
      single_add_rows(form->whitening + k * form->whitening_length, 0, form->means + k * form->width,
                      x + panel * SINGLE_PANEL, centred, sums);
      for (int v = 0; v < SINGLE_PANEL_VECTORS; v++) {
        const int at = panel * SINGLE_PANEL_VECTORS + v;
        single_vector *top = (single_vector *)highest + at;
        single_bits *guess = (single_bits *)guesses + at;
        const single_vector log_density = single_live(form->log_constants[k], sums[v]);
        const single_bits higher = log_density > *top;
        ((single_vector *)(distances + k * TILE_ROWS))[at] = sums[v];
        *guess = (higher & ((int32_t)k - (single_bits){0})) | (~higher & *guess);
        *top = single_max(log_density, *top);
      }
    }
  }
  for (int p = 0; p < TILE_ROWS; p++) ahead[guesses[p]] |= UINT32_C(1) << (p / SINGLE_PANEL);
}

/* The other rows of component k at a panel, from its partial distances: to log densities, -infinity where it is known
 * to be out of reach. */
static void single_finish_panel(const single_form *form, int64_t k, const float *x, float *restrict rows_of_panel,
                                float *centred, float *best_of_panel)
{
  const float *mean = form->means + k * form->width;
  const float *whitening = form->whitening + k * form->whitening_length + WHITENING_ROWS * WHITENING_ROWS;
  const float constant = form->log_constants[k];
  single_vector *rows = (single_vector *)rows_of_panel;
  single_vector *top = (single_vector *)best_of_panel;
  single_vector sums[SINGLE_PANEL_VECTORS];
  bool within = true;
  for (int v = 0; v < SINGLE_PANEL_VECTORS; v++) sums[v] = rows[v];
  within = single_within_reach(constant, sums, top);
  for (int c = 0; c < WHITENING_ROWS && within; c++) {
    for (int v = 0; v < SINGLE_PANEL_VECTORS; v++)
      ((single_vector *)(centred + c * SINGLE_PANEL))[v] = mean[c] - ((const single_vector *)(x + c * TILE_ROWS))[v];
  }
  for (int64_t row = WHITENING_ROWS; row < form->n_features && within; row += WHITENING_ROWS) {
    single_add_rows(whitening, row, mean, x, centred, sums);
    whitening += WHITENING_ROWS * (row + WHITENING_ROWS);
    if (row % 16 == 4) within = single_within_reach(constant, sums, top);
  }
  for (int v = 0; v < SINGLE_PANEL_VECTORS; v++) {
    rows[v] = within ? single_live(constant, sums[v]) : single_of(-INFINITY);
    top[v] = single_max(rows[v], top[v]);
  }
}

/* Log densities, of components out of reach -infinity or exact; best, which holds the background's, the highest. */
static void single_reachable_dense(const single_form *form, const float *x, float *log_densities, float *best,
                                   float *centred, uint32_t *ahead)
{
  const uint32_t all = (uint32_t)((UINT64_C(1) << SINGLE_PANELS) - 1);
  single_start(form, x, log_densities, centred, ahead);
  for (int turn = 0; turn < 2; turn++) {
    for (int64_t k = 0; k < form->n_components; k++) {
      float *rows = log_densities + k * TILE_ROWS;
      if (!single_is_live(form, k)) {
        single_fill(rows, -INFINITY);
        continue;
      }
      for (uint32_t panels = turn == 0 ? ahead[k] : all & ~ahead[k]; panels != 0; panels &= panels - 1) {
        const int at = __builtin_ctz(panels) * SINGLE_PANEL;
        single_finish_panel(form, k, x + at, rows + at, centred, best + at);
      }
    }
  }
}

/* --- scatters --- */

typedef float single_half __attribute__((vector_size(VECTOR_BYTES / 2), may_alias));

typedef struct single_chunk {
  int n_points;
  const float *rows[SINGLE_CHUNK];
  _Alignas(64) float weights[SINGLE_CHUNK]; /* responsibilities, then their square roots */
} single_chunk;

/* SINGLE_ROWS rows from `row` on by n_packs packs of columns from pack `column` on, added in double to second. With
 * half, so many columns of another pack, as rows of it there are. */
ALWAYS_INLINE void single_scatter_packs(int n_packs, bool half, int n_points, int64_t row, int64_t column,
                                        int64_t n_rows, int64_t width, const float *restrict packed,
                                        double *restrict second)
{
  single_vector sums[SINGLE_ROWS][SINGLE_PACKS];
  single_half halves[SINGLE_ROWS];
  _Alignas(64) float numbers[SINGLE_ROWS][(SINGLE_PACKS + 1) * SINGLE_LANES];
  const float *left = packed + row / SINGLE_LANES * (SINGLE_LANES * SINGLE_CHUNK) + row % SINGLE_LANES;
  const float *right = packed + column * (SINGLE_LANES * SINGLE_CHUNK);
  for (int r = 0; r < SINGLE_ROWS; r++) {
    for (int c = 0; c < n_packs; c++) sums[r][c] = single_of(0.0F);
    halves[r] = (single_half){0.0F};
  }
  for (int i = 0; i < n_points; i++, left += SINGLE_LANES, right += SINGLE_LANES) {
    single_vector u[SINGLE_PACKS];
    for (int c = 0; c < n_packs; c++) u[c] = *(const single_vector *)(right + c * (SINGLE_LANES * SINGLE_CHUNK));
    for (int r = 0; r < SINGLE_ROWS; r++) {
      for (int c = 0; c < n_packs; c++) sums[r][c] += left[r] * u[c];
    }
    if (half) {
      const single_half u_half = *(const single_half *)(right + n_packs * (SINGLE_LANES * SINGLE_CHUNK));
      for (int r = 0; r < SINGLE_ROWS; r++) halves[r] += left[r] * u_half;
    }
  }
  for (int r = 0; r < SINGLE_ROWS; r++) {
    for (int c = 0; c < n_packs; c++) *(single_vector *)(numbers[r] + c * SINGLE_LANES) = sums[r][c];
    if (half) *(single_half *)(numbers[r] + n_packs * SINGLE_LANES) = halves[r];
  }
  const int64_t left_over = width - column * SINGLE_LANES;
  const int64_t together = n_packs * SINGLE_LANES + (half ? SINGLE_LANES / 2 : 0);
  const int64_t n_columns = left_over < together ? left_over : together;
  for (int r = 0; r < SINGLE_ROWS && r < n_rows; r++) {
    double *to = second + (row + r) * width + column * SINGLE_LANES;
    for (int64_t c = 0; c < n_columns; c++) to[c] += (double)numbers[r][c];
  }
}

/* Columns from pack `column` on, n_packs of them, of rows whose last pack may be half a one. */
static void single_scatter_row(int n_points, int64_t row, int64_t n_packs, bool half, int64_t n_rows, int64_t width,
                               const float *packed, double *second)
{
  int64_t column = 0;
  for (; n_packs - column > SINGLE_PACKS - (half ? 1 : 0); column += SINGLE_PACKS)
    single_scatter_packs(SINGLE_PACKS, false, n_points, row, column, n_rows, width, packed, second);
#define PACKS_LEFT(n, with_half)                                                                                       \
  case 2 * (n) + (with_half):                                                                                          \
    single_scatter_packs(n, with_half, n_points, row, column, n_rows, width, packed, second);                          \
    break;
  switch (2 * (n_packs - column) + (half ? 1 : 0)) {
    PACKS_LEFT(0, true)
    PACKS_LEFT(1, false)
    PACKS_LEFT(1, true)
    PACKS_LEFT(2, false)
#if VECTOR_BYTES >= 32
    PACKS_LEFT(2, true)
    PACKS_LEFT(3, false)
#endif
  default:
    break;
  }
#undef PACKS_LEFT
}

/* The lower triangle (and what is above it in its packs) of the sum of u u^T. */
static void single_scatter(int n_points, int64_t n_features, int64_t width, const float *packed, double *second)
{
  for (int64_t row = 0; row < n_features; row += SINGLE_ROWS) {
    const int64_t n_columns = row + SINGLE_ROWS;
    const bool half = n_columns % SINGLE_LANES != 0;
    single_scatter_row(n_points, row, n_columns / SINGLE_LANES, half, n_features - row, width, packed, second);
  }
}

/* Packs one pack of features of the chunk's points, and adds responsibility (x - r) to first. */
ALWAYS_INLINE void single_pack(const single_chunk *chunk, int64_t j, const float *restrict reference,
                               float *restrict packed, float *restrict first)
{
  const single_vector origin = *(const single_vector *)(reference + j);
  single_vector even = single_of(0.0F);
  single_vector odd = single_of(0.0F);
  int i = 0;
  packed += j * SINGLE_CHUNK;
  for (; i + 1 < chunk->n_points; i += 2, packed += 2 * SINGLE_LANES) {
    const single_vector u = chunk->weights[i] * (*(const single_vector *)(chunk->rows[i] + j) - origin);
    const single_vector w = chunk->weights[i + 1] * (*(const single_vector *)(chunk->rows[i + 1] + j) - origin);
    *(single_vector *)packed = u;
    *(single_vector *)(packed + SINGLE_LANES) = w;
    even += chunk->weights[i] * u;
    odd += chunk->weights[i + 1] * w;
  }
  if (i < chunk->n_points) {
    const single_vector u = chunk->weights[i] * (*(const single_vector *)(chunk->rows[i] + j) - origin);
    *(single_vector *)packed = u;
    even += chunk->weights[i] * u;
  }
  *(single_vector *)first = even + odd;
}

/* Adds the chunk's points to component k and empties the chunk. */
static void single_flush(single_chunk *chunk, const single_form *form, int64_t k, block_sums *sums, float *packed)
{
  const int64_t d = sums->n_features;
  const int64_t width = sums->width;
  double *first = sums->first + k * width;
  if (chunk->n_points == 0) return;
  for (int i = 0; i < chunk->n_points; i += SINGLE_LANES) {
    single_vector *weights = (single_vector *)(chunk->weights + i);
    *weights = single_sqrt(*weights);
  }
  for (int64_t j = 0; j < d; j += SINGLE_LANES) {
    _Alignas(64) float own[SINGLE_LANES];
    single_pack(chunk, j, form->references + k * form->width, packed, own);
    for (int i = 0; i < SINGLE_LANES && j + i < width; i++) first[j + i] += (double)own[i];
  }
  if (sums->second != NULL) single_scatter(chunk->n_points, d, width, packed, second_of_component(sums, k));
  chunk->n_points = 0;
}

/* The points that count for a component, as bits; adds the sum of their responsibilities to *count. */
static uint64_t single_points(const float *restrict responsibilities, double *count)
{
  uint64_t points = 0;
  for (int v = 0; v < SINGLE_TILE_VECTORS; v++) {
    const single_vector own = ((const single_vector *)responsibilities)[v];
    points |= (uint64_t)single_lanes_at_least(own, single_of(0x1p-126F)) << (v * SINGLE_LANES);
  }
  if (points != 0) *count += single_sum_of_lanes(responsibilities);
  return points;
}

static void single_take_points(single_chunk *chunk, uint64_t points, const float *restrict responsibilities,
                               const float *rows, int64_t width)
{
  int n = chunk->n_points;
  if (points == UINT64_MAX) {
    for (int p = 0; p < TILE_ROWS; p++) chunk->rows[n + p] = rows + p * width;
    memcpy(chunk->weights + n, responsibilities, TILE_ROWS * sizeof(float));
    chunk->n_points = n + TILE_ROWS;
    return;
  }
  for (; points != 0; points &= points - 1, n++) {
    const int p = __builtin_ctzll(points);
    chunk->rows[n] = rows + p * width;
    chunk->weights[n] = responsibilities[p];
  }
  chunk->n_points = n;
}

/* rows: the group's points, width numbers each; packed: room for SINGLE_CHUNK points. */
static void single_accumulate_dense(const single_form *form, int64_t n_tiles, const float *responsibilities,
                                    const float *rows, block_sums *sums, float *packed)
{
  const int64_t K = form->n_components;
  single_chunk chunk;
  memset(chunk.weights, 0, sizeof chunk.weights);
  chunk.n_points = 0;
  for (int64_t k = 0; k < K; k++) {
    for (int64_t t = 0; t < n_tiles; t++) {
      const float *own = responsibilities + (t * K + k) * TILE_ROWS;
      const uint64_t points = single_points(own, &sums->counts[k]);
      if (chunk.n_points + __builtin_popcountll(points) > SINGLE_CHUNK) single_flush(&chunk, form, k, sums, packed);
      single_take_points(&chunk, points, own, rows + t * TILE_ROWS * form->width, form->width);
    }
    single_flush(&chunk, form, k, sums, packed);
  }
}
