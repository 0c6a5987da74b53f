/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: from log densities to responsibilities.
 *
 * A component's share of a point is exp(log density - best log density); one below 2^-60 is exactly 0. So it does not
 * matter what became of the log densities of components that are out of reach. */

static double tree_sum(const double sums[GROUP])
{
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* Sum of the logarithms of TILE_ROWS numbers >= 1, each at most the number of components and one more: products of
 * GROUP of them stay finite. */
static double sum_of_logs(const double *numbers)
{
  enum { N = GROUP / LANES };
  _Alignas(64) double logs[GROUP];
  vector products[N];
  for (int i = 0; i < N; i++) products[i] = ((const vector *)numbers)[i];
  for (int v = N; v < TILE_VECTORS; v++) products[v % N] *= ((const vector *)numbers)[v];
  for (int i = 0; i < N; i++) ((vector *)logs)[i] = vector_log(products[i]);
  return tree_sum(logs);
}

static double sum_of_lanes(const double *numbers)
{
  _Alignas(64) double sums[GROUP];
  for (int first = 0; first < GROUP / LANES; first++) {
    vector sum = vector_of(0.0);
    for (int v = first; v < TILE_VECTORS; v += GROUP / LANES) sum += ((const vector *)numbers)[v];
    ((vector *)sums)[first] = sum;
  }
  return tree_sum(sums);
}

/* The background's share of points. */
ALWAYS_INLINE vector share_of_background(double background, vector best)
{
  const vector below = background - best;
  return (vector)((vector_bits)vector_exp_of_negative(below) & (below >= -SHARE_RANGE));
}

static void shares_of_background(double background, const double best[TILE_ROWS], double shares[TILE_ROWS])
{
  for (int v = 0; v < TILE_VECTORS; v++)
    ((vector *)shares)[v] = share_of_background(background, ((const vector *)best)[v]);
}

/* Log densities of one component and a panel of points become shares, which are added to sums. Returns whether there
 * are any. */
ALWAYS_INLINE unsigned shares_of_panel(vector rows[PANEL_VECTORS], const vector top[PANEL_VECTORS],
                                       const vector lowest[PANEL_VECTORS], vector sums[PANEL_VECTORS])
{
  unsigned lanes = 0;
  for (int i = 0; i < PANEL_VECTORS; i++) lanes |= lanes_at_least(rows[i], lowest[i]);
  for (int i = 0; i < PANEL_VECTORS; i++) {
    vector share = vector_of(0.0);
    if (lanes != 0) {
      share = (vector)((vector_bits)vector_exp_of_negative(rows[i] - top[i]) & (rows[i] >= lowest[i]));
      sums[i] += share;
    }
    rows[i] = share;
  }
  return lanes;
}

/* Where components are few, all of them for a panel of points, so that what belongs to points is in registers. */
enum { FEW_COMPONENTS = 16 };

ALWAYS_INLINE void shares_of_few(int64_t n_components, double *restrict log_densities, const double best[TILE_ROWS],
                                 double *restrict sums, uint32_t *restrict present)
{
  for (int64_t k = 0; k < n_components; k++) present[k] = 0;
  for (int v = 0; v < TILE_VECTORS; v += PANEL_VECTORS) {
    vector top[PANEL_VECTORS], lowest[PANEL_VECTORS], own[PANEL_VECTORS];
    for (int i = 0; i < PANEL_VECTORS; i++) {
      top[i] = ((const vector *)best)[v + i];
      lowest[i] = top[i] - SHARE_RANGE;
      own[i] = ((const vector *)sums)[v + i];
    }
    for (int64_t k = 0; k < n_components; k++)
      present[k] |= shares_of_panel((vector *)(log_densities + k * TILE_ROWS) + v, top, lowest, own);
    for (int i = 0; i < PANEL_VECTORS; i++) ((vector *)sums)[v + i] = own[i];
  }
}

/* Log densities become shares; sums receives their sum per point, the background's included, present (K) whether a
 * component has any. */
static void shares_of_tile(const density_form *form, double *restrict log_densities, const double best[TILE_ROWS],
                           double sums[TILE_ROWS], uint32_t *present)
{
  const int64_t n_components = form->n_components;
  _Alignas(64) double least[TILE_ROWS];
  if (form->background > -INFINITY)
    shares_of_background(form->background, best, sums);
  else
    fill(TILE_ROWS, sums, 0.0);
  if (n_components <= FEW_COMPONENTS) {
    shares_of_few(n_components, log_densities, best, sums, present);
    return;
  }
  for (int v = 0; v < TILE_VECTORS; v++) ((vector *)least)[v] = ((const vector *)best)[v] - SHARE_RANGE;
  for (int64_t k = 0; k < n_components; k++) {
    vector *rows = (vector *)(log_densities + k * TILE_ROWS);
    unsigned some = 0;
    for (int v = 0; v < TILE_VECTORS; v += PANEL_VECTORS)
      some |= shares_of_panel(rows + v, (const vector *)best + v, (const vector *)least + v, (vector *)sums + v);
    present[k] = some;
  }
}

/* Adds the weighted sums of log density and of log of the largest share over the points, from each point's best log
 * density and sum of shares. */
static void add_weighted_logs(const double *weights, const double best[TILE_ROWS], const double sums[TILE_ROWS],
                              double *log_likelihood, double *sum_log_max)
{
  _Alignas(64) double log_densities[TILE_ROWS];
  _Alignas(64) double logs[TILE_ROWS];
  for (int v = 0; v < TILE_VECTORS; v++) {
    const vector weight = ((const vector *)weights)[v];
    const vector log_sum = vector_log(((const vector *)sums)[v]);
    ((vector *)log_densities)[v] = weight * (((const vector *)best)[v] + log_sum);
    ((vector *)logs)[v] = weight * log_sum;
  }
  *log_likelihood += sum_of_lanes(log_densities);
  *sum_log_max -= sum_of_lanes(logs);
}

/* The same where there need not be weights (NULL). */
static void add_logs(const double *weights, const double best[TILE_ROWS], const double sums[TILE_ROWS],
                     double *log_likelihood, double *sum_log_max)
{
  if (weights != NULL) {
    add_weighted_logs(weights, best, sums, log_likelihood, sum_log_max);
    return;
  }
  const double logs = sum_of_logs(sums);
  *log_likelihood += sum_of_lanes(best) + logs;
  *sum_log_max -= logs;
}

/* present: room for K words. log_densities as reachable_dense leaves them become responsibilities; see kernel.h,
 * posteriors. */
static void responsibilities_of_tile(const density_form *form, const row_tile *tile, double *log_densities,
                                     double best[TILE_ROWS], double *log_density, double *log_likelihood,
                                     double *sum_log_max, uint32_t *present)
{
  const int64_t n_components = form->n_components;
  _Alignas(64) double sums[TILE_ROWS];
  _Alignas(64) double inverses[TILE_ROWS];
  shares_of_tile(form, log_densities, best, sums, present);
  for (int v = 0; v < TILE_VECTORS; v++) ((vector *)inverses)[v] = 1.0 / ((vector *)sums)[v];
  for (int v = 0; v < TILE_VECTORS && tile->weights != NULL; v++)
    ((vector *)inverses)[v] *= ((const vector *)tile->weights)[v];
  for (int64_t k = 0; k < n_components; k++) {
    vector *rows = (vector *)(log_densities + k * TILE_ROWS);
    if (present[k] == 0) continue;
    for (int v = 0; v < TILE_VECTORS; v++) rows[v] *= ((vector *)inverses)[v];
  }
  if (log_density != NULL) {
    for (int v = 0; v < TILE_VECTORS; v++)
      ((vector *)log_density)[v] = ((vector *)best)[v] + vector_log(((vector *)sums)[v]);
  }
  for (int p = tile->n_points; p < TILE_ROWS; p++) {
    best[p] = 0.0;
    sums[p] = 1.0;
    for (int64_t k = 0; k < n_components; k++) log_densities[k * TILE_ROWS + p] = 0.0;
  }
  add_logs(tile->weights, best, sums, log_likelihood, sum_log_max);
}
