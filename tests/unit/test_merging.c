/* SPDX-License-Identifier: BSD-3-Clause */
/* Components merged by entropy: by hand where all responsibilities are known, and against a search in long double that
 * sums t log t of every pair anew in each step. */
#include "apply/merging.h"

#include "mixture/hierarchy.h"
#include "support/random.h"
#include "unit/covariances.h"
#include "unit/matrices.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { K = 7, D = 2, N = 331 }; /* five tiles and a bit */

static void assert_close(double value, long double expected, long double tolerance)
{
  if (!(fabsl((long double)value - expected) <= tolerance)) fail_msg("%.17g is not %.17Lg", value, expected);
}

static gmmpi_model *new_model(unsigned parts, int64_t n_components, int64_t n_features)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_allocate((model_kind){.family = family_find("full"), .parts = parts}, n_components, n_features,
                                  &model, &error),
                   GMMPI_OK);
  return model;
}

static shard *new_points(const double *rows, int64_t n, int64_t d, shard_options options)
{
  shard *points = NULL;
  gmmpi_error error = {0};
  assert_int_equal(shard_create_from_memory(MPI_COMM_WORLD, rows, n, d, options, &points, &error), GMMPI_OK);
  return points;
}

/* Components that are the same but for their weights, 1/4, 1/4 and 1/2, which all responsibilities are then: merging 0
 * or 1 with 2 gains 3/4 log 3/4 + 1/4 log 4 + 1/2 log 2 a point, more than 1/2 log 2, and of two that gain the same the
 * lower one is taken. */
static void by_hand(void **state)
{
  (void)state;
  double rows[100];
  gmmpi_model *model = new_model(0, 3, 1);
  for (int i = 0; i < 100; i++) rows[i] = 0.125 * (i % 16);
  for (int k = 0; k < 3; k++) {
    model->weights[k] = k < 2 ? 0.25 : 0.5;
    model->means[k] = 1.0;
    model->covariances[k] = 1.0;
    assert_true(model_factorise(model, k));
  }
  shard *points = new_points(rows, 100, 1, (shard_options){0});
  assert_int_equal(merge_by_entropy(model, points, NULL, NULL, NULL), GMMPI_OK);
  assert_int_equal(model->hierarchy->n_clusters, 3);
  assert_memory_equal(model->hierarchy->merges, ((const int64_t[]){0, 2, 0, 1}), 4 * sizeof(int64_t));
  assert_close(model->hierarchy->entropy[2], 150.0L * logl(2.0L), 1e-12L);
  assert_close(model->hierarchy->entropy[1], -100.0L * (0.75L * logl(0.75L) + 0.25L * logl(0.25L)), 1e-12L);
  assert_true(model->hierarchy->entropy[0] == 0.0);
  shard_destroy(points);
  gmmpi_model_destroy(model);
}

/* A component alone has nothing to be merged with. */
static void one_component(void **state)
{
  (void)state;
  const double rows[3] = {1, 2, 3};
  gmmpi_model *model = new_model(0, 2, 1);
  model->weights[1] = 1.0;
  for (int k = 0; k < 2; k++) {
    model->covariances[k] = 1.0;
    assert_true(model_factorise(model, k));
  }
  shard *points = new_points(rows, 3, 1, (shard_options){0});
  assert_int_equal(merge_by_entropy(model, points, NULL, NULL, NULL), GMMPI_OK);
  assert_int_equal(model->hierarchy->n_clusters, 1);
  assert_true(model->hierarchy->entropy[0] == 0.0);
  shard_destroy(points);
  gmmpi_model_destroy(model);
}

/* --- against a search in long double --- */

/* Of one mixture after the other. */
static double means[K][D];

static void draw_means(uint64_t seed)
{
  for (int k = 0; k < K; k++) {
    double pair[2];
    random_normal_pair(seed, RANDOM_SAMPLE_NORMAL, (uint64_t)k, 1, pair);
    for (int j = 0; j < D; j++) means[k][j] = 2.0 * pair[j];
  }
}

/* A mixture of normal distributions with one component of weight 0. */
static gmmpi_model *example(unsigned parts)
{
  gmmpi_model *model = new_model(parts, K, D);
  const double left = (parts & PART_NOISE) != 0 ? 0.95 : 1.0;
  for (int k = 0; k < K; k++) {
    const double covariance[4] = {1.0 + 0.1 * k, 0.3, 0.3, 0.8};
    model->weights[k] = k == 3 ? 0.0 : left * (k + 1) / 24.0; /* 1 ... 7 without 4 */
    memcpy(model->means + k * D, means[k], sizeof means[k]);
    contract_dense(model, k, covariance);
    assert_true(model_factorise(model, k));
  }
  if (parts & PART_NOISE) {
    *model->noise_weight = 0.05;
    *model->noise_volume = 144.0;
  }
  return model;
}

/* Row by row: two features, and the label and weight where there are any. */
static void fill_rows(double *rows, const double *labels, const double *weights)
{
  for (int64_t i = 0; i < N; i++) {
    const int64_t group = i % K == 3 ? 1 : i % K;
    double pair[2];
    random_normal_pair(11, RANDOM_SAMPLE_NORMAL, (uint64_t)i, 0, pair);
    for (int j = 0; j < D; j++) *rows++ = i % 50 == 49 ? 3.0 + 3.0 * pair[j] : means[group][j] + pair[j];
    if (labels != NULL) *rows++ = labels[i];
    if (weights != NULL) *rows++ = weights[i];
  }
}

static long double t_log_t(long double t)
{
  return t > 0.0L ? t * logl(t) : 0.0L;
}

/* t: N x (K + 1), the last column being the background's; a row that counts for nothing is all 0. */
static void share_exactly(const gmmpi_model *model, const double *rows, int64_t width, bool has_labels,
                          long double (*t)[K + 1])
{
  for (int64_t i = 0; i < N; i++) {
    long double sum = 0.0L;
    double covariance[D * D];
    for (int k = 0; k < K; k++) {
      expand_dense(model, k, covariance);
      t[i][k] = model->weights[k] == 0.0
                    ? 0.0L
                    : model->weights[k] *
                          expl(reference_log_density(D, rows + i * width, model->means + (int64_t)k * D, covariance));
      sum += t[i][k];
    }
    t[i][K] = model_has(model, PART_NOISE) ? (long double)*model->noise_weight / *model->noise_volume : 0.0L;
    sum += t[i][K];
    for (int k = 0; k <= K; k++) t[i][k] = has_labels && rows[i * width + D] >= 0.0 ? 0.0L : t[i][k] / sum;
  }
}

static long double entropy_of(long double (*t)[K + 1], const double *weights)
{
  long double sum = 0.0L;
  for (int64_t i = 0; i < N; i++) {
    for (int k = 0; k <= K; k++) sum -= (weights != NULL ? weights[i] : 1.0L) * t_log_t(t[i][k]);
  }
  return sum;
}

/* What is left when b is put to a, or, to look, would be. */
static long double entropy_without(long double (*t)[K + 1], const double *weights, int a, int b)
{
  long double sum = entropy_of(t, weights);
  for (int64_t i = 0; i < N; i++)
    sum -= (weights != NULL ? weights[i] : 1.0L) * (t_log_t(t[i][a] + t[i][b]) - t_log_t(t[i][a]) - t_log_t(t[i][b]));
  return sum;
}

static void check(uint64_t seed, unsigned parts, bool has_labels, bool has_weights, int n_threads)
{
  static double rows[N * (D + 2)];
  static double labels[N];
  static double weights[N];
  static long double t[N][K + 1];
  for (int64_t i = 0; i < N; i++) {
    labels[i] = i % 5 == 0 ? (double)(i % 3) : -1.0;
    weights[i] = i % 11 == 0 ? 0.0 : 0.5 + (double)(i % 4);
  }
  draw_means(seed);
  gmmpi_model *model = example(parts);
  const int64_t width = D + (has_labels ? 1 : 0) + (has_weights ? 1 : 0);
  fill_rows(rows, has_labels ? labels : NULL, has_weights ? weights : NULL);
  shard *points = new_points(
      rows, N, D,
      (shard_options){.n_threads = n_threads, .has_labels = has_labels, .has_weights = has_weights, .n_classes = 3});
  assert_int_equal(merge_by_entropy(model, points, NULL, NULL, NULL), GMMPI_OK);
  share_exactly(model, rows, width, has_labels, t);

  const double *own = has_weights ? weights : NULL;
  bool is_there[K];
  for (int k = 0; k < K; k++) is_there[k] = k != 3;
  assert_int_equal(model->hierarchy->n_clusters, K - 1);
  for (int n = K - 1; n > 0; n--) {
    assert_close(model->hierarchy->entropy[n - 1], entropy_of(t, own), 1e-11L);
    long double least = INFINITY;
    int best[2] = {-1, -1};
    for (int b = 0; b < K; b++) {
      for (int a = 0; a < b; a++) {
        if (!is_there[a] || !is_there[b]) continue;
        const long double left = entropy_without(t, own, a, b);
        if (left < least) {
          best[0] = a;
          best[1] = b;
          least = left;
        }
      }
    }
    if (n == 1) break;
    const int64_t *merged = model->hierarchy->merges + 2 * (K - 1 - n);
    assert_int_equal(merged[0], best[0]);
    assert_int_equal(merged[1], best[1]);
    is_there[best[1]] = false;
    for (int64_t i = 0; i < N; i++) {
      t[i][best[0]] += t[i][best[1]];
      t[i][best[1]] = 0.0L;
    }
  }
  shard_destroy(points);
  gmmpi_model_destroy(model);
}

static void steps_are_the_best(void **state)
{
  (void)state;
  for (int i = 0; i < 24; i++) check((uint64_t)i, (i & 1) != 0 ? PART_NOISE : 0, (i & 2) != 0, (i & 4) != 0, 1 + i % 3);
}

/* A factor of all weights is one of all entropies. */
static void rescaled_weights(void **state)
{
  (void)state;
  static double rows[N * (D + 1)];
  static double weights[N];
  double before[K - 1];
  for (int64_t i = 0; i < N; i++) weights[i] = 1.0 + (double)(i % 4);
  gmmpi_model *model = example(0);
  fill_rows(rows, NULL, weights);
  shard *points = new_points(rows, N, D, (shard_options){.has_weights = true});
  assert_int_equal(merge_by_entropy(model, points, NULL, NULL, NULL), GMMPI_OK);
  memcpy(before, model->hierarchy->entropy, sizeof before);
  shard_normalise_weights(points);
  assert_int_equal(merge_by_entropy(model, points, NULL, NULL, NULL), GMMPI_OK);
  for (int i = 0; i < K - 1; i++)
    assert_close(model->hierarchy->entropy[i], (long double)before[i] * points->weight_unit, 1e-11L);
  assert_true(points->weight_unit < 0.5);
  shard_destroy(points);
  gmmpi_model_destroy(model);
}

static bool until_three(void *context, int64_t n_clusters)
{
  ++*(int *)context;
  return n_clusters > 3;
}

static void ends_when_asked(void **state)
{
  (void)state;
  static double rows[N * D];
  int n_asked = 0;
  gmmpi_error error = {0};
  gmmpi_model *model = example(0);
  fill_rows(rows, NULL, NULL);
  shard *points = new_points(rows, N, D, (shard_options){0});
  assert_int_equal(merge_by_entropy(model, points, until_three, &n_asked, &error), GMMPI_STOPPED);
  assert_int_equal(n_asked, 4); /* with 6, 5, 4 and 3 clusters */
  assert_null(model->hierarchy);
  shard_destroy(points);
  gmmpi_model_destroy(model);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),          cmocka_unit_test(one_component),   cmocka_unit_test(steps_are_the_best),
      cmocka_unit_test(rescaled_weights), cmocka_unit_test(ends_when_asked),
  };
  MPI_Init(&argc, &argv);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
