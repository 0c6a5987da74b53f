/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: log densities with diagonal precisions, lanes over points.
 *
 * QUAD components by one panel of points are in registers, as in a matrix product; (x - mean)^2 is taken directly, so
 * nothing cancels. (The expanded form x^2 - 2 x mean + mean^2 saves the subtraction, which processors with adders
 * beside their multipliers do for nothing.) As in dense.h, sums of squares only grow, and components out of
 * reach are left. */
enum {
  QUAD = 4,
  FIRST_FEATURES = 8, /* after them, components out of reach are left */
  STRETCH = 24        /* features until it is asked again */
};

/* A tile as panels: N_PANELS x d x PANEL. Behind them is room for another tile where components have something in
 * common. */
static void panels_of_tile(const density_form *form, const double *restrict tile, double *restrict panels)
{
  const int64_t n_features = form->n_features;
  if (form->common.holds) {
    transformed_panels(form, tile, panels, panels + TILE_ROWS * padded_width(n_features));
    return;
  }
  for (int64_t j = 0; j < n_features; j++) {
    const vector *x = (const vector *)(tile + j * TILE_ROWS);
    for (int v = 0; v < TILE_VECTORS; v++)
      *(vector *)(panels + (v / PANEL_VECTORS * n_features + j) * PANEL + v % PANEL_VECTORS * LANES) = x[v];
  }
}

/* QUAD components of a form; where there are fewer, one stands in for the others too. With isotropic, all of a
 * component's precisions are the same, and distances are left in units of x. */
typedef struct component_quad {
  const density_form *form;
  bool isotropic;
  int64_t members[QUAD];
} component_quad;

ALWAYS_INLINE component_quad quad_from(const density_form *form, bool isotropic, int64_t k)
{
  component_quad quad = {form, isotropic, {0}};
  for (int c = 0; c < QUAD; c++) quad.members[c] = k + c < form->n_components ? k + c : form->n_components - 1;
  return quad;
}

/* Adds features first ... first + n - 1 to distances. */
ALWAYS_INLINE void add_features(const component_quad *quad, int64_t first, int64_t n, const double *restrict panel,
                                vector distances[QUAD][PANEL_VECTORS])
{
  const double *means[QUAD], *precisions[QUAD];
  vector sums[QUAD][PANEL_VECTORS];
  for (int c = 0; c < QUAD; c++) {
    means[c] = quad->form->means + quad->members[c] * quad->form->n_features + first;
    precisions[c] = quad->form->whitening + quad->members[c] * quad->form->whitening_length + first;
    for (int v = 0; v < PANEL_VECTORS; v++) sums[c][v] = distances[c][v];
  }
  panel += first * PANEL;
  for (int64_t j = 0; j < n; j++) {
    const vector *x = (const vector *)(panel + j * PANEL);
    for (int c = 0; c < QUAD; c++) {
      for (int v = 0; v < PANEL_VECTORS; v++) {
        const vector y = x[v] - means[c][j];
        if (quad->isotropic)
          sums[c][v] += y * y;
        else
          sums[c][v] += precisions[c][j] * y * y;
      }
    }
  }
  for (int c = 0; c < QUAD; c++) {
    for (int v = 0; v < PANEL_VECTORS; v++) distances[c][v] = sums[c][v];
  }
}

/* A component of weight 0 keeps -infinity, others never get it. */
ALWAYS_INLINE vector diagonal_log_density(const density_form *form, bool isotropic, int64_t k, vector distance)
{
  const double log_constant = form->log_constants[k];
  const double half = isotropic ? 0.5 * form->whitening[k * form->whitening_length] : 0.5;
  return vector_max(log_constant - half * distance,
                    vector_of(log_constant == -INFINITY ? -INFINITY : LEAST_LOG_DENSITY));
}

/* Is component k, as far as the distances go, within reach at one of a panel's points? */
ALWAYS_INLINE bool diagonal_within_reach(const density_form *form, bool isotropic, int64_t k,
                                         const vector distances[PANEL_VECTORS], const vector best[PANEL_VECTORS])
{
  unsigned lanes = 0;
  for (int v = 0; v < PANEL_VECTORS; v++)
    lanes |= lanes_at_least(diagonal_log_density(form, isotropic, k, distances[v]), best[v] - SHARE_RANGE);
  return lanes != 0;
}

/* Where the log densities (or distances) of component k at a panel's points are. */
ALWAYS_INLINE vector *panel_rows(double *log_densities, int64_t k, int panel)
{
  return (vector *)(log_densities + k * TILE_ROWS + panel * PANEL);
}

/* Everything, exactly. */
ALWAYS_INLINE void all_diagonal(const density_form *form, bool isotropic, const double *tile, double *log_densities,
                                double *panels)
{
  const int64_t d = form->n_features;
  panels_of_tile(form, tile, panels);
  for (int64_t k = 0; k < form->n_components; k += QUAD) {
    const component_quad quad = quad_from(form, isotropic, k);
    for (int panel = 0; panel < N_PANELS; panel++) {
      vector distances[QUAD][PANEL_VECTORS] = {{{0.0}}};
      add_features(&quad, 0, d, panels + panel * d * PANEL, distances);
      for (int c = 0; c < QUAD; c++) {
        vector *rows = panel_rows(log_densities, quad.members[c], panel);
        for (int v = 0; v < PANEL_VECTORS; v++)
          rows[v] = diagonal_log_density(form, isotropic, quad.members[c], distances[c][v]);
      }
    }
  }
}

/* The same of t distributions. */
ALWAYS_INLINE void all_diagonal_tails(const density_form *form, bool isotropic, const double *tile,
                                      double *log_densities, double *panels, double *inverses)
{
  const int64_t d = form->n_features;
  panels_of_tile(form, tile, panels);
  for (int64_t k = 0; k < form->n_components; k += QUAD) {
    const component_quad quad = quad_from(form, isotropic, k);
    for (int panel = 0; panel < N_PANELS; panel++) {
      vector distances[QUAD][PANEL_VECTORS] = {{{0.0}}};
      add_features(&quad, 0, d, panels + panel * d * PANEL, distances);
      for (int c = 0; c < QUAD && k + c < form->n_components; c++) {
        const component_tail tail = tail_of(form, k + c);
        const double precision = isotropic ? form->whitening[(k + c) * form->whitening_length] : 1.0;
        vector *rows = panel_rows(log_densities, k + c, panel);
        for (int v = 0; v < PANEL_VECTORS; v++) {
          vector inverse;
          rows[v] = tails_log_density(&tail, form->log_constants[k + c], precision * distances[c][v], &inverse);
          if (inverses != NULL) panel_rows(inverses, k + c, panel)[v] = inverse;
        }
      }
    }
  }
}

/* inverses as in dense_tails. */
static void log_densities_diagonal_tails(const density_form *form, const double *tile, double *log_densities,
                                         double *scratch, double *inverses)
{
  if (form->isotropic)
    all_diagonal_tails(form, true, tile, log_densities, scratch, inverses);
  else
    all_diagonal_tails(form, false, tile, log_densities, scratch, inverses);
}

static void log_densities_diagonal(const density_form *form, const double *tile, double *log_densities, double *scratch)
{
  if (form->dof != NULL) {
    log_densities_diagonal_tails(form, tile, log_densities, scratch, NULL);
    return;
  }
  if (form->isotropic)
    all_diagonal(form, true, tile, log_densities, scratch);
  else
    all_diagonal(form, false, tile, log_densities, scratch);
}

/* The first features of all components: partial distances, and for every point the component that is best by them. */
ALWAYS_INLINE void start_diagonal(const density_form *form, bool isotropic, const double *panels, double *distances,
                                  double guesses[TILE_ROWS])
{
  _Alignas(64) double highest[TILE_ROWS];
  fill(TILE_ROWS, highest, -INFINITY);
  fill(TILE_ROWS, guesses, 0.0);
  for (int64_t k = 0; k < form->n_components; k += QUAD) {
    const component_quad quad = quad_from(form, isotropic, k);
    for (int panel = 0; panel < N_PANELS; panel++) {
      vector sums[QUAD][PANEL_VECTORS] = {{{0.0}}};
      vector *top = (vector *)(highest + panel * PANEL);
      vector *guess = (vector *)(guesses + panel * PANEL);
      add_features(&quad, 0, FIRST_FEATURES, panels + panel * form->n_features * PANEL, sums);
      for (int c = 0; c < QUAD; c++) {
        vector *rows = panel_rows(distances, quad.members[c], panel);
        for (int v = 0; v < PANEL_VECTORS; v++) {
          const vector log_density = diagonal_log_density(form, isotropic, quad.members[c], sums[c][v]);
          guess[v] = vector_choose(log_density > top[v], vector_of((double)quad.members[c]), guess[v]);
          top[v] = vector_max(log_density, top[v]);
          rows[v] = sums[c][v];
        }
      }
    }
  }
}

/* The other features of components of which one at least was within reach, for as long as that is so. */
ALWAYS_INLINE void finish_quad(const component_quad *quad, int panel, const double *panels, double *distances,
                               vector best[PANEL_VECTORS])
{
  const int64_t d = quad->form->n_features;
  vector grown[QUAD][PANEL_VECTORS];
  for (int c = 0; c < QUAD; c++) {
    for (int v = 0; v < PANEL_VECTORS; v++) grown[c][v] = panel_rows(distances, quad->members[c], panel)[v];
  }
  bool within_reach = true;
  for (int64_t j = FIRST_FEATURES; j < d && within_reach; j += STRETCH) {
    add_features(quad, j, d - j < STRETCH ? d - j : STRETCH, panels + panel * d * PANEL, grown);
    if (j + STRETCH >= d) break;
    within_reach = false;
    for (int c = 0; c < QUAD; c++)
      within_reach |= diagonal_within_reach(quad->form, quad->isotropic, quad->members[c], grown[c], best);
  }
  for (int c = 0; c < QUAD; c++) {
    vector *rows = panel_rows(distances, quad->members[c], panel);
    for (int v = 0; v < PANEL_VECTORS; v++) {
      rows[v] = within_reach ? diagonal_log_density(quad->form, quad->isotropic, quad->members[c], grown[c][v])
                             : vector_of(-INFINITY);
      best[v] = vector_max(rows[v], best[v]);
    }
  }
}

/* Components that are to be finished, until there are QUAD of them. */
typedef struct waiting_components {
  component_quad quad;
  int n;
} waiting_components;

ALWAYS_INLINE void finish_waiting(waiting_components *waiting, int panel, const double *panels, double *distances,
                                  vector best[PANEL_VECTORS])
{
  for (int c = waiting->n; c < QUAD; c++) waiting->quad.members[c] = waiting->quad.members[0];
  if (waiting->n > 0) finish_quad(&waiting->quad, panel, panels, distances, best);
  waiting->n = 0;
}

ALWAYS_INLINE void let_wait(int64_t k, waiting_components *waiting, int panel, const double *panels, double *distances,
                            vector best[PANEL_VECTORS])
{
  waiting->quad.members[waiting->n++] = k;
  if (waiting->n == QUAD) finish_waiting(waiting, panel, panels, distances, best);
}

/* One panel: the components that look best to a point go first (the panel's bit in ahead, K words), then the others
 * that are within reach. */
ALWAYS_INLINE void finish_panel(const density_form *form, bool isotropic, int panel, const double *panels,
                                const double *guesses, double *distances, vector best[PANEL_VECTORS], uint32_t *ahead)
{
  const uint32_t own = UINT32_C(1) << panel;
  waiting_components waiting = {{form, isotropic, {0}}, 0};
  for (int p = panel * PANEL; p < (panel + 1) * PANEL; p++) {
    const int64_t k = (int64_t)guesses[p];
    if ((ahead[k] & own) == 0) let_wait(k, &waiting, panel, panels, distances, best);
    ahead[k] |= own;
  }
  finish_waiting(&waiting, panel, panels, distances, best);
  for (int64_t k = 0; k < form->n_components; k++) {
    vector *rows = panel_rows(distances, k, panel);
    if ((ahead[k] & own) != 0) continue;
    if (diagonal_within_reach(form, isotropic, k, rows, best)) {
      let_wait(k, &waiting, panel, panels, distances, best);
    } else {
      for (int v = 0; v < PANEL_VECTORS; v++) rows[v] = vector_of(-INFINITY);
    }
  }
  finish_waiting(&waiting, panel, panels, distances, best);
}

ALWAYS_INLINE void reachable_many_features(const density_form *form, bool isotropic, double *distances,
                                           double best[TILE_ROWS], double *panels, uint32_t *ahead)
{
  _Alignas(64) double guesses[TILE_ROWS];
  start_diagonal(form, isotropic, panels, distances, guesses);
  memset(ahead, 0, (size_t)form->n_components * sizeof *ahead);
  for (int panel = 0; panel < N_PANELS; panel++)
    finish_panel(form, isotropic, panel, panels, guesses, distances, (vector *)(best + panel * PANEL), ahead);
}

static void set_best(const density_form *form, const double *log_densities, double best[TILE_ROWS])
{
  fill(TILE_ROWS, best, form->background);
  for (int64_t k = 0; k < form->n_components; k++) {
    const vector *rows = (const vector *)(log_densities + k * TILE_ROWS);
    for (int v = 0; v < TILE_VECTORS; v++) ((vector *)best)[v] = vector_max(rows[v], ((vector *)best)[v]);
  }
}

/* See reachable_dense. */
static void reachable_diagonal(const density_form *form, const double *tile, double *log_densities,
                               double best[TILE_ROWS], double *scratch, uint32_t *ahead)
{
  fill(TILE_ROWS, best, form->background);
  if (form->n_features <= 2 * FIRST_FEATURES || form->dof != NULL) {
    log_densities_diagonal(form, tile, log_densities, scratch);
    set_best(form, log_densities, best);
    return;
  }
  panels_of_tile(form, tile, scratch);
  if (form->isotropic)
    reachable_many_features(form, true, log_densities, best, scratch, ahead);
  else
    reachable_many_features(form, false, log_densities, best, scratch, ahead);
}
