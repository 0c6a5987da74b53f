/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: E-step and sums in single precision, of normal components.
 *
 * Points become floats about the mixture's mean. Responsibilities are floats; sums over at most SINGLE_CHUNK points are
 * made in single precision, and these are added in double, as are log densities. */

/* A tile about the origin; features up to a multiple of WHITENING_ROWS are 0. */
static void single_tile(const single_form *form, const double *restrict tile, float *restrict x)
{
  const int64_t d = form->n_features;
  for (int64_t j = 0; j < d; j++) {
    const double origin = form->origin[j];
    for (int v = 0; v < TILE_VECTORS; v++) {
      const vector y = ((const vector *)(tile + j * TILE_ROWS))[v] - origin;
      ((single_half *)(x + j * TILE_ROWS))[v] = __builtin_convertvector(y, single_half);
    }
  }
  for (int64_t j = d; j % WHITENING_ROWS != 0; j++) single_fill(x + j * TILE_ROWS, 0.0F);
}

typedef float single_square_row __attribute__((vector_size(16), may_alias));

#if defined(__clang__)
#define SINGLE_SHUFFLED(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int32_t single_square_places __attribute__((vector_size(16)));
#define SINGLE_SHUFFLED(a, b, i, j, k, l) __builtin_shuffle(a, b, (single_square_places){i, j, k, l})
#endif

/* The same points as rows of width numbers; features from n_features on are 0. */
static void single_rows(int64_t n_features, int64_t width, const float *restrict x, float *restrict rows)
{
  const int64_t n_whole = (n_features + WHITENING_ROWS - 1) / WHITENING_ROWS * WHITENING_ROWS;
  for (int p = 0; p < TILE_ROWS; p += 4) {
    float *to = rows + p * width;
    for (int64_t j = 0; j < n_whole; j += 4) {
      const single_square_row a = *(const single_square_row *)(x + j * TILE_ROWS + p);
      const single_square_row b = *(const single_square_row *)(x + (j + 1) * TILE_ROWS + p);
      const single_square_row c = *(const single_square_row *)(x + (j + 2) * TILE_ROWS + p);
      const single_square_row e = *(const single_square_row *)(x + (j + 3) * TILE_ROWS + p);
      const single_square_row ab_low = SINGLE_SHUFFLED(a, b, 0, 4, 1, 5);
      const single_square_row ab_high = SINGLE_SHUFFLED(a, b, 2, 6, 3, 7);
      const single_square_row ce_low = SINGLE_SHUFFLED(c, e, 0, 4, 1, 5);
      const single_square_row ce_high = SINGLE_SHUFFLED(c, e, 2, 6, 3, 7);
      *(single_square_row *)(to + j) = SINGLE_SHUFFLED(ab_low, ce_low, 0, 1, 4, 5);
      *(single_square_row *)(to + width + j) = SINGLE_SHUFFLED(ab_low, ce_low, 2, 3, 6, 7);
      *(single_square_row *)(to + 2 * width + j) = SINGLE_SHUFFLED(ab_high, ce_high, 0, 1, 4, 5);
      *(single_square_row *)(to + 3 * width + j) = SINGLE_SHUFFLED(ab_high, ce_high, 2, 3, 6, 7);
    }
    for (int q = 0; q < 4; q++) {
      for (int64_t j = n_whole; j < width; j++) to[q * width + j] = 0.0F;
    }
  }
}

/* Log densities become shares; sums receives their sum per point, present whether a component has any. */
static void single_shares(const single_form *form, float *restrict log_densities, const float *best,
                          float sums[TILE_ROWS], uint32_t *present)
{
  for (int v = 0; v < SINGLE_TILE_VECTORS; v++) {
    const single_vector below = form->background - ((const single_vector *)best)[v];
    ((single_vector *)sums)[v] = (single_vector)((single_bits)single_exp_of_negative(below) & (below >= -SINGLE_RANGE));
  }
  for (int64_t k = 0; k < form->n_components; k++) {
    single_vector *rows = (single_vector *)(log_densities + k * TILE_ROWS);
    unsigned some = 0;
    for (int v = 0; v < SINGLE_TILE_VECTORS; v++) {
      const single_vector below = rows[v] - ((const single_vector *)best)[v];
      const unsigned lanes = single_lanes_at_least(below, single_of(-SINGLE_RANGE));
      single_vector share = single_of(0.0F);
      some |= lanes;
      if (lanes != 0) {
        share = (single_vector)((single_bits)single_exp_of_negative(below) & (below >= -SINGLE_RANGE));
        ((single_vector *)sums)[v] += share;
      }
      rows[v] = share;
    }
    present[k] = some;
  }
}

/* The E-step of a tile: responsibilities, weighted (K x TILE_ROWS). */
static void single_responsibilities(const single_form *form, const row_tile *tile, float *responsibilities,
                                    float best[TILE_ROWS], block_sums *block, uint32_t *present)
{
  _Alignas(64) float sums[TILE_ROWS];
  _Alignas(64) float inverses[TILE_ROWS];
  _Alignas(64) double exact_best[TILE_ROWS];
  _Alignas(64) double exact_sums[TILE_ROWS];
  single_shares(form, responsibilities, best, sums, present);
  for (int p = 0; p < TILE_ROWS; p++) inverses[p] = tile->weights != NULL ? (float)tile->weights[p] : 1.0F;
  for (int p = 0; p < TILE_ROWS; p++) {
    inverses[p] /= sums[p];
    exact_best[p] = (double)best[p] + form->largest_constant;
    exact_sums[p] = (double)sums[p];
  }
  for (int p = tile->n_points; p < TILE_ROWS; p++) {
    inverses[p] = 0.0F;
    exact_best[p] = 0.0;
    exact_sums[p] = 1.0;
  }
  for (int64_t k = 0; k < form->n_components; k++) {
    single_vector *rows = (single_vector *)(responsibilities + k * TILE_ROWS);
    for (int v = 0; v < SINGLE_TILE_VECTORS && present[k] != 0; v++) rows[v] *= ((const single_vector *)inverses)[v];
  }
  add_logs(tile->weights, exact_best, exact_sums, &block->log_likelihood, &block->sum_log_max_responsibility);
}

/* Of full covariances with few features: x of all tiles is kept, in rows. */
static void single_tiles_of_few(const single_form *form, const row_tile *tiles, int64_t n_tiles, float *shares,
                                block_sums *sums, float *x, float *packed, float *rows, uint32_t *words)
{
  const int64_t K = form->n_components;
  const int64_t tile_stride = form->width * TILE_ROWS;
  for (int64_t t = 0; t < n_tiles; t++) {
    _Alignas(64) float best[TILE_ROWS];
    float *own = shares + t * K * TILE_ROWS;
    single_fill(best, form->background);
    single_tile(form, tiles[t].numbers, rows + t * tile_stride);
    single_reachable_few(form, rows + t * tile_stride, own, best);
    single_responsibilities(form, &tiles[t], own, best, sums, words);
  }
  if (single_accumulate_few(form, n_tiles, shares, rows, tile_stride, sums)) return;
  for (int64_t t = 0; t < n_tiles; t++) {
    memcpy(x, rows + t * tile_stride, (size_t)tile_stride * sizeof(float));
    single_rows(form->n_features, form->width, x, rows + t * tile_stride);
  }
  single_accumulate_dense(form, n_tiles, shares, rows, sums, packed);
}

/* What kernel.h says of kernel.single. scratch, in floats: a tile, a tile about a mean, words, packed points, rows. */
static void single_tiles(const single_form *form, const row_tile *tiles, int64_t n_tiles, block_sums *sums,
                         double *responsibilities, double *scratch)
{
  const int64_t K = form->n_components;
  float *shares = (float *)responsibilities;
  float *x = (float *)scratch;
  float *centred = x + form->width * TILE_ROWS;
  float *packed = centred + form->width * TILE_ROWS;
  float *rows = packed + form->width * SINGLE_CHUNK;
  uint32_t *words = (uint32_t *)(rows + n_tiles * TILE_ROWS * form->width);
  if (form->shape == DENSE && form->n_features <= FEW_FEATURES) {
    single_tiles_of_few(form, tiles, n_tiles, shares, sums, x, packed, rows, words);
    return;
  }
  for (int64_t t = 0; t < n_tiles; t++) {
    _Alignas(64) float best[TILE_ROWS];
    float *own = shares + t * K * TILE_ROWS;
    single_fill(best, form->background);
    single_tile(form, tiles[t].numbers, x);
    single_rows(form->n_features, form->width, x, rows + t * TILE_ROWS * form->width);
    if (form->shape == DENSE)
      single_reachable_dense(form, x, own, best, centred, words);
    else
      single_reachable_diagonal(form, x, own, best);
    single_responsibilities(form, &tiles[t], own, best, sums, words);
  }
  if (form->shape == DENSE)
    single_accumulate_dense(form, n_tiles, shares, rows, sums, packed);
  else
    single_accumulate_diagonal(form, n_tiles, shares, rows, sums);
}
