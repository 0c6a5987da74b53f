/* SPDX-License-Identifier: BSD-3-Clause */
/* The M-step: every family's formula in long double from moments that are given, components that are not sound, and
 * what becomes of statistics. */
#include "unit/covariances.h"
#include "unit/matrices.h"

#include "em/maximization.h"

#include <float.h>

enum { K = 4, D = 3, DENSE_LENGTH = D * (D + 1) / 2 };

static double minima[D] = {-1000.0, -1000.0, -1000.0};
static double maxima[D] = {1000.0, 1000.0, 1000.0};
static const double variances[D] = {4.0, 0.0, 9.0};
static const double ridge[D] = {0.125, 0.25, 0.5};

static const shard points = {.n_samples = 1000,
                             .total_weight = 1000.0,
                             .n_features = D,
                             .row_width = D,
                             .block_rows = 64,
                             .minima = minima,
                             .maxima = maxima,
                             .largest_weight = 1.0,
                             .weight_unit = 1.0,
                             .n_threads = 1};

/* A step of one family, with moments, statistics and models of its shape. */
typedef struct scene {
  const covariance_family *family;
  statistics *sums;
  maximization *step;
  moments *given;
  gmmpi_model *previous, *next;
  double dense[K][D * D]; /* the moments' scatters, whole */
} scene;

static gmmpi_model *new_model(const covariance_family *family)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_allocate(gaussian_kind(family), K, D, &model, &error), GMMPI_OK);
  return model;
}

/* Previous parameters that are easy to tell from any new ones. */
static void fill_previous(gmmpi_model *previous)
{
  for (int64_t k = 0; k < K; k++) {
    double covariance[D * D] = {0.0};
    for (int64_t j = 0; j < D; j++) {
      previous->means[k * D + j] = -(double)(100 * k + j + 1);
      covariance[j * D + j] = 1e4;
    }
    previous->weights[k] = 0.25;
    contract_dense(previous, k, covariance);
    assert_true(model_factorise(previous, k));
  }
}

static void set_scatter(scene *s, int64_t k, const double *dense)
{
  const bool pooled = s->family->pools;
  double *triangle = s->given->scatter + (pooled ? 0 : k * s->given->second_length);
  memcpy(s->dense[k], dense, sizeof s->dense[k]);
  for (int64_t i = 0; i < D; i++) {
    for (int64_t j = triangle_first(s->given->shape, i); j <= i; j++, triangle++) {
      *triangle = pooled ? 0.0 : dense[i * D + j];
      for (int64_t l = 0; l < K && pooled; l++) *triangle += s->dense[l][i * D + j];
    }
  }
}

static scene scene_open(const covariance_family *family)
{
  const density_shape shape = family->storage->shape;
  uint64_t seed = 23;
  scene s = {.family = family, .previous = new_model(family), .next = new_model(family)};
  gmmpi_error error = {0};
  assert_int_equal(statistics_create(shape, family_order(family), K, &points, &s.sums, &error), GMMPI_OK);
  assert_int_equal(maximization_create(family, &estimator_ml, s.sums, &s.step, &error), GMMPI_OK);
  assert_int_equal(moments_create(shape, family_order(family), K, D, &s.given, &error), GMMPI_OK);
  memcpy(s.step->ridge, ridge, sizeof ridge);
  s.step->variances = variances;
  fill_previous(s.previous);
  s.given->n_samples = 1000.0;
  for (int64_t k = 0; k < K; k++) {
    double scatter[D * D];
    s.given->counts[k] = 100.0 * (double)(k + 1);
    random_covariance(D, &seed, scatter);
    for (int64_t j = 0; j < D * D; j++) scatter[j] *= s.given->counts[k];
    for (int64_t j = 0; j < D; j++) s.given->means[k * D + j] = 5.0 * random_number(&seed);
    set_scatter(&s, k, scatter);
  }
  return s;
}

static void scene_close(scene *s)
{
  statistics_destroy(s->sums);
  maximization_destroy(s->step);
  moments_destroy(s->given);
  gmmpi_model_destroy(s->previous);
  gmmpi_model_destroy(s->next);
}

/* --- what must come out --- */

/* Covariances that no formula gives are looked at in test_family_steps.c. */
static bool has_formula(const covariance_family *family)
{
  static const char *const names[] = {"full", "tied", "diag", "spherical", "EII", "EEI", "EVI"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(family->name, names[i]) == 0) return true;
  }
  return false;
}

/* Component k's share of the volume that EVI's components have in common: the geometric mean of its scatter. */
static long double volume_of(const scene *s, int64_t k)
{
  long double product = 1.0L;
  for (int64_t l = 0; l < D; l++) product *= s->dense[k][l * D + l] + (long double)s->given->counts[k] * ridge[l];
  return cbrtl(product);
}

/* Element i, j of component k's covariance by the family's formula (mixture/families), of which the sound components
 * are those with is_sound. */
static long double expected_covariance(const scene *s, const bool is_sound[K], int64_t k, int64_t i, int64_t j)
{
  const long double count = s->given->counts[k];
  const long double added = i == j ? ridge[i] : 0.0;
  if (strcmp(s->family->name, "full") == 0) return s->dense[k][i * D + j] / count + added;
  if (strcmp(s->family->name, "diag") == 0) return i == j ? s->dense[k][i * D + i] / count + added : 0.0L;
  long double sum = 0.0L;
  if (strcmp(s->family->name, "tied") == 0) {
    for (int64_t l = 0; l < K; l++) sum += s->dense[l][i * D + j]; /* what there is of one that is empty is nothing */
    return sum / s->given->n_samples + added;
  }
  if (strcmp(s->family->name, "EII") == 0) {
    for (int64_t l = 0; l < K * D; l++) sum += is_sound[l / D] ? s->dense[l / D][l % D * (D + 1)] : 0.0;
    return i == j ? sum / (D * s->given->n_samples) + (ridge[0] + ridge[1] + ridge[2]) / D : 0.0L;
  }
  if (strcmp(s->family->name, "EEI") == 0) {
    for (int64_t l = 0; l < K; l++) sum += is_sound[l] ? s->dense[l][i * D + i] : 0.0;
    return i == j ? sum / s->given->n_samples + added : 0.0L;
  }
  if (strcmp(s->family->name, "EVI") == 0) {
    for (int64_t l = 0; l < K; l++) sum += is_sound[l] ? volume_of(s, l) : 0.0L;
    const long double own = (s->dense[k][i * D + i] + count * ridge[i]) / volume_of(s, k);
    return i == j ? own * sum / s->given->n_samples : 0.0L;
  }
  if (strcmp(s->family->name, "spherical") != 0) fail_msg("the formula of family %s is missing here", s->family->name);
  for (int64_t l = 0; l < D; l++) sum += s->dense[k][l * D + l] / count + ridge[l];
  return i == j ? sum / D : 0.0L;
}

/* factor factor^T times the covariance is the identity: the factor belongs to the covariance. */
static void assert_factor_within(const gmmpi_model *model, int64_t k, long double tolerance)
{
  const int64_t n = model_stored_length(model);
  const double *factor = model_factor(model, k);
  double covariance[D * D];
  long double whitening[D * D] = {0.0L};
  expand_dense(model, k, covariance);
  reference_whitening(D, covariance, whitening);
  for (int64_t i = 0; i < n; i++) {
    const int64_t column = n == D * D ? i % D : n == D ? i : 0;
    const int64_t row = n == D * D ? i / D : column;
    assert_near(factor[i], whitening[column * D + row], tolerance * fabsl(whitening[column * D + column]));
  }
}

static void assert_factor(const gmmpi_model *model, int64_t k)
{
  assert_factor_within(model, k, 1e-12L);
}

static void assert_estimated(const scene *s, const bool is_sound[K], int64_t k)
{
  double covariance[D * D];
  expand_dense(s->next, k, covariance);
  for (int64_t i = 0; i < D; i++) {
    assert_true(s->next->means[k * D + i] == s->given->means[k * D + i]);
    for (int64_t j = 0; j < D; j++) {
      const long double expected =
          has_formula(s->family) ? expected_covariance(s, is_sound, k, i, j) : covariance[i * D + j];
      assert_near(covariance[i * D + j], expected, 8.0L * DBL_EPSILON * fmaxl(1.0L, fabsl(expected)));
      assert_true(covariance[i * D + j] == covariance[j * D + i]);
    }
  }
  assert_factor(s->next, k);
}

/* As it was, of weight 0; a shared covariance is that of the others. */
static void assert_kept(const scene *s, int64_t k)
{
  const size_t size = (size_t)model_stored_length(s->next) * sizeof(double);
  assert_true(s->next->weights[k] == 0.0);
  assert_memory_equal(s->next->means + k * D, s->previous->means + k * D, D * sizeof(double));
  if (s->family->storage->shared) return;
  assert_memory_equal(model_covariance(s->next, k), model_covariance(s->previous, k), size);
  assert_memory_equal(model_factor(s->next, k), model_factor(s->previous, k), size);
}

static void assert_weights(const scene *s, const bool is_sound[K])
{
  long double total = 0.0L;
  for (int64_t k = 0; k < K; k++) total += is_sound[k] ? s->given->counts[k] : 0.0;
  for (int64_t k = 0; k < K; k++)
    assert_near(s->next->weights[k], is_sound[k] ? s->given->counts[k] / total : 0.0L, DBL_EPSILON);
}

/* --- the tests --- */

static void every_family(void **state)
{
  (void)state;
  const bool is_sound[K] = {true, true, true, true};
  for (int f = 0; f < N_FAMILIES; f++) {
    scene s = scene_open(all_families[f]);
    maximize(s.step, s.given, s.previous, s.next);
    for (int64_t k = 0; k < K; k++) {
      assert_int_equal(s.step->states[k], COMPONENT_SOUND);
      assert_estimated(&s, is_sound, k);
    }
    assert_weights(&s, is_sound);
    assert_true(all_sound(s.step, K));
    scene_close(&s);
  }
}

/* One that was dropped, one that is empty by a hair, one that is just not. */
static void empty_and_dropped(void **state)
{
  (void)state;
  const bool is_sound[K] = {true, false, false, true};
  for (int f = 0; f < N_FAMILIES; f++) {
    scene s = scene_open(all_families[f]);
    s.previous->weights[1] = 0.0;
    s.given->counts[1] = 0.0;
    s.given->counts[2] = 0.999e-7; /* 1e-10 of 1000 points is 1e-7 */
    maximize(s.step, s.given, s.previous, s.next);
    assert_int_equal(s.step->states[0], COMPONENT_SOUND);
    assert_int_equal(s.step->states[1], COMPONENT_DROPPED);
    assert_int_equal(s.step->states[2], COMPONENT_EMPTY);
    assert_estimated(&s, is_sound, 0);
    assert_estimated(&s, is_sound, 3);
    assert_kept(&s, 1);
    assert_kept(&s, 2);
    assert_weights(&s, is_sound);
    assert_false(all_sound(s.step, K));
    s.given->counts[2] = 1.001e-7;
    maximize(s.step, s.given, s.previous, s.next);
    assert_int_equal(s.step->states[2], COMPONENT_SOUND);
    assert_true(all_sound(s.step, K)); /* but for one that was dropped long ago */
    scene_close(&s);
  }
}

/* A covariance that is not positive definite; the ridge alone would make it so. */
static void flatten(scene *s, int64_t k)
{
  double flat[D * D] = {2.0, 2.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 1.0};
  if (s->given->shape == DIAGONAL) flat[0] = 0.0;
  if (s->family->storage->rank == 0) memset(flat, 0, sizeof flat);
  for (int64_t j = 0; j < D * D; j++) flat[j] *= s->given->counts[k];
  memset(s->step->ridge, 0, sizeof ridge);
  set_scatter(s, k, flat);
}

/* One component fails alone, of families that pool their scatter all do, and nobody else. */
static void indefinite(void **state)
{
  (void)state;
  for (int f = 0; f < N_FAMILIES; f++) {
    scene s = scene_open(all_families[f]);
    const bool together = s.family->coupling == POOLED;
    s.previous->weights[0] = 0.0;
    s.given->counts[0] = 0.0;
    for (int64_t k = 0; k < K; k++) {
      if (k == 2 || together) flatten(&s, k);
    }
    maximize(s.step, s.given, s.previous, s.next);
    assert_int_equal(s.step->states[0], COMPONENT_DROPPED);
    for (int64_t k = 1; k < K; k++)
      assert_int_equal(s.step->states[k], together || k == 2 ? COMPONENT_INDEFINITE : COMPONENT_SOUND);
    assert_int_equal(s.step->failed_together, together);
    if (!together) {
      assert_kept(&s, 2);
      assert_weights(&s, (const bool[K]){false, true, false, true});
      assert_factor(s.next, 1);
    } else {
      assert_weights(&s, (const bool[K]){false, true, true, true}); /* they live on with whatever is put there */
      /* The ridge makes it definite by a hair. */
      if (!s.family->storage->shared) assert_factor_within(s.next, 1, 1e-8L);
    }
    assert_false(all_sound(s.step, K));
    assert_false(s.step->ridged);
    scene_close(&s);
  }
}

/* A scatter that is not definite by itself does no harm where it is pooled, but for one that is 0 where volumes vary.
 */
static void indefinite_in_a_pool(void **state)
{
  (void)state;
  const double nothing[D * D] = {0.0};
  for (int f = 0; f < N_FAMILIES; f++) {
    if (all_families[f]->coupling != POOLED) continue;
    scene s = scene_open(all_families[f]);
    const bool volumes_vary = s.family->code[0] == 'V';
    flatten(&s, 2);
    maximize(s.step, s.given, s.previous, s.next);
    assert_true(all_sound(s.step, K));
    set_scatter(&s, 2, nothing);
    maximize(s.step, s.given, s.previous, s.next);
    for (int64_t k = 0; k < K; k++)
      assert_int_equal(s.step->states[k], volumes_vary && k == 2 ? COMPONENT_INDEFINITE : COMPONENT_SOUND);
    assert_false(s.step->failed_together);
    if (volumes_vary) assert_kept(&s, 2);
    scene_close(&s);
  }
}

/* A variance has grown by 1e-10 times a power of 100 of itself, by the same of the data's variance where it was 0, and
 * by 1e-6 where that is 0 too. Returns the power. */
static int power_of_ridge(double variance, double before, double of_data)
{
  const double base = before > 0.0 ? before : of_data;
  for (int power = 0; power < 10; power++) {
    const double added = base > 0.0 ? base * 1e-10 * pow(100.0, power) : 1e-6;
    if (fabs(variance - (before + added)) <= 1e-15 * variance) return power;
  }
  fail_msg("%.17g is not %.17g with a ridge", variance, before);
  return -1;
}

/* Where the data are degenerate it is no collapse. */
static void degenerate(void **state)
{
  (void)state;
  for (int f = 0; f < N_FAMILIES; f++) {
    scene s = scene_open(all_families[f]);
    const bool coupled = s.family->coupling != EACH_ALONE && !s.family->storage->shared;
    for (int64_t k = 0; k < K; k++) {
      if (k == 2 || s.family->coupling != EACH_ALONE) flatten(&s, k);
    }
    s.step->degenerate = true;
    maximize(s.step, s.given, s.previous, s.next);
    for (int64_t k = 0; k < K; k++) assert_int_equal(s.step->states[k], COMPONENT_SOUND);
    assert_true(s.step->ridged);
    assert_false(all_sound(s.step, K));
    assert_weights(&s, (const bool[K]){true, true, true, true});
    assert_factor_within(s.next, 2, coupled ? 1e-8L : 1e-12L);
    double made[D * D];
    expand_dense(s.next, 2, made);
    if (coupled) { /* the M-step is made again with a ridge by the data's variances */
      const double flat[D] = {s.family->storage->rank == 2 ? 2.0 : 0.0, 2.0, 1.0};
      const long double tolerance = s.family->storage->rank == 2 ? 1e-9L : 1e-14L; /* a condition of 1e7 */
      assert_near(made[0], flat[0] + 4e-10L, tolerance);
      assert_near(made[4], flat[1] + 1e-6L, tolerance);
      assert_near(made[8], flat[2] + 9e-10L, tolerance);
      assert_near(made[1], s.family->storage->rank == 2 ? 2.0L : 0.0L, tolerance);
    } else if (s.family->storage->rank == 2) {
      assert_true(made[1] == 2.0 && made[3] == 2.0);
      const int power = power_of_ridge(made[0], 2.0, variances[0]);
      assert_int_equal(power_of_ridge(made[4], 2.0, variances[1]), power);
      assert_int_equal(power_of_ridge(made[8], 1.0, variances[2]), power);
      assert_int_equal(power, 0); /* 1e-10 is well above rounding: the smallest one suffices */
    } else if (s.family->storage->rank == 1) {
      assert_int_equal(power_of_ridge(made[0], 0.0, variances[0]), 0);
      assert_int_equal(power_of_ridge(made[4], 2.0, variances[1]), 0);
    } else {
      assert_near(made[0], (4e-10L + 1e-6L + 9e-10L) / 3.0L, 1e-18L);
    }
    /* The next step needs none, and says so. */
    scene sound = scene_open(all_families[f]);
    memcpy(s.given->scatter, sound.given->scatter,
           (size_t)(s.given->n_second * s.given->second_length) * sizeof(double));
    maximize(s.step, s.given, s.previous, s.next);
    assert_true(all_sound(s.step, K));
    scene_close(&sound);
    scene_close(&s);
  }
}

/* A component that has no point at all in its covariance, where the data do not vary either. */
static void a_ridge_from_nothing(void **state)
{
  (void)state;
  scene s = scene_open(family_find("diag"));
  const double flat[D * D] = {0.0};
  memset(s.step->ridge, 0, sizeof ridge);
  set_scatter(&s, 1, flat);
  s.step->degenerate = true;
  maximize(s.step, s.given, s.previous, s.next);
  assert_near(s.next->covariances[D], 4e-10L, 1e-24L);
  assert_near(s.next->covariances[D + 1], 1e-6L, 1e-20L);
  assert_near(s.next->covariances[D + 2], 9e-10L, 1e-24L);
  scene_close(&s);
}

/* --- moments of statistics --- */

/* Statistics of one point per unit of count at `shift` from the reference, and variance 1 about it. */
static void set_sums(scene *s, int64_t k, double count, double shift)
{
  double *second = s->sums->second + k * s->sums->second_length;
  s->sums->counts[k] = count;
  for (int64_t i = 0; i < D; i++) {
    s->sums->first[k * D + i] = count * shift;
    for (int64_t j = triangle_first(s->sums->shape, i); j <= i; j++)
      *second++ = count * ((i == j ? 1.0 : 0.5) + shift * shift);
  }
}

static moments_outcome outcome_of(const scene *s, bool accept)
{
  return moments_of_statistics(s->step, s->sums, s->previous, accept, s->given);
}

static void moments_about_the_means(void **state)
{
  (void)state;
  for (int shape = DENSE; shape <= DIAGONAL; shape++) {
    scene s = scene_open(family_find(shape == DENSE ? "full" : "diag"));
    statistics_begin(s.sums, s.previous->means);
    for (int64_t k = 0; k < K; k++) set_sums(&s, k, 10.0 * (double)(k + 1), (double)k);
    set_sums(&s, 1, 0.0, 0.0); /* empty */
    s.previous->weights[3] = 0.0;
    set_sums(&s, 3, 0.0, 0.0); /* dropped */
    assert_int_equal(outcome_of(&s, false), MOMENTS_TAKEN);
    assert_true(s.given->n_samples == 1000.0);
    for (int64_t k = 0; k < K; k++) {
      const bool there = k % 2 == 0;
      const double count = there ? 10.0 * (double)(k + 1) : 0.0;
      const double *scatter = s.given->scatter + k * s.given->second_length;
      assert_true(s.given->counts[k] == count);
      for (int64_t i = 0; i < D; i++) {
        assert_near(s.given->means[k * D + i], s.previous->means[k * D + i] + (there ? (double)k : 0.0), 1e-12L);
        for (int64_t j = triangle_first(s.given->shape, i); j <= i; j++)
          assert_near(*scatter++, count * (i == j ? 1.0 : 0.5), 1e-12L);
      }
    }
    scene_close(&s);
  }
}

/* 16 bits may cancel: a shift of 255 with variance 1 is fine, one of 257 is not. */
static void means_that_moved_far(void **state)
{
  (void)state;
  for (int shape = DENSE; shape <= DIAGONAL; shape++) {
    scene s = scene_open(family_find(shape == DENSE ? "full" : "diag"));
    statistics_begin(s.sums, s.previous->means);
    for (int64_t k = 0; k < K; k++) set_sums(&s, k, 10.0, 1.0);
    set_sums(&s, 2, 10.0, 255.0);
    assert_int_equal(outcome_of(&s, false), MOMENTS_TAKEN);
    set_sums(&s, 2, 10.0, 257.0);
    assert_int_equal(outcome_of(&s, false), MEANS_MOVED_FAR);
    assert_int_equal(outcome_of(&s, true), MOMENTS_TAKEN);
    assert_near(s.given->scatter[2 * s.given->second_length], 10.0L, 1e-8L);

    /* Rounding that would leave a negative scatter leaves none. */
    set_sums(&s, 2, 10.0, 0.5);
    s.sums->second[2 * s.sums->second_length] = 2.4999;
    assert_int_equal(outcome_of(&s, true), MOMENTS_TAKEN);
    assert_true(s.given->scatter[2 * s.given->second_length] == 0.0);
    scene_close(&s);
  }
}

/* Far from the origin a shift below what the data resolve is no reason for another pass. */
static void below_the_resolution(void **state)
{
  (void)state;
  static double low[D] = {0x1p60 - 4096, 0x1p60 - 4096, 0x1p60 - 4096};
  static double high[D] = {0x1p60, 0x1p60, 0x1p60};
  const double reference[K * D] = {0x1p60, 0x1p60, 0x1p60};
  shard distant = points;
  scene s = scene_open(family_find("full"));
  distant.minima = low;
  distant.maxima = high;
  s.sums->points = &distant;
  statistics_begin(s.sums, reference);
  for (int64_t k = 0; k < K; k++) set_sums(&s, k, 10.0, 2000.0);
  assert_int_equal(outcome_of(&s, false), MOMENTS_TAKEN);
  scene_close(&s);
}

/* One far point: units of 2^-120 of its square are too coarse for the others, which only better units help. */
static void coarse_sums(void **state)
{
  (void)state;
  static double high[D] = {0x1p45, 1000.0, 1000.0};
  shard wide = points;
  scene s = scene_open(family_find("full"));
  wide.maxima = high;
  s.sums->points = &wide;
  statistics_begin(s.sums, s.previous->means);
  for (int64_t k = 0; k < K; k++) set_sums(&s, k, 10.0, 1.0);
  assert_int_equal(outcome_of(&s, false), SUMS_ARE_COARSE);
  assert_int_equal(outcome_of(&s, true), MOMENTS_TAKEN);
  set_sums(&s, 3, 1e9, 300.0); /* so many that for them the units are fine, whose mean moved far */
  assert_int_equal(outcome_of(&s, false), SUMS_ARE_COARSE);
  const double spans[K * D] = {10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 310.0, 310.0, 310.0};
  statistics_tighten(s.sums, spans);
  assert_int_equal(outcome_of(&s, false), MEANS_MOVED_FAR);
  set_sums(&s, 3, 10.0, 1.0);
  assert_int_equal(outcome_of(&s, false), MOMENTS_TAKEN);
  scene_close(&s);
}

/* --- second moments of all components together --- */

/* Component k: `count` points, mean at `shift` from its reference, covariance 1 on the diagonal and 0.5 beside it, if
 * the second moments are about the reference, or about the origin that the sums have. */
static void add_pooled(scene *s, int64_t k, double count, double shift)
{
  statistics *sums = s->sums;
  double *second = sums->second;
  double about[D];
  sums->counts[k] = count;
  for (int64_t i = 0; i < D; i++) {
    sums->first[k * D + i] = count * shift;
    about[i] = shift + (sums->about_origin ? sums->references[k * sums->width + i] - sums->origin[i] : 0.0);
    for (int64_t j = 0; j <= i; j++) *second++ += count * ((i == j ? 1.0 : 0.5) + about[i] * about[j]);
  }
}

static void set_pooled(scene *s, const double *counts, double shift)
{
  memset(s->sums->second, 0, (size_t)s->sums->second_length * sizeof(double));
  for (int64_t k = 0; k < K; k++) add_pooled(s, k, counts[k], counts[k] > 0.0 ? shift : 0.0);
}

static void pooled_moments(void **state)
{
  (void)state;
  static const double counts[K] = {10.0, 0.0, 30.0, 1e-8}; /* the second one was dropped, the last one is empty */
  static const double origin[D] = {3.0, -2.0, 1.0};
  for (int about_origin = 0; about_origin < 2; about_origin++) {
    scene s = scene_open(&family_tied);
    s.previous->weights[1] = 0.0;
    statistics_begin(s.sums, s.previous->means);
    if (about_origin) statistics_about(s.sums, origin);
    set_pooled(&s, counts, 2.0);
    assert_int_equal(outcome_of(&s, false), MOMENTS_TAKEN);
    for (int64_t k = 0; k < K; k++) {
      assert_true(s.given->counts[k] == counts[k]);
      for (int64_t i = 0; i < D; i++)
        assert_near(s.given->means[k * D + i], s.previous->means[k * D + i] + (k % 2 == 0 ? 2.0 : 0.0), 1e-12L);
    }
    const double *scatter = s.given->scatter;
    for (int64_t i = 0; i < D; i++) {
      for (int64_t j = 0; j <= i; j++) assert_near(*scatter++, 40.0 * (i == j ? 1.0 : 0.5), 1e-7L);
    }

    /* 16 bits may cancel, as for one component. */
    if (!about_origin) {
      set_pooled(&s, counts, 255.0);
      assert_int_equal(outcome_of(&s, false), MOMENTS_TAKEN);
    }
    set_pooled(&s, counts, about_origin ? 400.0 : 257.0);
    assert_int_equal(outcome_of(&s, false), MEANS_MOVED_FAR);
    assert_int_equal(outcome_of(&s, true), MOMENTS_TAKEN);
    assert_near(s.given->scatter[0], 40.0, 1e-6L);
    set_pooled(&s, counts, 0.0);
    memset(s.sums->second, 0, (size_t)s.sums->second_length * sizeof(double));
    assert_int_equal(outcome_of(&s, true), MOMENTS_TAKEN);
    assert_true(s.given->scatter[0] == 0.0); /* rounding would leave a negative one */
    scene_close(&s);
  }
}

/* --- the trace of second moments --- */

/* Component k: `count` points, mean at `shift` from its reference, variance 1. */
static void set_trace(scene *s, int64_t k, double count, double shift)
{
  s->sums->counts[k] = count;
  for (int64_t j = 0; j < D; j++) s->sums->first[k * D + j] = count * shift;
  s->sums->second[k] = count * D * (1.0 + shift * shift);
}

static void moments_of_traces(void **state)
{
  (void)state;
  static const double origin[D] = {3.0, -2.0, 1.0};
  static const double precisions[K] = {1e-6, 1e-6, 1e9, 1e-6}; /* the third component is far from the origin */
  static const char *const names[2] = {"spherical", "EII"};
  for (int i = 0; i < 4; i++) {
    scene s = scene_open(family_find(names[i % 2]));
    statistics_begin(s.sums, s.previous->means);
    if (i < 2) statistics_about_where_near(s.sums, origin, precisions, 1);
    for (int64_t k = 0; k < K; k++) set_trace(&s, k, 10.0 * (double)(k + 1), (double)k);
    assert_int_equal(outcome_of(&s, false), MOMENTS_TAKEN);
    for (int64_t k = 0; k < K; k++) {
      const double *about = i < 2 && k != 2 ? origin : s.previous->means + k * D;
      for (int64_t j = 0; j < D; j++) {
        assert_near(s.given->means[k * D + j], about[j] + (double)k, 1e-12L);
        assert_near(s.given->scatter[k * D + j], 10.0 * (double)(k + 1), 1e-12L);
      }
    }

    /* 16 bits may cancel where a component has all points, more where it has few of them, but not more than 26. */
    static const double cases[][2] = {{1000.0, 256.0}, {250.0, 512.0}, {1e-3, 8192.0}}; /* count, shift */
    memset(s.step->ridge, 0, sizeof ridge);
    for (int c = 0; c < 3; c++) {
      const double count = cases[c][0];
      set_trace(&s, 1, count, cases[c][1] - 1.0);
      assert_int_equal(outcome_of(&s, false), MOMENTS_TAKEN);
      set_trace(&s, 1, count, cases[c][1] + 1.0);
      assert_int_equal(outcome_of(&s, false), MEANS_MOVED_FAR);
      assert_int_equal(outcome_of(&s, true), MOMENTS_TAKEN);
      assert_near(s.given->scatter[D], count, 1e-7L * count);
    }

    /* What the ridge leaves counts, too. */
    for (int64_t j = 0; j < D; j++) s.step->ridge[j] = 3.0;
    set_trace(&s, 1, 1000.0, 511.0);
    assert_int_equal(outcome_of(&s, false), MOMENTS_TAKEN);
    set_trace(&s, 1, 1000.0, 513.0);
    assert_int_equal(outcome_of(&s, false), MEANS_MOVED_FAR);
    set_trace(&s, 1, 10.0, 0.5);
    s.sums->second[1] = 7.4999; /* rounding would leave a negative one */
    assert_int_equal(outcome_of(&s, true), MOMENTS_TAKEN);
    assert_true(s.given->scatter[D] == 0.0 && s.given->scatter[2 * D - 1] == 0.0);
    scene_close(&s);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_family),
      cmocka_unit_test(empty_and_dropped),
      cmocka_unit_test(indefinite),
      cmocka_unit_test(indefinite_in_a_pool),
      cmocka_unit_test(degenerate),
      cmocka_unit_test(a_ridge_from_nothing),
      cmocka_unit_test(moments_about_the_means),
      cmocka_unit_test(means_that_moved_far),
      cmocka_unit_test(below_the_resolution),
      cmocka_unit_test(coarse_sums),
      cmocka_unit_test(pooled_moments),
      cmocka_unit_test(moments_of_traces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
