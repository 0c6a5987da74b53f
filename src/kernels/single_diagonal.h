/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: diagonal and spherical covariances in single precision, about one origin for all components.
 *
 * Log densities are constant + sum of (half x + slope) x, in registers for four components by some points; of spherical
 * ones constant + half |x|^2 + sum of slope x, a matrix product. What cancels in this is as large as the squared
 * distance of a mean from the origin in standard deviations; where that is too much, the difference of x and mean is
 * taken first (single_form.is_far). */
enum {
  SINGLE_QUAD = 4,
  SINGLE_SIDE = SINGLE_LANES > 8 ? 4 : 2, /* vectors of points beside them */
  SINGLE_BLOCK = 32                       /* features of the points as rows that are near each other */
};

/* Four components, from k on, at SINGLE_SIDE vectors of points from x on; far: the log densities less the constants, of
 * components whose means are far from the origin. */
ALWAYS_INLINE void single_quad(bool isotropic, bool far, const single_form *form, const int64_t members[SINGLE_QUAD],
                               const float *restrict x, single_vector sums[SINGLE_QUAD][SINGLE_SIDE])
{
  const int64_t d = form->n_features;
  const float *slopes[SINGLE_QUAD];
  const float *halves[SINGLE_QUAD];
  single_vector products[SINGLE_QUAD][SINGLE_SIDE];
  for (int c = 0; c < SINGLE_QUAD; c++) {
    slopes[c] = far ? form->means + members[c] * form->width : form->slopes + members[c] * d;
    halves[c] = form->whitening + members[c] * (isotropic ? 1 : d);
    for (int v = 0; v < SINGLE_SIDE; v++) products[c][v] = single_of(0.0F);
  }
  for (int64_t j = 0; j < d; j++, x += TILE_ROWS) {
    const single_vector *points = (const single_vector *)x;
    for (int c = 0; c < SINGLE_QUAD; c++) {
      for (int v = 0; v < SINGLE_SIDE; v++) {
        if (far) {
          const single_vector y = points[v] - slopes[c][j];
          products[c][v] += isotropic ? y * y : halves[c][j] * y * y;
        } else if (isotropic)
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
    bool far = false;
    for (int c = 0; c < SINGLE_QUAD; c++) {
      members[c] = k + c < K ? k + c : K - 1;
      far = far || form->is_far[members[c]];
    }
    for (int first = 0; first < SINGLE_TILE_VECTORS; first += SINGLE_SIDE) {
      single_vector sums[SINGLE_QUAD][SINGLE_SIDE];
      if (far)
        single_quad(isotropic, true, form, members, x + first * SINGLE_LANES, sums);
      else
        single_quad(isotropic, false, form, members, x + first * SINGLE_LANES, sums);
      for (int c = 0; c < SINGLE_QUAD; c++) {
        const float constant = far ? form->log_constants[members[c]] : form->constants[members[c]];
        const float half = form->whitening[isotropic ? members[c] : 0];
        const float least = constant == -INFINITY ? -INFINITY : SINGLE_LEAST;
        for (int v = 0; v < SINGLE_SIDE; v++) {
          single_vector *top = (single_vector *)best + first + v;
          single_vector own = sums[c][v];
          /* What is fused must be seen in one expression. */
          if (isotropic && far)
            own = constant + half * own;
          else if (isotropic)
            own = constant + (own + half * ((const single_vector *)squares)[first + v]);
          else
            own = constant + own;
          own = single_max(own, single_of(least));
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

/* Sums about the reference over the list of n_vectors vectors of features, from rows that are row_width apart. */
ALWAYS_INLINE void single_sum_squares(int n_vectors, const single_list *list, const float *restrict rows,
                                      int64_t row_width, const float *restrict reference, float *restrict first,
                                      float *restrict second)
{
  single_vector origin[SINGLE_BLOCK / SINGLE_LANES];
  single_vector sums[SINGLE_BLOCK / SINGLE_LANES];
  single_vector squares[SINGLE_BLOCK / SINGLE_LANES];
  for (int v = 0; v < n_vectors; v++) {
    origin[v] = ((const single_vector *)reference)[v];
    sums[v] = squares[v] = single_of(0.0F);
  }
  for (int i = 0; i < list->n_points; i++) {
    const single_vector *x = (const single_vector *)(rows + list->points[i] * row_width);
    for (int v = 0; v < n_vectors; v++) {
      const single_vector y = x[v] - origin[v];
      const single_vector u = single_rounded(list->weights[i] * y);
      sums[v] += u;
      squares[v] += u * y;
    }
  }
  for (int v = 0; v < n_vectors; v++) {
    ((single_vector *)first)[v] = sums[v];
    ((single_vector *)second)[v] = squares[v];
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

/* At most SINGLE_CHUNK points. */
static void single_accumulate_chunk(const single_form *form, int64_t n_tiles, const float *responsibilities,
                                    const float *rows, block_sums *sums)
{
  const int64_t K = form->n_components;
  const int64_t d = form->n_features;
  single_list list;
  for (int64_t k = 0; k < K; k++) {
    const float *reference = form->references + k * form->width;
    double *to_first = sums->first + k * sums->width;
    double *to_second = sums->second == NULL ? NULL : second_of_component(sums, k);
    single_list_points(responsibilities + k * TILE_ROWS, n_tiles, K * TILE_ROWS, &list, &sums->counts[k]);
    for (int64_t j = 0; j < d && list.n_points > 0; j += SINGLE_BLOCK) {
      _Alignas(64) float first[SINGLE_BLOCK];
      _Alignas(64) float second[SINGLE_BLOCK];
      const int64_t left = d - j < SINGLE_BLOCK ? d - j : SINGLE_BLOCK;
      if (left > SINGLE_FEATURE_GROUP)
        single_sum_squares(SINGLE_BLOCK / SINGLE_LANES, &list, rows + j, form->width, reference + j, first, second);
      else
        single_sum_squares(SINGLE_FEATURE_GROUP / SINGLE_LANES, &list, rows + j, form->width, reference + j, first,
                           second);
      for (int64_t i = 0; i < left; i++) to_first[j + i] += (double)first[i];
      for (int64_t i = 0; i < left && to_second != NULL; i++) to_second[sums->traced ? 0 : j + i] += (double)second[i];
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
