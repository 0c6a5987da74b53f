/* SPDX-License-Identifier: BSD-3-Clause */
/* First centres and k-means: centres are rows, of clusters that are far apart each gets one, and Lloyd's iterations end
 * at centres that are the means of their points. */
#include "unit/problem.h"

#include "starts/greedy_seeding.h"
#include "starts/kmeans.h"
#include "starts/seeding.h"

enum { N = 900, D = 2, K = 6 };

typedef gmmpi_status (*seeding)(const shard *points, const seeding_options *options, double *centres,
                                gmmpi_error *error);
static const seeding all_seedings[] = {seed_kmeans_plus_plus, seed_kmeans_parallel, seed_greedily};

static const double ones[D] = {1.0, 1.0};

/* Clusters of radius 1 about, `distance` from each other on a circle, of very different sizes. */
static problem *clusters(double distance, int n_threads)
{
  problem *one = problem_create(N, D, K, "full");
  for (int64_t i = 0; i < N; i++) {
    const int64_t k = i % 60 < K ? i % 60 : 0; /* of 60 rows 55 belong to the first one */
    const double angle = 2.0 * acos(-1.0) * (double)k / K;
    one->rows[i * D] = distance * cos(angle) + 0.3 * normal_number(2, 2 * i);
    one->rows[i * D + 1] = distance * sin(angle) + 0.3 * normal_number(2, 2 * i + 1);
  }
  problem_open(one, MPI_COMM_SELF, n_threads);
  return one;
}

static seeding_options options_for(int64_t n_centres, uint64_t seed)
{
  return (seeding_options){
      .kernel = kernel_best(KERNEL_HIGHEST_LEVEL), .n_centres = n_centres, .inverse_variances = ones, .seed = seed};
}

static int64_t cluster_of(const double *point)
{
  return ((int64_t)lround(atan2(point[1], point[0]) / (2.0 * acos(-1.0)) * K) + K) % K;
}

static bool is_row(const problem *one, const double *centre)
{
  bool found = false;
  for (int64_t i = 0; i < one->n; i++) found = found || memcmp(one->rows + i * D, centre, D * sizeof *centre) == 0;
  return found;
}

/* k-means|| ends with Lloyd's iterations among candidates, so its centres are no rows. With clusters 1000 radii apart
 * the probability of missing one is far below 1e-3. */
static void one_for_each_cluster(void **state)
{
  (void)state;
  problem *one = clusters(1000.0, 2);
  for (int s = 0; s < 3; s++) {
    for (uint64_t seed = 0; seed < 5; seed++) {
      double centres[K * D];
      bool has_one[K] = {false};
      gmmpi_error error = {0};
      const seeding_options options = options_for(K, seed);
      assert_int_equal(all_seedings[s](one->points, &options, centres, &error), GMMPI_OK);
      for (int64_t k = 0; k < K; k++) {
        if (all_seedings[s] != seed_kmeans_parallel) assert_true(is_row(one, centres + k * D));
        assert_near(hypot(centres[k * D], centres[k * D + 1]), 1000.0L, 2.0L);
        has_one[cluster_of(centres + k * D)] = true;
      }
      for (int64_t k = 0; k < K; k++) assert_true(has_one[k]);
    }
  }
  problem_destroy(one);
}

/* The same seed, at any number of threads, the same centres; another one others, the first of which is the row that it
 * says. */
static void by_the_seed(void **state)
{
  (void)state;
  problem *one = clusters(3.0, 1);
  problem *two = clusters(3.0, 2);
  for (int s = 0; s < 3; s++) {
    double centres[3][K * D];
    gmmpi_error error = {0};
    for (int i = 0; i < 3; i++) {
      const seeding_options options = options_for(K, i < 2 ? 8 : 9);
      assert_int_equal(all_seedings[s](i == 1 ? two->points : one->points, &options, centres[i], &error), GMMPI_OK);
    }
    assert_memory_equal(centres[0], centres[1], sizeof centres[0]);
    assert_memory_not_equal(centres[0], centres[2], sizeof centres[0]);
    if (all_seedings[s] == seed_kmeans_parallel) continue;
    int64_t row = -1;
    assert_int_equal(seeding_first_row(one->points, 8, &row, &error), GMMPI_OK);
    assert_memory_equal(centres[0], one->rows + row * D, D * sizeof(double));
  }
  problem_destroy(one);
  problem_destroy(two);
}

/* Every row can be the first one: of 4 rows each about a quarter of the time. */
static void first_rows(void **state)
{
  (void)state;
  const shard four = {.n_samples = 4};
  int64_t counts[4] = {0};
  for (uint64_t seed = 0; seed < 4000; seed++) {
    int64_t row = -1;
    gmmpi_error error = {0};
    assert_int_equal(seeding_first_row(&four, seed, &row, &error), GMMPI_OK);
    assert_in_range(row, 0, 3);
    counts[row]++;
  }
  for (int i = 0; i < 4; i++) assert_near((double)counts[i], 1000.0L, 5.0L * sqrtl(750.0L));
}

/* A feature that does not vary, or is not to count, has weight 0: clusters that differ in it alone are one. */
static void inverse_variances_count(void **state)
{
  (void)state;
  problem *one = problem_create(400, D, 2, "full");
  for (int64_t i = 0; i < 400; i++) {
    one->rows[i * D] = 1e6 * (double)(i % 2) + normal_number(4, i);
    one->rows[i * D + 1] = 100.0 * (double)(i / 2 % 2) + 0.01 * normal_number(6, i);
  }
  problem_open(one, MPI_COMM_SELF, 1);
  for (int s = 0; s < 3; s++) {
    const double second_only[D] = {0.0, 1.0};
    double centres[2 * D];
    gmmpi_error error = {0};
    seeding_options options = options_for(2, 3);
    options.inverse_variances = second_only;
    assert_int_equal(all_seedings[s](one->points, &options, centres, &error), GMMPI_OK);
    assert_near(fabs(centres[1] - centres[D + 1]), 100.0L, 1.0L);
  }
  problem_destroy(one);
}

/* The best of several draws leaves points nearer to their centres than any one, as a rule: over many seeds it shows. */
static double mean_distance(const problem *one, seeding seed_centres)
{
  double sum = 0.0;
  for (uint64_t seed = 0; seed < 20; seed++) {
    double centres[K * D];
    gmmpi_error error = {0};
    const seeding_options options = options_for(K, seed);
    assert_int_equal(seed_centres(one->points, &options, centres, &error), GMMPI_OK);
    for (int64_t i = 0; i < N; i++) {
      double least = INFINITY;
      for (int64_t k = 0; k < K; k++) {
        const double x = one->rows[i * D] - centres[k * D];
        const double y = one->rows[i * D + 1] - centres[k * D + 1];
        least = fmin(least, x * x + y * y);
      }
      sum += least;
    }
  }
  return sum / (20.0 * N);
}

static void greedy_is_better(void **state)
{
  (void)state;
  problem *one = clusters(3.0, 1);
  const double plain = mean_distance(one, seed_kmeans_plus_plus);
  assert_true(mean_distance(one, seed_greedily) < 0.9 * plain);
  assert_true(mean_distance(one, seed_kmeans_parallel) < 0.9 * plain);
  problem_destroy(one);
}

static bool yes(void *context)
{
  (void)context;
  return true;
}

static void stopped(void **state)
{
  (void)state;
  problem *one = clusters(3.0, 1);
  double centres[K * D] = {0.0};
  seeding_options options = options_for(K, 1);
  options.stop = (stop_question){.ask = yes};
  for (int s = 0; s < 3; s++) {
    gmmpi_error error = {0};
    assert_int_equal(all_seedings[s](one->points, &options, centres, &error), GMMPI_STOPPED);
  }
  gmmpi_error error = {0};
  assert_int_equal(kmeans_run(one->points, &options, centres, &error), GMMPI_STOPPED);
  problem_destroy(one);
}

/* --- Lloyd's iterations --- */

/* The means of the points that are nearest to each centre, in long double. */
static void means_of_nearest(const problem *one, const double *centres, int64_t n_centres, long double *means)
{
  int64_t counts[K] = {0};
  memset(means, 0, (size_t)(n_centres * D) * sizeof *means);
  for (int64_t i = 0; i < one->n; i++) {
    const double *row = one->rows + i * D;
    int64_t best = 0;
    long double least = INFINITY;
    for (int64_t k = 0; k < n_centres; k++) {
      const long double x = (long double)row[0] - centres[k * D];
      const long double y = (long double)row[1] - centres[k * D + 1];
      if (x * x + y * y < least) best = k;
      least = fminl(least, x * x + y * y);
    }
    counts[best]++;
    for (int j = 0; j < D; j++) means[best * D + j] += row[j];
  }
  for (int64_t i = 0; i < n_centres * D; i++) means[i] /= counts[i / D];
}

static void ends_at_the_means(void **state)
{
  (void)state;
  problem *one = clusters(20.0, 2);
  double centres[K * D];
  long double means[K * D];
  gmmpi_error error = {0};
  const seeding_options options = options_for(K, 2);
  for (int64_t k = 0; k < K; k++) { /* off by more than a radius, and each nearest to its own cluster */
    const double angle = 2.0 * acos(-1.0) * (double)k / K;
    centres[k * D] = 17.0 * cos(angle + 0.1);
    centres[k * D + 1] = 17.0 * sin(angle + 0.1);
  }
  assert_int_equal(kmeans_run(one->points, &options, centres, &error), GMMPI_OK);
  means_of_nearest(one, centres, K, means);
  for (int64_t i = 0; i < K * D; i++) assert_near(centres[i], means[i], 1e-12L);
  const double before[2] = {centres[0], centres[1]};
  assert_int_equal(kmeans_run(one->points, &options, centres, &error), GMMPI_OK);
  assert_near(centres[0], before[0], 1e-12L); /* a fixed point */
  assert_near(centres[1], before[1], 1e-12L);
  problem_destroy(one);
}

/* Far from all points: it is put on the point that is farthest from all centres, which is the outlier, and stays there
 * as that one's mean. */
static void an_empty_centre_moves(void **state)
{
  (void)state;
  problem *one = problem_create(200, D, 2, "full");
  put_normal(one, 0, 200, (double[]){0.0, 0.0}, 1.0);
  one->rows[77 * D] = 500.0;
  one->rows[77 * D + 1] = -300.0;
  problem_open(one, MPI_COMM_SELF, 1);
  double centres[3 * D] = {0.0, 0.0, 1e9, 1e9, -1e9, 0.0};
  gmmpi_error error = {0};
  const seeding_options options = options_for(3, 2);
  assert_int_equal(kmeans_run(one->points, &options, centres, &error), GMMPI_OK);
  assert_near(centres[2], 500.0L, 1e-9L);
  assert_near(centres[3], -300.0L, 1e-9L);
  assert_true(hypot(centres[4], centres[5]) < 10.0); /* the other one found a place, too */
  problem_destroy(one);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_for_each_cluster),
      cmocka_unit_test(by_the_seed),
      cmocka_unit_test(first_rows),
      cmocka_unit_test(inverse_variances_count),
      cmocka_unit_test(stopped),
      cmocka_unit_test(greedy_is_better),
      cmocka_unit_test(ends_at_the_means),
      cmocka_unit_test(an_empty_centre_moves),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
