/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: from log densities of t distributions to pulls.
 *
 * log q = log(1 + delta / nu) is what a log density is below its log constant, times 2/(nu + d), and 1/q is one
 * exponential of that: nothing of the distances need be kept. */

/* One component's responsibilities and pulls from shares (in pulls) and log densities (in responsibilities), whose sums
 * are added, lanes as in sum_of_lanes. */
ALWAYS_INLINE void pulls_of_component(const component_tail *tail, double log_constant, const double inverses[TILE_ROWS],
                                      double *restrict pulls, double *restrict responsibilities, double *total,
                                      double *log_sum)
{
  enum { N = GROUP / LANES };
  const double scale = 2.0 * tail->half / tail->nu;
  vector totals[N], logs[N];
  _Alignas(64) double of_totals[GROUP];
  _Alignas(64) double of_logs[GROUP];
  for (int i = 0; i < N; i++) totals[i] = logs[i] = vector_of(0.0);
  for (int first = 0; first < TILE_VECTORS; first += N) {
    for (int i = 0; i < N; i++) {
      const int v = first + i;
      const vector own = ((vector *)pulls)[v] * ((const vector *)inverses)[v];
      const vector below = (((vector *)responsibilities)[v] - log_constant) * tail->inverse_half; /* -log q */
      const vector counted = (vector)((vector_bits)below & (own > 0.0));
      const vector pull = own * (scale * vector_exp_of_negative(counted));
      totals[i] += own;
      logs[i] -= own * counted;
      ((vector *)responsibilities)[v] = own;
      ((vector *)pulls)[v] = pull;
    }
  }
  for (int i = 0; i < N; i++) {
    ((vector *)of_totals)[i] = totals[i];
    ((vector *)of_logs)[i] = logs[i];
  }
  *total += tree_sum(of_totals);
  *log_sum += tree_sum(of_logs);
}

/* present: room for K words. Log densities, in pulls, as reachable_dense leaves them; see kernel.h, pulls. */
static void pulls_of_tile(const density_form *form, const row_tile *tile, double *pulls, double *responsibilities,
                          double best[TILE_ROWS], double *log_density, block_sums *sums, uint32_t *present)
{
  const int64_t K = form->n_components;
  _Alignas(64) double shares[TILE_ROWS];
  _Alignas(64) double inverses[TILE_ROWS];
  memcpy(responsibilities, pulls, (size_t)(K * TILE_ROWS) * sizeof(double));
  shares_of_tile(form, pulls, best, shares, present);
  for (int v = 0; v < TILE_VECTORS; v++) ((vector *)inverses)[v] = 1.0 / ((vector *)shares)[v];
  for (int v = 0; v < TILE_VECTORS && tile->weights != NULL; v++)
    ((vector *)inverses)[v] *= ((const vector *)tile->weights)[v];
  for (int v = 0; v < TILE_VECTORS && log_density != NULL; v++)
    ((vector *)log_density)[v] = ((vector *)best)[v] + vector_log(((vector *)shares)[v]);
  for (int p = tile->n_points; p < TILE_ROWS; p++) {
    best[p] = 0.0;
    shares[p] = 1.0;
    inverses[p] = 0.0;
  }
  for (int64_t k = 0; k < K; k++) {
    const component_tail tail = tail_of(form, k);
    if (present[k] == 0)
      fill(TILE_ROWS, responsibilities + k * TILE_ROWS, 0.0);
    else
      pulls_of_component(&tail, form->log_constants[k], inverses, pulls + k * TILE_ROWS,
                         responsibilities + k * TILE_ROWS, &sums->totals[k], &sums->logs[k]);
  }
  add_logs(tile->weights, best, shares, &sums->log_likelihood, &sums->sum_log_max_responsibility);
}
