/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: diagonal and spherical covariances in single precision, about one origin for all components.
 *
 * Log densities are constant + sum of (half x + slope) x, in registers for four components by some points; of spherical
 * ones constant + half |x|^2 + sum of slope x, a matrix product. What cancels in this is as large as the squared
 * distance of a mean from the origin in standard deviations, for which there is a bound (em/arithmetic.c). Sums are
 * those of r x and r x^2 over a group of points, and are moved to the component's reference in double. */
enum {
  SINGLE_QUAD = 4,
  SINGLE_SIDE = SINGLE_LANES > 8 ? 4 : 2, /* vectors of points beside them */
  SINGLE_BLOCK = 32                       /* features of the points as rows that are near each other */
};

/* Four components, from k on, at SINGLE_SIDE vectors of points from x on. */
ALWAYS_INLINE void single_quad(bool isotropic, const single_form *form, const int64_t members[SINGLE_QUAD],
                               const float *restrict x, single_vector sums[SINGLE_QUAD][SINGLE_SIDE])
{
  const int64_t d = form->n_features;
  const float *slopes[SINGLE_QUAD];
  const float *halves[SINGLE_QUAD];
  single_vector products[SINGLE_QUAD][SINGLE_SIDE];
  for (int c = 0; c < SINGLE_QUAD; c++) {
    slopes[c] = form->slopes + members[c] * d;
    halves[c] = form->whitening + members[c] * (isotropic ? 1 : d);
    for (int v = 0; v < SINGLE_SIDE; v++) products[c][v] = single_of(0.0F);
  }
  for (int64_t j = 0; j < d; j++, x += TILE_ROWS) {
    const single_vector *points = (const single_vector *)x;
    for (int c = 0; c < SINGLE_QUAD; c++) {
      for (int v = 0; v < SINGLE_SIDE; v++) {
        if (isotropic)
          products[c][v] += slopes[c][j] * points[v];
        else
          products[c][v] += (halves[c][j] * points[v] + slopes[c][j]) * points[v];
      }
    }
  }
  for (int c = 0; c < SINGLE_QUAD; c++) {
    for (int v = 0; v < SINGLE_SIDE; v++) sums[c][v] = products[c][v];
  }
}

static void single_squares(int64_t n_features, const float *restrict x, float *restrict squares)
{
  for (int v = 0; v < SINGLE_TILE_VECTORS; v++) {
    single_vector sum = single_of(0.0F);
    for (int64_t j = 0; j < n_features; j++) {
      const single_vector one = ((const single_vector *)(x + j * TILE_ROWS))[v];
      sum += one * one;
    }
    ((single_vector *)squares)[v] = sum;
  }
}

ALWAYS_INLINE void single_products(bool isotropic, const single_form *form, const float *x, float *log_densities,
                                   float *best)
{
  const int64_t K = form->n_components;
  _Alignas(64) float squares[TILE_ROWS];
  if (isotropic) single_squares(form->n_features, x, squares);
  for (int64_t k = 0; k < K; k += SINGLE_QUAD) {
    int64_t members[SINGLE_QUAD];
    for (int c = 0; c < SINGLE_QUAD; c++) members[c] = k + c < K ? k + c : K - 1;
    for (int first = 0; first < SINGLE_TILE_VECTORS; first += SINGLE_SIDE) {
      single_vector sums[SINGLE_QUAD][SINGLE_SIDE];
      single_quad(isotropic, form, members, x + first * SINGLE_LANES, sums);
      for (int c = 0; c < SINGLE_QUAD; c++) {
        const float constant = form->constants[members[c]];
        const float half = form->whitening[isotropic ? members[c] : 0];
        const float least = constant == -INFINITY ? -INFINITY : SINGLE_LEAST;
        for (int v = 0; v < SINGLE_SIDE; v++) {
          single_vector *top = (single_vector *)best + first + v;
          single_vector own = sums[c][v];
          if (isotropic) own += half * ((const single_vector *)squares)[first + v];
          own = single_max(constant + own, single_of(least));
          ((single_vector *)(log_densities + members[c] * TILE_ROWS))[first + v] = own;
          *top = single_max(own, *top);
        }
      }
    }
  }
}

static void single_reachable_diagonal(const single_form *form, const float *x, float *log_densities, float *best)
{
  if (form->isotropic)
    single_products(true, form, x, log_densities, best);
  else
    single_products(false, form, x, log_densities, best);
}

/* --- sums --- */

typedef struct single_list {
  int n_points;
  int32_t points[SINGLE_CHUNK]; /* of a group */
  float weights[SINGLE_CHUNK];
} single_list;

/* Sums over the list of n_vectors vectors of features, from rows that are row_width apart. */
ALWAYS_INLINE void single_sum_squares(int n_vectors, const single_list *list, const float *restrict rows,
                                      int64_t row_width, float *restrict first, float *restrict second)
{
  single_vector sums[SINGLE_BLOCK / SINGLE_LANES];
  single_vector squares[SINGLE_BLOCK / SINGLE_LANES];
  for (int v = 0; v < n_vectors; v++) sums[v] = squares[v] = single_of(0.0F);
  for (int i = 0; i < list->n_points; i++) {
    const single_vector *x = (const single_vector *)(rows + list->points[i] * row_width);
    for (int v = 0; v < n_vectors; v++) {
      const single_vector u = single_rounded(list->weights[i] * x[v]);
      sums[v] += u;
      squares[v] += u * x[v];
    }
  }
  for (int v = 0; v < n_vectors; v++) {
    ((single_vector *)first)[v] = sums[v];
    ((single_vector *)second)[v] = squares[v];
  }
}

/* Adds sums about the origin of points that count for `count`, moved to the reference. */
static void single_move_sums(int64_t n, double count, const float *restrict first, const float *restrict second,
                             const double *restrict reference, const double *restrict origin, double *restrict to_first,
                             double *restrict to_second)
{
  for (int64_t j = 0; j < n; j++) {
    const double away = reference[j] - origin[j];
    const double moved = (double)first[j] - count * away;
    to_first[j] += moved;
    if (to_second != NULL) to_second[j] += (double)second[j] - away * ((double)first[j] + moved);
  }
}

static void single_list_points(const float *responsibilities, int64_t n_tiles, int64_t stride, single_list *list,
                               double *count)
{
  list->n_points = 0;
  for (int64_t t = 0; t < n_tiles; t++) {
    const float *own = responsibilities + t * stride;
    for (uint64_t points = single_points(own, count); points != 0; points &= points - 1) {
      const int p = __builtin_ctzll(points);
      list->points[list->n_points] = (int32_t)(t * TILE_ROWS + p);
      list->weights[list->n_points++] = own[p];
    }
  }
}

/* At most SINGLE_CHUNK points: rows in blocks of SINGLE_BLOCK features and a last one of what is left of width; counts
 * is room for K numbers. */
static void single_accumulate_chunk(const single_form *form, int64_t n_tiles, const float *responsibilities,
                                    const float *rows, block_sums *sums)
{
  const int64_t K = form->n_components;
  const int64_t d = form->n_features;
  single_list list;
  for (int64_t k = 0; k < K; k++) {
    double count = 0.0;
    single_list_points(responsibilities + k * TILE_ROWS, n_tiles, K * TILE_ROWS, &list, &count);
    if (list.n_points == 0) continue;
    sums->counts[k] += count;
    for (int64_t j = 0; j < d; j += SINGLE_BLOCK) {
      _Alignas(64) float first[SINGLE_BLOCK];
      _Alignas(64) float second[SINGLE_BLOCK];
      const int64_t left = d - j < SINGLE_BLOCK ? d - j : SINGLE_BLOCK;
      if (left > SINGLE_FEATURE_GROUP)
        single_sum_squares(SINGLE_BLOCK / SINGLE_LANES, &list, rows + j, form->width, first, second);
      else
        single_sum_squares(SINGLE_FEATURE_GROUP / SINGLE_LANES, &list, rows + j, form->width, first, second);
      single_move_sums(left, count, first, second, sums->references + k * sums->width + j, form->origin + j,
                       sums->first + k * sums->width + j,
                       sums->second == NULL ? NULL : second_of_component(sums, k) + j);
    }
  }
}

static void single_accumulate_diagonal(const single_form *form, int64_t n_tiles, const float *responsibilities,
                                       const float *rows, block_sums *sums)
{
  enum { TILES = SINGLE_CHUNK / TILE_ROWS };
  for (int64_t t = 0; t < n_tiles; t += TILES)
    single_accumulate_chunk(form, n_tiles - t < TILES ? n_tiles - t : TILES,
                            responsibilities + t * form->n_components * TILE_ROWS, rows + t * TILE_ROWS * form->width,
                            sums);
}
