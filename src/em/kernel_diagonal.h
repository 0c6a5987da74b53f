/* Part of kernel_template.h: log densities with diagonal precisions, lanes over points.
 *
 * QUAD components by one panel of points are in registers, as in a matrix product; (x - mean)^2 is taken directly, so
 * nothing cancels. (The expanded form x^2 - 2 x mean + mean^2 saves the subtraction, which processors with adders
 * beside their multipliers do for nothing.) As in kernel_dense.h, sums of squares only grow, and components out of
 * reach are left. */
enum {
  QUAD = 4,
  STRETCH = 16 /* features between two looks at what is out of reach */
};

/* A tile as panels: N_PANELS x d x PANEL. */
static void panels_of_tile(int64_t n_features, const double *restrict tile, double *restrict panels)
{
  for (int64_t j = 0; j < n_features; j++) {
    const vector *x = (const vector *)(tile + j * TILE_ROWS);
    for (int v = 0; v < TILE_VECTORS; v++)
      *(vector *)(panels + (v / PANEL_VECTORS * n_features + j) * PANEL + v % PANEL_VECTORS * LANES) = x[v];
  }
}

/* The components k, k + 1, ... of a form, n of them (1 or QUAD); the last of all stands in for those beyond it, and
 * what is computed for them goes nowhere. With isotropic, all of a component's precisions are the same, and distances
 * are left in units of x. */
typedef struct component_group {
  const density_form *form;
  int64_t first;
  int n;
  bool isotropic;
} component_group;

ALWAYS_INLINE int64_t member(component_group group, int c)
{
  return group.first + c < group.form->n_components ? group.first + c : group.form->n_components - 1;
}

/* Adds features first ... first + n - 1 to distances. */
ALWAYS_INLINE void add_features(component_group group, int64_t first, int64_t n, const double *restrict panel,
                                vector distances[][PANEL_VECTORS])
{
  const double *means[QUAD], *precisions[QUAD];
  vector sums[QUAD][PANEL_VECTORS];
  for (int c = 0; c < group.n; c++) {
    means[c] = group.form->means + member(group, c) * group.form->n_features + first;
    precisions[c] = group.form->whitening + member(group, c) * group.form->whitening_length + first;
    for (int v = 0; v < PANEL_VECTORS; v++) sums[c][v] = distances[c][v];
  }
  panel += first * PANEL;
  for (int64_t j = 0; j < n; j++) {
    const vector *x = (const vector *)(panel + j * PANEL);
    for (int c = 0; c < group.n; c++) {
      for (int v = 0; v < PANEL_VECTORS; v++) {
        const vector y = x[v] - means[c][j];
        if (group.isotropic)
          sums[c][v] += y * y;
        else
          sums[c][v] += precisions[c][j] * y * y;
      }
    }
  }
  for (int c = 0; c < group.n; c++) {
    for (int v = 0; v < PANEL_VECTORS; v++) distances[c][v] = sums[c][v];
  }
}

/* A component of weight 0 keeps -infinity, others never get it. */
ALWAYS_INLINE vector diagonal_log_density(component_group group, int c, vector distance)
{
  const int64_t k = member(group, c);
  const double log_constant = group.form->log_constants[k];
  const double half = group.isotropic ? 0.5 * group.form->whitening[k * group.form->whitening_length] : 0.5;
  return vector_max(log_constant - half * distance,
                    vector_of(log_constant == -INFINITY ? -INFINITY : LEAST_LOG_DENSITY));
}

ALWAYS_INLINE bool some_within_reach(component_group group, vector distances[][PANEL_VECTORS], const vector *best)
{
  unsigned lanes = 0;
  for (int c = 0; c < group.n; c++) {
    for (int v = 0; v < PANEL_VECTORS; v++)
      lanes |= lanes_at_least(diagonal_log_density(group, c, distances[c][v]), best[v] - SHARE_RANGE);
  }
  return lanes != 0;
}

/* Adds the features from STRETCH on; with best, gives up (false) when no point is within reach of any component. */
ALWAYS_INLINE bool add_other_features(component_group group, const double *panel, vector distances[][PANEL_VECTORS],
                                      const vector *best)
{
  const int64_t d = group.form->n_features;
  for (int64_t j = STRETCH; j < d; j += STRETCH) {
    if (best != NULL && !some_within_reach(group, distances, best)) return false;
    if (d - j >= STRETCH)
      add_features(group, j, STRETCH, panel, distances);
    else
      add_features(group, j, d - j, panel, distances);
  }
  return true;
}

/* Where the log densities (or distances) of a group's c-th member are, for one panel; NULL beyond the last. */
ALWAYS_INLINE vector *rows_of_member(component_group group, int c, int panel, double *log_densities)
{
  if (group.first + c >= group.form->n_components) return NULL;
  return (vector *)(log_densities + (group.first + c) * TILE_ROWS + panel * PANEL);
}

/* Everything, exactly. */
ALWAYS_INLINE void all_diagonal(const density_form *form, bool isotropic, const double *tile, double *log_densities,
                                double *panels)
{
  const int64_t d = form->n_features;
  panels_of_tile(d, tile, panels);
  for (int64_t k = 0; k < form->n_components; k += QUAD) {
    const component_group quad = {form, k, QUAD, isotropic};
    for (int panel = 0; panel < N_PANELS; panel++) {
      const double *x = panels + panel * d * PANEL;
      vector distances[QUAD][PANEL_VECTORS] = {{{0.0}}};
      add_features(quad, 0, d, x, distances);
      for (int c = 0; c < QUAD; c++) {
        vector *rows = rows_of_member(quad, c, panel, log_densities);
        for (int v = 0; v < PANEL_VECTORS && rows != NULL; v++)
          rows[v] = diagonal_log_density(quad, c, distances[c][v]);
      }
    }
  }
}

static void log_densities_diagonal(const density_form *form, const double *tile, double *log_densities, double *scratch)
{
  if (form->isotropic)
    all_diagonal(form, true, tile, log_densities, scratch);
  else
    all_diagonal(form, false, tile, log_densities, scratch);
}

/* The first stretch of all components: partial distances, and for every point the component that is best by them. */
ALWAYS_INLINE void start_diagonal(const density_form *form, bool isotropic, const double *panels, double *distances,
                                  double guesses[TILE_ROWS])
{
  _Alignas(64) double highest[TILE_ROWS];
  fill(TILE_ROWS, highest, -INFINITY);
  fill(TILE_ROWS, guesses, 0.0);
  for (int64_t k = 0; k < form->n_components; k += QUAD) {
    const component_group quad = {form, k, QUAD, isotropic};
    for (int panel = 0; panel < N_PANELS; panel++) {
      vector sums[QUAD][PANEL_VECTORS] = {{{0.0}}};
      vector *top = (vector *)(highest + panel * PANEL);
      vector *guess = (vector *)(guesses + panel * PANEL);
      add_features(quad, 0, STRETCH, panels + panel * form->n_features * PANEL, sums);
      for (int c = 0; c < QUAD; c++) {
        vector *rows = rows_of_member(quad, c, panel, distances);
        for (int v = 0; v < PANEL_VECTORS && rows != NULL; v++) {
          const vector log_density = diagonal_log_density(quad, c, sums[c][v]);
          guess[v] = vector_choose(log_density > top[v], vector_of((double)(k + c)), guess[v]);
          top[v] = vector_max(log_density, top[v]);
          rows[v] = sums[c][v];
        }
      }
    }
  }
}

/* The whole distance of the component that looks best to a point: best becomes at least its log density. */
ALWAYS_INLINE void look_ahead(const density_form *form, bool isotropic, int64_t k, int panel, const double *panels,
                              double *distances, double best[TILE_ROWS])
{
  const component_group one = {form, k, 1, isotropic};
  const vector *rows = rows_of_member(one, 0, panel, distances);
  vector *top = (vector *)(best + panel * PANEL);
  vector grown[1][PANEL_VECTORS];
  for (int v = 0; v < PANEL_VECTORS; v++) grown[0][v] = rows[v];
  add_other_features(one, panels + panel * form->n_features * PANEL, grown, NULL);
  for (int v = 0; v < PANEL_VECTORS; v++) top[v] = vector_max(diagonal_log_density(one, 0, grown[0][v]), top[v]);
}

/* The whole distances of a quad, unless it is out of reach. */
ALWAYS_INLINE void finish_quad(component_group quad, int panel, const double *panels, double *distances,
                               double best[TILE_ROWS])
{
  vector *top = (vector *)(best + panel * PANEL);
  vector grown[QUAD][PANEL_VECTORS];
  for (int c = 0; c < QUAD; c++) {
    const vector *rows = (const vector *)(distances + member(quad, c) * TILE_ROWS + panel * PANEL);
    for (int v = 0; v < PANEL_VECTORS; v++) grown[c][v] = rows[v];
  }
  const bool finished = add_other_features(quad, panels + panel * quad.form->n_features * PANEL, grown, top);
  for (int c = 0; c < QUAD; c++) {
    vector *rows = rows_of_member(quad, c, panel, distances);
    for (int v = 0; v < PANEL_VECTORS && rows != NULL; v++) {
      rows[v] = finished ? diagonal_log_density(quad, c, grown[c][v]) : vector_of(-INFINITY);
      if (finished) top[v] = vector_max(rows[v], top[v]);
    }
  }
}

ALWAYS_INLINE void reachable_stretches(const density_form *form, bool isotropic, double *distances,
                                       double best[TILE_ROWS], double *panels)
{
  _Alignas(64) double guesses[TILE_ROWS];
  start_diagonal(form, isotropic, panels, distances, guesses);
  for (int p = 0; p < TILE_ROWS; p++) {
    bool is_new = true;
    for (int q = p / PANEL * PANEL; q < p; q++) is_new = is_new && guesses[q] != guesses[p];
    if (is_new) look_ahead(form, isotropic, (int64_t)guesses[p], p / PANEL, panels, distances, best);
  }
  for (int64_t k = 0; k < form->n_components; k += QUAD) {
    const component_group quad = {form, k, QUAD, isotropic};
    for (int panel = 0; panel < N_PANELS; panel++) finish_quad(quad, panel, panels, distances, best);
  }
}

/* See reachable_dense. */
static void reachable_diagonal(const density_form *form, const double *tile, double *log_densities,
                               double best[TILE_ROWS], double *scratch)
{
  fill(TILE_ROWS, best, -INFINITY);
  if (form->n_features <= STRETCH) {
    log_densities_diagonal(form, tile, log_densities, scratch);
    for (int64_t k = 0; k < form->n_components; k++) {
      const vector *rows = (const vector *)(log_densities + k * TILE_ROWS);
      for (int v = 0; v < TILE_VECTORS; v++) ((vector *)best)[v] = vector_max(rows[v], ((vector *)best)[v]);
    }
    return;
  }
  panels_of_tile(form->n_features, tile, scratch);
  if (form->isotropic)
    reachable_stretches(form, true, log_densities, best, scratch);
  else
    reachable_stretches(form, false, log_densities, best, scratch);
}
