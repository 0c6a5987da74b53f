/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: log densities with diagonal precisions, lanes over points, as distances.h defines them.
 *
 * As in a product of matrices, TOGETHER components by one panel of points are in registers, a panel is in the first
 * cache while components go by, and so many components (a chunk) are in the second one while panels go by.
 *
 * As in dense.h, components out of reach are left, after features that make a stage, where the tile's first panel says
 * that this is so for many: that one is computed to the end. What a pair of a point and a component comes to depends
 * on neither. */
enum {
  QUAD = 4,
  TOGETHER = LANES >= 8 ? 8 : QUAD,
  CHUNK_NUMBERS = 1 << 14,     /* of the components' rows */
  STRETCH = 2 * STAGE_FEATURES /* features until it is asked again whether a component is out of reach */
};

/* A tile as panels: N_PANELS x d x PANEL, centred where the form is. Behind them is room for another tile where
 * components have something in common. */
static void panels_of_tile(const density_form *form, const double *restrict tile, double *restrict panels)
{
  const int64_t n_features = form->n_features;
  if (form->common.holds) {
    transformed_panels(form, tile, panels, panels + TILE_ROWS * padded_width(n_features));
    return;
  }
  const double *origin = form->centred.holds ? form->centred.origin : NULL;
  for (int64_t j = 0; j < n_features; j++) {
    const vector *x = (const vector *)(tile + j * TILE_ROWS);
    for (int v = 0; v < TILE_VECTORS; v++)
      *(vector *)(panels + (v / PANEL_VECTORS * n_features + j) * PANEL + v % PANEL_VECTORS * LANES) =
          x[v] - (origin != NULL ? origin[j] : 0.0);
  }
}

/* What the points of a tile meet. */
typedef struct distance_task {
  const density_form *form;
  const double *panels;
  const double *halves; /* of PRODUCTS, of the points: (n_stages + 1) x TILE_ROWS, as centred_form has those of means */
  const double *means, *factors; /* rows of the components, means_stride and factors_stride apart */
  int64_t means_stride, factors_stride;
  const char *next;   /* the next tile, if it comes right behind this one as it most often does */
  int64_t next_lines; /* of it to be asked for with each block of components */
} distance_task;

/* The next tile's lines are asked for while this one's distances are computed, since the wait for memory would be a
 * good part of the time; where it is elsewhere nothing happens. */
ALWAYS_INLINE void ask_for_next_lines(const distance_task *task, int64_t block, int panel)
{
  const int64_t all = task->form->n_features * (TILE_ROWS / 8);
  const int64_t first = (block * N_PANELS + panel) * task->next_lines;
  const int64_t end = first + task->next_lines < all ? first + task->next_lines : all;
  for (int64_t i = first; i < end; i++) __builtin_prefetch(task->next + 64 * i, 0, 2);
}

static int64_t next_lines_of_block(const density_form *form)
{
  const int64_t steps = (form->n_components + TOGETHER - 1) / TOGETHER * N_PANELS;
  return (form->n_features * (TILE_ROWS / 8) + steps - 1) / steps;
}

/* Behind the panels, the room for another tile, and a word per component. */
static double *halves_in_scratch(const density_form *form, double *scratch)
{
  const int64_t tiles = form->common.holds ? 2 : 1;
  return scratch + tiles * TILE_ROWS * padded_width(form->n_features) + (form->n_components + 7) / 8 * 8;
}

static void halves_of_points(const density_form *form, const double *restrict panels, double *restrict halves)
{
  const int64_t d = form->n_features;
  const int64_t n_stages = form->centred.n_stages;
  enum { SIDE = 4 }; /* panels at a time */
  for (int first = 0; first < N_PANELS; first += SIDE) {
    vector squares[SIDE * PANEL_VECTORS];
    double *own = halves + first * PANEL;
    for (int v = 0; v < SIDE * PANEL_VECTORS; v++) squares[v] = vector_of(0.0);
    for (int64_t j = 0; j < d; j++) {
      if (j > 0 && j % STAGE_FEATURES == 0) {
        for (int v = 0; v < SIDE * PANEL_VECTORS; v++)
          ((vector *)(own + (j / STAGE_FEATURES - 1) * TILE_ROWS))[v] = 0.5 * squares[v];
      }
      for (int v = 0; v < SIDE * PANEL_VECTORS; v++) {
        const vector u = ((const vector *)(panels + ((first + v / PANEL_VECTORS) * d + j) * PANEL))[v % PANEL_VECTORS];
        squares[v] += u * u;
      }
    }
    for (int v = 0; v < SIDE * PANEL_VECTORS; v++) {
      for (int64_t s = 0; s < n_stages; s++) ((vector *)(own + s * TILE_ROWS))[v] -= form->centred.slack * squares[v];
      ((vector *)(own + n_stages * TILE_ROWS))[v] = 0.5 * squares[v];
    }
  }
}

/* Makes the tile's panels, and what else is to be known of its points. */
static distance_task task_of_tile(const density_form *form, const double *tile, double *scratch)
{
  const centred_form *centred = &form->centred;
  distance_task task = {.form = form, .panels = scratch};
  task.next = (const char *)tile + form->n_features * TILE_ROWS * (int64_t)sizeof(double);
  task.next_lines = next_lines_of_block(form);
  panels_of_tile(form, tile, scratch);
  if (centred->holds) {
    task.means = centred->means;
    task.factors = centred->roots;
    task.means_stride = task.factors_stride = centred->stride;
  } else {
    task.means = form->means;
    task.factors = form->whitening;
    task.means_stride = form->n_features;
    task.factors_stride = form->whitening_length;
  }
  if (kind_of(form) == PRODUCTS) {
    double *halves = halves_in_scratch(form, scratch);
    halves_of_points(form, scratch, halves);
    task.halves = halves;
  }
  return task;
}

/* Components of one kind, ascending. */
typedef struct component_list {
  const int64_t *order; /* NULL: 0, 1, ... */
  int64_t n;
} component_list;

/* Those of the kind that most have, or of PRODUCTS the far ones. */
ALWAYS_INLINE component_list list_of_kind(distance_kind kind, const distance_task *task, bool far)
{
  const centred_form *centred = &task->form->centred;
  if (kind != PRODUCTS) return (component_list){NULL, far ? 0 : task->form->n_components};
  return far ? (component_list){centred->order + centred->n_near, task->form->n_components - centred->n_near}
             : (component_list){centred->order, centred->n_near};
}

ALWAYS_INLINE int64_t member_of(const component_list *list, int64_t i)
{
  return list->order == NULL ? i : list->order[i];
}

/* A block of a list: from the i-th on; where there are fewer, the last one stands in for the others too. */
ALWAYS_INLINE void members_from(const component_list *list, int64_t i, int size, int64_t members[TOGETHER])
{
  for (int c = 0; c < size; c++) members[c] = member_of(list, i + c < list->n ? i + c : list->n - 1);
}

/* Components in registers. Where there are factors beside means, more than QUAD rows to read would be too many
 * addresses for the registers that hold these. */
ALWAYS_INLINE int size_of_blocks(distance_kind kind)
{
  return kind == ROOTS || kind == WEIGHTED ? QUAD : TOGETHER;
}

/* Adds features first ... end - 1 to the sums of `size` components by a panel. */
ALWAYS_INLINE void add_features(distance_kind kind, int size, const distance_task *task, const int64_t *members,
                                int panel, int64_t first, int64_t end, vector sums[TOGETHER][PANEL_VECTORS])
{
  const double *means[TOGETHER], *factors[TOGETHER];
  vector grown[TOGETHER][PANEL_VECTORS];
  for (int c = 0; c < size; c++) {
    means[c] = task->means + members[c] * task->means_stride;
    factors[c] = kind == ROOTS || kind == WEIGHTED ? task->factors + members[c] * task->factors_stride : NULL;
    for (int v = 0; v < PANEL_VECTORS; v++) grown[c][v] = sums[c][v];
  }
  const double *own = task->panels + panel * task->form->n_features * PANEL;
  for (int64_t j = first; j < end; j++) {
    const vector *x = (const vector *)(own + j * PANEL);
    for (int c = 0; c < size; c++) {
      const vector mean = vector_of(means[c][j]);
      const vector factor = kind == ROOTS || kind == WEIGHTED ? vector_of(factors[c][j]) : mean;
      for (int v = 0; v < PANEL_VECTORS; v++) grown[c][v] = with_feature(kind, grown[c][v], x[v], mean, factor);
    }
  }
  for (int c = 0; c < size; c++) {
    for (int v = 0; v < PANEL_VECTORS; v++) sums[c][v] = grown[c][v];
  }
}

/* The log densities of component k at a panel's points; of sums that end with stage s < n_stages, numbers that these do
 * not exceed. */
ALWAYS_INLINE void log_densities_of_sums(distance_kind kind, const distance_task *task, int64_t k, int panel,
                                         int64_t stage, const vector sums[PANEL_VECTORS],
                                         vector log_densities[PANEL_VECTORS])
{
  const density_form *form = task->form;
  const double precision = kind == PRODUCTS || kind == SQUARES ? form->whitening[k * form->whitening_length] : 1.0;
  for (int v = 0; v < PANEL_VECTORS; v++) {
    vector half = vector_of(0.0);
    if (kind == PRODUCTS)
      half = ((const vector *)(task->halves + stage * TILE_ROWS + panel * PANEL))[v] +
             form->centred.halves[stage * form->n_components + k];
    log_densities[v] = log_density_of_sum(kind, form->log_constants[k], precision, half, sums[v]);
  }
}

/* Is component k, as far as its sums go, within reach at one of a panel's points? */
ALWAYS_INLINE bool diagonal_within_reach(distance_kind kind, const distance_task *task, int64_t k, int panel,
                                         int64_t stage, const vector sums[PANEL_VECTORS],
                                         const vector best[PANEL_VECTORS])
{
  unsigned lanes = 0;
  vector most[PANEL_VECTORS];
  log_densities_of_sums(kind, task, k, panel, stage, sums, most);
  for (int v = 0; v < PANEL_VECTORS; v++) lanes |= lanes_at_least(most[v], best[v] - SHARE_RANGE);
  return lanes != 0;
}

/* Where the log densities (or sums) of component k at a panel's points are. */
ALWAYS_INLINE vector *panel_rows(double *log_densities, int64_t k, int panel)
{
  return (vector *)(log_densities + k * TILE_ROWS + panel * PANEL);
}

/* --- everything, exactly --- */

/* `size` components of a list from the i-th on by a panel, whose best log densities are kept. */
ALWAYS_INLINE void whole_block(distance_kind kind, int size, const distance_task *task, const component_list *list,
                               int64_t i, int panel, double *log_densities, vector best[PANEL_VECTORS])
{
  int64_t members[TOGETHER];
  vector sums[TOGETHER][PANEL_VECTORS] = {{{0.0}}};
  members_from(list, i, size, members);
  ask_for_next_lines(task, i / TOGETHER, panel);
  add_features(kind, size, task, members, panel, 0, task->form->n_features, sums);
  for (int c = 0; c < size; c++) {
    vector *rows = panel_rows(log_densities, members[c], panel);
    log_densities_of_sums(kind, task, members[c], panel, task->form->centred.n_stages, sums[c], rows);
    for (int v = 0; v < PANEL_VECTORS; v++) best[v] = vector_max(rows[v], best[v]);
  }
}

ALWAYS_INLINE void whole_panels_of_list(distance_kind kind, const distance_task *task, component_list list,
                                        int first_panel, int end_panel, double *log_densities, double *best)
{
  const int64_t width = task->form->n_features * (kind == ROOTS || kind == WEIGHTED ? 2 : 1);
  const int size = size_of_blocks(kind);
  const int64_t blocks = CHUNK_NUMBERS / width / TOGETHER;
  const int64_t chunk = blocks > 0 ? blocks * TOGETHER : TOGETHER;
  for (int64_t begin = 0; begin < list.n; begin += chunk) {
    const int64_t end = list.n - begin < chunk ? list.n : begin + chunk;
    for (int panel = first_panel; panel < end_panel; panel++) {
      vector *top = (vector *)(best + panel * PANEL);
      int64_t i = begin;
      for (; i + QUAD < end; i += size) whole_block(kind, size, task, &list, i, panel, log_densities, top);
      if (i < end) whole_block(kind, QUAD, task, &list, i, panel, log_densities, top);
    }
  }
}

/* Panels first_panel ... end_panel - 1, whose best log densities are kept. best: of the points, TILE_ROWS. */
ALWAYS_INLINE void whole_panels(distance_kind kind, const distance_task *task, int first_panel, int end_panel,
                                double *log_densities, double *best)
{
  whole_panels_of_list(kind, task, list_of_kind(kind, task, false), first_panel, end_panel, log_densities, best);
  if (kind == PRODUCTS)
    whole_panels_of_list(SQUARES, task, list_of_kind(kind, task, true), first_panel, end_panel, log_densities, best);
}

/* The same of t distributions. */
ALWAYS_INLINE void all_diagonal_tails(const density_form *form, bool isotropic, const double *tile,
                                      double *log_densities, double *scratch, double *inverses)
{
  const distance_task task = task_of_tile(form, tile, scratch);
  for (int64_t k = 0; k < form->n_components; k += QUAD) {
    const component_list list = {NULL, form->n_components};
    int64_t members[TOGETHER];
    members_from(&list, k, QUAD, members);
    for (int panel = 0; panel < N_PANELS; panel++) {
      vector distances[TOGETHER][PANEL_VECTORS] = {{{0.0}}};
      add_features(isotropic ? SQUARES : WEIGHTED, QUAD, &task, members, panel, 0, form->n_features, distances);
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

/* inverses as in dense_tails. The direct distances. */
static void log_densities_diagonal_tails(const density_form *form, const double *tile, double *log_densities,
                                         double *scratch, double *inverses)
{
  if (form->isotropic)
    all_diagonal_tails(form, true, tile, log_densities, scratch, inverses);
  else
    all_diagonal_tails(form, false, tile, log_densities, scratch, inverses);
}

/* --- what is within reach --- */

/* The first stage of a list's components by a panel: sums, and for every point the component that is best by them. */
ALWAYS_INLINE void start_list(distance_kind kind, const distance_task *task, component_list list, int panel,
                              double *sums, vector highest[PANEL_VECTORS], vector guesses[PANEL_VECTORS])
{
  const int size = size_of_blocks(kind);
  for (int64_t i = 0; i < list.n; i += size) {
    int64_t members[TOGETHER];
    vector own[TOGETHER][PANEL_VECTORS] = {{{0.0}}};
    members_from(&list, i, size, members);
    add_features(kind, size, task, members, panel, 0, STAGE_FEATURES, own);
    for (int c = 0; c < size; c++) {
      vector *rows = panel_rows(sums, members[c], panel);
      vector most[PANEL_VECTORS];
      log_densities_of_sums(kind, task, members[c], panel, 0, own[c], most);
      for (int v = 0; v < PANEL_VECTORS; v++) {
        guesses[v] = vector_choose(most[v] > highest[v], vector_of((double)members[c]), guesses[v]);
        highest[v] = vector_max(most[v], highest[v]);
        rows[v] = own[c][v];
      }
    }
  }
}

ALWAYS_INLINE void start_panel(distance_kind kind, const distance_task *task, int panel, double *sums,
                               double guesses[PANEL])
{
  vector highest[PANEL_VECTORS], guess[PANEL_VECTORS];
  for (int v = 0; v < PANEL_VECTORS; v++) {
    highest[v] = vector_of(-INFINITY);
    guess[v] = vector_of(0.0);
  }
  start_list(kind, task, list_of_kind(kind, task, false), panel, sums, highest, guess);
  if (kind == PRODUCTS) start_list(SQUARES, task, list_of_kind(kind, task, true), panel, sums, highest, guess);
  for (int v = 0; v < PANEL_VECTORS; v++) ((vector *)guesses)[v] = guess[v];
}

/* Components that are to be finished, until there are QUAD of them. */
typedef struct waiting_components {
  int64_t members[TOGETHER];
  int n;
} waiting_components;

/* The other features of components of which one at least was within reach, for as long as that is so. */
ALWAYS_INLINE void finish_quad(distance_kind kind, const distance_task *task, const int64_t members[TOGETHER],
                               int panel, double *sums, vector best[PANEL_VECTORS])
{
  const int64_t d = task->form->n_features;
  vector grown[TOGETHER][PANEL_VECTORS];
  for (int c = 0; c < QUAD; c++) {
    for (int v = 0; v < PANEL_VECTORS; v++) grown[c][v] = panel_rows(sums, members[c], panel)[v];
  }
  bool within_reach = true;
  for (int64_t j = STAGE_FEATURES; j < d && within_reach; j += STRETCH) {
    add_features(kind, QUAD, task, members, panel, j, d - j < STRETCH ? d : j + STRETCH, grown);
    if (j + STRETCH >= d) break;
    within_reach = false;
    for (int c = 0; c < QUAD; c++)
      within_reach |=
          diagonal_within_reach(kind, task, members[c], panel, (j + STRETCH) / STAGE_FEATURES - 1, grown[c], best);
  }
  for (int c = 0; c < QUAD; c++) {
    vector *rows = panel_rows(sums, members[c], panel);
    if (within_reach) {
      log_densities_of_sums(kind, task, members[c], panel, task->form->centred.n_stages, grown[c], rows);
    } else {
      for (int v = 0; v < PANEL_VECTORS; v++) rows[v] = vector_of(-INFINITY);
    }
    for (int v = 0; v < PANEL_VECTORS; v++) best[v] = vector_max(rows[v], best[v]);
  }
}

ALWAYS_INLINE void finish_waiting(distance_kind kind, const distance_task *task, waiting_components *waiting, int panel,
                                  double *sums, vector best[PANEL_VECTORS])
{
  for (int c = waiting->n; c < QUAD; c++) waiting->members[c] = waiting->members[0];
  if (waiting->n > 0) finish_quad(kind, task, waiting->members, panel, sums, best);
  waiting->n = 0;
}

ALWAYS_INLINE void let_wait(distance_kind kind, const distance_task *task, int64_t k, waiting_components *waiting,
                            int panel, double *sums, vector best[PANEL_VECTORS])
{
  waiting->members[waiting->n++] = k;
  if (waiting->n == QUAD) finish_waiting(kind, task, waiting, panel, sums, best);
}

/* Components of a list that look best to a point of a panel (the panel's bit is set in ahead, K words). */
ALWAYS_INLINE void finish_guesses(distance_kind kind, distance_kind of_most, const distance_task *task, int panel,
                                  const double guesses[PANEL], double *sums, vector best[PANEL_VECTORS],
                                  uint32_t *ahead)
{
  const uint32_t own = UINT32_C(1) << panel;
  waiting_components waiting = {.n = 0};
  for (int p = 0; p < PANEL; p++) {
    const int64_t k = (int64_t)guesses[p];
    if ((ahead[k] & own) != 0 || kind_of_component(of_most, task->form, k) != kind) continue;
    let_wait(kind, task, k, &waiting, panel, sums, best);
    ahead[k] |= own;
  }
  finish_waiting(kind, task, &waiting, panel, sums, best);
}

/* The others of a list that are within reach. */
ALWAYS_INLINE void finish_list(distance_kind kind, const distance_task *task, component_list list, int panel,
                               double *sums, vector best[PANEL_VECTORS], const uint32_t *ahead)
{
  const uint32_t own = UINT32_C(1) << panel;
  waiting_components waiting = {.n = 0};
  for (int64_t i = 0; i < list.n; i++) {
    const int64_t k = member_of(&list, i);
    vector *rows = panel_rows(sums, k, panel);
    if ((ahead[k] & own) != 0) continue;
    if (diagonal_within_reach(kind, task, k, panel, 0, rows, best)) {
      let_wait(kind, task, k, &waiting, panel, sums, best);
    } else {
      for (int v = 0; v < PANEL_VECTORS; v++) rows[v] = vector_of(-INFINITY);
    }
  }
  finish_waiting(kind, task, &waiting, panel, sums, best);
}

/* One panel: what looks best to a point goes first, then the others that are within reach. */
ALWAYS_INLINE void finish_panel(distance_kind kind, const distance_task *task, int panel, const double guesses[PANEL],
                                double *sums, vector best[PANEL_VECTORS], uint32_t *ahead)
{
  finish_guesses(kind, kind, task, panel, guesses, sums, best, ahead);
  if (kind == PRODUCTS) finish_guesses(SQUARES, kind, task, panel, guesses, sums, best, ahead);
  finish_list(kind, task, list_of_kind(kind, task, false), panel, sums, best, ahead);
  if (kind == PRODUCTS) finish_list(SQUARES, task, list_of_kind(kind, task, true), panel, sums, best, ahead);
}

/* Is at least half of the components within reach of one of a panel's points? */
ALWAYS_INLINE bool most_are_within_reach(int64_t n_components, double *log_densities, int panel,
                                         const vector best[PANEL_VECTORS])
{
  int64_t n = 0;
  for (int64_t k = 0; k < n_components; k++) {
    const vector *rows = panel_rows(log_densities, k, panel);
    unsigned lanes = 0;
    for (int v = 0; v < PANEL_VECTORS; v++) lanes |= lanes_at_least(rows[v], best[v] - SHARE_RANGE);
    n += lanes != 0;
  }
  return 2 * n >= n_components;
}

ALWAYS_INLINE void reachable_panels(distance_kind kind, const distance_task *task, double *log_densities,
                                    double best[TILE_ROWS], uint32_t *ahead)
{
  _Alignas(64) double guesses[PANEL];
  const int64_t K = task->form->n_components;
  if (task->form->n_features <= STAGE_FEATURES) {
    whole_panels(kind, task, 0, N_PANELS, log_densities, best);
    return;
  }
  whole_panels(kind, task, 0, 1, log_densities, best);
  if (most_are_within_reach(K, log_densities, 0, (const vector *)best)) {
    whole_panels(kind, task, 1, N_PANELS, log_densities, best);
    return;
  }
  memset(ahead, 0, (size_t)K * sizeof *ahead);
  for (int panel = 1; panel < N_PANELS; panel++) {
    start_panel(kind, task, panel, log_densities, guesses);
    finish_panel(kind, task, panel, guesses, log_densities, (vector *)(best + panel * PANEL), ahead);
  }
}

/* The kinds, each with code of its own: what is done when a kind is known. */
#define FOR_KIND_OF(form, CALL)                                                                                        \
  switch (kind_of(form)) {                                                                                             \
  case PRODUCTS:                                                                                                       \
    CALL(PRODUCTS);                                                                                                    \
    break;                                                                                                             \
  case ROOTS:                                                                                                          \
    CALL(ROOTS);                                                                                                       \
    break;                                                                                                             \
  case SQUARES:                                                                                                        \
    CALL(SQUARES);                                                                                                     \
    break;                                                                                                             \
  case WEIGHTED:                                                                                                       \
    CALL(WEIGHTED);                                                                                                    \
    break;                                                                                                             \
  }

static void log_densities_diagonal(const density_form *form, const double *tile, double *log_densities, double *scratch)
{
  if (form->dof != NULL) {
    log_densities_diagonal_tails(form, tile, log_densities, scratch, NULL);
    return;
  }
  _Alignas(64) double best[TILE_ROWS]; /* which nobody asks for */
  const distance_task task = task_of_tile(form, tile, scratch);
  fill(TILE_ROWS, best, -INFINITY);
#define WHOLE(kind) whole_panels(kind, &task, 0, N_PANELS, log_densities, best)
  FOR_KIND_OF(form, WHOLE)
#undef WHOLE
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
  if (form->dof != NULL) {
    log_densities_diagonal(form, tile, log_densities, scratch);
    set_best(form, log_densities, best);
    return;
  }
  const distance_task task = task_of_tile(form, tile, scratch);
  fill(TILE_ROWS, best, form->background);
#define REACHABLE(kind) reachable_panels(kind, &task, log_densities, best, ahead)
  FOR_KIND_OF(form, REACHABLE)
#undef REACHABLE
}
