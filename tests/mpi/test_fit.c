/* The library under MPI: however the rows are distributed, the model is bit for bit the one that a single process gets
 * from all rows; textbook EM in long double says the same to rounding. */
#include "fit/fit.h"
#include "gmmpi/fit.h"
#include "mixture/model.h"
#include "support/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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

static gmmpi_status fit_rows(MPI_Comm comm, int64_t first, int64_t last, gmmpi_fit_options options, gmmpi_model **model,
                             gmmpi_fit_summary *summary, gmmpi_error *error)
{
  options.labels = labels + first;
  options.threads = comm == MPI_COMM_SELF ? 1 : 3;
  return gmmpi_fit(comm, table + first * D, last - first, D, &options, model, summary, error);
}

static void compare_with_single_process(gmmpi_fit_options options)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  gmmpi_error error = {0};
  gmmpi_model *shared = NULL;
  gmmpi_model *alone = NULL;
  gmmpi_fit_summary shared_summary;
  gmmpi_fit_summary alone_summary;
  assert_int_equal(fit_rows(MPI_COMM_WORLD, first_row_of(rank, n_ranks), first_row_of(rank + 1, n_ranks), options,
                            &shared, &shared_summary, &error),
                   GMMPI_OK);
  assert_int_equal(fit_rows(MPI_COMM_SELF, 0, N, options, &alone, &alone_summary, &error), GMMPI_OK);
  assert_true(model_hash(shared) == model_hash(alone));
  assert_memory_equal(&shared_summary.log_likelihood, &alone_summary.log_likelihood, sizeof(double));
  assert_memory_equal(&shared_summary.icl_entropy, &alone_summary.icl_entropy, sizeof(double));
  assert_int_equal(shared_summary.n_iterations, alone_summary.n_iterations);
  assert_true(shared_summary.n_passes == alone_summary.n_passes);
  assert_int_equal(shared_summary.n_samples, N);
  gmmpi_model_destroy(shared);
  gmmpi_model_destroy(alone);
}

static void every_family_and_start(void **state)
{
  (void)state;
  const gmmpi_init starts[] = {GMMPI_INIT_KMEANS, GMMPI_INIT_KMEANS_PLUS_PLUS, GMMPI_INIT_RANDOM_FROM_DATA,
                               GMMPI_INIT_RANDOM, GMMPI_INIT_LABELS};
  for (int family = 0; family < N_FAMILIES; family++) {
    for (int start = 0; start < 5; start++) {
      gmmpi_fit_options options = gmmpi_fit_defaults(K);
      options.covariance = family_names[family];
      options.init = starts[start];
      options.max_iterations = 6;
      options.n_init = start == 2 ? 3 : 1;
      options.seed = 12345678901234567890u;
      compare_with_single_process(options);
    }
  }
}

static void collapsing_components(void **state)
{
  (void)state;
  gmmpi_fit_options options = gmmpi_fit_defaults(400);
  options.reg_covar = 0.0;
  options.max_iterations = 6;
  options.init = GMMPI_INIT_RANDOM_FROM_DATA;
  for (int policy = GMMPI_COLLAPSE_RESEED; policy <= GMMPI_COLLAPSE_DROP; policy++) {
    options.on_collapse = (gmmpi_on_collapse)policy;
    compare_with_single_process(options);
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
  int rank;
  int n_ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
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
    gmmpi_fit_options options = gmmpi_fit_defaults(K);
    options.init = GMMPI_INIT_MODEL;
    options.start = start;
    options.tolerance = 0.0;
    options.max_iterations = iterations;
    options.accelerate = "none";
    options.coarse_to_fine = GMMPI_COARSE_OFF;
    gmmpi_model *model = NULL;
    gmmpi_fit_summary summary;
    assert_int_equal(fit_rows(MPI_COMM_WORLD, first_row_of(rank, n_ranks), first_row_of(rank + 1, n_ranks), options,
                              &model, &summary, &error),
                     GMMPI_OK);
    for (int k = 0; k < K; k++) {
      assert_close(gmmpi_model_weights(model)[k], exact.weights[k], 1e-11);
      for (int j = 0; j < D; j++) {
        assert_close(gmmpi_model_means(model)[k * D + j], exact.means[k][j], 1e-11);
        for (int l = 0; l < D; l++)
          assert_close(gmmpi_model_covariances(model)[(k * D + j) * D + l], exact.covariances[k][j][l], 1e-9);
      }
    }
    assert_close(summary.log_likelihood, exact_iteration(&exact), 1e-12);
    gmmpi_model_destroy(model);
  }
  gmmpi_model_destroy(start);
}

static void errors_are_shared(void **state)
{
  (void)state;
  int rank;
  int n_ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  const int64_t first = first_row_of(rank, n_ranks);
  const int64_t last = first_row_of(rank + 1, n_ranks);
  gmmpi_model *model = NULL;

  gmmpi_error error = {0};
  assert_int_equal(fit_rows(MPI_COMM_WORLD, first, last, gmmpi_fit_defaults(N + 1), &model, NULL, &error),
                   GMMPI_BAD_DATA);
  assert_null(model);

  error = (gmmpi_error){0};
  gmmpi_fit_options options = gmmpi_fit_defaults(2);
  options.covariance = "round";
  assert_int_equal(fit_rows(MPI_COMM_WORLD, first, last, options, &model, NULL, &error), GMMPI_WRONG_USAGE);

  const double keep = table[(N - 1) * D];
  table[(N - 1) * D] = NAN; /* of the last rank that holds rows */
  error = (gmmpi_error){0};
  assert_int_equal(fit_rows(MPI_COMM_WORLD, first, last, gmmpi_fit_defaults(2), &model, NULL, &error), GMMPI_BAD_DATA);
  assert_non_null(strstr(error.message, "1500"));
  table[(N - 1) * D] = keep;

  error = (gmmpi_error){0};
  options = gmmpi_fit_defaults(K + 1);
  options.init = GMMPI_INIT_LABELS;
  assert_int_equal(fit_rows(MPI_COMM_WORLD, first, last, options, &model, NULL, &error), GMMPI_BAD_DATA);
  assert_non_null(strstr(error.message, "labels"));
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  make_table();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_family_and_start),
      cmocka_unit_test(collapsing_components),
      cmocka_unit_test(textbook_in_long_double),
      cmocka_unit_test(errors_are_shared),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
