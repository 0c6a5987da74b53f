/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: log densities with a triangular whitening factor, lanes over points.
 *
 * A panel is PANEL_VECTORS vectors of points; four rows of W by a panel are in registers, and |W y|^2 grows by the
 * squares of four rows at a time. A sum of squares never shrinks, in floating point neither, and log constant - half of
 * it never grows: so a component that is left after some rows because it is too far below the best one would have been
 * too far below it after all rows. */
enum { PANEL_VECTORS = 2, PANEL = PANEL_VECTORS * LANES, N_PANELS = TILE_ROWS / PANEL };

static void fill(int n, double *numbers, double value)
{
  for (int i = 0; i < n; i++) numbers[i] = value;
}

/* Adds |rows of W times y|^2 to distances: n_rows (1 ... WHITENING_ROWS) rows that begin at column n_before, held as
 * density.h describes. Of y = mean - x the first n_before rows (a multiple of WHITENING_ROWS) are in centred (rows of
 * PANEL); the next n_rows are computed, from x (rows of TILE_ROWS) and mean, and appended if more rows of W follow. */
ALWAYS_INLINE void add_whitened_rows(int n_rows, bool more, const double *restrict whitening, int64_t n_before,
                                     const double *restrict mean, const double *restrict x, double *restrict centred,
                                     vector distances[PANEL_VECTORS])
{
  vector z[WHITENING_ROWS][PANEL_VECTORS];
  for (int r = 0; r < WHITENING_ROWS; r++) {
    for (int v = 0; v < PANEL_VECTORS; v++) z[r][v] = vector_of(0.0);
  }
  for (int64_t j = 0; j < n_before; j += 2) {
    for (int c = 0; c < 2; c++, whitening += WHITENING_ROWS) {
      const vector *y = (const vector *)(centred + (j + c) * PANEL);
      for (int r = 0; r < n_rows; r++) {
        for (int v = 0; v < PANEL_VECTORS; v++) z[r][v] += whitening[r] * y[v];
      }
    }
  }
  for (int c = 0; c < n_rows; c++, whitening += WHITENING_ROWS) {
    for (int v = 0; v < PANEL_VECTORS; v++) {
      const vector y = mean[c] - ((const vector *)(x + c * TILE_ROWS))[v];
      if (more) ((vector *)(centred + (n_before + c) * PANEL))[v] = y;
      for (int r = c; r < n_rows; r++) z[r][v] += whitening[r] * y;
    }
  }
  for (int v = 0; v < PANEL_VECTORS; v++) {
    vector squares = z[0][v] * z[0][v] + z[1][v] * z[1][v];
    if (n_rows > 2) squares += z[2][v] * z[2][v] + z[3][v] * z[3][v];
    distances[v] += squares;
  }
}

/* The same for a number of rows that is not known at compile time. */
ALWAYS_INLINE void add_last_rows(int64_t n_rows, const double *whitening, int64_t n_before, const double *mean,
                                 const double *x, double *centred, vector distances[PANEL_VECTORS])
{
  switch (n_rows) {
  case 1:
    add_whitened_rows(1, false, whitening, n_before, mean, x, centred, distances);
    break;
  case 2:
    add_whitened_rows(2, false, whitening, n_before, mean, x, centred, distances);
    break;
  case 3:
    add_whitened_rows(3, false, whitening, n_before, mean, x, centred, distances);
    break;
  default:
    add_whitened_rows(4, false, whitening, n_before, mean, x, centred, distances);
    break;
  }
}

/* One component of a form and a panel of points, as far as their distances go. */
typedef struct panel_task {
  const double *whitening, *mean;
  const double *x; /* the tile's first row, at the panel's first point */
  double log_constant;
  component_tail tail; /* where components are t distributions */
} panel_task;

/* A live component's log density never becomes -infinity, which is kept for components of weight 0. */
ALWAYS_INLINE vector live_log_density(bool tails, const panel_task *task, vector distance, vector *inverse)
{
  if (tails) return tails_log_density(&task->tail, task->log_constant, distance, inverse);
  (void)inverse;
  return vector_max(task->log_constant - 0.5 * distance, vector_of(LEAST_LOG_DENSITY));
}

/* The distance up to which a component may count, per point: its log density must be no more than SHARE_RANGE below
 * the best one. It is a little too large, lest rounding leaves a component that counts; and below a best log density
 * that is the least there is, everything counts. */
ALWAYS_INLINE vector farthest_that_counts(bool tails, const panel_task *task, vector best)
{
  const double log_constant = task->log_constant;
  if (tails) return farthest_in_tails(&task->tail, log_constant, best);
  const vector least = vector_choose(best > LEAST_LOG_DENSITY, best - SHARE_RANGE, vector_of(-INFINITY));
  const vector size = vector_max(least, -least) + __builtin_fabs(log_constant);
  return 2.0 * (log_constant - least) + 0x1p-48 * size;
}

/* Is any point not beyond what counts, as far as the distances go? */
ALWAYS_INLINE bool within_reach(bool tails, const panel_task *task, const vector distances[PANEL_VECTORS],
                                const vector farthest[PANEL_VECTORS])
{
  unsigned lanes = 0;
  for (int v = 0; v < PANEL_VECTORS; v++)
    lanes |= lanes_at_least(farthest[v], tails ? quotient_bits(&task->tail, distances[v]) : distances[v]);
  return lanes != 0;
}

/* Adds the rows from WHITENING_ROWS on to distances, but gives up (false) when no point is within reach: it is asked
 * now, after 8 rows, and after every 16 more. */
ALWAYS_INLINE bool add_other_rows(bool tails, const panel_task *task, int64_t d, double *restrict centred,
                                  vector distances[PANEL_VECTORS], const vector farthest[PANEL_VECTORS])
{
  const double *whitening = task->whitening + WHITENING_ROWS * WHITENING_ROWS;
  int64_t row = WHITENING_ROWS;
  if (!within_reach(tails, task, distances, farthest)) return false;
  for (int c = 0; c < WHITENING_ROWS; c++) {
    for (int v = 0; v < PANEL_VECTORS; v++)
      ((vector *)(centred + c * PANEL))[v] = task->mean[c] - ((const vector *)(task->x + c * TILE_ROWS))[v];
  }
  for (; row + WHITENING_ROWS < d; row += WHITENING_ROWS) {
    add_whitened_rows(WHITENING_ROWS, true, whitening, row, task->mean + row, task->x + row * TILE_ROWS, centred,
                      distances);
    whitening += WHITENING_ROWS * (row + WHITENING_ROWS);
    if (row % 16 == 4 && !within_reach(tails, task, distances, farthest)) return false;
  }
  add_last_rows(d - row, whitening, row, task->mean + row, task->x + row * TILE_ROWS, centred, distances);
  return true;
}

/* Distances by the first rows of W (at most WHITENING_ROWS) for a whole tile. */
ALWAYS_INLINE void first_rows_of_tile(int64_t n_rows, const panel_task *task, double *centred,
                                      vector distances[TILE_VECTORS])
{
  for (int v = 0; v < TILE_VECTORS; v += PANEL_VECTORS) {
    for (int i = 0; i < PANEL_VECTORS; i++) distances[v + i] = vector_of(0.0);
    add_last_rows(n_rows, task->whitening, 0, task->mean, task->x + v * LANES, centred, distances + v);
  }
}

ALWAYS_INLINE panel_task task_of(bool tails, const density_form *form, int64_t k, const double *x)
{
  panel_task task = {.whitening = form->whitening + k * form->whitening_length,
                     .mean = form->means + k * form->n_features,
                     .x = x,
                     .log_constant = form->log_constants[k]};
  if (tails) task.tail = tail_of(form, k);
  return task;
}

/* Everything, exactly. */
ALWAYS_INLINE void all_dense(bool tails, const density_form *form, const double *tile, double *log_densities,
                             double *scratch)
{
  const int64_t d = form->n_features;
  vector all[PANEL_VECTORS];
  for (int v = 0; v < PANEL_VECTORS; v++) all[v] = vector_of(INFINITY);
  for (int64_t k = 0; k < form->n_components; k++, log_densities += TILE_ROWS) {
    panel_task task = task_of(tails, form, k, tile);
    if (task.log_constant == -INFINITY) {
      fill(TILE_ROWS, log_densities, -INFINITY);
      continue;
    }
    vector *rows = (vector *)log_densities;
    first_rows_of_tile(d < WHITENING_ROWS ? d : WHITENING_ROWS, &task, scratch, rows);
    for (int v = 0; v < TILE_VECTORS; v += PANEL_VECTORS) {
      task.x = tile + v * LANES;
      if (d > WHITENING_ROWS) add_other_rows(tails, &task, d, scratch, rows + v, all);
      for (int i = 0; i < PANEL_VECTORS; i++) rows[v + i] = live_log_density(tails, &task, rows[v + i], NULL);
    }
  }
}

static void log_densities_dense(const density_form *form, const double *tile, double *log_densities, double *scratch)
{
  if (form->dof != NULL)
    all_dense(true, form, tile, log_densities, scratch);
  else
    all_dense(false, form, tile, log_densities, scratch);
}

/* The first rows of all components: partial distances, and for every point the component that is best by them. */
ALWAYS_INLINE void start_dense(bool tails, const density_form *form, const double *tile, double *distances,
                               double *centred, double guesses[TILE_ROWS])
{
  _Alignas(64) double highest[TILE_ROWS];
  fill(TILE_ROWS, highest, -INFINITY);
  fill(TILE_ROWS, guesses, 0.0);
  for (int64_t k = 0; k < form->n_components; k++) {
    const panel_task task = task_of(tails, form, k, tile);
    if (task.log_constant == -INFINITY) continue;
    vector *rows = (vector *)(distances + k * TILE_ROWS);
    first_rows_of_tile(WHITENING_ROWS, &task, centred, rows);
    for (int v = 0; v < TILE_VECTORS; v++) {
      vector *top = (vector *)highest + v;
      vector *guess = (vector *)guesses + v;
      const vector log_density = tails ? guessed_in_tails(&task.tail, task.log_constant, rows[v])
                                       : live_log_density(false, &task, rows[v], NULL);
      *guess = vector_choose(log_density > *top, vector_of((double)k), *guess);
      *top = vector_max(log_density, *top);
    }
  }
}

/* Completes component k's distances where `panels` has a bit, and makes them log densities; where it is known to be out
 * of reach they become -infinity. */
ALWAYS_INLINE void finish_dense(bool tails, const density_form *form, int64_t k, uint32_t panels, const double *tile,
                                double *distances, double *centred, double best[TILE_ROWS], double *inverses)
{
  panel_task task = task_of(tails, form, k, tile);
  for (; panels != 0; panels &= panels - 1) {
    const int panel = __builtin_ctz(panels);
    vector *rows = (vector *)(distances + panel * PANEL);
    vector *top = (vector *)(best + panel * PANEL);
    vector grown[PANEL_VECTORS];
    vector farthest[PANEL_VECTORS];
    task.x = tile + panel * PANEL;
    for (int v = 0; v < PANEL_VECTORS; v++) {
      grown[v] = rows[v];
      farthest[v] = farthest_that_counts(tails, &task, top[v]);
    }
    const bool finished = add_other_rows(tails, &task, form->n_features, centred, grown, farthest);
    for (int v = 0; v < PANEL_VECTORS; v++) {
      vector inverse = vector_of(0.0);
      rows[v] = finished ? live_log_density(tails, &task, grown[v], &inverse)
                         : vector_of(tails ? LEAST_LOG_DENSITY : -INFINITY);
      if (tails && inverses != NULL) ((vector *)(inverses + k * TILE_ROWS + panel * PANEL))[v] = inverse;
      top[v] = vector_max(rows[v], top[v]);
    }
  }
}

/* d <= FEW_ROWS features: not worth leaving anything. */
enum { FEW_ROWS = 2 * WHITENING_ROWS };

/* From a component's distances to log densities of a t distribution. It is a loop of its own: these are long chains of
 * operations, and there must be many of them at a time. */
ALWAYS_INLINE void finish_tails(const panel_task *task, double *restrict rows, double *restrict best,
                                double *restrict inverses)
{
  for (int v = 0; v < TILE_VECTORS; v++) {
    vector *row = (vector *)rows + v;
    vector *top = (vector *)best + v;
    vector inverse;
    *row = live_log_density(true, task, *row, &inverse);
    if (inverses != NULL) ((vector *)inverses)[v] = inverse;
    *top = vector_max(*row, *top);
  }
}

ALWAYS_INLINE void few_rows(bool tails, int d, const density_form *form, const double *tile, double *log_densities,
                            double *centred, double best[TILE_ROWS], double *inverses)
{
  const int n_first = d < WHITENING_ROWS ? d : WHITENING_ROWS;
  for (int64_t k = 0; k < form->n_components; k++, log_densities += TILE_ROWS) {
    const panel_task task = task_of(tails, form, k, tile);
    if (task.log_constant == -INFINITY) {
      fill(TILE_ROWS, log_densities, -INFINITY);
      continue;
    }
    for (int v = 0; v < TILE_VECTORS; v += PANEL_VECTORS) {
      const double *x = tile + v * LANES;
      vector *rows = (vector *)log_densities + v;
      vector *top = (vector *)best + v;
      vector distances[PANEL_VECTORS] = {{0.0}};
      add_whitened_rows(n_first, d > WHITENING_ROWS, task.whitening, 0, task.mean, x, centred, distances);
      if (d > WHITENING_ROWS)
        add_whitened_rows(d - WHITENING_ROWS, false, task.whitening + WHITENING_ROWS * WHITENING_ROWS, WHITENING_ROWS,
                          task.mean + WHITENING_ROWS, x + WHITENING_ROWS * TILE_ROWS, centred, distances);
      for (int i = 0; i < PANEL_VECTORS; i++) {
        rows[i] = tails ? distances[i] : live_log_density(false, &task, distances[i], NULL);
        if (!tails) top[i] = vector_max(rows[i], top[i]);
      }
    }
    if (tails) finish_tails(&task, log_densities, best, inverses == NULL ? NULL : inverses + k * TILE_ROWS);
  }
}

/* Returns false, and does nothing, when there are more than FEW_ROWS features. */
ALWAYS_INLINE bool reachable_few_features(bool tails, const density_form *form, const double *tile,
                                          double *log_densities, double *centred, double best[TILE_ROWS],
                                          double *inverses)
{
#define FEW(d)                                                                                                         \
  case d:                                                                                                              \
    few_rows(tails, d, form, tile, log_densities, centred, best, inverses);                                            \
    return true;
  switch (form->n_features) {
    FEW(1) FEW(2) FEW(3) FEW(4) FEW(5) FEW(6) FEW(7) FEW(8) default : return false;
  }
#undef FEW
}

ALWAYS_INLINE void reachable_many_rows(bool tails, const density_form *form, const double *tile, double *log_densities,
                                       double best[TILE_ROWS], double *centred, uint32_t *ahead, double *inverses)
{
  const int64_t d = form->n_features;
  _Alignas(64) double guesses[TILE_ROWS];
  for (int64_t i = 0; i < d * TILE_ROWS; i += 8) __builtin_prefetch(tile + i);
  start_dense(tails, form, tile, log_densities, centred, guesses);
  memset(ahead, 0, (size_t)form->n_components * sizeof *ahead);
  for (int p = 0; p < TILE_ROWS; p++) ahead[(int64_t)guesses[p]] |= UINT32_C(1) << (p / PANEL);
  for (int64_t k = 0; k < form->n_components; k++) {
    if (form->log_constants[k] == -INFINITY) continue;
    finish_dense(tails, form, k, ahead[k], tile, log_densities + k * TILE_ROWS, centred, best, inverses);
  }
  const uint32_t all = (uint32_t)((UINT64_C(1) << N_PANELS) - 1);
  for (int64_t k = 0; k < form->n_components; k++) {
    if (form->log_constants[k] == -INFINITY)
      fill(TILE_ROWS, log_densities + k * TILE_ROWS, -INFINITY);
    else
      finish_dense(tails, form, k, all & ~ahead[k], tile, log_densities + k * TILE_ROWS, centred, best, inverses);
  }
}

ALWAYS_INLINE void reachable_in_dense(bool tails, const density_form *form, const double *tile, double *log_densities,
                                      double best[TILE_ROWS], double *centred, uint32_t *ahead, double *inverses)
{
  fill(TILE_ROWS, best, form->background);
  if (!reachable_few_features(tails, form, tile, log_densities, centred, best, inverses))
    reachable_many_rows(tails, form, tile, log_densities, best, centred, ahead, inverses);
}

/* The same of t distributions, where what is out of reach gets LEAST_LOG_DENSITY. inverses, when not NULL, receives 1/q
 * (K x TILE_ROWS; 0 out of reach; not where the weight is 0). */
static void dense_tails(const density_form *form, const double *tile, double *log_densities, double best[TILE_ROWS],
                        double *centred, uint32_t *ahead, double *inverses)
{
  reachable_in_dense(true, form, tile, log_densities, best, centred, ahead, inverses);
}

/* Log densities (K x TILE_ROWS), those too far below the best one of a point being -infinity or exact, whatever was
 * less work; best receives the highest. The components that look best by their first rows go first; ahead (room for K
 * words) says on which panels. */
static void reachable_dense(const density_form *form, const double *tile, double *log_densities, double best[TILE_ROWS],
                            double *centred, uint32_t *ahead)
{
  if (form->dof != NULL)
    dense_tails(form, tile, log_densities, best, centred, ahead, NULL);
  else
    reachable_in_dense(false, form, tile, log_densities, best, centred, ahead, NULL);
}
