/* SPDX-License-Identifier: BSD-3-Clause */
/* A replicate of the bootstrap is, bit for bit, the fit of its weights alone that begins at the model, whichever others
 * share its passes and whoever had its place before; replicates without points in a component fail and harm nobody; a
 * wish to stop is heard. */
#include "fit/bootstrap.h"

#include "fit/fit.h"
#include "fit/model_options.h"
#include "fit/replicate_match.h"
#include "passes/weighting.h"
#include "support/memory.h"
#include "unit/problem.h"

enum { N = 330, D = 2, K = 3, R = 80, N_THREADS = 2, SEED = 23 };

static shard *points_of(const double *rows, const double *weights, bool normalised)
{
  shard *points = NULL;
  gmmpi_error error = {0};
  const int64_t width = D + (weights != NULL ? 1 : 0);
  double *wider = calloc((size_t)(N * width), sizeof(double));
  assert_non_null(wider);
  for (int64_t i = 0; i < N; i++) {
    memcpy(wider + i * width, rows + i * D, D * sizeof(double));
    if (weights != NULL) wider[i * width + D] = weights[i];
  }
  const shard_options how = {.n_threads = N_THREADS, .has_weights = weights != NULL};
  assert_int_equal(shard_create_from_memory(MPI_COMM_SELF, wider, N, D, how, &points, &error), GMMPI_OK);
  if (normalised) shard_normalise_weights(points);
  free(wider);
  return points;
}

static double *overlapping_rows(void)
{
  double *rows = calloc(N * D, sizeof(double));
  assert_non_null(rows);
  for (int64_t i = 0; i < N; i++) {
    for (int64_t j = 0; j < D; j++) rows[i * D + j] = 3.0 * (double)((i + j) % K) + normal_number(4, i * D + j);
  }
  return rows;
}

static gmmpi_model *fitted(const shard *points, const char *covariance, component_distribution distribution)
{
  fit_options options = fit_defaults(K);
  fit_result result;
  gmmpi_error error = {0};
  options.covariance = covariance;
  options.distribution = distribution;
  options.threads = N_THREADS;
  assert_int_equal(fit_run(points, &options, NULL, NULL, &result, &error), GMMPI_OK);
  gmmpi_model *model = result.end.model;
  result.end.model = NULL;
  fit_result_clear(&result);
  return model;
}

typedef struct weights_list {
  const row_weighting *weighting;
  double *weights;
} weights_list;

static void list_tile(void *context, const row_tile *tile, int64_t n_tiles, int thread)
{
  const weights_list *list = context;
  _Alignas(MEMORY_ALIGNMENT) double room[TILE_ROWS];
  const double *weights = weights_of_tile(list->weighting, tile, room);
  (void)n_tiles;
  (void)thread;
  memcpy(list->weights + tile->first_row, weights, (size_t)tile->n_points * sizeof(double));
}

/* What a fit of the points with the replicate's weights as a column ends in; false when it has not converged. */
static bool fit_alone(const shard *points, const double *rows, const gmmpi_model *model, const fit_options *options,
                      bootstrap_type type, int64_t number, const replicate_layout *layout, double *numbers)
{
  const row_weighting weighting =
      type == BOOTSTRAP_WLBS ? weighting_exponential(SEED, number) : weighting_poisson(SEED, number);
  double weights[N];
  weights_list list = {&weighting, weights};
  shard_visit(points, 1, &(row_visitor){.context = &list, .tiles = list_tile, .takes_turns = true});
  shard *column = points_of(rows, weights, type == BOOTSTRAP_WLBS);
  fit_result result;
  gmmpi_error error = {0};
  assert_int_equal(fit_run(column, options, NULL, NULL, &result, &error), GMMPI_OK);
  const bool converged = result.end.converged && result.n_events == 0;
  replicate_matcher *matcher = NULL;
  int64_t order[K];
  double covariance[D * D];
  assert_int_equal(matcher_create(model, &matcher, &error), GMMPI_OK);
  assert_int_equal(matcher_match(matcher, result.end.model, order, &error), GMMPI_OK);
  replicate_take(layout, result.end.model, order, covariance, numbers);
  matcher_destroy(matcher);
  fit_result_clear(&result);
  shard_destroy(column);
  return converged;
}

static void like_each_alone(void **state)
{
  (void)state;
  static const struct {
    const char *covariance;
    component_distribution distribution;
    bootstrap_type type;
  } cases[] = {{"full", DISTRIBUTION_GAUSSIAN, BOOTSTRAP_WLBS},
               {"tied", DISTRIBUTION_GAUSSIAN, BOOTSTRAP_POISSON},
               {"diag", DISTRIBUTION_T, BOOTSTRAP_WLBS},
               {"EVE", DISTRIBUTION_GAUSSIAN, BOOTSTRAP_WLBS}};
  const int64_t numbers_of_replicates[] = {0, 63, 64, 79};
  double *rows = overlapping_rows();
  shard *points = points_of(rows, NULL, false);
  for (int c = 0; c < 4; c++) {
    gmmpi_model *model = fitted(points, cases[c].covariance, cases[c].distribution);
    const bootstrap_options how = {.n_replicates = R, .type = cases[c].type, .seed = SEED, .level = 0.9};
    fit_options options;
    bootstrap_result result;
    gmmpi_error error = {0};
    assert_int_equal(fit_options_of_model(model, NULL, "model", &options, &error), GMMPI_OK);
    options.threads = N_THREADS;
    options.tolerance = 1e-6;
    assert_int_equal(bootstrap_run(points, model, &options, &how, NULL, NULL, &result, &error), GMMPI_OK);
    assert_true(result.counts[REPLICATE_DONE] > R / 2 && result.counts[REPLICATE_UNDONE] == 0);
    const int64_t length = result.layout.length;
    double *numbers = calloc((size_t)length, sizeof *numbers);
    for (int i = 0; i < 4; i++) {
      const int64_t r = numbers_of_replicates[i];
      const bool converged = fit_alone(points, rows, model, &options, how.type, r, &result.layout, numbers);
      assert_int_equal(replicate_is_done(result.states[r]), converged);
      if (converged) assert_memory_equal(result.replicates + r * length, numbers, (size_t)length * sizeof *numbers);
    }
    free(numbers);
    bootstrap_result_clear(&result);
    gmmpi_model_destroy(model);
  }
  shard_destroy(points);
  free(rows);
}

/* Of the points of the last component, which are three far away, Poisson numbers are all 0 in a share e^-3. */
static void collapses_are_counted(void **state)
{
  (void)state;
  enum { MANY = 400 };
  double *rows = overlapping_rows();
  for (int64_t i = N - 3; i < N; i++) rows[i * D] = 1e4 + (double)(i % 2), rows[i * D + 1] = (double)i;
  shard *points = points_of(rows, NULL, false);
  gmmpi_model *model = new_model("spherical", K, D);
  set_component(model, 0, 0.5, (double[]){2.0, 2.0}, (double[]){4.0, 0.0, 0.0, 4.0});
  set_component(model, 1, 0.49, (double[]){4.0, 4.0}, (double[]){4.0, 0.0, 0.0, 4.0});
  set_component(model, 2, 0.01, (double[]){1e4, 328.0}, (double[]){1.0, 0.0, 0.0, 1.0});
  const bootstrap_options how = {.n_replicates = MANY, .type = BOOTSTRAP_POISSON, .seed = SEED, .level = 0.9};
  fit_options options;
  bootstrap_result result;
  gmmpi_error error = {0};
  assert_int_equal(fit_options_of_model(model, NULL, "model", &options, &error), GMMPI_OK);
  options.max_iterations = 100000;
  assert_int_equal(bootstrap_run(points, model, &options, &how, NULL, NULL, &result, &error), GMMPI_OK);
  int64_t n_expected = 0;
  for (int64_t r = 0; r < MANY; r++) {
    const row_weighting weighting = weighting_poisson(SEED, r);
    double weights[N];
    weights_list list = {&weighting, weights};
    shard_visit(points, 1, &(row_visitor){.context = &list, .tiles = list_tile, .takes_turns = true});
    const bool is_empty = weights[N - 3] + weights[N - 2] + weights[N - 1] == 0.0;
    n_expected += is_empty;
    if (is_empty) assert_int_equal(result.states[r], REPLICATE_COLLAPSED);
    if (!replicate_is_done(result.states[r])) assert_true(isnan(result.replicates[r * result.layout.length]));
  }
  assert_true(fabs((double)n_expected - MANY * exp(-3.0)) < 5.0 * sqrt(MANY * exp(-3.0)));
  assert_true(result.counts[REPLICATE_DONE] > MANY / 2);
  bootstrap_result_clear(&result);
  gmmpi_model_destroy(model);
  shard_destroy(points);
  free(rows);
}

/* Stops when so many replicates have ended. */
typedef struct impatience {
  int64_t most, n_ended;
} impatience;

static bool has_enough(void *context)
{
  const impatience *patience = context;
  return patience->n_ended >= patience->most;
}

static void note_ended(void *context, const bootstrap_result *result, int64_t n_replicates)
{
  impatience *patience = context;
  patience->n_ended = n_replicates - result->counts[REPLICATE_UNDONE];
}

static void stops_when_asked(void **state)
{
  (void)state;
  double *rows = overlapping_rows();
  shard *points = points_of(rows, NULL, false);
  gmmpi_model *model = fitted(points, "full", DISTRIBUTION_GAUSSIAN);
  const bootstrap_options how = {.n_replicates = 100000, .seed = SEED, .level = 0.9};
  impatience patience = {.most = 70};
  const bootstrap_observer observer = {&patience, has_enough, note_ended};
  fit_options options;
  bootstrap_result result;
  gmmpi_error error = {0};
  assert_int_equal(fit_options_of_model(model, NULL, "model", &options, &error), GMMPI_OK);
  assert_int_equal(bootstrap_run(points, model, &options, &how, NULL, &observer, &result, &error), GMMPI_STOPPED);
  const int64_t n_ended = how.n_replicates - result.counts[REPLICATE_UNDONE];
  assert_true(n_ended >= 70 && n_ended < 70 + 2 * 64);
  bootstrap_result_clear(&result);
  gmmpi_model_destroy(model);
  shard_destroy(points);
  free(rows);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(like_each_alone),
      cmocka_unit_test(collapses_are_counted),
      cmocka_unit_test(stops_when_asked),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
