/* SPDX-License-Identifier: BSD-3-Clause */
#include "passes/near.h"

#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Members of a group, about. */
enum { GROUP_MEMBERS = 8 };

/* A group whose scale is below, or whose fall is above, is set anew. */
static const double least_scale = 1e-4;
static const double most_fall = 1e4;

/* Passes without bounds after the first time that they did not pay; then twice as many. */
enum { FIRST_PAUSE = 16, LONGEST_PAUSE = 256, FIRST_REGROUPING = 2, MOST_IN_VAIN = 8, TILES_TO_JUDGE = 4 };

/* Of all pairs, within reach; of all groups, computed; and that it might help to group components again. */
#define MOST_WITHIN_REACH_AT_FIRST 0.7
#define MOST_WITHIN_REACH          0.1
#define MOST_COMPUTED              0.9
#define LEAST_TO_REGROUP           0.25

/* The new ceiling lies so far above the highest log constant: a square root's slope is infinite at 0. */
static const double headroom = 4.0;

/* A factor e between two components' precisions keeps them apart as much as means sqrt(20 d) standard deviations apart
 * do. */
static const double weight_of_sizes = 20.0;

struct near_state {
  const shard *points;
  int64_t n_components, n_features, n_groups;
  bool is_set;              /* groups, and what was held of the last model, are there */
  const density_form *form; /* of the pass */
  bool gave_up;             /* in the pass; then what is held of points is of no use */
  int64_t pause;            /* passes to come without bounds */
  int64_t next_pause;
  int64_t n_in_vain;                           /* passes in which nearly everything was computed, one after the other */
  int64_t n_passes;                            /* since the components were grouped */
  int64_t regrouping;                          /* passes after which they may be grouped again */
  int64_t n_computed, n_within_reach, n_pairs; /* of the pass */

  /* The last model. */
  double *means;         /* K x d */
  double *precisions;    /* K x d, or K */
  double *log_constants; /* K */
  bool isotropic;

  near_groups groups;
  int64_t *group_starts; /* G + 1 */
  int64_t *starts, *members, *packed_starts;
  double *packed; /* means and factors, and then what there is once for each member */
  int32_t *group_of;
  double *sizes; /* K: means of the logs of a component's precisions */
  double unit;   /* exp of their mean */
  double *ceilings, *scales, *falls;
  float *ceilings_above, *scales_below, *falls_above;
  bool *forgotten;

  int32_t *best; /* tiles x TILE_ROWS */
  float *bounds; /* tiles x G x TILE_ROWS */
};

/* A power of 2, so that groups are of the same size. */
static int64_t groups_for(int64_t n_components, int64_t n_features)
{
  const int64_t most = n_features < NEAR_MOST_GROUPS ? n_features : NEAR_MOST_GROUPS;
  int64_t n = 1;
  while (2 * n <= most && 2 * n * GROUP_MEMBERS <= n_components) n *= 2;
  return n;
}

static bool is_of_use(density_shape shape, int64_t n_components, int64_t n_features)
{
  return shape == DIAGONAL && n_components >= LEAST_NEAR_COMPONENTS && n_components <= INT32_MAX &&
         n_features >= LEAST_NEAR_FEATURES;
}

/* Numbers of each packed member beside means and factors. */
enum { N_PACKED = 4 };

/* Members with what fills them up, at most. */
static int64_t most_packed(int64_t n_components, int64_t n_groups)
{
  return n_components + 2 * FEATURE_GROUP * n_groups;
}

int64_t near_bytes(density_shape shape, int64_t n_components, int64_t n_features, int64_t n_rows)
{
  const int64_t G = groups_for(n_components, n_features);
  int64_t of_rows;
  int64_t of_model;
  if (!is_of_use(shape, n_components, n_features)) return 0;
  if (!multiply_fits(n_rows + TILE_ROWS, (int64_t)sizeof(int32_t) + G * (int64_t)sizeof(float), &of_rows) ||
      !multiply_fits(n_components + most_packed(n_components, G), (2 * n_features + 8) * (int64_t)sizeof(double),
                     &of_model))
    return INT64_MAX;
  return sum_of_bytes(2, (int64_t[]){of_rows, of_model});
}

static int64_t n_tiles(const near_state *near)
{
  return (near->points->n_rows + TILE_ROWS - 1) / TILE_ROWS;
}

bool near_is_of_use(const shard *points, density_shape shape, int64_t n_components)
{
  return is_of_use(shape, n_components, points->n_features) && !points->is_streamed && !points->has_labels &&
         !points->without_bounds;
}

near_state *near_create(const shard *points, density_shape shape, int64_t n_components)
{
  const int64_t d = points->n_features;
  if (!near_is_of_use(points, shape, n_components)) return NULL;
  near_state *near = calloc(1, sizeof *near);
  if (near == NULL) return NULL;
  const int64_t G = groups_for(n_components, d);
  near->points = points;
  near->n_components = n_components;
  near->n_features = d;
  near->n_groups = G;
  near->next_pause = FIRST_PAUSE;
  near->regrouping = FIRST_REGROUPING;
  near->means = allocate(n_components * d, sizeof(double));
  near->precisions = allocate(n_components * d, sizeof(double));
  near->log_constants = allocate(n_components, sizeof(double));
  near->starts = allocate(2 * G + 1, sizeof(int64_t));
  near->group_starts = allocate(G + 1, sizeof(int64_t));
  near->packed_starts = allocate(2 * G + 1, sizeof(int64_t));
  near->packed = allocate(most_packed(n_components, G) * (2 * d + N_PACKED), sizeof(double));
  near->members = allocate(n_components, sizeof(int64_t));
  near->group_of = allocate(n_components, sizeof(int32_t));
  near->sizes = allocate(n_components, sizeof(double));
  near->ceilings = allocate(G, sizeof(double));
  near->scales = allocate(G, sizeof(double));
  near->falls = allocate(G, sizeof(double));
  near->ceilings_above = allocate(G, sizeof(float));
  near->scales_below = allocate(G, sizeof(float));
  near->falls_above = allocate(G, sizeof(float));
  near->forgotten = allocate(G, sizeof(bool));
  near->best = allocate(n_tiles(near) * TILE_ROWS, sizeof(int32_t));
  near->bounds = allocate(n_tiles(near) * TILE_ROWS * G, sizeof(float));
  near->groups = (near_groups){.n_groups = G,
                               .group_of = near->group_of,
                               .ceilings = near->ceilings,
                               .scales = near->scales,
                               .falls = near->falls,
                               .forgotten = near->forgotten,
                               .ceilings_above = near->ceilings_above,
                               .scales_below = near->scales_below,
                               .falls_above = near->falls_above,
                               .starts = near->starts,
                               .members = near->members,
                               .packed_starts = near->packed_starts};
  if (near->means != NULL && near->precisions != NULL && near->log_constants != NULL && near->group_starts != NULL &&
      near->packed_starts != NULL && near->packed != NULL && near->starts != NULL && near->members != NULL &&
      near->group_of != NULL && near->sizes != NULL && near->ceilings != NULL && near->scales != NULL &&
      near->falls != NULL && near->ceilings_above != NULL && near->scales_below != NULL && near->falls_above != NULL &&
      near->forgotten != NULL && near->best != NULL && near->bounds != NULL)
    return near;
  near_destroy(near);
  return NULL;
}

void near_destroy(near_state *near)
{
  if (near == NULL) return;
  free(near->means);
  free(near->precisions);
  free(near->log_constants);
  free(near->starts);
  free(near->packed_starts);
  free(near->group_starts);
  free(near->packed);
  free(near->members);
  free(near->group_of);
  free(near->sizes);
  free(near->ceilings);
  free(near->scales);
  free(near->falls);
  free(near->ceilings_above);
  free(near->scales_below);
  free(near->falls_above);
  free(near->forgotten);
  free(near->best);
  free(near->bounds);
  free(near);
}

/* --- groups: components are halved by where they lie between two that are far from each other --- */

/* Of means, in standard deviations of a middle size; and of sizes: one wide component in a group of narrow ones would
 * be within reach of many points. */
static double square_distance(const near_state *near, int64_t a, int64_t b)
{
  const int64_t d = near->n_features;
  double sum = 0.0;
  for (int64_t j = 0; j < d; j++) {
    const double y = near->means[a * d + j] - near->means[b * d + j];
    sum += y * y;
  }
  const double ratio = near->sizes[a] - near->sizes[b];
  return near->unit * sum + weight_of_sizes * (double)d * ratio * ratio;
}

static int64_t farthest_from(const near_state *near, int64_t from, const int64_t *members, int64_t n)
{
  int64_t farthest = members[0];
  double most = -1.0;
  for (int64_t i = 0; i < n; i++) {
    const double square = square_distance(near, from, members[i]);
    if (square > most) {
      most = square;
      farthest = members[i];
    }
  }
  return farthest;
}

/* A component and where it lies. */
typedef struct placed_component {
  double place;
  int64_t component;
} placed_component;

static int by_place(const void *a, const void *b)
{
  const placed_component *one = a;
  const placed_component *other = b;
  if (one->place != other->place) return one->place < other->place ? -1 : 1;
  return one->component < other->component ? -1 : one->component > other->component;
}

static int by_number(const void *a, const void *b)
{
  const int64_t one = *(const int64_t *)a;
  const int64_t other = *(const int64_t *)b;
  return one < other ? -1 : one > other;
}

/* Orders members so that the first half is nearer to one of two components, the second to the other. */
static void halve(const near_state *near, int64_t *members, int64_t n, placed_component *room)
{
  const int64_t a = farthest_from(near, members[0], members, n);
  const int64_t b = farthest_from(near, a, members, n);
  for (int64_t i = 0; i < n; i++)
    room[i] =
        (placed_component){square_distance(near, members[i], a) - square_distance(near, members[i], b), members[i]};
  qsort(room, (size_t)n, sizeof *room, by_place);
  for (int64_t i = 0; i < n; i++) members[i] = room[i].component;
}

static void set_sizes(near_state *near)
{
  const int64_t K = near->n_components;
  const int64_t n = near->isotropic ? 1 : near->n_features;
  double sum = 0.0;
  for (int64_t k = 0; k < K; k++) {
    double logs = 0.0;
    for (int64_t j = 0; j < n; j++) logs += log(near->precisions[k * n + j]);
    near->sizes[k] = logs / (double)n;
    sum += near->sizes[k];
  }
  near->unit = exp(sum / (double)K);
}

/* Makes groups of the last model's components; false: no memory. */
static bool group_components(near_state *near)
{
  const int64_t K = near->n_components;
  const int64_t G = near->n_groups;
  placed_component *room = allocate(K, sizeof *room);
  if (room == NULL) return false;
  for (int64_t k = 0; k < K; k++) near->members[k] = k;
  set_sizes(near);
  for (int64_t n = 1; n < G; n *= 2) {
    for (int64_t i = 0; i < n; i++) {
      const int64_t start = i * K / n;
      const int64_t end = (i + 1) * K / n;
      halve(near, near->members + start, end - start, room);
    }
  }
  free(room);
  for (int64_t g = 0; g <= G; g++) near->group_starts[g] = g * K / G;
  for (int64_t g = 0; g < G; g++) {
    qsort(near->members + near->group_starts[g], (size_t)(near->group_starts[g + 1] - near->group_starts[g]),
          sizeof *near->members, by_number);
    for (int64_t i = near->group_starts[g]; i < near->group_starts[g + 1]; i++)
      near->group_of[near->members[i]] = (int32_t)g;
  }
  return true;
}

/* --- from one model to the next --- */

/* The highest log density constant of a group's components, and some room above it. */
static double ceiling_of(const near_state *near, const density_form *form, int64_t g)
{
  double highest = -INFINITY;
  for (int64_t i = near->group_starts[g]; i < near->group_starts[g + 1]; i++)
    highest = fmax(highest, form->log_constants[near->members[i]]);
  return highest > -INFINITY ? highest + headroom : 0.0;
}

static void forget_group(near_state *near, const density_form *form, int64_t g)
{
  near->ceilings[g] = ceiling_of(near, form, g);
  near->scales[g] = 1.0;
  near->falls[g] = 0.0;
  near->forgotten[g] = true;
}

/* What a component's distances lose. */
typedef struct metric_change {
  double ratio; /* r */
  double fall;  /* D, and then what the log constant adds */
} metric_change;

static metric_change change_of(const near_state *near, const density_form *form, int64_t k, double ceiling_before,
                               double ceiling)
{
  const int64_t d = near->n_features;
  const int64_t stride = near->isotropic ? 1 : d;
  const double *mean = form->means + k * d;
  const double *before = near->means + k * d;
  const double *precisions = form->whitening + k * form->whitening_length;
  double square = 0.0;
  double least = 1.0;
  if (form->log_constants[k] == -INFINITY) return (metric_change){1.0, 0.0};
  if (near->log_constants[k] == -INFINITY) return (metric_change){0.0, INFINITY};
  for (int64_t j = 0; j < d; j++) {
    const int64_t i = near->isotropic ? 0 : j;
    const double y = mean[j] - before[j];
    const double own = near->precisions[k * stride + i];
    square += own * (y * y);
    least = fmin(least, precisions[i] / own);
  }
  const double higher =
      fmax(0.0, sqrt(2.0 * (ceiling_before - near->log_constants[k])) - sqrt(2.0 * (ceiling - form->log_constants[k])));
  return (metric_change){sqrt(least) * (1.0 - 1e-9), sqrt(square + higher * higher) * (1.0 + 1e-9) + 1e-9};
}

static void change_group(near_state *near, const density_form *form, int64_t g)
{
  const double before = near->ceilings[g];
  const double ceiling = fmax(before, ceiling_of(near, form, g) - headroom);
  double ratio = 1.0;
  double fall = 0.0;
  for (int64_t i = near->group_starts[g]; i < near->group_starts[g + 1]; i++) {
    const metric_change own = change_of(near, form, near->members[i], before, ceiling);
    ratio = own.ratio < ratio ? own.ratio : ratio;
    fall = own.fall > fall ? own.fall : fall;
    if (!isfinite(own.ratio) || !isfinite(own.fall)) ratio = 0.0;
  }
  near->ceilings[g] = ceiling;
  near->falls[g] = ratio * (near->falls[g] + fall);
  near->scales[g] *= ratio;
  near->forgotten[g] = false;
  if (!(near->scales[g] >= least_scale) || !(near->falls[g] <= most_fall * near->scales[g]))
    forget_group(near, form, g);
}

/* The numbers for comparisons in single precision. */
static void round_groups(near_state *near)
{
  for (int64_t g = 0; g < near->n_groups; g++) {
    const double ceiling = near->ceilings[g];
    near->ceilings_above[g] = (float)(ceiling + NEAR_MARGIN + 0x1p-20 * fabs(ceiling));
    near->scales_below[g] = near->forgotten[g] ? 0.0F : (float)(near->scales[g] * (1.0 - 0x1p-20));
    near->falls_above[g] = near->forgotten[g] ? 0.0F : (float)(near->falls[g] * (1.0 + 0x1p-20) + 0x1p-20);
  }
}

static void remember_model(near_state *near, const density_form *form)
{
  const int64_t K = near->n_components;
  const int64_t d = near->n_features;
  near->isotropic = form->isotropic;
  memcpy(near->means, form->means, (size_t)(K * d) * sizeof(double));
  memcpy(near->log_constants, form->log_constants, (size_t)K * sizeof(double));
  if (!form->isotropic) {
    memcpy(near->precisions, form->whitening, (size_t)(K * d) * sizeof(double));
  } else {
    for (int64_t k = 0; k < K; k++) near->precisions[k] = form->whitening[k * form->whitening_length];
  }
}

/* Orders each group's members by the kind of their distances. */
static void part_groups(near_state *near, const density_form *form)
{
  const bool *far = form->centred.holds ? form->centred.far : NULL;
  for (int64_t g = 0; g < near->n_groups; g++) {
    int64_t *members = near->members + near->group_starts[g];
    const int64_t n = near->group_starts[g + 1] - near->group_starts[g];
    int64_t n_near = 0;
    for (int64_t i = 0; i < n; i++) {
      const int64_t k = members[i];
      if (far != NULL && far[k]) continue;
      members[i] = members[n_near];
      members[n_near++] = k;
    }
    near->starts[2 * g] = near->group_starts[g];
    near->starts[2 * g + 1] = near->group_starts[g] + n_near;
  }
  near->starts[2 * near->n_groups] = near->n_components;
  for (int64_t part = 0; part < 2 * near->n_groups; part++)
    near->packed_starts[part + 1] =
        near->packed_starts[part] + padded_width(near->starts[part + 1] - near->starts[part]);
}

/* What the form's distances are computed from, members side by side. */
static void pack_groups(near_state *near, const density_form *form)
{
  const int64_t d = near->n_features;
  const int64_t K = near->n_components;
  const centred_form *centred = &form->centred;
  const double *means = centred->holds ? centred->means : form->means;
  const int64_t stride = centred->holds ? centred->stride : d;
  const double *factors = centred->holds ? centred->roots : form->whitening;
  const int64_t factors_stride = centred->holds ? centred->stride : form->whitening_length;
  part_groups(near, form);
  const int64_t n = near->packed_starts[2 * near->n_groups];
  double *packed_means = near->packed;
  double *packed_factors = packed_means + n * d;
  double *constants = packed_factors + n * d;
  double *precisions = constants + n;
  double *halves = precisions + n;
  double *numbers = halves + n;
  memset(near->packed, 0, (size_t)(n * (2 * d + N_PACKED)) * sizeof(double));
  for (int64_t i = 0; i < n; i++) {
    constants[i] = -INFINITY;
    numbers[i] = -1.0;
  }
  for (int64_t part = 0; part < 2 * near->n_groups; part++) {
    const int64_t first = near->packed_starts[part];
    for (int64_t i = 0; i < near->starts[part + 1] - near->starts[part]; i++) {
      const int64_t k = near->members[near->starts[part] + i];
      numbers[first + i] = (double)k;
      constants[first + i] = form->log_constants[k];
      if (form->isotropic) precisions[first + i] = form->whitening[k * form->whitening_length];
      if (form->isotropic && centred->holds) halves[first + i] = centred->halves[centred->n_stages * K + k];
      const int64_t place = (first + i) / FEATURE_GROUP * FEATURE_GROUP * d + i % FEATURE_GROUP;
      for (int64_t j = 0; j < d; j++) packed_means[place + j * FEATURE_GROUP] = means[k * stride + j];
      for (int64_t j = 0; j < d && !form->isotropic; j++)
        packed_factors[place + j * FEATURE_GROUP] = factors[k * factors_stride + j];
    }
  }
  near->groups.packed_means = packed_means;
  near->groups.packed_factors = packed_factors;
  near->groups.packed_constants = constants;
  near->groups.packed_precisions = precisions;
  near->groups.packed_halves = halves;
  near->groups.packed_numbers = numbers;
}

/* Groups of the form's components, of which nothing is known yet; false: no memory. */
static bool begin_anew(near_state *near, const density_form *form)
{
  remember_model(near, form);
  if (!group_components(near)) return false;
  for (int64_t g = 0; g < near->n_groups; g++) forget_group(near, form, g);
  near->is_set = true;
  near->n_passes = 0;
  return true;
}

double near_share_computed(const near_state *near)
{
  return near->n_pairs > 0 ? (double)near->n_computed / (double)near->n_pairs : 1.0;
}

/* In a pass: are so many components within reach that bounds do not pay? At first nobody's best component is known, so
 * that more seem to be. */
static bool too_many_are_near(const near_state *near, int64_t n_pairs, int64_t n_within_reach)
{
  const double most = near->n_passes < 2 ? MOST_WITHIN_REACH_AT_FIRST : MOST_WITHIN_REACH;
  const int64_t of_tile = near->n_groups * TILE_ROWS;
  return n_pairs >= TILES_TO_JUDGE * of_tile &&
         (double)n_within_reach > most * ((double)n_pairs / (double)near->n_groups * (double)near->n_components);
}

/* After a pass: does it pay? Not where a good part of the components is within reach, nor when nothing could be left
 * out for some passes. */
static void judge_pass(near_state *near)
{
  near->n_in_vain = near_share_computed(near) > MOST_COMPUTED ? near->n_in_vain + 1 : 0;
  if (!near->gave_up && near->n_in_vain < MOST_IN_VAIN) return;
  near->gave_up = false;
  near->n_in_vain = 0;
  near->pause = near->next_pause;
  near->next_pause = near->next_pause < LONGEST_PAUSE ? 2 * near->next_pause : LONGEST_PAUSE;
  near->is_set = false;
}

/* Were many groups computed in vain? */
static bool wants_groups(near_state *near)
{
  if (!near->is_set) return true;
  if (near->n_passes < near->regrouping || near_share_computed(near) < LEAST_TO_REGROUP) return false;
  near->regrouping *= 2;
  return true;
}

bool near_begin(near_state *near, const density_form *form)
{
  if (near == NULL || form->shape != DIAGONAL || form->dof != NULL) return false;
  if (near->n_pairs > 0) judge_pass(near);
  if (near->pause > 0) {
    near->pause--;
    near->n_pairs = 0;
    return false;
  }
  if (near->is_set && near->isotropic != form->isotropic) near->is_set = false;
  if (wants_groups(near)) {
    if (!begin_anew(near, form)) return false;
  } else {
    for (int64_t g = 0; g < near->n_groups; g++) change_group(near, form, g);
    remember_model(near, form);
  }
  round_groups(near);
  pack_groups(near, form);
  near->n_passes++;
  near->form = form;
  near->n_computed = near->n_within_reach = near->n_pairs = 0;
  return true;
}

/* --- the rule --- */

/* The tiles of a walk, one behind the other; false: it does not pay, and nothing was done. */
static bool compute_tiles(near_state *near, const row_tile *tiles, int64_t n_tiles, pass_workspace *workspace)
{
  const int64_t index = (tiles[0].first_row - near->points->first_row) / TILE_ROWS;
  near_tiles own = {.best = near->best + index * TILE_ROWS,
                    .bounds = near->bounds + index * TILE_ROWS * near->n_groups,
                    .present = workspace->present};
  if (__atomic_load_n(&near->gave_up, __ATOMIC_RELAXED)) return false;
  workspace->kernel->near(near->form, &near->groups, &own, tiles, n_tiles, workspace->responsibilities,
                          &workspace->sums.log_likelihood, &workspace->sums.sum_log_max_responsibility,
                          workspace->scratch);
  const int64_t n_within_reach = __atomic_add_fetch(&near->n_within_reach, own.n_within_reach, __ATOMIC_RELAXED);
  const int64_t n_pairs = __atomic_add_fetch(&near->n_pairs, own.n_pairs, __ATOMIC_RELAXED);
  __atomic_fetch_add(&near->n_computed, own.n_computed, __ATOMIC_RELAXED);
  if (too_many_are_near(near, n_pairs, n_within_reach)) __atomic_store_n(&near->gave_up, true, __ATOMIC_RELAXED);
  return true;
}

void near_rule(void *context, const row_tile *tiles, int64_t n_tiles, pass_workspace *workspace)
{
  near_state *near = context;
  if (compute_tiles(near, tiles, n_tiles, workspace)) {
    workspace->sums.present = workspace->present;
    return;
  }
  workspace->sums.present = NULL;
  double *responsibilities = workspace->responsibilities;
  for (int64_t t = 0; t < n_tiles; t++) {
    workspace->responsibilities = responsibilities + t * near->n_components * TILE_ROWS;
    posterior_rule((void *)(uintptr_t)near->form, &tiles[t], workspace);
  }
  workspace->responsibilities = responsibilities;
}
