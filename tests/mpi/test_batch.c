/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts that advance together: each of a batch of N ends, bit for bit, where a batch of one ends that has this start
 * alone, after as many visits of rows and with the same events; and a fit of N starts is the best of them. */
#include "unit/matrices.h"

#include "fit/batch.h"
#include "fit/fit.h"
#include "fit/options.h"
#include "support/random.h"

#include <string.h>

enum { N = 1500, D = 2, N_STARTS = 4 };

static double table[N * D];

typedef struct made {
  uint64_t hash;
  measurement measured;
  int64_t iteration, n_row_visits;
  bool converged;
  int64_t n_events;
  fit_event events[64];
} made;

/* Clusters that overlap, so that starts end in different optima. */
static void make_table(void)
{
  for (int64_t i = 0; i < N; i++) {
    double pair[2];
    random_normal_pair(3, RANDOM_SAMPLE_NORMAL, (uint64_t)i, 0, pair);
    table[i * D] = 3.0 * (double)(i % 5) + pair[0] * (1.0 + (double)(i % 3));
    table[i * D + 1] = 2.0 * (double)(i % 7) + pair[1];
  }
}

static shard *open_points(void)
{
  int rank;
  int n_ranks;
  shard *points = NULL;
  gmmpi_error error = {0};
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  const int64_t first = N * rank * rank / (n_ranks * n_ranks);
  const int64_t end = N * (rank + 1) * (rank + 1) / (n_ranks * n_ranks);
  assert_int_equal(shard_create_from_memory(MPI_COMM_WORLD, table + first * D, end - first, D,
                                            (shard_options){.n_threads = 1}, &points, &error),
                   GMMPI_OK);
  return points;
}

/* The events that are told to a user, but not kept, are told before the first start: here nobody listens. */
static const fit_observer nobody = {.context = NULL};

/* From start `first` on, n starts together. */
static void run_batch(const shard *points, const fit_options *options, int64_t first, int64_t n, made *results)
{
  fit_timings timings = {0};
  fit_batch batch = {.options = options, .observer = &nobody, .timings = &timings};
  gmmpi_error error = {0};
  batch.plan = levels_plan(options, points->n_samples, D);
  assert_int_equal(batch_open(points, n, &batch, &error), GMMPI_OK);
  assert_int_equal(fit_state_create(gaussian_kind(family_find(options->covariance)), options->n_components, D,
                                    options->accelerate, n, &batch.state, &error),
                   GMMPI_OK);
  for (int64_t i = 0; i < n; i++) batch.state->climbers[i].current.start = first + i;
  if (batch_run(&batch, true, &error) != GMMPI_OK) fail_msg("%s", error.message);
  assert_false(batch.stopped);
  for (int64_t i = 0; i < n; i++) {
    const climber *climb = &batch.state->climbers[i];
    made *one = &results[i];
    memset(one, 0, sizeof *one);
    one->hash = model_hash(climb->current.model);
    one->measured = climb->current.measured;
    one->iteration = climb->current.iteration;
    one->converged = climb->current.converged;
    one->n_row_visits = climb->n_row_visits;
    for (int64_t e = 0; e < batch.state->events.n; e++) {
      if (batch.state->events.items[e].start != first + i || one->n_events == 64) continue;
      one->events[one->n_events++] = batch.state->events.items[e];
    }
    fit_position last;
    assert_true(batch_last_measured(&batch, i, &last));
    assert_true(last.model == climb->current.model);
  }
  batch_close(&batch);
  fit_state_destroy(batch.state);
}

static void assert_same(const made *a, const made *b)
{
  assert_true(a->hash == b->hash);
  assert_true(a->measured.iteration == b->measured.iteration);
  assert_true(a->measured.objective == b->measured.objective);
  assert_true(a->measured.log_likelihood == b->measured.log_likelihood);
  assert_true(a->measured.sum_log_max_responsibility == b->measured.sum_log_max_responsibility);
  assert_int_equal(a->iteration, b->iteration);
  assert_int_equal(a->n_row_visits, b->n_row_visits);
  assert_int_equal(a->converged, b->converged);
  assert_int_equal(a->n_events, b->n_events);
  assert_memory_equal(a->events, b->events, (size_t)a->n_events * sizeof *a->events);
}

/* The fit of all starts: the best, ties to the first. */
static void assert_best(const shard *points, fit_options options, const made *starts, int64_t n_starts)
{
  fit_result result;
  gmmpi_error error = {0};
  int64_t best = 0;
  int64_t n_events = 0;
  int64_t n_row_visits = 0;
  for (int64_t i = 0; i < n_starts; i++) {
    if (starts[i].measured.objective > starts[best].measured.objective) best = i;
    n_row_visits += starts[i].n_row_visits;
    n_events += starts[i].n_events;
  }
  options.n_init = n_starts;
  assert_int_equal(fit_run(points, &options, NULL, NULL, &result, &error), GMMPI_OK);
  assert_int_equal(result.end.start, best);
  assert_true(model_hash(result.end.model) == starts[best].hash);
  assert_true(result.end.measured.log_likelihood == starts[best].measured.log_likelihood);
  assert_int_equal(result.end.iteration, starts[best].iteration);
  assert_int_equal(result.end.converged, starts[best].converged);
  assert_true(result.n_passes == (double)n_row_visits / N);
  assert_int_equal(result.n_events, n_events);
  fit_result_clear(&result);
}

/* Returns how many different models the starts end in. */
static int64_t compare_starts(fit_options options, int64_t n_starts)
{
  shard *points = open_points();
  made together[N_STARTS];
  made rest[N_STARTS - 1];
  int64_t n_different = 0;
  run_batch(points, &options, 0, n_starts, together);
  for (int64_t i = 0; i < n_starts; i++) {
    made alone;
    run_batch(points, &options, i, 1, &alone);
    assert_same(&together[i], &alone);
    bool is_new = true;
    for (int64_t j = 0; j < i; j++) is_new = is_new && together[j].hash != together[i].hash;
    n_different += is_new;
  }
  if (options.init == INIT_KMEANS) { /* at other places, with another host */
    run_batch(points, &options, 1, n_starts - 1, rest);
    for (int64_t i = 1; i < n_starts; i++) assert_same(&together[i], &rest[i - 1]);
  }
  assert_best(points, options, together, n_starts);
  shard_destroy(points);
  return n_different;
}

static int64_t compare(fit_options options)
{
  return compare_starts(options, N_STARTS);
}

static fit_options options_for(const char *family, start_method init)
{
  fit_options options = fit_defaults(4);
  options.covariance = family;
  options.init = init;
  options.max_iterations = 8;
  options.tolerance = 1e-6;
  options.spurious = SPURIOUS_KEEP; /* whose events come after a batch */
  return options;
}

/* With the search on a subsample, and levels up to all points. */
static void searched(void **state)
{
  (void)state;
  fit_options options = options_for("spherical", INIT_KMEANS);
  options.n_components = 2;
  options.coarse_to_fine = COARSE_ON;
  options.max_iterations = 8;
  compare_starts(options, 2);
}

static void drawn_centres(void **state)
{
  (void)state;
  fit_options options = options_for("full", INIT_KMEANS_PLUS_PLUS);
  options.coarse_to_fine = COARSE_ON;
  assert_true(compare(options) > 1);
}

static void one_kmeans(void **state)
{
  (void)state;
  fit_options options = options_for("diag", INIT_KMEANS);
  options.coarse_to_fine = COARSE_OFF;
  assert_true(compare(options) > 1);
}

static void random_points(void **state)
{
  (void)state;
  const char *methods[] = {"none", "squarem", "anderson", "auto"};
  for (int f = 0; f < N_FAMILIES; f++) {
    fit_options options = options_for(family_names[f], INIT_RANDOM_FROM_DATA);
    options.accelerate = methods[f % 4];
    options.coarse_to_fine = f % 2 == 0 ? COARSE_ON : COARSE_AUTO;
    assert_true(compare(options) > 1);
  }
}

static void random_responsibilities(void **state)
{
  (void)state;
  assert_true(compare(options_for("tied", INIT_RANDOM)) > 1);
}

/* Far more components than the levels that the columns are rounded to: they collapse, each start's in its own way. */
static void collapses(void **state)
{
  (void)state;
  double *kept = malloc(sizeof table);
  assert_non_null(kept);
  memcpy(kept, table, sizeof table);
  for (int64_t i = 0; i < N * D; i++) table[i] = round(table[i] / 6.0) * 6.0;
  for (collapse_policy policy = COLLAPSE_RESEED; policy <= COLLAPSE_DROP; policy++) {
    fit_options options = options_for("full", INIT_RANDOM_FROM_DATA);
    options.n_components = 9;
    options.reg_covar = 0.0;
    options.max_iterations = 12;
    options.on_collapse = policy;
    made one;
    shard *points = open_points();
    run_batch(points, &options, 0, 1, &one);
    shard_destroy(points);
    assert_true(one.n_events > 0);
    compare(options);
  }
  memcpy(table, kept, sizeof table);
  free(kept);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  make_table();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(searched),      cmocka_unit_test(drawn_centres),           cmocka_unit_test(one_kmeans),
      cmocka_unit_test(random_points), cmocka_unit_test(random_responsibilities), cmocka_unit_test(collapses),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
