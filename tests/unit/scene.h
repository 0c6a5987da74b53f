/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the kernels run on: a random mixture in density form, points near its means, and everything that a
 * kernel computes from them by textbook formulas in long double. */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "kernels/kernel.h"
#include "support/memory.h"
#include "unit/matrices.h"

#include <string.h>

/* COMMON_SCENE: dense covariances that differ by their volumes alone; ORIENTED_SCENE: that have their axes in common.
 */
typedef enum scene_kind {
  FULL_SCENE,
  DIAGONAL_SCENE,
  ISOTROPIC_SCENE,
  COMMON_SCENE,
  ORIENTED_SCENE,
  N_SCENE_KINDS
} scene_kind;

typedef struct scene {
  density_form form;
  double *lower;             /* K x d x d: W; ORIENTED_SCENE: not triangular */
  bool pooled;               /* COMMON_SCENE: second moments are wanted of all components together */
  int64_t whitening_numbers; /* of all components */
  bool about_origin;         /* COMMON_SCENE: second moments are wanted about form.common.origin, not about each mean */
  int64_t n_points, n_tiles;
  double *tiles; /* n_tiles x d x TILE_ROWS; the last tile is filled up with copies of its first point */
  /* In long double: */
  long double *log_densities;    /* n_tiles x K x TILE_ROWS */
  long double *responsibilities; /* likewise, without any threshold */
  long double *log_density;      /* n_tiles x TILE_ROWS */
  long double log_likelihood, sum_log_max;
} scene;

/* Of three uniform numbers, so somewhat bell-shaped. */
static inline double about(double middle, double spread, uint64_t *seed)
{
  return middle + spread * (random_number(seed) + random_number(seed) + random_number(seed)) / 2;
}

static inline void pack_whitening(scene *s)
{
  const int64_t d = s->form.n_features;
  for (int64_t k = 0; k < (s->form.whitening_length == 0 ? 1 : s->form.n_components); k++) {
    double *packed = s->form.whitening + k * s->form.whitening_length;
    const double *lower = s->lower + k * d * d;
    for (int64_t j = 0; j < d && s->form.shape == DIAGONAL; j++) packed[j] = lower[j * d + j] * lower[j * d + j];
    for (int64_t group = 0; group * WHITENING_ROWS < d && s->form.shape == DENSE; group++) {
      for (int64_t j = 0; j < (group + 1) * WHITENING_ROWS; j++) {
        for (int64_t r = group * WHITENING_ROWS; r < (group + 1) * WHITENING_ROWS; r++)
          *packed++ = r < d && j <= r ? lower[r * d + j] : 0.0;
      }
    }
  }
}

/* How many columns of a row of W there are. */
static inline int64_t row_columns(const scene *s, int64_t row)
{
  const bool is_whole = s->form.common.holds && !s->form.common.is_triangular;
  return is_whole ? s->form.n_features : row + 1;
}

/* Of a d x d matrix in groups of WHITENING_ROWS rows. */
static inline int64_t packed_numbers(int64_t d)
{
  return (d + WHITENING_ROWS - 1) / WHITENING_ROWS * WHITENING_ROWS * d;
}

/* What the components of a COMMON_SCENE or ORIENTED_SCENE have in common, from means and W: mixture/density.h. */
static inline void fill_common(scene *s, scene_kind kind)
{
  const int64_t d = s->form.n_features;
  const int64_t K = s->form.n_components;
  const bool oriented = kind == ORIENTED_SCENE;
  common_form *common = &s->form.common;
  *common = (common_form){.holds = true, .is_triangular = !oriented, .isotropic = !oriented};
  common->origin = allocate(padded_width(d), sizeof(double));
  common->means = allocate(K * d, sizeof(double));
  common->precisions_length = oriented ? d : 1;
  common->precisions = allocate(K * common->precisions_length, sizeof(double));
  for (int64_t k = 0; k < K; k++) {
    for (int64_t i = 0; i < common->precisions_length; i++)
      common->precisions[k * common->precisions_length + i] =
          pow(s->lower[(k * d + i) * d + i] / s->lower[i * d + i], 2.0);
  }
  common->matrix = s->form.whitening;
  if (oriented) {
    common->matrix = common->packed = allocate(packed_numbers(d), sizeof(double));
    for (int64_t i = 0; i < d * d; i++)
      common->packed[i / d / WHITENING_ROWS * WHITENING_ROWS * d + i % d * WHITENING_ROWS + i / d % WHITENING_ROWS] =
          s->lower[i];
  }
  for (int64_t j = 0; j < d; j++) {
    for (int64_t k = 0; k < K; k++) common->origin[j] += s->form.means[k * d + j] / (double)K;
  }
  for (int64_t k = 0; k < K; k++) {
    for (int64_t i = 0; i < d; i++) {
      long double y = 0.0L;
      for (int64_t j = 0; j < row_columns(s, i); j++)
        y += (long double)s->lower[i * d + j] * ((long double)s->form.means[k * d + j] - common->origin[j]);
      common->means[k * d + i] = (double)y;
    }
  }
}

static inline void fill_mixture(scene *s, scene_kind kind, double origin, double distance, uint64_t *seed)
{
  const int64_t d = s->form.n_features;
  for (int64_t k = 0; k < s->form.n_components; k++) {
    double *lower = s->lower + k * d * d;
    s->form.log_constants[k] = about(-3.0, 2.0, seed);
    for (int64_t j = 0; j < d; j++) s->form.means[k * d + j] = about(origin, distance, seed);
    for (int64_t i = 0; i < d; i++) {
      for (int64_t j = 0; j < i && s->form.shape == DENSE; j++)
        lower[i * d + j] = 0.5 * random_number(seed) / sqrt((double)d);
      lower[i * d + i] = kind == ISOTROPIC_SCENE && i > 0 ? lower[0] : 1.0 + random_number(seed) / 2;
    }
    for (int64_t i = 0; i < d * d && kind == COMMON_SCENE; i++) lower[i] = (1.0 + 0.25 * (double)(k % 3)) * s->lower[i];
    for (int64_t i = 0; i < d * d && kind == ORIENTED_SCENE; i++) {
      if (k == 0 && i % d > i / d) lower[i] = 0.5 * random_number(seed) / sqrt((double)d);
      lower[i] = (1.0 + 0.25 * (double)(k * (i / d + 1) % 5)) * s->lower[i];
    }
  }
  pack_whitening(s);
  if (kind >= COMMON_SCENE) fill_common(s, kind);
}

static inline long double exact_log_density(const scene *s, int64_t k, const double *x)
{
  const int64_t d = s->form.n_features;
  long double distance = 0.0L;
  if (s->form.log_constants[k] == -INFINITY) return -INFINITY;
  for (int64_t i = 0; i < d; i++) {
    long double z = 0.0L;
    for (int64_t j = s->form.shape == DENSE ? 0 : i; j < row_columns(s, i); j++)
      z += (long double)s->lower[(k * d + i) * d + j] * ((long double)x[j * TILE_ROWS] - s->form.means[k * d + j]);
    distance += z * z;
  }
  if (s->form.dof != NULL) {
    const long double nu = s->form.dof[k];
    return s->form.log_constants[k] - (nu + (long double)d) / 2.0L * log1pl(distance / nu);
  }
  return s->form.log_constants[k] - 0.5L * distance;
}

/* Call it again after a change of the scene. */
static inline void compute_exactly(scene *s)
{
  const int64_t K = s->form.n_components;
  s->log_likelihood = s->sum_log_max = 0.0L;
  for (int64_t i = 0; i < s->n_tiles * TILE_ROWS; i++) {
    const int64_t t = i / TILE_ROWS;
    const int64_t p = i % TILE_ROWS;
    long double *logs = s->log_densities + t * K * TILE_ROWS + p;
    long double top = s->form.background;
    long double total = 0.0L;
    for (int64_t k = 0; k < K; k++) {
      logs[k * TILE_ROWS] = exact_log_density(s, k, s->tiles + t * s->form.n_features * TILE_ROWS + p);
      top = fmaxl(top, logs[k * TILE_ROWS]);
    }
    if (s->form.background > -INFINITY) total = expl(s->form.background - top);
    for (int64_t k = 0; k < K; k++) total += expl(logs[k * TILE_ROWS] - top);
    s->log_density[i] = top + logl(total);
    for (int64_t k = 0; k < K; k++)
      s->responsibilities[(t * K + k) * TILE_ROWS + p] =
          i < s->n_points ? expl(logs[k * TILE_ROWS] - s->log_density[i]) : 0.0L;
    if (i < s->n_points) {
      s->log_likelihood += s->log_density[i];
      s->sum_log_max -= logl(total);
    }
  }
}

/* Gives a scene the form with distances about an origin, where it has one (mixture/density.h). Call it again after a
 * change of the means. */
static inline void centre_scene(scene *s)
{
  const covariance_family *family = &family_diag;
  if (s->form.shape == DENSE)
    family = s->form.common.isotropic ? &family_tied : &family_EVE;
  else if (s->form.isotropic)
    family = &family_spherical;
  double *weights = allocate(s->form.n_components, sizeof(double));
  if (s->form.shape == DENSE && !s->form.common.holds) abort();
  for (int64_t k = 0; k < s->form.n_components; k++) weights[k] = 1.0;
  if (s->form.centred.means == NULL && !centred_form_allocate(family, &s->form)) abort();
  centred_form_set(&s->form, weights);
  free(weights);
}

/* Means are `distance` apart, about. */
static inline scene scene_create(scene_kind kind, int64_t K, int64_t d, int64_t n_points, double origin,
                                 double distance, uint64_t *seed)
{
  const density_shape shape = kind == DIAGONAL_SCENE || kind == ISOTROPIC_SCENE ? DIAGONAL : DENSE;
  scene s = {.form = {.background = -INFINITY,
                      .shape = shape,
                      .n_components = K,
                      .n_features = d,
                      .isotropic = kind == ISOTROPIC_SCENE}};
  const int64_t n_groups = (d + WHITENING_ROWS - 1) / WHITENING_ROWS;
  s.form.whitening_length = shape == DENSE ? WHITENING_ROWS * WHITENING_ROWS * n_groups * (n_groups + 1) / 2 : d;
  s.whitening_numbers = kind == COMMON_SCENE ? s.form.whitening_length : K * s.form.whitening_length;
  if (kind == COMMON_SCENE) s.form.whitening_length = 0;
  s.pooled = s.about_origin = kind == COMMON_SCENE;
  s.form.log_constants = allocate(K, sizeof(double));
  s.form.means = allocate(K * d, sizeof(double));
  s.form.whitening = allocate(s.whitening_numbers, sizeof(double));
  s.lower = allocate(K * d * d, sizeof(double));
  s.n_points = n_points;
  s.n_tiles = (n_points + TILE_ROWS - 1) / TILE_ROWS;
  s.tiles = allocate(s.n_tiles * d * TILE_ROWS, sizeof(double));
  s.log_densities = allocate(s.n_tiles * K * TILE_ROWS, sizeof(long double));
  s.responsibilities = allocate(s.n_tiles * K * TILE_ROWS, sizeof(long double));
  s.log_density = allocate(s.n_tiles * TILE_ROWS, sizeof(long double));
  fill_mixture(&s, kind, origin, distance, seed);
  for (int64_t i = 0; i < s.n_tiles * TILE_ROWS; i++) {
    double *x = s.tiles + i / TILE_ROWS * d * TILE_ROWS + i % TILE_ROWS;
    const int64_t k = (int64_t)((random_number(seed) + 1) / 2 * (double)K) % K;
    for (int64_t j = 0; j < d; j++)
      x[j * TILE_ROWS] = i < n_points ? about(s.form.means[k * d + j], 2.0, seed) : x[j * TILE_ROWS - i % TILE_ROWS];
  }
  compute_exactly(&s);
  return s;
}

/* Gives a scene of the same kind and sizes the same mixture; compute_exactly is left to do. */
static inline void copy_mixture(scene *to, const scene *from)
{
  const size_t means = (size_t)(from->form.n_components * from->form.n_features) * sizeof(double);
  memcpy(to->form.log_constants, from->form.log_constants, (size_t)from->form.n_components * sizeof(double));
  memcpy(to->form.means, from->form.means, means);
  memcpy(to->form.whitening, from->form.whitening, (size_t)from->whitening_numbers * sizeof(double));
  if (!from->form.common.holds) return;
  memcpy(to->form.common.origin, from->form.common.origin, (size_t)from->form.n_features * sizeof(double));
  memcpy(to->form.common.means, from->form.common.means, means);
  memcpy(to->form.common.precisions, from->form.common.precisions,
         (size_t)(from->form.n_components * from->form.common.precisions_length) * sizeof(double));
  if (from->form.common.packed == NULL) return;
  memcpy(to->form.common.packed, from->form.common.packed,
         (size_t)packed_numbers(from->form.n_features) * sizeof(double));
}

static inline void scene_destroy(scene *s)
{
  free(s->form.log_constants);
  free(s->form.means);
  free(s->form.whitening);
  free(s->form.common.origin);
  free(s->form.common.means);
  free(s->form.common.precisions);
  free(s->form.common.packed);
  centred_form_free(&s->form);
  free(s->lower);
  free(s->tiles);
  free(s->log_densities);
  free(s->responsibilities);
  free(s->log_density);
}

static inline int points_of_tile(const scene *s, int64_t t)
{
  return s->n_points - t * TILE_ROWS < TILE_ROWS ? (int)(s->n_points - t * TILE_ROWS) : TILE_ROWS;
}

/* What a kernel makes of a scene. */
typedef struct outcome {
  double *log_densities;    /* n_tiles x K x TILE_ROWS */
  double *responsibilities; /* likewise */
  double *log_density;      /* n_tiles x TILE_ROWS */
  double log_likelihood, sum_log_max;
  double *references;
  block_sums sums; /* about the means */
} outcome;

static inline outcome outcome_create(const scene *s)
{
  const int64_t K = s->form.n_components;
  const int64_t d = s->form.n_features;
  const int64_t width = padded_width(d);
  outcome o = {.log_densities = allocate(s->n_tiles * K * TILE_ROWS, sizeof(double)),
               .responsibilities = allocate(s->n_tiles * K * TILE_ROWS, sizeof(double)),
               .log_density = allocate(s->n_tiles * TILE_ROWS, sizeof(double)),
               .references = allocate(K * width, sizeof(double)),
               .sums = {.shape = s->form.shape,
                        .n_components = K,
                        .n_features = d,
                        .width = width,
                        .counts = allocate(K, sizeof(double)),
                        .first = allocate(K * width, sizeof(double)),
                        .second = allocate(K * (s->form.shape == DENSE ? d : 1) * width, sizeof(double))}};
  o.sums.references = o.references;
  o.sums.pooled = s->pooled;
  o.sums.origin = s->about_origin ? s->form.common.origin : NULL;
  for (int64_t k = 0; k < K; k++) memcpy(o.references + k * width, s->form.means + k * d, (size_t)d * sizeof(double));
  return o;
}

static inline outcome run_kernel(const kernel *kernels, const scene *s)
{
  const int64_t K = s->form.n_components;
  const int64_t d = s->form.n_features;
  const int64_t group_tiles = kernel_group_tiles(s->form.shape, K, d);
  double *scratch = allocate(kernel_scratch_bytes(s->form.shape, K, d), 1);
  outcome o = outcome_create(s);
  for (int64_t t = 0; t < s->n_tiles; t++) {
    const double *tile = s->tiles + t * d * TILE_ROWS;
    kernels->log_densities(&s->form, tile, o.log_densities + t * K * TILE_ROWS, scratch);
    const row_tile row = {.numbers = tile, .n_points = points_of_tile(s, t)};
    kernels->posteriors(&s->form, &row, o.responsibilities + t * K * TILE_ROWS, o.log_density + t * TILE_ROWS,
                        &o.log_likelihood, &o.sum_log_max, scratch);
  }
  for (int64_t t = 0; t < s->n_tiles; t += group_tiles) {
    const int64_t n_tiles = s->n_tiles - t < group_tiles ? s->n_tiles - t : group_tiles;
    kernels->accumulate(n_tiles, o.responsibilities + t * K * TILE_ROWS, s->tiles + t * d * TILE_ROWS, d * TILE_ROWS,
                        &o.sums, scratch);
  }
  free(scratch);
  return o;
}

static inline void outcome_destroy(outcome *o)
{
  free(o->log_densities);
  free(o->responsibilities);
  free(o->log_density);
  free(o->references);
  free(o->sums.counts);
  free(o->sums.first);
  free(o->sums.second);
}

#endif
