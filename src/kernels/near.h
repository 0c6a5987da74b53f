/* SPDX-License-Identifier: BSD-3-Clause */
/* Part of template.h: the E-step with bounds from earlier passes (kernels/near_groups.h), of diagonal covariances.
 *
 * The exact log density of the component that was best before comes first, then the groups that are not certainly out
 * of reach, by panels. Values are those of distances.h, and shares are added in the order of components, as always:
 * what is left out is 0. */

_Static_assert((int)SINGLE_LANES == (int)PANEL, "a panel is a vector of floats");

/* --- a batch of points by a group: sums have lanes over members, what is made of them lanes over points --- */

enum { BATCH = FEATURE_GROUP, BATCH_VECTORS = BATCH / LANES };

/* Tiles on their way. */
typedef struct near_work {
  const density_form *form;
  const near_groups *groups;
  near_tiles *tiles;
  const double *points; /* a row of `stride` coordinates each */
  int64_t stride;
  const double *halves; /* of PRODUCTS */
  double *rows;         /* tiles x K x TILE_ROWS: log densities; only of components that are present */
  double *best;         /* the highest log density of a component so far; of every point, as the next ones */
  double *of_best;      /* which component that is */
  float *least;         /* what groups must reach to count */
} near_work;

ALWAYS_INLINE double *near_row(const near_work *work, int64_t tile, int64_t k)
{
  const int64_t K = work->form->n_components;
  double *row = work->rows + (tile * K + k) * TILE_ROWS;
  uint64_t *word = &work->tiles->present[tile * ((K + 63) / 64) + k / 64];
  const uint64_t own = UINT64_C(1) << (k % 64);
  if ((*word & own) == 0) fill(TILE_ROWS, row, -INFINITY);
  *word |= own;
  return row;
}

/* Of LANES points. */
typedef struct batch_vector {
  vector halves, best;            /* best: as it was before */
  vector first, second, of_first; /* the highest log densities of the group, and whose the first one is */
} batch_vector;

typedef struct near_batch {
  const int32_t *points; /* n */
  int n;                 /* the last one stands in for others up to BATCH */
  bool together;         /* they are BATCH points side by side */
  const double *x[BATCH];
  batch_vector own[BATCH_VECTORS];
} near_batch;

ALWAYS_INLINE void begin_batch(distance_kind kind, const near_work *work, const int32_t *points, int n,
                               near_batch *batch)
{
  batch->points = points;
  batch->n = n;
  batch->together = n == BATCH && points[0] % BATCH == 0 && points[BATCH - 1] == points[0] + BATCH - 1;
  for (int i = 0; i < BATCH; i++) {
    const int32_t p = points[i < n ? i : n - 1];
    batch_vector *own = &batch->own[i / LANES];
    batch->x[i] = work->points + p * work->stride;
    own->best[i % LANES] = work->best[p];
    own->halves[i % LANES] = kind == PRODUCTS ? work->halves[p] : 0.0;
  }
  for (int v = 0; v < BATCH_VECTORS; v++) {
    batch->own[v].first = batch->own[v].second = vector_of(-INFINITY);
    batch->own[v].of_first = vector_of(-1.0);
  }
}

enum { HALF_BATCH = BATCH / 2, SUM_VECTORS = FEATURE_GROUP / LANES };

/* The sums of n points and FEATURE_GROUP packed members: a row for each point. */
ALWAYS_INLINE void sums_of_points(distance_kind kind, int n, const double *restrict means,
                                  const double *restrict factors, const double *const x[BATCH], int64_t n_features,
                                  double *restrict sums)
{
  vector grown[BATCH][SUM_VECTORS];
  const double *own[BATCH];
  for (int p = 0; p < n; p++) {
    own[p] = x[p];
    for (int v = 0; v < SUM_VECTORS; v++) grown[p][v] = vector_of(0.0);
  }
  for (int64_t j = 0; j < n_features; j++) {
    for (int v = 0; v < SUM_VECTORS; v++) {
      const vector mean = ((const vector *)(means + j * FEATURE_GROUP))[v];
      const vector factor =
          kind == ROOTS || kind == WEIGHTED ? ((const vector *)(factors + j * FEATURE_GROUP))[v] : mean;
      for (int p = 0; p < n; p++) grown[p][v] = with_feature(kind, grown[p][v], vector_of(own[p][j]), mean, factor);
    }
  }
  for (int p = 0; p < n; p++) {
    for (int v = 0; v < SUM_VECTORS; v++) ((vector *)(sums + p * FEATURE_GROUP))[v] = grown[p][v];
  }
}

/* Functions of their own, so that all these addresses are in registers. With long vectors there are registers for the
 * sums of a batch, or of half of it where it has no more points, which is done in half the time; else half of it is
 * taken at a time. */
#define DEFINE_SUMS(name, kind, n)                                                                                     \
  static __attribute__((noinline)) void name(const double *restrict means, const double *restrict factors,             \
                                             const double *const x[BATCH], int64_t n_features, double *restrict sums)  \
  {                                                                                                                    \
    sums_of_points(kind, n, means, factors, x, n_features, sums);                                                      \
  }
DEFINE_SUMS(half_of_products, PRODUCTS, HALF_BATCH)
DEFINE_SUMS(half_of_roots, ROOTS, HALF_BATCH)
DEFINE_SUMS(half_of_squares, SQUARES, HALF_BATCH)
DEFINE_SUMS(half_of_weighted, WEIGHTED, HALF_BATCH)
#if VECTOR_BYTES >= 64
DEFINE_SUMS(all_products, PRODUCTS, BATCH)
DEFINE_SUMS(all_roots, ROOTS, BATCH)
DEFINE_SUMS(all_squares, SQUARES, BATCH)
DEFINE_SUMS(all_weighted, WEIGHTED, BATCH)
#endif
#undef DEFINE_SUMS

typedef void (*sums_function)(const double *restrict means, const double *restrict factors,
                              const double *const x[BATCH], int64_t n_features, double *restrict sums);

/* The sums of a batch, of which n points count, and FEATURE_GROUP packed members: a row for each member. */
ALWAYS_INLINE void sums_of_batch(distance_kind kind, int n, const double *means, const double *factors,
                                 const double *const x[BATCH], int64_t n_features, double sums[FEATURE_GROUP * BATCH])
{
  _Alignas(64) double by_point[BATCH * FEATURE_GROUP];
  const sums_function half = kind == PRODUCTS  ? half_of_products
                             : kind == ROOTS   ? half_of_roots
                             : kind == SQUARES ? half_of_squares
                                               : half_of_weighted;
#if VECTOR_BYTES >= 64
  const sums_function all = kind == PRODUCTS  ? all_products
                            : kind == ROOTS   ? all_roots
                            : kind == SQUARES ? all_squares
                                              : all_weighted;
  (n > HALF_BATCH ? all : half)(means, factors, x, n_features, by_point);
#else
  for (int p = 0; p < n; p += HALF_BATCH) half(means, factors, x + p, n_features, by_point + p * FEATURE_GROUP);
#endif
  for (int i = n > HALF_BATCH ? BATCH * FEATURE_GROUP : HALF_BATCH * FEATURE_GROUP; i < BATCH * FEATURE_GROUP; i++)
    by_point[i] = 0.0;
  for (int p = 0; p < BATCH; p += 4) {
    for (int m = 0; m < FEATURE_GROUP; m += 4)
      transpose_square(by_point + p * FEATURE_GROUP + m, FEATURE_GROUP, sums + m * BATCH + p, BATCH);
  }
}

/* Writes a member's log densities at a batch's points, of which some are wanted. */
ALWAYS_INLINE void keep_log_densities(const near_work *work, const near_batch *batch, int64_t k, unsigned wanted,
                                      const vector log_densities[BATCH_VECTORS])
{
  if (batch->together) {
    const int32_t p = batch->points[0];
    vector *row = (vector *)(near_row(work, p / TILE_ROWS, k) + p % TILE_ROWS);
    for (int v = 0; v < BATCH_VECTORS; v++) row[v] = log_densities[v];
    return;
  }
  for (; wanted != 0; wanted &= wanted - 1) {
    const int i = __builtin_ctz(wanted);
    const int32_t p = batch->points[i];
    near_row(work, p / TILE_ROWS, k)[p % TILE_ROWS] = ((const double *)log_densities)[i];
  }
}

/* FEATURE_GROUP packed members, from the i-th on. */
ALWAYS_INLINE void pack_at_batch(distance_kind kind, const near_work *work, int64_t i, near_batch *batch)
{
  const near_groups *groups = work->groups;
  const int64_t d = work->form->n_features;
  const unsigned real = (1U << batch->n) - 1;
  _Alignas(64) double sums[FEATURE_GROUP * BATCH];
  sums_of_batch(kind, batch->n, groups->packed_means + i * d, groups->packed_factors + i * d, batch->x, d, sums);
  for (int64_t m = i; m < i + FEATURE_GROUP && groups->packed_numbers[m] >= 0.0; m++) {
    const vector number = vector_of(groups->packed_numbers[m]);
    vector log_densities[BATCH_VECTORS];
    unsigned lanes = 0;
    for (int v = 0; v < BATCH_VECTORS; v++) {
      batch_vector *own = &batch->own[v];
      const vector value =
          log_density_of_sum(kind, groups->packed_constants[m], groups->packed_precisions[m],
                             own->halves + groups->packed_halves[m], ((const vector *)(sums + (m - i) * BATCH))[v]);
      const vector_bits higher = value > own->first;
      lanes |= lanes_at_least(value, vector_max(own->best, own->first) - SHARE_RANGE) << (v * LANES);
      own->second = vector_max(own->second, vector_choose(higher, own->first, value));
      own->of_first = vector_choose(higher, number, own->of_first);
      own->first = vector_choose(higher, value, own->first);
      log_densities[v] = value;
    }
    lanes &= real;
    work->tiles->n_within_reach += __builtin_popcount(lanes);
    if (lanes != 0) keep_log_densities(work, batch, (int64_t)groups->packed_numbers[m], lanes, log_densities);
  }
}

/* The bounds that say no member's log density is above `highest`. */
static void near_bounds(const near_groups *groups, int64_t group, int n, const double *restrict highest,
                        float *restrict bounds)
{
  const double ceiling = groups->ceilings[group];
  const double fall = groups->falls[group];
  const double scale = groups->scales[group];
  for (int i = 0; i < n; i++) {
    const double lost = NEAR_MARGIN + 0x1p-29 * (fabs(ceiling) + fabs(highest[i]));
    const double square = 2.0 * (ceiling - highest[i] - lost);
    const double bound = (sqrt(square > 0.0 ? square : 0.0) * (1.0 - 0x1p-40) + fall) / scale;
    const double near = square > 0.0 ? bound : 0.0;
    const double kept = near < NEAR_FARTHEST ? near : NEAR_FARTHEST;
    bounds[i] = (float)((highest[i] == -INFINITY ? NEAR_FARTHEST : kept) * (1.0 - 0x1p-22));
  }
}

ALWAYS_INLINE float *near_bound_of(const near_work *work, int32_t p, int64_t group)
{
  return work->tiles->bounds + (p / TILE_ROWS * work->groups->n_groups + group) * TILE_ROWS + p % TILE_ROWS;
}

/* What a group must reach so that a point with this best log density cannot do without. */
ALWAYS_INLINE float least_of(double best)
{
  const double least = best - SHARE_RANGE - NEAR_MARGIN - 0x1p-20 * fabs(best);
  return best < -1e30 ? -INFINITY : (float)least;
}

/* A point has a better component: the one that was best is one of its group now. */
static void change_best(const near_work *work, int32_t p, double best, double of_best)
{
  const int64_t group = work->groups->group_of[(int64_t)work->of_best[p]];
  float *own = near_bound_of(work, p, group);
  float bound;
  near_bounds(work->groups, group, 1, &work->best[p], &bound);
  if (bound < *own) *own = bound;
  work->best[p] = best;
  work->of_best[p] = of_best;
  if (least_of(best) > work->least[p]) work->least[p] = least_of(best);
}

/* Sets the points' bounds of a group, and who is best. */
ALWAYS_INLINE void settle_batch(const near_work *work, int64_t group, const near_batch *batch)
{
  _Alignas(64) double highest[BATCH];
  _Alignas(64) float bounds[BATCH];
  for (int i = 0; i < batch->n; i++) {
    const int32_t p = batch->points[i];
    const batch_vector *own = &batch->own[i / LANES];
    const double first = own->first[i % LANES];
    const double of_first = own->of_first[i % LANES];
    const bool better = first > work->best[p];
    highest[i] = better || of_first == work->of_best[p] ? own->second[i % LANES] : first;
    if (better) change_best(work, p, first, of_first);
  }
  for (int i = batch->n; i < BATCH; i++) highest[i] = 0.0;
  near_bounds(work->groups, group, BATCH, highest, bounds);
  for (int i = 0; i < batch->n; i++) *near_bound_of(work, batch->points[i], group) = bounds[i];
}

/* A group at n points, which are ascending. */
ALWAYS_INLINE void group_at_points(distance_kind kind, const near_work *work, int64_t group, const int32_t *points,
                                   int64_t n)
{
  const int64_t *starts = work->groups->packed_starts + 2 * group;
  for (int64_t first = 0; first < n; first += BATCH) {
    near_batch batch;
    begin_batch(kind, work, points + first, n - first < BATCH ? (int)(n - first) : BATCH, &batch);
    for (int64_t i = starts[0]; i < starts[1]; i += FEATURE_GROUP) pack_at_batch(kind, work, i, &batch);
    for (int64_t i = starts[1]; i < starts[2] && kind == PRODUCTS; i += FEATURE_GROUP)
      pack_at_batch(SQUARES, work, i, &batch);
    settle_batch(work, group, &batch);
  }
}

/* --- which groups --- */

/* n features, from the first one on, of the rows of BATCH components, side by side. */
enum { SIDE_FEATURES = 16 };
ALWAYS_INLINE void rows_side_by_side(const double *const rows[BATCH], int64_t first, int n,
                                     double side_by_side[SIDE_FEATURES * BATCH])
{
  int j = 0;
  for (; j + 4 <= n; j += 4) {
    for (int i = 0; i < BATCH; i += 4) {
      const double *const own[4] = {rows[i] + first + j, rows[i + 1] + first + j, rows[i + 2] + first + j,
                                    rows[i + 3] + first + j};
      transpose_rows(own, side_by_side + j * BATCH + i, BATCH);
    }
  }
  for (; j < n; j++) {
    for (int i = 0; i < BATCH; i++) side_by_side[j * BATCH + i] = rows[i][first + j];
  }
}

/* BATCH points of a tile, from the p-th on, and of each the component that was its best. */
typedef struct best_components {
  const double *means[BATCH], *factors[BATCH];
  vector log_constants[BATCH_VECTORS], precisions[BATCH_VECTORS], halves[BATCH_VECTORS];
  vector_bits far[BATCH_VECTORS]; /* all ones where the component's kind is not that of most */
  bool some_far;
} best_components;

ALWAYS_INLINE best_components best_components_of(distance_kind kind, const near_work *work, int64_t p)
{
  const density_form *form = work->form;
  const centred_form *centred = &form->centred;
  best_components own;
  own.some_far = false;
  for (int i = 0; i < BATCH; i++) {
    const int64_t k = work->tiles->best[p + i];
    const int v = i / LANES;
    const bool far = kind_of_component(kind, form, k) != kind;
    own.means[i] = centred->holds ? centred->means + k * centred->stride : form->means + k * form->n_features;
    own.factors[i] = own.means[i];
    if (kind == ROOTS) own.factors[i] = centred->roots + k * centred->stride;
    if (kind == WEIGHTED) own.factors[i] = form->whitening + k * form->whitening_length;
    own.log_constants[v][i % LANES] = form->log_constants[k];
    own.precisions[v][i % LANES] =
        kind == PRODUCTS || kind == SQUARES ? form->whitening[k * form->whitening_length] : 0.0;
    own.halves[v][i % LANES] =
        kind == PRODUCTS ? work->halves[p + i] + centred->halves[centred->n_stages * form->n_components + k] : 0.0;
    own.far[v][i % LANES] = far ? -1 : 0;
    own.some_far = own.some_far || far;
  }
  return own;
}

/* The log densities of those. numbers: of the first point in its tile. */
ALWAYS_INLINE void densities_of_best(distance_kind kind, const near_work *work, const best_components *own,
                                     const double *numbers, vector log_densities[BATCH_VECTORS])
{
  const int64_t d = work->form->n_features;
  const double *origin = work->form->centred.holds ? work->form->centred.origin : NULL;
  _Alignas(64) double means[SIDE_FEATURES * BATCH];
  _Alignas(64) double factors[SIDE_FEATURES * BATCH];
  vector sums[BATCH_VECTORS], squares[BATCH_VECTORS];
  for (int v = 0; v < BATCH_VECTORS; v++) sums[v] = squares[v] = vector_of(0.0);
  for (int64_t first = 0; first < d; first += SIDE_FEATURES) {
    const int n = d - first < SIDE_FEATURES ? (int)(d - first) : SIDE_FEATURES;
    rows_side_by_side(own->means, first, n, means);
    if (kind == ROOTS || kind == WEIGHTED) rows_side_by_side(own->factors, first, n, factors);
    for (int j = 0; j < n; j++) {
      const double middle = origin != NULL ? origin[first + j] : 0.0;
      for (int v = 0; v < BATCH_VECTORS; v++) {
        const vector x = ((const vector *)(numbers + (first + j) * TILE_ROWS))[v] - middle;
        const vector mean = ((const vector *)(means + j * BATCH))[v];
        const vector factor = kind == ROOTS || kind == WEIGHTED ? ((const vector *)(factors + j * BATCH))[v] : mean;
        sums[v] = with_feature(kind, sums[v], x, mean, factor);
        if (kind == PRODUCTS && own->some_far) squares[v] = with_feature(SQUARES, squares[v], x, mean, factor);
      }
    }
  }
  for (int v = 0; v < BATCH_VECTORS; v++) {
    log_densities[v] = log_density_of_lanes(kind, own->log_constants[v], own->precisions[v], own->halves[v], sums[v]);
    if (kind == PRODUCTS)
      log_densities[v] = vector_choose(
          own->far[v],
          log_density_of_lanes(SQUARES, own->log_constants[v], own->precisions[v], own->halves[v], squares[v]),
          log_densities[v]);
  }
}

/* The component that was best before goes first, so that there is something to compare with. */
ALWAYS_INLINE void best_of_tiles(distance_kind kind, const near_work *work, const row_tile *tiles, int n_points)
{
  for (int p = 0; p < n_points; p += BATCH) {
    vector log_densities[BATCH_VECTORS];
    const best_components own = best_components_of(kind, work, p);
    densities_of_best(kind, work, &own, tiles[p / TILE_ROWS].numbers + p % TILE_ROWS, log_densities);
    for (int i = 0; i < BATCH; i++) {
      const int32_t k = work->tiles->best[p + i];
      const double own_density = ((const double *)log_densities)[i];
      near_row(work, p / TILE_ROWS, k)[p % TILE_ROWS + i] = own_density;
      work->best[p + i] = own_density;
      work->of_best[p + i] = (double)k;
      work->least[p + i] = least_of(own_density > work->form->background ? own_density : work->form->background);
    }
  }
}

enum { MOST_NEAR_POINTS = MOST_TILES_TOGETHER * TILE_ROWS };

/* The groups that may be within reach. */
ALWAYS_INLINE void groups_of_tiles(distance_kind kind, const near_work *work, int n_points)
{
  const near_groups *groups = work->groups;
  int32_t points[MOST_NEAR_POINTS];
  for (int64_t g = 0; g < groups->n_groups; g++) {
    int n = 0;
    for (int p = 0; p < n_points; p += SINGLE_LANES) {
      single_vector *bounds = (single_vector *)near_bound_of(work, p, g);
      single_vector e = *bounds * groups->scales_below[g] - groups->falls_above[g];
      e = single_max(e, single_of(0.0F));
      const single_vector most = groups->ceilings_above[g] - (0.5F * (1.0F - 0x1p-20F)) * e * e;
      unsigned lanes = single_lanes_at_least(most, *(const single_vector *)(work->least + p));
      if (groups->forgotten[g]) *bounds = single_of(0.0F);
      for (; lanes != 0; lanes &= lanes - 1) points[n++] = p + __builtin_ctz(lanes);
    }
    work->tiles->n_computed += n;
    if (n > 0) group_at_points(kind, work, g, points, n);
  }
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

/* The points' coordinates as rows; of PRODUCTS halves of their squares. */
static void points_as_rows(const density_form *form, const row_tile *tile, int64_t stride, double *restrict rows,
                           double *restrict halves)
{
  const int64_t d = form->n_features;
  const double *origin = form->centred.holds ? form->centred.origin : NULL;
  _Alignas(64) double centred[4 * TILE_ROWS];
  vector squares[TILE_VECTORS];
  for (int v = 0; v < TILE_VECTORS; v++) squares[v] = vector_of(0.0);
  for (int64_t first = 0; first < d; first += 4) {
    const int n = d - first < 4 ? (int)(d - first) : 4;
    for (int j = 0; j < n; j++) {
      const vector *x = (const vector *)(tile->numbers + (first + j) * TILE_ROWS);
      const double middle = origin != NULL ? origin[first + j] : 0.0;
      for (int v = 0; v < TILE_VECTORS; v++) {
        const vector u = x[v] - middle;
        ((vector *)centred)[j * TILE_VECTORS + v] = u;
        squares[v] += u * u;
      }
    }
    for (int j = n; j < 4; j++) fill(TILE_ROWS, centred + j * TILE_ROWS, 0.0);
    for (int p = 0; p < TILE_ROWS; p += 4) transpose_square(centred + p, TILE_ROWS, rows + p * stride + first, stride);
  }
  for (int v = 0; v < TILE_VECTORS; v++) ((vector *)halves)[v] = 0.5 * squares[v];
}

static void near_posteriors(const density_form *form, const near_groups *groups, near_tiles *near,
                            const row_tile *tiles, int64_t n_tiles, double *responsibilities, double *log_likelihood,
                            double *sum_log_max, double *scratch)
{
  _Alignas(64) double best[MOST_NEAR_POINTS];
  _Alignas(64) double of_best[MOST_NEAR_POINTS];
  _Alignas(64) double halves[MOST_NEAR_POINTS];
  _Alignas(64) float least[MOST_NEAR_POINTS];
  const int64_t K = form->n_components;
  const int64_t n_words = (K + 63) / 64;
  const int n_points = (int)n_tiles * TILE_ROWS;
  const near_work work = {form,   groups,           near, scratch, padded_width(form->n_features),
                          halves, responsibilities, best, of_best, least};
  for (int64_t t = 0; t < n_tiles; t++)
    points_as_rows(form, &tiles[t], work.stride, scratch + t * TILE_ROWS * work.stride, halves + t * TILE_ROWS);
  memset(near->present, 0, (size_t)(n_tiles * n_words) * sizeof *near->present);
  near->n_within_reach = near->n_computed = 0;
  near->n_pairs = groups->n_groups * n_points;
#define NEAR(kind)                                                                                                     \
  best_of_tiles(kind, &work, tiles, n_points);                                                                         \
  groups_of_tiles(kind, &work, n_points)
  FOR_KIND_OF(form, NEAR)
#undef NEAR
  for (int p = 0; p < n_points; p++) {
    near->best[p] = (int32_t)of_best[p];
    best[p] = best[p] > form->background ? best[p] : form->background;
  }
  for (int64_t t = 0; t < n_tiles; t++)
    responsibilities_of_present(form, &tiles[t], responsibilities + t * K * TILE_ROWS, best + t * TILE_ROWS,
                                near->present + t * n_words, log_likelihood, sum_log_max);
}
