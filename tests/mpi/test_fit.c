/* SPDX-License-Identifier: BSD-3-Clause */
/* The library under MPI: however the rows are distributed, the model is bit for bit the one that a single process gets
 * from all rows; textbook EM in long double says the same to rounding. */
#include "fit/api.h"
#include "gmmpi/fit.h"
#include "mixture/model.h"
#include "support/memory.h"
#include "support/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { N = 1500, D = 3, K = 4 };

static double table[N * D];
static int64_t labels[N];

static void make_table(void)
{
  for (int i = 0; i < N; i++) {
    const int group = i % 5;
    labels[i] = 100 * (i % K) - 7;
    for (int j = 0; j < D; j++) {
      double pair[2];
      random_normal_pair(1, RANDOM_SAMPLE_NORMAL, (uint64_t)i, (uint64_t)j, pair);
      table[i * D + j] = 1e4 + 3.0 * ((group * (j + 2)) % 5) + pair[0] * (1.0 + 0.3 * group) + 0.5 * j * pair[1];
    }
  }
}

/* Some ranks hold much, some little, some nothing. */
static int64_t first_row_of(int rank, int n_ranks)
{
  if (rank == 0) return 0;
  if (rank >= n_ranks) return N;
  return rank % 3 == 2 ? first_row_of(rank - 1, n_ranks) : (int64_t)N * rank * rank / n_ranks / n_ranks;
}

static void set(gmmpi_options *options, const char *name, const char *value)
{
  gmmpi_error error = {0};
  if (gmmpi_options_set(options, name, value, &error) != GMMPI_OK) fail_msg("%s", error.message);
}

static void set_number(gmmpi_options *options, const char *name, int number)
{
  char text[20];
  snprintf(text, sizeof text, "%d", number);
  set(options, name, text);
}

static gmmpi_options *options_for(int n_components)
{
  gmmpi_options *options = NULL;
  assert_int_equal(gmmpi_options_create(&options, NULL), GMMPI_OK);
  set_number(options, "components", n_components);
  return options;
}

static gmmpi_status fit_rows(MPI_Comm comm, int64_t first, int64_t last, gmmpi_options *options, gmmpi_model **model,
                             gmmpi_summary **summary, gmmpi_error *error)
{
  gmmpi_points *points = NULL;
  *model = NULL;
  set_number(options, "threads", comm == MPI_COMM_SELF ? 1 : 3);
  if (options->labels != NULL) gmmpi_options_set_labels(options, labels + first, last - first, error);
  if (gmmpi_points_create(comm, table + first * D, last - first, D, options, &points, error) == GMMPI_OK)
    gmmpi_fit(points, options, NULL, model, summary, error);
  gmmpi_points_destroy(points);
  return error->status;
}

/* This rank's rows. */
static gmmpi_status fit_shared(gmmpi_options *options, gmmpi_model **model, gmmpi_summary **summary, gmmpi_error *error)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  return fit_rows(MPI_COMM_WORLD, first_row_of(rank, n_ranks), first_row_of(rank + 1, n_ranks), options, model, summary,
                  error);
}

/* What must be the same however the rows are distributed. */
typedef struct outcome {
  uint64_t hash;
  double log_likelihood, sum_log_max_responsibility, n_passes;
  int64_t n_iterations, n_events, n_samples;
} outcome;

/* Takes both. */
static outcome outcome_of(gmmpi_model *model, gmmpi_summary *summary)
{
  const outcome found = {
      .hash = model_hash(model),
      .log_likelihood = gmmpi_summary_log_likelihood(summary),
      .sum_log_max_responsibility = gmmpi_summary_sum_log_max_responsibility(summary),
      .n_iterations = gmmpi_summary_n_iterations(summary),
      .n_events = gmmpi_summary_n_events(summary),
      .n_passes = gmmpi_summary_n_passes(summary),
      .n_samples = gmmpi_summary_n_samples(summary),
  };
  gmmpi_model_destroy(model);
  gmmpi_summary_destroy(summary);
  return found;
}

/* Rank 0 fits all rows by itself and tells the others, which sleep meanwhile: MPI's own waiting would take its core
 * away. */
static outcome fit_alone(gmmpi_options *options)
{
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  outcome alone = {0};
  if (rank == 0) {
    gmmpi_error error = {0};
    gmmpi_model *model = NULL;
    gmmpi_summary *summary;
    if (fit_rows(MPI_COMM_SELF, 0, N, options, &model, &summary, &error) == GMMPI_OK)
      alone = outcome_of(model, summary);
    else
      print_error("rank 0 alone: %s\n", error.message); /* all ranks find the empty outcome wrong */
  }
  MPI_Request telling;
  int told = 0;
  MPI_Ibcast(&alone, sizeof alone, MPI_BYTE, 0, MPI_COMM_WORLD, &telling);
  while (MPI_Test(&telling, &told, MPI_STATUS_IGNORE), !told) usleep(1000);
  return alone;
}

static void compare_with_single_process(gmmpi_options *options)
{
  gmmpi_error error = {0};
  gmmpi_model *model = NULL;
  gmmpi_summary *summary;
  assert_int_equal(fit_shared(options, &model, &summary, &error), GMMPI_OK);
  const outcome shared = outcome_of(model, summary);
  const outcome alone = fit_alone(options);
  assert_true(shared.hash == alone.hash);
  assert_true(shared.log_likelihood == alone.log_likelihood);
  assert_true(shared.sum_log_max_responsibility == alone.sum_log_max_responsibility);
  assert_int_equal(shared.n_iterations, alone.n_iterations);
  assert_int_equal(shared.n_events, alone.n_events);
  assert_true(shared.n_passes == alone.n_passes);
  assert_int_equal(shared.n_samples, N);
}

static void every_family_and_start(void **state)
{
  (void)state;
  const char *starts[] = {"kmeans", "k-means++", "random_from_data", "random", "labels"};
  for (int family = 0; family < N_FAMILIES; family++) {
    for (int start = 0; start < 5; start++) {
      /* For the sake of time each family that has no name of scikit-learn's begins in one way only. */
      if (strcmp(all_families[family]->name, all_families[family]->code) == 0 && start != family % 5) continue;
      gmmpi_options *options = options_for(K);
      set(options, "covariance", family_names[family]);
      if (start < 4)
        set(options, "init", starts[start]);
      else
        gmmpi_options_set_labels(options, labels, 0, NULL);
      set(options, "max-iter", "6");
      set(options, "n-init", start == 2 ? "3" : "1");
      set(options, "seed", "12345678901234567890");
      compare_with_single_process(options);
      gmmpi_options_destroy(options);
    }
  }
}

static void collapsing_components(void **state)
{
  (void)state;
  const char *policies[] = {"reseed", "drop"};
  for (int policy = 0; policy < 2; policy++) {
    gmmpi_options *options = options_for(400);
    set(options, "reg-covar", "0");
    set(options, "max-iter", "6");
    set(options, "init", "random_from_data");
    set(options, "on-collapse", policies[policy]);
    compare_with_single_process(options);
    gmmpi_options_destroy(options);
  }
}

/* One EM iteration for full covariances in long double, by the formulas of Bishop 2006, sec. 9.2.2; returns the
 * log-likelihood before it. */
typedef struct exact_model {
  long double weights[K], means[K][D], covariances[K][D][D];
} exact_model;

static long double exact_log_density(const exact_model *model, int k, const double *x)
{
  long double lower[D][D] = {{0.0L}};
  long double z[D];
  long double result = logl(model->weights[k]) - 0.5L * D * logl(2.0L * acosl(-1.0L));
  for (int i = 0; i < D; i++) {
    for (int j = 0; j <= i; j++) {
      long double sum = model->covariances[k][i][j];
      for (int l = 0; l < j; l++) sum -= lower[i][l] * lower[j][l];
      lower[i][j] = i == j ? sqrtl(sum) : sum / lower[j][j];
    }
    long double sum = (long double)x[i] - model->means[k][i];
    for (int l = 0; l < i; l++) sum -= lower[i][l] * z[l];
    z[i] = sum / lower[i][i];
    result -= logl(lower[i][i]) + 0.5L * z[i] * z[i];
  }
  return result;
}

static long double exact_iteration(exact_model *model)
{
  static long double shares[N][K];
  long double log_likelihood = 0.0L;
  for (int i = 0; i < N; i++) {
    long double top = -INFINITY;
    long double sum = 0.0L;
    for (int k = 0; k < K; k++) {
      shares[i][k] = exact_log_density(model, k, table + i * D);
      top = fmaxl(top, shares[i][k]);
    }
    for (int k = 0; k < K; k++) sum += expl(shares[i][k] - top);
    for (int k = 0; k < K; k++) shares[i][k] = expl(shares[i][k] - top) / sum;
    log_likelihood += top + logl(sum);
  }
  for (int k = 0; k < K; k++) {
    long double count = 0.0L;
    long double mean[D] = {0.0L};
    long double covariance[D][D] = {{0.0L}};
    for (int i = 0; i < N; i++) count += shares[i][k];
    for (int j = 0; j < D; j++) {
      for (int i = 0; i < N; i++) mean[j] += shares[i][k] * table[i * D + j] / count;
    }
    for (int a = 0; a < D; a++) {
      for (int b = 0; b < D; b++) {
        for (int i = 0; i < N; i++)
          covariance[a][b] += shares[i][k] * (table[i * D + a] - mean[a]) * (table[i * D + b] - mean[b]) / count;
        covariance[a][b] += a == b ? 1e-6L : 0.0L;
      }
    }
    model->weights[k] = count / N;
    memcpy(model->means[k], mean, sizeof mean);
    memcpy(model->covariances[k], covariance, sizeof covariance);
  }
  return log_likelihood;
}

static void assert_close(double value, long double expected, double tolerance)
{
  if (!(fabsl(value - expected) <= tolerance * (1.0L + fabsl(expected))))
    fail_msg("%.17g instead of %.17Lg", value, expected);
}

static void textbook_in_long_double(void **state)
{
  (void)state;
  exact_model exact;
  double weights[K];
  double means[K * D];
  double covariances[K * D * D] = {0.0};
  for (int k = 0; k < K; k++) {
    weights[k] = 1.0 / K;
    exact.weights[k] = weights[k];
    for (int j = 0; j < D; j++) {
      means[k * D + j] = table[(37 * k + 5) * D + j];
      exact.means[k][j] = means[k * D + j];
      for (int l = 0; l < D; l++) {
        covariances[(k * D + j) * D + l] = j == l ? 1.0 : 0.0;
        exact.covariances[k][j][l] = j == l ? 1.0L : 0.0L;
      }
    }
  }
  gmmpi_error error = {0};
  gmmpi_model *start = NULL;
  assert_int_equal(gmmpi_model_create(K, D, "full", weights, means, covariances, &start, &error), GMMPI_OK);
  for (int iterations = 0; iterations <= 12; iterations++) {
    gmmpi_options *options = options_for(K);
    gmmpi_options_set_start(options, start, &error);
    set(options, "tol", "0");
    set_number(options, "max-iter", iterations);
    set(options, "accelerate", "none");
    set(options, "coarse-to-fine", "no");
    gmmpi_model *model = NULL;
    gmmpi_summary *summary;
    assert_int_equal(fit_shared(options, &model, &summary, &error), GMMPI_OK);
    for (int k = 0; k < K; k++) {
      assert_close(gmmpi_model_weights(model)[k], exact.weights[k], 1e-11);
      for (int j = 0; j < D; j++) {
        assert_close(gmmpi_model_means(model)[k * D + j], exact.means[k][j], 1e-11);
        for (int l = 0; l < D; l++)
          assert_close(gmmpi_model_covariances(model)[(k * D + j) * D + l], exact.covariances[k][j][l], 1e-9);
      }
    }
    assert_close(gmmpi_summary_log_likelihood(summary), exact_iteration(&exact), 1e-12);
    gmmpi_model_destroy(model);
    gmmpi_summary_destroy(summary);
    gmmpi_options_destroy(options);
  }
  gmmpi_model_destroy(start);
}

static void expect(gmmpi_options *options, gmmpi_status status, const char *words, int64_t place)
{
  gmmpi_error error = {0};
  gmmpi_model *model = NULL;
  assert_int_equal(fit_shared(options, &model, NULL, &error), status);
  assert_null(model);
  if (strstr(error.message, words) == NULL) fail_msg("\"%s\" does not say \"%s\"", error.message, words);
  assert_int_equal(error.place, place);
  gmmpi_options_destroy(options);
}

static void errors_are_shared(void **state)
{
  (void)state;
  expect(options_for(N + 1), GMMPI_BAD_DATA, "too many", 0);

  gmmpi_options *options = options_for(2);
  set(options, "init-covariance", "identity");
  expect(options, GMMPI_WRONG_USAGE, "--init-covariance goes with --init random_from_data only", 0);

  const double keep = table[(N - 1) * D];
  table[(N - 1) * D] = NAN; /* of the last rank that holds rows */
  expect(options_for(2), GMMPI_BAD_DATA, "1500", N);
  const double keep_also = table[700 * D + 1];
  table[700 * D + 1] = INFINITY;
  expect(options_for(2), GMMPI_BAD_DATA, "701", 701);
  table[700 * D + 1] = keep_also;
  table[(N - 1) * D] = keep;

  options = options_for(K + 1);
  gmmpi_options_set_labels(options, labels, 0, NULL);
  expect(options, GMMPI_BAD_DATA, "labels", 0);
}

/* One rank wants to stop: all do, after the same pass, with the model that it measured. */
typedef struct watch {
  bool may_stop;
  int64_t last, n_reports;
  double log_likelihood;
} watch;

static void look(void *context, const gmmpi_progress *progress)
{
  watch *one = context;
  if (gmmpi_progress_level(progress) == 0) {
    assert_int_equal(gmmpi_progress_iteration(progress), one->n_reports);
    assert_int_equal(gmmpi_progress_n_samples(progress), N);
    assert_int_equal(gmmpi_progress_start(progress), 0);
    one->n_reports++;
  }
  one->last = gmmpi_progress_iteration(progress);
  one->log_likelihood = gmmpi_progress_log_likelihood(progress);
}

static bool has_seen_enough(void *context)
{
  const watch *one = context;
  return one->may_stop && one->last >= 3;
}

static void one_rank_stops_all(void **state)
{
  (void)state;
  int rank;
  int n_ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  const int64_t first = first_row_of(rank, n_ranks);
  watch one = {.may_stop = rank == n_ranks - 1};
  gmmpi_error error = {0};
  gmmpi_options *options = options_for(K);
  gmmpi_points *points = NULL;
  gmmpi_observer *observer = NULL;
  gmmpi_model *model = NULL;
  gmmpi_summary *summary = NULL;
  set(options, "init", "random_from_data");
  set(options, "coarse-to-fine", "no");
  set(options, "tol", "0");
  assert_int_equal(gmmpi_observer_create(&observer, &error), GMMPI_OK);
  gmmpi_observer_on_progress(observer, look, &one);
  gmmpi_observer_on_question(observer, has_seen_enough, &one);
  assert_int_equal(gmmpi_points_create(MPI_COMM_WORLD, table + first * D, first_row_of(rank + 1, n_ranks) - first, D,
                                       options, &points, &error),
                   GMMPI_OK);
  assert_int_equal(gmmpi_fit(points, options, observer, &model, &summary, &error), GMMPI_STOPPED);
  assert_int_equal(one.last, 4);
  assert_non_null(model);
  assert_int_equal(gmmpi_summary_n_iterations(summary), 4);
  assert_false(gmmpi_summary_converged(summary));
  assert_true(gmmpi_summary_log_likelihood(summary) == one.log_likelihood);
  gmmpi_model_destroy(model);
  gmmpi_summary_destroy(summary);
  gmmpi_observer_destroy(observer);
  gmmpi_points_destroy(points);
  gmmpi_options_destroy(options);
}

/* A matrix of doubles as numpy writes it. */
static void write_npy(const char *path, int64_t n, int64_t d)
{
  char header[129];
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
  const int length =
      snprintf(header + 10, sizeof header - 10, "{'descr': '<f8', 'fortran_order': False, 'shape': (%lld, %lld), }",
               (long long)n, (long long)d);
  memset(header + 10 + length, ' ', 118 - (size_t)length);
  header[127] = '\n';
  fwrite(header, 1, 128, file);
  for (int64_t i = 0; i < n * d; i++) fwrite(&table[i % (N * D)], sizeof(double), 1, file);
  assert_int_equal(fclose(file), 0);
}

/* With ever more memory the points are first refused, then streamed, then held: with the same model. */
static void memory_limits(void **state)
{
  (void)state;
  const char *path = "test_fit_points.npy";
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  gmmpi_options *options = options_for(2);
  gmmpi_points *points = NULL;
  gmmpi_model *held = NULL;
  gmmpi_model *streamed = NULL;
  gmmpi_error error = {0};
  char unique[100];
  snprintf(unique, sizeof unique, "/tmp/%d-%s", (int)getpid(), path);
  MPI_Bcast(unique, sizeof unique, MPI_CHAR, 0, MPI_COMM_WORLD);
  if (rank == 0) write_npy(unique, 400 * N, D);
  MPI_Barrier(MPI_COMM_WORLD);
  set(options, "max-iter", "2");
  set(options, "scratch", "none");
  assert_int_equal(gmmpi_points_open(MPI_COMM_WORLD, unique, options, &points, &error), GMMPI_OK);
  assert_false(shard_is_streamed(points->rows));
  assert_string_equal(gmmpi_points_feature_name(points, D - 1), "x3");
  assert_null(gmmpi_points_feature_name(points, D));
  assert_int_equal(gmmpi_fit(points, options, NULL, &held, NULL, &error), GMMPI_OK);
  gmmpi_points_destroy(points);
  points = NULL;
  set(options, "memory-limit", "1M");
  assert_int_equal(gmmpi_points_open(MPI_COMM_WORLD, unique, options, &points, &error), GMMPI_NO_MEMORY);
  assert_non_null(strstr(error.message, "--memory-limit"));
  /* Below what some rank holds already no limit leaves room for points. */
  int64_t most = memory_held();
  MPI_Allreduce(MPI_IN_PLACE, &most, 1, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
  for (int megabytes = (int)(most >> 20); points == NULL && megabytes < 1500; megabytes++) {
    error = (gmmpi_error){0};
    set_number(options, "memory-limit", (megabytes << 20));
    gmmpi_points_open(MPI_COMM_WORLD, unique, options, &points, &error);
  }
  assert_non_null(points);
  assert_true(shard_is_streamed(points->rows));
  assert_int_equal(gmmpi_fit(points, options, NULL, &streamed, NULL, &error), GMMPI_OK);
  assert_true(model_hash(held) == model_hash(streamed));
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) unlink(unique);
  gmmpi_model_destroy(held);
  gmmpi_model_destroy(streamed);
  gmmpi_points_destroy(points);
  gmmpi_options_destroy(options);
}

int main(int argc, char **argv)
{
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided);
  make_table();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_family_and_start),  cmocka_unit_test(collapsing_components),
      cmocka_unit_test(textbook_in_long_double), cmocka_unit_test(errors_are_shared),
      cmocka_unit_test(one_rank_stops_all),      cmocka_unit_test(memory_limits),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
