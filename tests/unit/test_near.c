/* SPDX-License-Identifier: BSD-3-Clause */
/* The E-step with bounds from earlier passes against the one without, to the bit, while models change in many ways, by
 * every kernel that the machine has; and that bounds save what they are for. */
#include "unit/matrices.h"

#include "mixture/model.h"
#include "passes/near.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <string.h>

enum { K = 150, D = 19, N = 7 * TILE_ROWS + 23, N_STEPS = 14, MOST_PAUSE = 512 };

typedef struct trial {
  const char *name;
  double spread; /* of means, in standard deviations */
  double scale, offset;
  bool duplicates, weighted, background;
  bool pays; /* most groups are out of reach of most points */
} trial;

static const trial trials[] = {
    {.name = "separated", .spread = 6.0, .scale = 1.0, .pays = true},
    {.name = "separated, with weights", .spread = 6.0, .scale = 1.0, .weighted = true, .pays = true},
    {.name = "separated, with a background", .spread = 6.0, .scale = 1.0, .background = true, .pays = true},
    {.name = "near each other", .spread = 1.2, .scale = 1.0},
    {.name = "all overlap", .spread = 0.1, .scale = 1.0},
    {.name = "duplicates", .spread = 3.0, .scale = 1.0, .duplicates = true},
    {.name = "tiny", .spread = 6.0, .scale = 1e-120, .pays = true},
    {.name = "huge", .spread = 6.0, .scale = 1e100, .pays = true},
    {.name = "far away", .spread = 6.0, .scale = 1.0, .offset = 1e6, .pays = true},
};

static double normal(uint64_t row, uint64_t draw)
{
  double pair[2];
  random_normal_pair(7, RANDOM_START_ROWS, row, draw, pair);
  return pair[0];
}

static double uniform(uint64_t row, uint64_t draw)
{
  return random_uniform(8, RANDOM_START_ROWS, row, draw);
}

static shard *new_points(const trial *t)
{
  const int64_t width = D + (t->weighted ? 1 : 0);
  double *rows = calloc((size_t)(N * width), sizeof *rows);
  shard *points;
  gmmpi_error error = {0};
  assert_non_null(rows);
  for (int64_t i = 0; i < N; i++) {
    const uint64_t row = (uint64_t)(t->duplicates ? i % 40 : i);
    const uint64_t k = row * 7 % K;
    for (int64_t j = 0; j < D; j++)
      rows[i * width + j] =
          t->offset + t->scale * (t->spread * normal(1000000 + k, (uint64_t)j) + normal(row, (uint64_t)j));
    if (t->weighted) rows[i * width + D] = (double)(i % 4);
  }
  assert_int_equal(shard_create_from_memory(MPI_COMM_SELF, rows, N, D,
                                            (shard_options){.n_threads = 1, .has_weights = t->weighted}, &points,
                                            &error),
                   GMMPI_OK);
  free(rows);
  return points;
}

/* The model of a step: means move, variances and weights change; a component goes elsewhere, some have no weight for a
 * while, all move far, and then less and less. */
static void set_model(const trial *t, int step, gmmpi_model *model)
{
  static const double moves[N_STEPS] = {0.0, 1e-3, 1e-3,  0.05,  0.05,   0.05,   0.05,
                                        3.0, 3.0,  3.001, 3.001, 3.0011, 3.0011, 3.0011};
  const int64_t length = model_stored_length(model);
  for (int64_t k = 0; k < K; k++) {
    const bool elsewhere = step >= 3 && k == 17;
    for (int64_t j = 0; j < D; j++)
      model->means[k * D + j] =
          t->offset + t->scale * (t->spread * normal(1000000 + (uint64_t)(elsewhere ? 90 : k), (uint64_t)j) +
                                  moves[step] * normal(2000000 + (uint64_t)k, (uint64_t)j) * (k % 3 == 0 ? 1.0 : 0.1));
    for (int64_t j = 0; j < length; j++)
      model_covariance(model, k)[j] = t->scale * t->scale *
                                      exp(0.3 * normal(3000000 + (uint64_t)k, (uint64_t)j) +
                                          (step >= 5 ? 0.05 : 0.0) * normal(4000000 + (uint64_t)k, (uint64_t)j)) *
                                      (k % 50 == 1 ? 9.0 : 1.0);
    model->weights[k] = (0.5 + uniform(5000000 + (uint64_t)k, 0)) / K;
    if (k % 40 == 2 && (step == 4 || step == 5)) model->weights[k] = 0.0;
    if (k % 40 == 3 && step >= 6) model->weights[k] *= 1e-30;
    assert_true(model_factorise(model, k));
  }
}

/* Tiles both ways, some together. */
enum { TOGETHER = 3 };
typedef struct comparison {
  const density_form *form;
  near_state *near;
  pass_workspace plain, own;
} comparison;

static bool is_present(const block_sums *sums, int64_t tile, int64_t k)
{
  return sums->present == NULL || (sums->present[tile * ((K + 63) / 64) + k / 64] >> (k % 64) & 1) != 0;
}

/* The sanitizers' checks stand between multiplications and additions, which are fused in one way and not in the other.
 */
static void assert_same(const double *own, const double *expected, int n)
{
#ifdef CHECKED_KERNELS
  for (int i = 0; i < n; i++) assert_true(fabs(own[i] - expected[i]) <= 1e-12 * (1.0 + fabs(expected[i])));
#else
  assert_memory_equal(own, expected, (size_t)n * sizeof(double));
#endif
}

static void compare_tiles(void *context, const row_tile *tiles, int64_t n_tiles, int thread)
{
  comparison *both = context;
  (void)thread;
  for (int64_t i = 0; i < TOGETHER * K * TILE_ROWS; i++) both->own.responsibilities[i] = NAN;
  for (int64_t t = 0; t < n_tiles; t++) {
    both->plain.responsibilities = both->plain.group_responsibilities + t * K * TILE_ROWS;
    posterior_rule((void *)(uintptr_t)both->form, &tiles[t], &both->plain);
  }
  near_rule(both->near, tiles, n_tiles, &both->own);
  assert_ptr_equal(both->own.responsibilities, both->own.group_responsibilities);
  for (int64_t row = 0; row < n_tiles * K; row++) {
    const double *expected = both->plain.group_responsibilities + row * TILE_ROWS;
    if (is_present(&both->own.sums, row / K, row % K))
      assert_same(both->own.responsibilities + row * TILE_ROWS, expected, TILE_ROWS);
    else
      for (int p = 0; p < TILE_ROWS; p++) assert_true(expected[p] == 0.0);
  }
  assert_same(&both->own.sums.log_likelihood, &both->plain.sums.log_likelihood, 1);
  assert_same(&both->own.sums.sum_log_max_responsibility, &both->plain.sums.sum_log_max_responsibility, 1);
}

static void open_workspace(const kernel *kernels, pass_workspace *work)
{
  *work = (pass_workspace){.kernel = kernels,
                           .group_responsibilities = allocate(TOGETHER * K * TILE_ROWS, sizeof(double)),
                           .present = allocate(TOGETHER * ((K + 63) / 64), sizeof(uint64_t)),
                           .scratch = allocate(kernel_scratch_bytes_of(DIAGONAL, K, D, TOGETHER), 1)};
  work->responsibilities = work->group_responsibilities;
  assert_true(work->responsibilities != NULL && work->present != NULL && work->scratch != NULL);
}

static void close_workspace(pass_workspace *work)
{
  free(work->group_responsibilities);
  free(work->present);
  free(work->scratch);
}

static void check_trial(const kernel *kernels, const trial *t, const char *covariance)
{
  const covariance_family *family = family_find(covariance);
  gmmpi_error error = {0};
  gmmpi_model *model;
  density_form *form;
  shard *points = new_points(t);
  comparison both = {.near = near_create(points, DIAGONAL, K)};
  assert_non_null(both.near);
  assert_int_equal(model_allocate((model_kind){.family = family}, K, D, &model, &error), GMMPI_OK);
  assert_int_equal(density_create(family, K, D, &form, &error), GMMPI_OK);
  open_workspace(kernels, &both.plain);
  open_workspace(kernels, &both.own);
  both.form = form;
  for (int step = 0; step < N_STEPS; step++) {
    set_model(t, step, model);
    density_from_model(form, model);
    if (t->background) form->background = form->log_constants[0] - 20.0;
    for (int i = 0; !near_begin(both.near, form);
         i++) { /* it does not pay: when the pause is over, from the beginning */
      assert_false(t->pays);
      assert_true(i < MOST_PAUSE);
    }
    shard_visit(points, TOGETHER, &(row_visitor){.context = &both, .tiles = compare_tiles});
    if (t->pays && (step == 2 || step == N_STEPS - 1)) assert_true(near_share_computed(both.near) < 0.1);
  }
  close_workspace(&both.plain);
  close_workspace(&both.own);
  near_destroy(both.near);
  density_destroy(form);
  gmmpi_model_destroy(model);
  shard_destroy(points);
}

static void same_bits(void **state)
{
  (void)state;
  for (int level = 0; level <= KERNEL_HIGHEST_LEVEL; level++) {
    if (kernel_best(level)->level != level) continue;
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
      check_trial(kernel_best(level), &trials[i], "spherical");
      check_trial(kernel_best(level), &trials[i], "diag");
    }
  }
}

/* What near_create gives, and what is counted for it. */
static void use(void **state)
{
  (void)state;
  shard *points = new_points(&trials[0]);
  assert_null(near_create(points, DENSE, K));
  assert_null(near_create(points, DIAGONAL, LEAST_NEAR_COMPONENTS - 1));
  assert_int_equal(near_bytes(DENSE, K, D, N), 0);
  assert_int_equal(near_bytes(DIAGONAL, K, LEAST_NEAR_FEATURES - 1, N), 0);
  assert_true(near_bytes(DIAGONAL, 1024, 128, 1000000) < 1000000 * (int64_t)(128 * sizeof(double)));
  assert_true(near_bytes(DIAGONAL, 1024, 128, INT64_MAX / 128) == INT64_MAX);
  shard_destroy(points);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_bits),
      cmocka_unit_test(use),
  };
  const int result = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return result;
}
