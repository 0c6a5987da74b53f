/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: the E-step with bounds from earlier passes (kernels/near_groups.h), of diagonal covariances.
 *
 * The exact log density of the component that was best before comes first, then the groups that are not certainly out
 * of reach, by panels. Values are those of distances.h, and shares are added in the order of components, as always:
 * what is left out is 0. */

typedef float float_vector __attribute__((vector_size(VECTOR_BYTES), may_alias));
enum { FLOAT_LANES = VECTOR_BYTES / 4 };
_Static_assert((int)FLOAT_LANES == (int)PANEL, "a panel is a vector of floats");

ALWAYS_INLINE float_vector floats_of(float value)
{
  return value - (float_vector){0.0F};
}

/* The lanes in which a >= b, as bits. */
ALWAYS_INLINE unsigned float_lanes_at_least(float_vector a, float_vector b)
{
#if VECTOR_BYTES == 64 && defined(__AVX512F__)
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GE_OQ);
#elif VECTOR_BYTES == 32 && defined(__AVX__)
  return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_GE_OQ));
#else
  unsigned lanes = 0;
  for (int i = 0; i < FLOAT_LANES; i++) lanes |= (unsigned)(a[i] >= b[i]) << i;
  return lanes;
#endif
}

/* So many of a panel's points are worth to compute a group for all of them. */
enum { MOST_SINGLE_POINTS = PANEL / 4 };

/* A tile on its way. */
typedef struct near_work {
  const distance_task *task;
  const near_groups *groups;
  near_tile *tile;
  double *rows;    /* K x TILE_ROWS: log densities; only of components that are present */
  double *best;    /* TILE_ROWS: the highest log density of a component so far */
  double *of_best; /* TILE_ROWS: which component that is */
} near_work;

ALWAYS_INLINE double *near_row(const near_work *work, int64_t k)
{
  double *row = work->rows + k * TILE_ROWS;
  uint64_t *word = &work->tile->present[k / 64];
  const uint64_t own = UINT64_C(1) << (k % 64);
  if ((*word & own) == 0) fill(TILE_ROWS, row, -INFINITY);
  *word |= own;
  return row;
}

/* Of LANES points, each with its own component. */
typedef struct lane_components {
  const double *means[LANES], *factors[LANES];
  vector log_constants, precisions, halves;
  vector_bits far; /* all ones where the component's kind is not that of most */
} lane_components;

ALWAYS_INLINE lane_components components_of_lanes(distance_kind kind, const near_work *work, int p)
{
  const distance_task *task = work->task;
  const density_form *form = task->form;
  const int64_t last = form->centred.n_stages;
  lane_components own;
  own.halves = own.precisions = vector_of(0.0);
  for (int i = 0; i < LANES; i++) {
    const int64_t k = work->tile->best[p + i];
    own.means[i] = task->means + k * task->means_stride;
    own.factors[i] = kind == ROOTS || kind == WEIGHTED ? task->factors + k * task->factors_stride : own.means[i];
    own.log_constants[i] = form->log_constants[k];
    own.far[i] = kind_of_component(kind, form, k) == kind ? 0 : -1;
    if (kind == PRODUCTS || kind == SQUARES) own.precisions[i] = form->whitening[k * form->whitening_length];
    if (kind == PRODUCTS)
      own.halves[i] = task->halves[last * TILE_ROWS + p + i] + form->centred.halves[last * form->n_components + k];
  }
  return own;
}

/* The log densities of LANES points, from the p-th on, each of the component that was its best. */
ALWAYS_INLINE void log_densities_of_best(distance_kind kind, const near_work *work, int p)
{
  const int64_t d = work->task->form->n_features;
  const double *x = work->task->panels + p / PANEL * d * PANEL + p % PANEL;
  const lane_components own = components_of_lanes(kind, work, p);
  vector sum = vector_of(0.0);
  vector squares = vector_of(0.0);
  for (int64_t j = 0; j < d; j++) {
    const vector coordinates = *(const vector *)(x + j * PANEL);
    vector mean, factor;
    for (int i = 0; i < LANES; i++) mean[i] = own.means[i][j];
    factor = mean;
    for (int i = 0; i < LANES && (kind == ROOTS || kind == WEIGHTED); i++) factor[i] = own.factors[i][j];
    sum = with_feature(kind, sum, coordinates, mean, factor);
    if (kind == PRODUCTS) squares = with_feature(SQUARES, squares, coordinates, mean, factor);
  }
  vector log_densities = log_density_of_lanes(kind, own.log_constants, own.precisions, own.halves, sum);
  if (kind == PRODUCTS)
    log_densities = vector_choose(
        own.far, log_density_of_lanes(SQUARES, own.log_constants, own.precisions, own.halves, squares), log_densities);
  for (int i = 0; i < LANES; i++) {
    const int64_t k = work->tile->best[p + i];
    near_row(work, k)[p + i] = log_densities[i];
    work->best[p + i] = log_densities[i];
    work->of_best[p + i] = (double)k;
  }
}

/* The bound that says no member's log density is above `highest`. */
static float near_bound(const near_groups *groups, int64_t group, double highest)
{
  const double ceiling = groups->ceilings[group];
  const double lost = NEAR_MARGIN + 0x1p-29 * (fabs(ceiling) + fabs(highest));
  const double square = 2.0 * (ceiling - highest - lost);
  if (highest == -INFINITY) return (float)NEAR_FARTHEST;
  if (!(square > 0.0)) return 0.0F;
  const double bound = (sqrt(square) * (1.0 - 0x1p-40) + groups->falls[group]) / groups->scales[group];
  return (float)(fmin(bound, NEAR_FARTHEST) * (1.0 - 0x1p-22));
}

/* A group's highest log densities at a panel's points. */
typedef struct near_tops {
  vector first[PANEL_VECTORS], second[PANEL_VECTORS];
  vector of_first[PANEL_VECTORS];
} near_tops;

/* Sets a point's bound of a group, and who is best. first, second: the highest log densities of the group's members;
 * of_first: whose the first one is. */
ALWAYS_INLINE void settle_point(const near_work *work, int64_t group, int p, double first, double of_first,
                                double second)
{
  const near_groups *groups = work->groups;
  float *bounds = work->tile->bounds + p;
  double highest = first;
  if (of_first == work->of_best[p]) {
    highest = second;
  } else if (first > work->best[p]) {
    const int64_t before = groups->group_of[(int64_t)work->of_best[p]];
    const float bound = near_bound(groups, before, work->best[p]);
    if (bound < bounds[before * TILE_ROWS]) bounds[before * TILE_ROWS] = bound;
    work->best[p] = first;
    work->of_best[p] = of_first;
    highest = second;
  }
  bounds[group * TILE_ROWS] = near_bound(groups, group, highest);
}

/* `size` members of a group at a panel's points. Returns how many pairs of them are within reach, as far as is known.
 */
ALWAYS_INLINE int near_block(distance_kind kind, int size, const near_work *work, const int64_t members[TOGETHER],
                             int n, int panel, near_tops *tops)
{
  vector sums[TOGETHER][PANEL_VECTORS] = {{{0.0}}};
  const vector *best = (const vector *)(work->best + panel * PANEL);
  int n_within_reach = 0;
  add_features(kind, size, work->task, members, panel, 0, work->task->form->n_features, sums);
  for (int c = 0; c < n; c++) {
    const vector k = vector_of((double)members[c]);
    vector own[PANEL_VECTORS];
    unsigned lanes = 0;
    log_densities_of_sums(kind, work->task, members[c], panel, work->task->form->centred.n_stages, sums[c], own);
    for (int v = 0; v < PANEL_VECTORS; v++) {
      const unsigned some = lanes_at_least(own[v], vector_max(best[v], tops->first[v]) - SHARE_RANGE);
      n_within_reach += __builtin_popcount(some);
      lanes |= some;
      const vector_bits higher = own[v] > tops->first[v];
      tops->second[v] = vector_max(tops->second[v], vector_choose(higher, tops->first[v], own[v]));
      tops->of_first[v] = vector_choose(higher, k, tops->of_first[v]);
      tops->first[v] = vector_choose(higher, own[v], tops->first[v]);
    }
    if (lanes == 0) continue;
    vector *rows = (vector *)(near_row(work, members[c]) + panel * PANEL);
    for (int v = 0; v < PANEL_VECTORS; v++) rows[v] = own[v];
  }
  return n_within_reach;
}

/* Part `part` of the groups at a panel's points. */
ALWAYS_INLINE void compute_part(distance_kind kind, const near_work *work, int64_t part, int panel, near_tops *tops)
{
  const int size = size_of_blocks(kind);
  const int64_t end = work->groups->starts[part + 1];
  for (int64_t i = work->groups->starts[part]; i < end; i += size) {
    const int n = end - i < size ? (int)(end - i) : size;
    int64_t members[TOGETHER];
    for (int c = 0; c < TOGETHER; c++) members[c] = work->groups->members[c < n ? i + c : end - 1];
    if (n <= QUAD)
      work->tile->n_within_reach += near_block(kind, QUAD, work, members, n, panel, tops);
    else
      work->tile->n_within_reach += near_block(kind, size, work, members, n, panel, tops);
  }
}

ALWAYS_INLINE void compute_group(distance_kind kind, const near_work *work, int64_t group, int panel)
{
  near_tops tops;
  for (int v = 0; v < PANEL_VECTORS; v++) {
    tops.first[v] = tops.second[v] = vector_of(-INFINITY);
    tops.of_first[v] = vector_of(-1.0);
  }
  compute_part(kind, work, 2 * group, panel, &tops);
  if (kind == PRODUCTS) compute_part(SQUARES, work, 2 * group + 1, panel, &tops);
  for (int i = 0; i < PANEL; i++)
    settle_point(work, group, panel * PANEL + i, ((const double *)tops.first)[i], ((const double *)tops.of_first)[i],
                 ((const double *)tops.second)[i]);
}

/* --- groups at single points: lanes run over members, LANES of a group at a point being a job, of which some are done
 * side by side --- */

enum { MOST_PAIRS = 64, MOST_JOBS = 8 };

/* A group and a point, and the highest log densities in each lane. */
typedef struct near_pair {
  vector first, second, of_first;
  int64_t group;
  int64_t p;
} near_pair;

typedef struct near_job {
  const double *means, *factors; /* rows of FEATURE_GROUP */
  const double *x;               /* PANEL apart */
  int64_t member;                /* as packed */
  near_pair *pair;
} near_job;

/* Pairs that are not settled yet, and what is to be done for them, by kind. */
typedef struct near_list {
  near_pair pairs[MOST_PAIRS];
  near_job jobs[2][MOST_JOBS];
  int n_pairs;
  int n_jobs[2];
} near_list;

ALWAYS_INLINE void finish_job(distance_kind kind, const near_work *work, const near_job *job, vector sum)
{
  const near_groups *groups = work->groups;
  const distance_task *task = work->task;
  near_pair *pair = job->pair;
  const double half = kind == PRODUCTS ? task->halves[task->form->centred.n_stages * TILE_ROWS + pair->p] : 0.0;
  const vector numbers = *(const vector *)(groups->packed_numbers + job->member);
  const vector own = log_density_of_lanes(kind, *(const vector *)(groups->packed_constants + job->member),
                                          *(const vector *)(groups->packed_precisions + job->member),
                                          half + *(const vector *)(groups->packed_halves + job->member), sum);
  unsigned lanes = lanes_at_least(own, vector_max(vector_of(work->best[pair->p]), pair->first) - SHARE_RANGE) &
                   lanes_at_least(numbers, vector_of(0.0));
  work->tile->n_within_reach += __builtin_popcount(lanes);
  for (; lanes != 0; lanes &= lanes - 1)
    near_row(work, (int64_t)numbers[__builtin_ctz(lanes)])[pair->p] = own[__builtin_ctz(lanes)];
  const vector_bits higher = own > pair->first;
  pair->second = vector_max(pair->second, vector_choose(higher, pair->first, own));
  pair->of_first = vector_choose(higher, numbers, pair->of_first);
  pair->first = vector_choose(higher, own, pair->first);
}

ALWAYS_INLINE void do_jobs(distance_kind kind, const near_work *work, near_job jobs[MOST_JOBS])
{
  const double *means[MOST_JOBS], *factors[MOST_JOBS], *points[MOST_JOBS];
  vector sums[MOST_JOBS];
  for (int c = 0; c < MOST_JOBS; c++) {
    means[c] = jobs[c].means;
    factors[c] = jobs[c].factors;
    points[c] = jobs[c].x;
    sums[c] = vector_of(0.0);
  }
  for (int64_t j = 0; j < work->task->form->n_features; j++) {
    for (int c = 0; c < MOST_JOBS; c++) {
      const vector mean = *(const vector *)(means[c] + j * FEATURE_GROUP);
      const vector factor =
          kind == ROOTS || kind == WEIGHTED ? *(const vector *)(factors[c] + j * FEATURE_GROUP) : mean;
      sums[c] = with_feature(kind, sums[c], vector_of(points[c][j * PANEL]), mean, factor);
    }
  }
  for (int c = 0; c < MOST_JOBS; c++) finish_job(kind, work, &jobs[c], sums[c]);
}

/* Does the jobs of a kind; where there are fewer than MOST_JOBS, the first one is done again for nobody. */
ALWAYS_INLINE void do_all_jobs(distance_kind kind, const near_work *work, near_list *list, int far)
{
  const int n = list->n_jobs[far];
  near_pair nobody;
  if (n == 0) return;
  nobody = *list->jobs[far][0].pair;
  for (int c = n; c < MOST_JOBS; c++) {
    list->jobs[far][c] = list->jobs[far][0];
    list->jobs[far][c].pair = &nobody;
  }
  do_jobs(kind, work, list->jobs[far]);
  list->n_jobs[far] = 0;
}

ALWAYS_INLINE void add_jobs(distance_kind kind, const near_work *work, near_list *list, int64_t part, int far,
                            near_pair *pair)
{
  const near_groups *groups = work->groups;
  const int64_t d = work->task->form->n_features;
  const double *x = work->task->panels + pair->p / PANEL * d * PANEL + pair->p % PANEL;
  for (int64_t i = groups->packed_starts[part]; i < groups->packed_starts[part + 1]; i += LANES) {
    const int64_t offset = i / FEATURE_GROUP * FEATURE_GROUP * d + i % FEATURE_GROUP;
    list->jobs[far][list->n_jobs[far]++] =
        (near_job){groups->packed_means + offset, groups->packed_factors + offset, x, i, pair};
    if (list->n_jobs[far] == MOST_JOBS) do_all_jobs(kind, work, list, far);
  }
}

ALWAYS_INLINE void settle_pair(const near_work *work, const near_pair *pair)
{
  double first = -INFINITY;
  double second = -INFINITY;
  double of_first = -1.0;
  for (int i = 0; i < LANES; i++) {
    second = fmax(second, fmax(fmin(first, pair->first[i]), pair->second[i]));
    if (pair->first[i] > first) {
      first = pair->first[i];
      of_first = pair->of_first[i];
    }
  }
  settle_point(work, pair->group, (int)pair->p, first, of_first, second);
}

ALWAYS_INLINE void settle_pairs(distance_kind kind, const near_work *work, near_list *list)
{
  do_all_jobs(kind, work, list, 0);
  if (kind == PRODUCTS) do_all_jobs(SQUARES, work, list, 1);
  for (int i = 0; i < list->n_pairs; i++) settle_pair(work, &list->pairs[i]);
  list->n_pairs = 0;
}

/* The points of a panel (bits) that a group may be within reach of. */
ALWAYS_INLINE void compute_group_of_points(distance_kind kind, const near_work *work, near_list *list, int64_t group,
                                           int panel, unsigned points)
{
  if (__builtin_popcount(points) > MOST_SINGLE_POINTS) {
    compute_group(kind, work, group, panel);
    return;
  }
  for (; points != 0; points &= points - 1) {
    near_pair *pair = &list->pairs[list->n_pairs++];
    pair->first = pair->second = vector_of(-INFINITY);
    pair->of_first = vector_of(-1.0);
    pair->group = group;
    pair->p = panel * PANEL + __builtin_ctz(points);
    add_jobs(kind, work, list, 2 * group, 0, pair);
    if (kind == PRODUCTS) add_jobs(SQUARES, work, list, 2 * group + 1, 1, pair);
    if (list->n_pairs == MOST_PAIRS) settle_pairs(kind, work, list);
  }
}

/* One panel. background: its log density. */
ALWAYS_INLINE void near_panel(distance_kind kind, const near_work *work, near_list *list, double background, int panel)
{
  const near_groups *groups = work->groups;
  _Alignas(64) float least[PANEL];
  for (int p = panel * PANEL; p < (panel + 1) * PANEL; p += LANES) log_densities_of_best(kind, work, p);
  for (int i = 0; i < PANEL; i++) {
    const double best = fmax(work->best[panel * PANEL + i], background);
    least[i] = (float)fmax(best - SHARE_RANGE - NEAR_MARGIN - 0x1p-20 * fabs(best), -1e38);
    if (best < -1e30) least[i] = -INFINITY;
  }
  for (int64_t g = 0; g < groups->n_groups; g++) {
    float_vector *bounds = (float_vector *)(work->tile->bounds + g * TILE_ROWS + panel * PANEL);
    float_vector e = *bounds * groups->scales_below[g] - groups->falls_above[g];
    e = (float_vector)((__typeof__(e > e))e & (e > floats_of(0.0F)));
    const float_vector most = groups->ceilings_above[g] - (0.5F * (1.0F - 0x1p-20F)) * e * e;
    const unsigned points = float_lanes_at_least(most, *(const float_vector *)least);
    if (groups->forgotten[g]) *bounds = floats_of(0.0F);
    work->tile->n_computed += __builtin_popcount(points);
    if (points != 0) compute_group_of_points(kind, work, list, g, panel, points);
  }
}

ALWAYS_INLINE void near_panels(distance_kind kind, const near_work *work, near_list *list, double background)
{
  for (int panel = 0; panel < N_PANELS; panel++) near_panel(kind, work, list, background, panel);
  settle_pairs(kind, work, list);
}

/* One component's log densities become shares. */
ALWAYS_INLINE void shares_of_row(double *row, const double best[TILE_ROWS], double sums[TILE_ROWS])
{
  for (int v = 0; v < TILE_VECTORS; v++) {
    vector *own = (vector *)row + v;
    const vector top = ((const vector *)best)[v];
    const vector lowest = top - SHARE_RANGE;
    vector share = vector_of(0.0);
    if (lanes_at_least(*own, lowest) != 0) {
      share = (vector)((vector_bits)vector_exp_of_negative(*own - top) & (*own >= lowest));
      ((vector *)sums)[v] += share;
    }
    *own = share;
  }
}

/* The components that are present, ascending: for (uint64_t ...). */
#define FOR_PRESENT(k, n_components, present)                                                                          \
  for (int64_t word = 0; word < ((n_components) + 63) / 64; word++)                                                    \
    for (uint64_t bits = (present)[word], one = 1; bits != 0 && one; bits &= bits - 1)                                 \
      for (int64_t k = word * 64 + __builtin_ctzll(bits), once = 1; once; once = 0)

/* responsibilities_of_tile where only rows that are present are set. */
static void responsibilities_of_present(const density_form *form, const row_tile *tile, double *rows,
                                        double best[TILE_ROWS], const uint64_t *present, double *log_likelihood,
                                        double *sum_log_max)
{
  _Alignas(64) double sums[TILE_ROWS];
  _Alignas(64) double inverses[TILE_ROWS];
  if (form->background > -INFINITY)
    shares_of_background(form->background, best, sums);
  else
    fill(TILE_ROWS, sums, 0.0);
  FOR_PRESENT(k, form->n_components, present) shares_of_row(rows + k * TILE_ROWS, best, sums);
  for (int v = 0; v < TILE_VECTORS; v++) ((vector *)inverses)[v] = 1.0 / ((vector *)sums)[v];
  for (int v = 0; v < TILE_VECTORS && tile->weights != NULL; v++)
    ((vector *)inverses)[v] *= ((const vector *)tile->weights)[v];
  FOR_PRESENT(k, form->n_components, present)
  {
    vector *own = (vector *)(rows + k * TILE_ROWS);
    for (int v = 0; v < TILE_VECTORS; v++) own[v] *= ((vector *)inverses)[v];
    for (int p = tile->n_points; p < TILE_ROWS; p++) rows[k * TILE_ROWS + p] = 0.0;
  }
  for (int p = tile->n_points; p < TILE_ROWS; p++) {
    best[p] = 0.0;
    sums[p] = 1.0;
  }
  add_logs(tile->weights, best, sums, log_likelihood, sum_log_max);
}

static void near_posteriors(const density_form *form, const near_groups *groups, near_tile *near, const row_tile *tile,
                            double *responsibilities, double *log_likelihood, double *sum_log_max, double *scratch)
{
  _Alignas(64) double best[TILE_ROWS];
  _Alignas(64) double of_best[TILE_ROWS];
  const distance_task task = task_of_tile(form, tile->numbers, scratch);
  const near_work work = {&task, groups, near, responsibilities, best, of_best};
  near_list list;
  list.n_pairs = list.n_jobs[0] = list.n_jobs[1] = 0;
  memset(near->present, 0, (size_t)((form->n_components + 63) / 64) * sizeof *near->present);
  near->n_computed = near->n_within_reach = 0;
  near->n_pairs = groups->n_groups * TILE_ROWS;
#define NEAR(kind) near_panels(kind, &work, &list, form->background)
  FOR_KIND_OF(form, NEAR)
#undef NEAR
  for (int p = 0; p < TILE_ROWS; p++) {
    near->best[p] = (int32_t)of_best[p];
    best[p] = fmax(best[p], form->background);
  }
  responsibilities_of_present(form, tile, responsibilities, best, near->present, log_likelihood, sum_log_max);
}
