/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights of rows in a pass that are functions of seed, number and row: a pass under such a weighting finds, bit for
 * bit, what one over points finds that carry the same numbers as a column of weights; the numbers have their
 * distribution; folds part the rows evenly. */
#include "passes/pass.h"
#include "support/memory.h"
#include "unit/problem.h"

enum { N = 1500, D = 2, K = 3, N_THREADS = 2, SEED = 17, N_FOLDS = 7 };

typedef enum own_weights { NO_WEIGHTS, OWN_WEIGHTS, RESCALED_WEIGHTS } own_weights;

static shard *points_with(const double *weights, bool normalised, const double *rows)
{
  shard *points = NULL;
  gmmpi_error error = {0};
  double *wider = calloc(N * (D + 1), sizeof(double));
  assert_non_null(wider);
  const bool has_weights = weights != NULL;
  for (int64_t i = 0; i < N; i++) {
    double *row = wider + i * (D + (has_weights ? 1 : 0));
    memcpy(row, rows + i * D, D * sizeof(double));
    if (has_weights) row[D] = weights[i];
  }
  const shard_options options = {.n_threads = N_THREADS, .has_weights = has_weights};
  assert_int_equal(shard_create_from_memory(MPI_COMM_SELF, wider, N, D, options, &points, &error), GMMPI_OK);
  if (normalised) shard_normalise_weights(points);
  free(wider);
  return points;
}

/* Each row's weight under a weighting. */
typedef struct listing {
  const row_weighting *weighting;
  double *weights; /* N */
} listing;

static void list_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const listing *list = context;
  _Alignas(MEMORY_ALIGNMENT) double room[TILE_ROWS];
  const double *weights = weights_of_tile(list->weighting, tile, room);
  (void)n_tiles;
  (void)thread;
  for (int p = 0; p < TILE_ROWS; p++) {
    if (p < tile->n_points)
      list->weights[tile->first_row + p] = weights[p];
    else
      assert_true(weights[p] == 0.0);
  }
}

static void list_weights(const shard *points, const row_weighting *weighting, double *weights)
{
  listing list = {weighting, weights};
  shard_visit(points, 1, &(row_visitor){.context = &list, .tiles = list_tile, .takes_turns = true});
}

static row_weighting weighting_of(int which, int64_t number)
{
  switch (which) {
  case 0:
    return weighting_exponential(SEED, number);
  case 1:
    return weighting_poisson(SEED, number);
  case 2:
    return weighting_training(SEED, number, N_FOLDS);
  default:
    return weighting_held_out(SEED, number, N_FOLDS);
  }
}
enum { N_KINDS = 4 };

static void make_rows(double *rows)
{
  for (int64_t i = 0; i < N * D; i++) rows[i] = 5.0 * (double)((i / D + i % D) % 3) + normal_number(3, i);
}

static gmmpi_model *mixture(const char *family)
{
  gmmpi_model *model = new_model(family, K, D);
  for (int64_t k = 0; k < K; k++)
    set_component(model, k, 0.2 + 0.2 * (double)(k == 1) + 0.2 * (double)(k == 2), (double[]){5.0 * (double)k, 4.0},
                  (double[]){2.0, 0.0, 0.0, 9.0});
  return model;
}

/* What a pass finds, of a mixture of normal distributions or, with tails, of Student's. */
typedef struct found {
  statistics *sums;
  double spans[K * D];
} found;

static void make_pass(const shard *points, const row_weighting *weighting, const char *family, statistics_order order,
                      bool tails, found *result)
{
  gmmpi_model *model = mixture(family);
  const density_shape shape = family_find(family)->storage->shape;
  const pass_size size = {shape, order, K, 2};
  double dof[K] = {3.0, 10.0, 40.0};
  density_form *form = NULL;
  pass_team *team = NULL;
  gmmpi_error error = {0};
  assert_int_equal(density_create(model->family, K, D, &form, &error), GMMPI_OK);
  density_from_model(form, model);
  assert_int_equal(statistics_create(shape, order, K, points, &result->sums, &error), GMMPI_OK);
  assert_int_equal(team_create(kernel_best(KERNEL_HIGHEST_LEVEL), points, &size, 1, &team, &error), GMMPI_OK);
  if (tails) {
    assert_int_equal(statistics_add_tails(result->sums, &error), GMMPI_OK);
    assert_int_equal(team_add_tails(team, K, 2, &error), GMMPI_OK);
    statistics_set_largest_pull(result->sums, 5.0 / 3.0);
    form->dof = dof;
  }
  statistics_begin(result->sums, model->means);
  const pass_request requests[2] = {
      {.rule = posterior_rule, .context = form, .sums = result->sums, .weighting = weighting},
      {.rule = posterior_rule, .context = form, .sums = result->sums, .spans = result->spans, .weighting = weighting}};
  pass_control control = {.n_questions = 0};
  assert_int_equal(pass_make(team, points, requests, tails ? 1 : 2, &control, &error), GMMPI_OK);
  team_destroy(team);
  if (tails) form->dof = NULL;
  density_destroy(form);
  gmmpi_model_destroy(model);
}

static void assert_same_numbers(const double *a, const double *b, int64_t n)
{
  assert_memory_equal(a, b, (size_t)n * sizeof(double));
}

static void assert_same_pass(const shard *points, const row_weighting *weighting, const shard *column,
                             const char *family, statistics_order order, bool tails)
{
  found by_weighting = {0};
  found by_column = {0};
  make_pass(points, weighting, family, order, tails, &by_weighting);
  make_pass(column, NULL, family, order, tails, &by_column);
  const statistics *a = by_weighting.sums;
  const statistics *b = by_column.sums;
  assert_true(a->counts[0] > 0.0);
  assert_same_numbers(a->counts, b->counts, K);
  assert_same_numbers(a->first, b->first, K * D);
  assert_same_numbers(a->second, b->second, a->n_second * a->second_length);
  if (tails) assert_same_numbers(a->totals, b->totals, K);
  if (tails) assert_same_numbers(a->logs, b->logs, K);
  assert_true(a->log_likelihood == b->log_likelihood && a->log_likelihood < 0.0);
  assert_true(a->sum_log_max_responsibility == b->sum_log_max_responsibility);
  assert_true(statistics_total_weight(a) == statistics_total_weight(b));
  assert_same_numbers(by_weighting.spans, by_column.spans, K * D);
  statistics_destroy(by_weighting.sums);
  statistics_destroy(by_column.sums);
}

static void like_a_column_of_weights(void **state)
{
  (void)state;
  double *rows = calloc(N * D, sizeof(double));
  double *own = calloc(N, sizeof(double));
  double *weights = calloc(N, sizeof(double));
  gmmpi_error error = {0};
  make_rows(rows);
  for (int64_t i = 0; i < N; i++) own[i] = 0.25 * (double)(i % 5);
  for (own_weights have = NO_WEIGHTS; have <= RESCALED_WEIGHTS; have++) {
    shard *points = points_with(have == NO_WEIGHTS ? NULL : own, have == RESCALED_WEIGHTS, rows);
    for (int which = 0; which < N_KINDS; which++) {
      row_weighting weighting = weighting_of(which, 2);
      assert_int_equal(weightings_measure(points, &weighting, 1, &error), GMMPI_OK);
      list_weights(points, &weighting, weights);
      /* Exponential weights have the total of the rows' own ones, which a column has only where it is n. */
      const bool normalised = weighting.keeps_total && have != OWN_WEIGHTS;
      shard *column = points_with(weights, normalised, rows);
      if (!normalised) column->weight_unit = weighting.weight_unit;
      if (!normalised)
        column->total_weight =
            weighting.keeps_total ? points->total_weight : column->total_weight * weighting.weight_unit;
      assert_true(weighting.largest_weight == column->largest_weight);
      assert_same_pass(points, &weighting, column, "full", SECOND_ORDER, false);
      assert_same_pass(points, &weighting, column, "tied", POOLED_ORDER, false);
      assert_same_pass(points, &weighting, column, "diag", SECOND_ORDER, true);
      assert_same_pass(points, &weighting, column, "spherical", TRACE_ORDER, false);
      assert_same_pass(points, &weighting, column, "spherical", TRACE_ORDER, true);
      shard_destroy(column);
    }
    shard_destroy(points);
  }
  free(rows);
  free(own);
  free(weights);
}

/* Weights that are kept are those that are made anew, in the first walk and in later ones; and a number is another set
 * of weights. Several weightings are measured as each alone is. */
static void kept_or_made_anew(void **state)
{
  (void)state;
  double *rows = calloc(N * D, sizeof(double));
  double *weights[3];
  gmmpi_error error = {0};
  make_rows(rows);
  shard *points = points_with(NULL, false, rows);
  for (int i = 0; i < 3; i++) weights[i] = calloc(N, sizeof(double));
  double *kept = allocate(weighting_n_tiles(points) * TILE_ROWS, sizeof *kept);
  bool *is_kept = calloc((size_t)weighting_n_tiles(points), sizeof *is_kept);
  for (int which = 0; which < N_KINDS; which++) {
    row_weighting both[2] = {weighting_of(which, 4), weighting_of(which, 5)};
    assert_int_equal(weightings_measure(points, both, 2, &error), GMMPI_OK);
    for (int i = 0; i < 2; i++) {
      row_weighting alone = weighting_of(which, 4 + i);
      list_weights(points, &alone, weights[0]);
      weighting_keep(points, &alone, kept, is_kept);
      assert_int_equal(weightings_measure(points, &alone, 1, &error), GMMPI_OK);
      assert_true(alone.total_weight == both[i].total_weight && alone.total_weight > 0.0);
      assert_true(alone.largest_weight == both[i].largest_weight);
      list_weights(points, &alone, weights[1]);
      assert_same_numbers(weights[0], weights[1], N);
      if (i == 0) memcpy(weights[2], weights[0], N * sizeof(double));
    }
    assert_memory_not_equal(weights[0], weights[2], N * sizeof(double));
  }
  for (int i = 0; i < 3; i++) free(weights[i]);
  free(kept);
  free(is_kept);
  free(rows);
  shard_destroy(points);
}

/* Sums of powers of the weights of many rows, against those of the distributions: mean 1, variance 1, and the third
 * central moment 2 (exponential) or 1 (Poisson); the parts of the Poisson numbers are 1 / (e k!). */
static void have_their_distribution(void **state)
{
  (void)state;
  double *rows = calloc(N * D, sizeof(double));
  double *weights = calloc(N, sizeof(double));
  make_rows(rows);
  shard *points = points_with(NULL, false, rows);
  enum { N_NUMBERS = 200, N_COUNTS = 6 };
  const double n = (double)N * N_NUMBERS;
  for (int which = 0; which < 2; which++) {
    double powers[3] = {0.0, 0.0, 0.0};
    double counts[N_COUNTS] = {0.0};
    for (int64_t number = 0; number < N_NUMBERS; number++) {
      const row_weighting weighting = weighting_of(which, number);
      list_weights(points, &weighting, weights);
      for (int64_t i = 0; i < N; i++) {
        const double deviation = weights[i] - 1.0;
        powers[0] += deviation;
        powers[1] += deviation * deviation;
        powers[2] += deviation * deviation * deviation;
        if (which == 1 && weights[i] < N_COUNTS) counts[(int)weights[i]] += 1.0;
      }
    }
    /* Within five standard errors: the variances of X - 1, its square and its cube are 1, 8, 261 and 1, 3, 40. */
    const double expected[2][3] = {{0.0, 1.0, 2.0}, {0.0, 1.0, 1.0}};
    const double variance[2][3] = {{1.0, 8.0, 261.0}, {1.0, 3.0, 40.0}};
    for (int m = 0; m < 3; m++)
      assert_true(fabs(powers[m] / n - expected[which][m]) < 5.0 * sqrt(variance[which][m] / n));
    double part = exp(-1.0);
    for (int k = 0; k < N_COUNTS && which == 1; k++) {
      if (k > 0) part /= k;
      assert_true(fabs(counts[k] / n - part) < 5.0 * sqrt(part * (1.0 - part) / n));
    }
  }
  free(rows);
  free(weights);
  shard_destroy(points);
}

/* Every row is held out once and trains all other folds; folds differ by one row at most; and another seed parts
 * them otherwise. */
static void folds_part_the_rows(void **state)
{
  (void)state;
  double *rows = calloc(N * D, sizeof(double));
  double *weights = calloc(N, sizeof(double));
  double *others = calloc(N, sizeof(double));
  make_rows(rows);
  shard *points = points_with(NULL, false, rows);
  const int64_t numbers_of_folds[] = {2, N_FOLDS, 10, MOST_FOLDS};
  for (int i = 0; i < 4; i++) {
    const int64_t n_folds = numbers_of_folds[i];
    int64_t *times = calloc(N, sizeof *times);
    int64_t moved = 0;
    for (int64_t fold = 0; fold < n_folds; fold++) {
      const row_weighting held_out = weighting_held_out(SEED, fold, n_folds);
      const row_weighting training = weighting_training(SEED, fold, n_folds);
      const row_weighting elsewhere = weighting_held_out(SEED + 1, fold, n_folds);
      int64_t n_rows = 0;
      list_weights(points, &training, others);
      list_weights(points, &held_out, weights);
      for (int64_t r = 0; r < N; r++) {
        assert_true(weights[r] + others[r] == 1.0 && weights[r] * others[r] == 0.0);
        if (weights[r] == 1.0) times[r]++;
        if (weights[r] == 1.0) n_rows++;
      }
      assert_true(n_rows == N / n_folds || n_rows == N / n_folds + 1);
      list_weights(points, &elsewhere, others);
      for (int64_t r = 0; r < N; r++) moved += weights[r] == 1.0 && others[r] == 0.0;
    }
    for (int64_t r = 0; r < N; r++) assert_int_equal(times[r], 1);
    const double expected = 1.0 - 1.0 / (double)n_folds;
    assert_true(fabs((double)moved / N - expected) < 0.1);
    free(times);
  }
  free(rows);
  free(weights);
  free(others);
  shard_destroy(points);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(like_a_column_of_weights),
      cmocka_unit_test(kept_or_made_anew),
      cmocka_unit_test(have_their_distribution),
      cmocka_unit_test(folds_part_the_rows),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
