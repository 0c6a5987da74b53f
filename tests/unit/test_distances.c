/* SPDX-License-Identifier: BSD-3-Clause */
/* Distances of diagonal covariances: at the bound up to which they are computed about an origin, and which components
 * single precision leaves over; against sums of squares in long double. */
#include "unit/matrices.h"

#include "kernels/kernel.h"
#include "support/memory.h"

#include <string.h>

static int runnable_kernels(const kernel *kernels[3])
{
  int n = 0;
  for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
    if (kernel_best(level)->level == level) kernels[n++] = kernel_best(level);
  }
  return n;
}

/* A mixture, a tile, and room for what kernels make of them. */
typedef struct trial {
  int64_t K, d;
  density_form *form;
  double *tile, *log_densities, *scratch;
} trial;

static trial trial_create(const covariance_family *family, int64_t K, int64_t d)
{
  gmmpi_error error;
  trial t = {.K = K, .d = d};
  assert_int_equal(density_create(family, K, d, &t.form, &error), GMMPI_OK);
  t.tile = allocate(d * TILE_ROWS, sizeof(double));
  t.log_densities = allocate(K * TILE_ROWS, sizeof(double));
  t.scratch = allocate(kernel_scratch_bytes(DIAGONAL, K, d), 1);
  assert_true(t.tile != NULL && t.log_densities != NULL && t.scratch != NULL);
  return t;
}

static void trial_destroy(trial *t)
{
  density_destroy(t->form);
  free(t->tile);
  free(t->log_densities);
  free(t->scratch);
}

/* Of the tile's p-th point from component k's mean, in its standard deviations, squared. */
static long double exact_square(const trial *t, int64_t k, int p)
{
  long double sum = 0.0L;
  for (int64_t j = 0; j < t->d; j++) {
    const long double y = (long double)t->tile[j * TILE_ROWS + p] - t->form->means[k * t->d + j];
    sum += y * y * t->form->whitening[k * t->d + j];
  }
  return sum;
}

/* Component 0 is `square` standard deviations, squared, from the mean of the mixture, in directions of all features; a
 * third of the points are near to it. */
static void set_far_mixture(trial *t, double square, double *weights, uint64_t *seed)
{
  const int64_t K = t->K;
  const int64_t d = t->d;
  for (int64_t k = 0; k < K; k++) {
    weights[k] = 1.0 / (double)K;
    t->form->log_constants[k] = -1.0 - 0.1 * (double)k;
    for (int64_t j = 0; j < d; j++) {
      t->form->means[k * d + j] = random_number(seed);
      t->form->whitening[k * d + j] = 1.0 + 0.5 * random_number(seed);
    }
  }
  for (int64_t j = 0; j < d; j++) {
    double others = 0.0;
    for (int64_t k = 1; k < K; k++) others += t->form->means[k * d + j] / (double)(K - 1);
    t->form->means[j] = others + sqrt(square / t->form->whitening[j] / (double)d) * (double)K / (double)(K - 1);
  }
  for (int p = 0; p < TILE_ROWS; p++) {
    const int64_t k = p % 3 == 0 ? 0 : p % K;
    for (int64_t j = 0; j < d; j++) t->tile[j * TILE_ROWS + p] = t->form->means[k * d + j] + 2.0 * random_number(seed);
  }
}

static void check_far_mixture(const kernel *kernels, const trial *t, double size)
{
  kernels->log_densities(t->form, t->tile, t->log_densities, t->scratch);
  for (int64_t k = 0; k < t->K; k++) {
    for (int p = 0; p < TILE_ROWS; p++) {
      const long double square = exact_square(t, k, p);
      /* Coordinates about the origin are as large as the far component is away, and so is what rounds them. */
      const long double lost = 4.0L * 0x1p-53L * (size * sqrtl(square) + (long double)(t->d + 4) * square);
      assert_near(t->log_densities[k * TILE_ROWS + p], t->form->log_constants[k] - 0.5L * square, lost + 1e-15L);
    }
  }
}

/* Products of points with the roots of precisions (ROOTS), and differences beyond. */
static void far_components(void **state)
{
  (void)state;
  static const int64_t sizes[][2] = {{5, 4}, {16, 7}, {33, 12}, {130, 9}}; /* d, K */
  static const double shares[] = {0.25, 1.0 - 0x1p-20, 1.0 + 0x1p-20, 16.0};
  double weights[12];
  const kernel *kernels[3];
  const int n_kernels = runnable_kernels(kernels);
  uint64_t seed = 1;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    trial t = trial_create(&family_diag, sizes[i][1], sizes[i][0]);
    for (size_t j = 0; j < sizeof shares / sizeof shares[0]; j++) {
      const double square = shares[j] * MOST_CENTRED_SQUARE;
      set_far_mixture(&t, square, weights, &seed);
      centred_form_set(t.form, weights);
      assert_true(t.form->centred.holds == (shares[j] < 1.0));
      for (int kn = 0; kn < n_kernels; kn++) check_far_mixture(kernels[kn], &t, 2.0 * sqrt(square));
    }
    trial_destroy(&t);
  }
}

/* Components and points about them; spread: of the means, in standard deviations. */
static void set_mixture(trial *t, bool isotropic, double spread, double offset, uint64_t *seed)
{
  const int64_t d = t->d;
  t->form->isotropic = isotropic;
  for (int64_t k = 0; k < t->K; k++) {
    t->form->log_constants[k] = isotropic ? 3.0 * random_number(seed) : 0.0;
    const double precision = 1.0 + 0.5 * random_number(seed);
    for (int64_t j = 0; j < d; j++) {
      t->form->means[k * d + j] = offset + spread * random_number(seed);
      t->form->whitening[k * d + j] = isotropic ? precision : k > 0 ? t->form->whitening[j] : pow(4.0, (double)(j % 3));
    }
  }
  for (int p = 0; p < TILE_ROWS; p++) {
    for (int64_t j = 0; j < d; j++)
      t->tile[j * TILE_ROWS + p] = t->form->means[p * 7 % t->K * d + j] + random_number(seed);
  }
}

/* Of a point the values of all components, in long double; returns the least. */
static long double exact_values(const trial *t, int p, long double *values)
{
  long double least = INFINITY;
  for (int64_t k = 0; k < t->K; k++) {
    values[k] = t->form->log_constants[k] == -INFINITY ? (long double)INFINITY
                                                       : 0.5L * exact_square(t, k, p) - t->form->log_constants[k];
    least = fminl(least, values[k]);
  }
  return least;
}

static bool is_listed(int64_t n, const nearest_candidate *candidates, int p, int64_t k)
{
  for (int64_t i = 0; i < n; i++) {
    if (candidates[i].point == p && candidates[i].component == k) return true;
  }
  return false;
}

enum { MOST_K = 300 };

/* Whatever may be the best is listed, and no more than a few others. farthest: TILE_ROWS, or NULL. */
static void check_candidates(const kernel *kernels, const trial *t, const nearest_form *quick, const double *farthest,
                             int64_t most)
{
  nearest_candidate candidates[NEAREST_MOST_CANDIDATES];
  long double values[MOST_K];
  const int64_t n = kernels->candidates(quick, t->tile, farthest, candidates, (float *)t->log_densities, t->scratch);
  assert_in_range(n, 0, most);
  for (int64_t i = 1; i < n; i++) assert_true(candidates[i - 1].component <= candidates[i].component);
  for (int p = 0; p < TILE_ROWS; p++) {
    const long double least = exact_values(t, p, values);
    for (int64_t k = 0; k < t->K; k++) {
      if (values[k] <= least + 0x1p-39L && (farthest == NULL || values[k] <= farthest[p]))
        assert_true(is_listed(n, candidates, p, k));
    }
  }
}

static void candidates(void **state)
{
  (void)state;
  static const int64_t sizes[][2] = {{16, 16}, {17, 33}, {40, 64}, {128, MOST_K}}; /* d, K */
  static const double spreads[] = {0.3, 3.0, 1e4};
  const kernel *kernels[3];
  const int n_kernels = runnable_kernels(kernels);
  double farthest[TILE_ROWS];
  gmmpi_error error;
  uint64_t seed = 3;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (int turn = 0; turn < 6; turn++) {
      const bool isotropic = turn % 2 == 0;
      trial t = trial_create(isotropic ? &family_spherical : &family_diag, sizes[i][1], sizes[i][0]);
      nearest_form *quick;
      assert_int_equal(nearest_form_create(t.K, t.d, &quick, &error), GMMPI_OK);
      set_mixture(&t, isotropic, spreads[turn / 2], turn == 2 ? 1e6 : 0.0, &seed);
      if (isotropic) t.form->log_constants[5] = -INFINITY;
      memcpy(t.form->means + 3 * t.d, t.form->means + 2 * t.d, (size_t)t.d * sizeof(double)); /* a tie of two */
      for (int64_t j = 0; j < t.d; j++) {
        t.form->whitening[3 * t.d + j] = t.form->whitening[2 * t.d + j];
        t.tile[j * TILE_ROWS + 9] = t.form->means[2 * t.d + j];
      }
      t.form->log_constants[3] = t.form->log_constants[2];
      nearest_form_set(quick, t.form);
      assert_true(quick->holds);
      for (int p = 0; p < TILE_ROWS; p++) farthest[p] = p % 2 == 0 ? 0.0 : INFINITY;
      for (int kn = 0; kn < n_kernels; kn++) {
        check_candidates(kernels[kn], &t, quick, NULL, TILE_ROWS + TILE_ROWS / 4);
        /* Far from the origin more is lost than any point is away from its mean. */
        if (!isotropic)
          check_candidates(kernels[kn], &t, quick, farthest,
                           turn < 4 ? TILE_ROWS / 2 + TILE_ROWS / 4 : TILE_ROWS + TILE_ROWS / 4);
      }
      nearest_form_destroy(quick);
      trial_destroy(&t);
    }
  }
}

/* All components alike: nobody can tell; points so far away that single precision has no such numbers; few components.
 */
static void candidates_that_are_not_told(void **state)
{
  (void)state;
  nearest_candidate found[NEAREST_MOST_CANDIDATES];
  const kernel *kernels[3];
  const int n_kernels = runnable_kernels(kernels);
  gmmpi_error error;
  uint64_t seed = 4;
  trial t = trial_create(&family_spherical, 20, 16);
  nearest_form *quick;
  assert_int_equal(nearest_form_create(t.K, t.d, &quick, &error), GMMPI_OK);
  for (int turn = 0; turn < 2; turn++) {
    set_mixture(&t, true, turn == 0 ? 0.0 : 1.0, 0.0, &seed);
    for (int64_t k = 0; k < t.K; k++) {
      t.form->log_constants[k] = 0.0;
      for (int64_t j = 0; j < t.d; j++) t.form->whitening[k * t.d + j] = 1.0;
    }
    if (turn == 1) t.tile[3] = 1e200;
    nearest_form_set(quick, t.form);
    assert_true(quick->holds);
    for (int kn = 0; kn < n_kernels; kn++)
      assert_int_equal(kernels[kn]->candidates(quick, t.tile, NULL, found, (float *)t.log_densities, t.scratch), -1);
  }
  t.form->means[0] = 1e40;
  nearest_form_set(quick, t.form);
  assert_false(quick->holds);
  t.form->means[0] = 0.0;
  t.form->n_components = LEAST_NEAREST_COMPONENTS - 1;
  nearest_form_set(quick, t.form);
  assert_false(quick->holds);
  nearest_form_destroy(quick);
  trial_destroy(&t);
}

/* Distances of pairs have the bits of whole tiles. */
static void distances_of_pairs(void **state)
{
  (void)state;
  enum { N = 61 };
  nearest_candidate pairs[N];
  double distances[N];
  const kernel *kernels[3];
  const int n_kernels = runnable_kernels(kernels);
  uint64_t seed = 5;
  for (int64_t d = 16; d < 60; d += 21) {
    trial t = trial_create(&family_diag, 19, d);
    set_mixture(&t, false, 5.0, 100.0, &seed);
    for (int i = 0; i < N; i++) pairs[i] = (nearest_candidate){i * 29 % TILE_ROWS, i * 5 % 19};
    for (int kn = 0; kn < n_kernels; kn++) {
      kernels[kn]->log_densities(t.form, t.tile, t.log_densities, t.scratch);
      for (int n = 1; n <= N; n += 20) {
        kernels[kn]->distances_of_pairs(t.form, t.tile, n, pairs, distances);
        for (int i = 0; i < n; i++)
          assert_true(distances[i] == -2.0 * t.log_densities[pairs[i].component * TILE_ROWS + pairs[i].point]);
      }
    }
    trial_destroy(&t);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(far_components),
      cmocka_unit_test(candidates),
      cmocka_unit_test(candidates_that_are_not_told),
      cmocka_unit_test(distances_of_pairs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
