/* The kernels' one source; a kernel_*.c defines KERNEL, KERNEL_NAME, KERNEL_LEVEL and VECTOR_BYTES and includes it.
 *
 * Densities are computed with SIMD lanes over points, sums with lanes over features and one point after the other, so
 * no result depends on how many lanes a vector has. Where lanes must be added up, they are first gathered in GROUP
 * partial sums (lane p into sum p mod GROUP) and then always in the same tree. */
#include "em/kernel.h"
#include "em/vector_math.h"

#include <math.h>
#include <string.h>

enum {
  TILE_VECTORS = TILE_ROWS / LANES,
  GROUP = 8,                         /* partial sums when lanes are added up */
  PANEL_VECTORS = LANES >= 8 ? 4 : 2 /* points of a tile that are whitened together */
};

/* Scratch: a tile centred (rows rounded up to whole groups), or a tile with points as rows and two centred copies of
 * it. */
static int64_t scratch_bytes(int64_t n_features)
{
  return 3 * TILE_ROWS * padded_width(n_features) * (int64_t)sizeof(double);
}

static double tree_sum(const double sums[GROUP])
{
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* --- densities --- */

/* A live component's log density never becomes -infinity, which is kept for components of weight 0. */
static inline vector live_log_density(double log_constant, vector distance)
{
  return vector_max(log_constant - 0.5 * distance, vector_of(-1e290));
}

static void fill_dead(double *log_densities)
{
  for (int p = 0; p < TILE_ROWS; p++) log_densities[p] = -INFINITY;
}

static void centre_tile(int64_t n_features, const double *restrict tile, const double *restrict mean,
                        double *restrict centred)
{
  for (int64_t j = 0; j < n_features; j++) {
    for (int p = 0; p < TILE_ROWS; p++) centred[j * TILE_ROWS + p] = tile[j * TILE_ROWS + p] - mean[j];
  }
}

/* Squared length of W y for PANEL_VECTORS vectors of points, WHITENING_ROWS rows of W at a time, never stored. */
static inline void whitened_distances(int64_t n_groups, const double *restrict whitening,
                                      const double *restrict centred, vector distances[PANEL_VECTORS])
{
  for (int v = 0; v < PANEL_VECTORS; v++) distances[v] = vector_of(0.0);
  for (int64_t group = 0; group < n_groups; group++) {
    vector z[WHITENING_ROWS][PANEL_VECTORS];
    for (int r = 0; r < WHITENING_ROWS; r++) {
      for (int v = 0; v < PANEL_VECTORS; v++) z[r][v] = vector_of(0.0);
    }
    const int64_t n_columns = WHITENING_ROWS * (group + 1);
    for (int64_t j = 0; j < n_columns; j++, whitening += WHITENING_ROWS) {
      const vector *y = (const vector *)(centred + j * TILE_ROWS);
      for (int r = 0; r < WHITENING_ROWS; r++) {
        for (int v = 0; v < PANEL_VECTORS; v++) z[r][v] += whitening[r] * y[v];
      }
    }
    for (int r = 0; r < WHITENING_ROWS; r++) {
      for (int v = 0; v < PANEL_VECTORS; v++) distances[v] += z[r][v] * z[r][v];
    }
  }
}

static void log_densities_dense(const density_form *form, const double *tile, double *log_densities, double *scratch)
{
  const int64_t d = form->n_features;
  const int64_t n_groups = (d + WHITENING_ROWS - 1) / WHITENING_ROWS;
  double *centred = scratch;
  memset(centred + d * TILE_ROWS, 0, (size_t)((n_groups * WHITENING_ROWS - d) * TILE_ROWS) * sizeof(double));
  for (int64_t k = 0; k < form->n_components; k++, log_densities += TILE_ROWS) {
    const double log_constant = form->log_constants[k];
    if (log_constant == -INFINITY) {
      fill_dead(log_densities);
      continue;
    }
    centre_tile(d, tile, form->means + k * d, centred);
    for (int v = 0; v < TILE_VECTORS; v += PANEL_VECTORS) {
      vector distances[PANEL_VECTORS];
      whitened_distances(n_groups, form->whitening + k * form->whitening_length, centred + v * LANES, distances);
      for (int i = 0; i < PANEL_VECTORS; i++)
        ((vector *)log_densities)[v + i] = live_log_density(log_constant, distances[i]);
    }
  }
}

static void log_densities_diagonal(const density_form *form, const double *tile, double *log_densities, double *scratch)
{
  (void)scratch;
  const int64_t d = form->n_features;
  for (int64_t k = 0; k < form->n_components; k++, log_densities += TILE_ROWS) {
    const double log_constant = form->log_constants[k];
    if (log_constant == -INFINITY) {
      fill_dead(log_densities);
      continue;
    }
    const double *mean = form->means + k * d;
    const double *precision = form->whitening + k * form->whitening_length;
    vector distances[TILE_VECTORS];
    for (int v = 0; v < TILE_VECTORS; v++) distances[v] = vector_of(0.0);
    for (int64_t j = 0; j < d; j++) {
      const vector *x = (const vector *)(tile + j * TILE_ROWS);
      for (int v = 0; v < TILE_VECTORS; v++) {
        const vector y = x[v] - mean[j];
        distances[v] += precision[j] * y * y;
      }
    }
    for (int v = 0; v < TILE_VECTORS; v++) ((vector *)log_densities)[v] = live_log_density(log_constant, distances[v]);
  }
}

static void log_densities_of_tile(const density_form *form, const double *tile, double *log_densities, double *scratch)
{
  if (form->shape == DENSE)
    log_densities_dense(form, tile, log_densities, scratch);
  else
    log_densities_diagonal(form, tile, log_densities, scratch);
}

/* --- responsibilities
 * -------------------------------------------------------------------------------------------------- */

/* For one vector of points: log densities become exp(log density - largest), and their largest and sum are returned. */
static inline void exponentials(int64_t n_components, vector *column, vector *largest, vector *sum)
{
  vector top = column[0];
  for (int64_t k = 1; k < n_components; k++) top = vector_max(top, column[k * TILE_VECTORS]);
  vector total = vector_of(0.0);
  for (int64_t k = 0; k < n_components; k++) {
    const vector share = vector_exp_of_negative(column[k * TILE_VECTORS] - top);
    column[k * TILE_VECTORS] = share;
    total += share;
  }
  *largest = top;
  *sum = total;
}

/* Sum of the logarithms of TILE_ROWS numbers >= 1, each at most the number of components: products of GROUP of them
 * stay finite. */
static double sum_of_logs(const double *numbers)
{
  _Alignas(64) double products[GROUP];
  for (int i = 0; i < GROUP; i++) products[i] = 1.0;
  for (int p = 0; p < TILE_ROWS; p++) products[p % GROUP] *= numbers[p];
  for (int i = 0; i < GROUP; i += LANES) *(vector *)(products + i) = vector_log(*(vector *)(products + i));
  return tree_sum(products);
}

static double sum_of_lanes(const double *numbers)
{
  double sums[GROUP] = {0.0};
  for (int p = 0; p < TILE_ROWS; p++) sums[p % GROUP] += numbers[p];
  return tree_sum(sums);
}

static void responsibilities_of_tile(int64_t n_components, int n_points, double *log_densities, double *log_density,
                                     double *log_likelihood, double *sum_log_max)
{
  _Alignas(64) double largest[TILE_ROWS];
  _Alignas(64) double sums[TILE_ROWS];
  for (int v = 0; v < TILE_VECTORS; v++) {
    vector *column = (vector *)log_densities + v;
    vector sum;
    exponentials(n_components, column, (vector *)largest + v, &sum);
    ((vector *)sums)[v] = sum;
    const vector inverse = 1.0 / sum;
    for (int64_t k = 0; k < n_components; k++) column[k * TILE_VECTORS] *= inverse;
  }
  if (log_density != NULL) {
    for (int v = 0; v < TILE_VECTORS; v++)
      ((vector *)log_density)[v] = ((vector *)largest)[v] + vector_log(((vector *)sums)[v]);
  }
  for (int p = n_points; p < TILE_ROWS; p++) {
    largest[p] = 0.0;
    sums[p] = 1.0;
    for (int64_t k = 0; k < n_components; k++) log_densities[k * TILE_ROWS + p] = 0.0;
  }
  const double logs = sum_of_logs(sums);
  *log_likelihood += sum_of_lanes(largest) + logs;
  *sum_log_max -= logs;
}

/* --- sums
 * ---------------------------------------------------------------------------------------------------------------- */

static void points_as_rows(int64_t n_features, int64_t width, const double *restrict tile, double *restrict rows)
{
  for (int64_t j = 0; j < n_features; j++) {
    for (int p = 0; p < TILE_ROWS; p++) rows[p * width + j] = tile[j * TILE_ROWS + p];
  }
  for (int64_t j = n_features; j < width; j++) {
    for (int p = 0; p < TILE_ROWS; p++) rows[p * width + j] = 0.0;
  }
}

/* Which points of the tile count for a component: their lanes to points, how many is returned, the sum of their
 * responsibilities is added to *count. */
static int points_that_count(const double *restrict responsibilities, int points[TILE_ROWS], double *count)
{
  double sums[GROUP] = {0.0};
  for (int p = 0; p < TILE_ROWS; p++)
    sums[p % GROUP] += responsibilities[p] >= LEAST_RESPONSIBILITY ? responsibilities[p] : 0.0;
  const double sum = tree_sum(sums);
  if (sum == 0.0) return 0;
  *count += sum;
  int n_points = 0;
  for (int p = 0; p < TILE_ROWS; p++) {
    points[n_points] = p;
    n_points += responsibilities[p] >= LEAST_RESPONSIBILITY;
  }
  return n_points;
}

/* centred: x - reference, weighted: responsibility (x - reference), of the points that count, one a row; their sum is
 * added to first. */
static void centre_and_weigh(int n_points, const int *restrict points, const double *restrict responsibilities,
                             int64_t width, const double *restrict rows, const double *restrict reference,
                             double *restrict centred, double *restrict weighted, double *restrict first)
{
  for (int64_t j = 0; j < width; j += LANES) {
    const vector origin = *(const vector *)(reference + j);
    vector even = vector_of(0.0);
    vector odd = vector_of(0.0);
    for (int i = 0; i < n_points; i++) {
      const vector y = *(const vector *)(rows + points[i] * width + j) - origin;
      const vector g = responsibilities[points[i]] * y;
      *(vector *)(centred + i * width + j) = y;
      *(vector *)(weighted + i * width + j) = g;
      if (i % 2 == 0)
        even += g;
      else
        odd += g;
    }
    *(vector *)(first + j) += even + odd;
  }
}

/* A register tile of the scatter: n_rows rows by n_vectors vectors of columns, summed over the points. */
#define SCATTER_TILE(n_rows, n_vectors)                                                                                \
  static inline void scatter_tile_##n_rows##x##n_vectors(int n_points, int64_t width, const double *restrict weighted, \
                                                         const double *restrict centred, double *restrict second)      \
  {                                                                                                                    \
    vector sums[n_rows][n_vectors];                                                                                    \
    for (int r = 0; r < (n_rows); r++) {                                                                               \
      for (int v = 0; v < (n_vectors); v++) sums[r][v] = vector_of(0.0);                                               \
    }                                                                                                                  \
    for (int i = 0; i < n_points; i++) {                                                                               \
      const vector *y = (const vector *)(centred + i * width);                                                         \
      for (int r = 0; r < (n_rows); r++) {                                                                             \
        for (int v = 0; v < (n_vectors); v++) sums[r][v] += weighted[i * width + r] * y[v];                            \
      }                                                                                                                \
    }                                                                                                                  \
    for (int r = 0; r < (n_rows); r++) {                                                                               \
      for (int v = 0; v < (n_vectors); v++) ((vector *)(second + r * width))[v] += sums[r][v];                         \
    }                                                                                                                  \
  }

SCATTER_TILE(1, 1)
SCATTER_TILE(2, 1)
SCATTER_TILE(4, 1)
SCATTER_TILE(4, 2)
#if VECTOR_BYTES == 64
SCATTER_TILE(8, 1)
SCATTER_TILE(8, 2)
#endif

/* n_rows (1, 2, 4 or 8) rows of the scatter, columns up to n_vectors vectors. */
static void scatter_rows(int n_rows, int64_t n_vectors, int n_points, int64_t width, const double *weighted,
                         const double *centred, double *second)
{
  int64_t v = 0;
#if VECTOR_BYTES == 64
  if (n_rows == 8) {
    for (; v + 2 <= n_vectors; v += 2)
      scatter_tile_8x2(n_points, width, weighted, centred + v * LANES, second + v * LANES);
  }
#endif
  if (n_rows == 4) {
    for (; v + 2 <= n_vectors; v += 2)
      scatter_tile_4x2(n_points, width, weighted, centred + v * LANES, second + v * LANES);
  }
  for (; v < n_vectors; v++) {
    switch (n_rows) {
    case 1:
      scatter_tile_1x1(n_points, width, weighted, centred + v * LANES, second + v * LANES);
      break;
    case 2:
      scatter_tile_2x1(n_points, width, weighted, centred + v * LANES, second + v * LANES);
      break;
    case 4:
      scatter_tile_4x1(n_points, width, weighted, centred + v * LANES, second + v * LANES);
      break;
#if VECTOR_BYTES == 64
    default:
      scatter_tile_8x1(n_points, width, weighted, centred + v * LANES, second + v * LANES);
      break;
#endif
    }
  }
}

/* The lower triangle (and a little more) of the sum of weighted x centred^T. */
static void scatter(int n_points, int64_t n_features, int64_t width, const double *weighted, const double *centred,
                    double *second)
{
  const int most_rows = VECTOR_BYTES == 64 ? 8 : 4;
  for (int64_t row = 0; row < n_features;) {
    const int64_t left = n_features - row;
    const int n_rows = left >= most_rows ? most_rows : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    const int64_t n_vectors = (row + n_rows + LANES - 1) / LANES;
    scatter_rows(n_rows, n_vectors, n_points, width, weighted + row, centred, second + row * width);
    row += n_rows;
  }
}

static void squares(int n_points, int64_t width, const double *restrict weighted, const double *restrict centred,
                    double *restrict second)
{
  for (int64_t j = 0; j < width; j += LANES) {
    vector even = vector_of(0.0);
    vector odd = vector_of(0.0);
    for (int i = 0; i < n_points; i++) {
      const vector square = *(const vector *)(weighted + i * width + j) * *(const vector *)(centred + i * width + j);
      if (i % 2 == 0)
        even += square;
      else
        odd += square;
    }
    *(vector *)(second + j) += even + odd;
  }
}

static void accumulate_tile(const double *responsibilities, const double *tile, block_sums *sums, double *scratch)
{
  const int64_t d = sums->n_features;
  const int64_t width = sums->width;
  double *rows = scratch;
  double *centred = rows + TILE_ROWS * width;
  double *weighted = centred + TILE_ROWS * width;
  points_as_rows(d, width, tile, rows);
  for (int64_t k = 0; k < sums->n_components; k++, responsibilities += TILE_ROWS) {
    int points[TILE_ROWS];
    const int n_points = points_that_count(responsibilities, points, &sums->counts[k]);
    if (n_points == 0) continue;
    centre_and_weigh(n_points, points, responsibilities, width, rows, sums->references + k * width, centred, weighted,
                     sums->first + k * width);
    if (sums->second == NULL) continue;
    if (sums->shape == DENSE)
      scatter(n_points, d, width, weighted, centred, sums->second + k * d * width);
    else
      squares(n_points, width, weighted, centred, sums->second + k * width);
  }
}

const kernel KERNEL = {
    .instruction_set = KERNEL_NAME,
    .level = KERNEL_LEVEL,
    .scratch_bytes = scratch_bytes,
    .log_densities = log_densities_of_tile,
    .responsibilities = responsibilities_of_tile,
    .accumulate = accumulate_tile,
};
