/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: from log densities of t distributions to pulls. */

/* shares_of_tile, but the log densities stay, and shares (K x TILE_ROWS) are elsewhere. */
static void shares_beside(const density_form *form, const double *restrict log_densities, double *restrict shares,
                          const double best[TILE_ROWS], double sums[TILE_ROWS], uint32_t *present)
{
  _Alignas(64) double least[TILE_ROWS];
  for (int v = 0; v < TILE_VECTORS; v++) ((vector *)least)[v] = ((const vector *)best)[v] - SHARE_RANGE;
  if (form->background > -INFINITY)
    shares_of_background(form->background, best, sums);
  else
    fill(TILE_ROWS, sums, 0.0);
  for (int64_t k = 0; k < form->n_components; k++) {
    unsigned some = 0;
    for (int v = 0; v < TILE_VECTORS; v += PANEL_VECTORS) {
      const vector *rows = (const vector *)(log_densities + k * TILE_ROWS) + v;
      vector *own = (vector *)(shares + k * TILE_ROWS) + v;
      const vector *top = (const vector *)best + v;
      const vector *lowest = (const vector *)least + v;
      const unsigned lanes = lanes_at_least(rows[0], lowest[0]) | lanes_at_least(rows[1], lowest[1]);
      some |= lanes;
      for (int i = 0; i < PANEL_VECTORS; i++) {
        vector share = vector_of(0.0);
        if (lanes != 0) {
          share = (vector)((vector_bits)vector_exp_of_negative(rows[i] - top[i]) & (rows[i] >= lowest[i]));
          ((vector *)sums)[v + i] += share;
        }
        own[i] = share;
      }
    }
    present[k] = some;
  }
}

/* One component's responsibilities from shares, and pulls from log densities; the sums of responsibilities and of what
 * log q takes from them are added, lanes as in sum_of_lanes. factors: of the points, from shares to responsibilities;
 * inverses: 1/q. */
ALWAYS_INLINE void pulls_of_component(const component_tail *tail, double log_constant, const double factors[TILE_ROWS],
                                      double *restrict pulls, double *restrict responsibilities,
                                      const double *restrict inverses, double *total, double *log_sum)
{
  enum { N = GROUP / LANES };
  const double scale = 2.0 * tail->half * -tail->minus_inverse; /* (nu + d)/nu */
  vector totals[N], logs[N];
  _Alignas(64) double of_totals[GROUP];
  _Alignas(64) double of_logs[GROUP];
  for (int i = 0; i < N; i++) totals[i] = logs[i] = vector_of(0.0);
  for (int first = 0; first < TILE_VECTORS; first += N) {
    for (int i = 0; i < N; i++) {
      const int v = first + i;
      const vector own = ((vector *)responsibilities)[v] * ((const vector *)factors)[v];
      totals[i] += own;
      logs[i] += own * (log_constant - ((vector *)pulls)[v]);
      ((vector *)responsibilities)[v] = own;
      ((vector *)pulls)[v] = (scale * own) * ((const vector *)inverses)[v];
    }
  }
  for (int i = 0; i < N; i++) {
    ((vector *)of_totals)[i] = totals[i];
    ((vector *)of_logs)[i] = logs[i];
  }
  *total += tree_sum(of_totals);
  *log_sum += tail->inverse_half * tree_sum(of_logs);
}

/* present: room for K words. Log densities, in pulls, and 1/q, in the second half of responsibilities, as dense_tails
 * leaves them; see kernel.h, pulls. */
static void pulls_of_tile(const density_form *form, const row_tile *tile, double *pulls, double *responsibilities,
                          double best[TILE_ROWS], double *log_density, block_sums *sums, uint32_t *present)
{
  const int64_t K = form->n_components;
  const double *inverses = responsibilities + K * TILE_ROWS;
  _Alignas(64) double shares[TILE_ROWS];
  _Alignas(64) double factors[TILE_ROWS];
  shares_beside(form, pulls, responsibilities, best, shares, present);
  for (int v = 0; v < TILE_VECTORS; v++) ((vector *)factors)[v] = 1.0 / ((vector *)shares)[v];
  for (int v = 0; v < TILE_VECTORS && tile->weights != NULL; v++)
    ((vector *)factors)[v] *= ((const vector *)tile->weights)[v];
  for (int v = 0; v < TILE_VECTORS && log_density != NULL; v++)
    ((vector *)log_density)[v] = ((vector *)best)[v] + vector_log(((vector *)shares)[v]);
  for (int p = tile->n_points; p < TILE_ROWS; p++) {
    best[p] = 0.0;
    shares[p] = 1.0;
    factors[p] = 0.0;
  }
  for (int64_t k = 0; k < K; k++) {
    const component_tail tail = tail_of(form, k);
    if (present[k] == 0)
      fill(TILE_ROWS, pulls + k * TILE_ROWS, 0.0);
    else
      pulls_of_component(&tail, form->log_constants[k], factors, pulls + k * TILE_ROWS,
                         responsibilities + k * TILE_ROWS, inverses + k * TILE_ROWS, &sums->totals[k], &sums->logs[k]);
  }
  add_logs(tile->weights, best, shares, &sums->log_likelihood, &sums->sum_log_max_responsibility);
}
