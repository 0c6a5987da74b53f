/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: the components that may be the best ones at the points of a tile, in single precision
 * (kernels/nearest_form.h), and exact distances of pairs of a point and a component.
 *
 * As in diagonal.h, NEAREST_TOGETHER components by one panel of points are in registers. */
enum {
  NEAREST_VECTORS = SINGLE_TILE_VECTORS < 2 ? 1 : 2, /* of a panel */
  NEAREST_PANEL = NEAREST_VECTORS * SINGLE_LANES,
  NEAREST_PANELS = TILE_ROWS / NEAREST_PANEL,
  NEAREST_TOGETHER = LANES >= 8 ? 8 : 4,
  NEAREST_CHUNK_NUMBERS = 1 << 15 /* of the components' rows, so many as stay in the second cache */
};

/* LANES floats. */
typedef float half_vector __attribute__((vector_size(VECTOR_BYTES / 2), may_alias));

/* What is known of a tile's points. */
typedef struct nearest_points {
  const float *panels;                  /* NEAREST_PANELS x d x NEAREST_PANEL: u */
  _Alignas(64) float sizes[TILE_ROWS];  /* |u|, rounded up */
  _Alignas(64) float halves[TILE_ROWS]; /* |u|^2 / 2 */
  _Alignas(64) float least[TILE_ROWS];  /* of value + lost, so far */
} nearest_points;

/* False where a point is too far away for single precision. */
static bool set_nearest_points(const nearest_form *form, const double *tile, float *panels, nearest_points *points)
{
  const int64_t d = form->n_features;
  _Alignas(64) double squares[TILE_ROWS];
  bool has_all = true;
  fill(TILE_ROWS, squares, 0.0);
  for (int64_t j = 0; j < d; j++) {
    const double *x = tile + j * TILE_ROWS;
    for (int v = 0; v < TILE_VECTORS; v++) {
      const vector u = form->scales[j] * (((const vector *)x)[v] - form->origin[j]);
      const int p = v * LANES;
      float *to = panels + (p / NEAREST_PANEL * d + j) * NEAREST_PANEL + p % NEAREST_PANEL;
      ((vector *)squares)[v] += u * u;
      *(half_vector *)to = __builtin_convertvector(u, half_vector);
    }
  }
  for (int p = 0; p < TILE_ROWS; p++) {
    has_all = has_all && squares[p] <= 0x1p60;
    points->halves[p] = (float)(0.5 * squares[p]);
    points->sizes[p] = (float)(__builtin_sqrt(squares[p]) * (1.0 + 0x1p-20));
  }
  points->panels = panels;
  return has_all;
}

/* NEAREST_TOGETHER components, of which those behind the last one are the last one, by a panel: what their values are
 * at least goes to bounds (K x TILE_ROWS). */
ALWAYS_INLINE void nearest_block(const nearest_form *form, int64_t k, int64_t end, int panel, nearest_points *points,
                                 float *bounds)
{
  const int64_t d = form->n_features;
  const float *own = points->panels + panel * d * NEAREST_PANEL;
  const float *means[NEAREST_TOGETHER];
  single_vector sums[NEAREST_TOGETHER][NEAREST_VECTORS];
  for (int c = 0; c < NEAREST_TOGETHER; c++) {
    means[c] = form->means + (k + c < end ? k + c : end - 1) * form->stride;
    for (int v = 0; v < NEAREST_VECTORS; v++) sums[c][v] = single_of(0.0F);
  }
  for (int64_t j = 0; j < d; j++) {
    const single_vector *u = (const single_vector *)(own + j * NEAREST_PANEL);
    for (int c = 0; c < NEAREST_TOGETHER; c++) {
      const single_vector mean = single_of(means[c][j]);
      for (int v = 0; v < NEAREST_VECTORS; v++) sums[c][v] += u[v] * mean;
    }
  }
  for (int c = 0; c < NEAREST_TOGETHER && k + c < end; c++) {
    for (int v = 0; v < NEAREST_VECTORS; v++) {
      const int i = panel * NEAREST_VECTORS + v;
      const single_vector half = ((const single_vector *)points->halves)[i];
      const single_vector size = ((const single_vector *)points->sizes)[i];
      single_vector *least = (single_vector *)points->least + i;
      const single_vector value = form->precisions[k + c] * (half - sums[c][v]) + form->halves[k + c];
      const single_vector lost = form->by_size[k + c] * size + (form->by_half[k + c] * half + form->alone[k + c]);
      ((single_vector *)(bounds + (k + c) * TILE_ROWS))[i] = value - lost;
      *least = -single_max(-(value + lost), -*least);
    }
  }
}

/* Returns how many candidates there are, in ascending order of components; or -1 when more than
 * NEAREST_MOST_CANDIDATES, or when single precision does not do. */
static int64_t candidates_of_tile(const nearest_form *form, const double *tile, const double *farthest,
                                  nearest_candidate *candidates, float *bounds, double *scratch)
{
  const int64_t K = form->n_components;
  const int64_t blocks = NEAREST_CHUNK_NUMBERS / form->stride / NEAREST_TOGETHER;
  const int64_t chunk = blocks > 0 ? blocks * NEAREST_TOGETHER : NEAREST_TOGETHER;
  float *panels = (float *)scratch;
  nearest_points points;
  int64_t n = 0;
  if (!set_nearest_points(form, tile, panels, &points)) return -1;
  for (int p = 0; p < TILE_ROWS; p++)
    points.least[p] = farthest == NULL || !(farthest[p] < 0x1p100) ? INFINITY : (float)(farthest[p] * (1.0 + 0x1p-20));
  for (int64_t begin = 0; begin < K; begin += chunk) {
    const int64_t end = K - begin < chunk ? K : begin + chunk;
    for (int panel = 0; panel < NEAREST_PANELS; panel++) {
      for (int64_t k = begin; k < end; k += NEAREST_TOGETHER) nearest_block(form, k, end, panel, &points, bounds);
    }
  }
  for (int64_t k = 0; k < K; k++, bounds += TILE_ROWS) {
    for (int i = 0; i < SINGLE_TILE_VECTORS; i++) {
      unsigned lanes =
          single_lanes_at_least(((const single_vector *)points.least)[i], ((const single_vector *)bounds)[i]);
      for (; lanes != 0; lanes &= lanes - 1) {
        if (n == NEAREST_MOST_CANDIDATES) return -1;
        candidates[n++] = (nearest_candidate){i * SINGLE_LANES + __builtin_ctz(lanes), (int32_t)k};
      }
    }
  }
  return n;
}

/* --- exact distances --- */

/* As with_feature of WEIGHTED has it. */
ALWAYS_INLINE double with_weighted_feature(double sum, double x, double mean, double factor)
{
  const double y = x - mean;
  return sum + factor * y * y;
}

/* Pairs at a time: a sum is a chain of operations, and others go on meanwhile. */
enum { PAIRS = 4 };

/* Of a form that is not centred, of components that each have precisions of their own. */
static void distances_of_pairs(const density_form *form, const double *tile, int64_t n, const nearest_candidate *pairs,
                               double *distances)
{
  const int64_t d = form->n_features;
  for (int64_t first = 0; first < n; first += PAIRS) {
    const double *x[PAIRS], *means[PAIRS], *factors[PAIRS];
    double sums[PAIRS] = {0.0};
    for (int i = 0; i < PAIRS; i++) {
      const nearest_candidate *pair = pairs + (first + i < n ? first + i : n - 1);
      x[i] = tile + pair->point;
      means[i] = form->means + pair->component * d;
      factors[i] = form->whitening + pair->component * form->whitening_length;
    }
    for (int64_t j = 0; j < d; j++) {
      for (int i = 0; i < PAIRS; i++)
        sums[i] = with_weighted_feature(sums[i], x[i][j * TILE_ROWS], means[i][j], factors[i][j]);
    }
    for (int i = 0; i < PAIRS && first + i < n; i++) distances[first + i] = sums[i];
  }
}
