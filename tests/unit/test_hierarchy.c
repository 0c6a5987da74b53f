/* SPDX-License-Identifier: BSD-3-Clause */
/* Hierarchies of clusters: what a cut is, how many clusters seem right, and what is refused, by hand. */
#include "mixture/hierarchy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t suggested(int64_t n, const double *entropy)
{
  const cluster_hierarchy hierarchy = {.n_clusters = n, .entropy = (double *)(uintptr_t)entropy};
  return hierarchy_suggestion(&hierarchy);
}

#define SUGGESTED(...) suggested(sizeof((double[]){__VA_ARGS__}) / sizeof(double), (const double[]){__VA_ARGS__})

static void suggestion_is_where_the_lines_meet(void **state)
{
  (void)state;
  /* Two lines, to the digit: 1 each up to three clusters, 8 each from there. */
  assert_int_equal(SUGGESTED(0, 1, 2, 10, 18, 26), 3);
  assert_int_equal(SUGGESTED(0, 0, 0, 0, 5, 10), 4);
  assert_int_equal(SUGGESTED(0, 3, 6, 9, 12, 12.5), 5);
  /* Of 1, 2, 3 the line leaves (b - (a + c) / 2)^2 2/3. Up to 2 clusters and from there: 0 + (1 - 2.5)^2 2/3 = 1.5; up
   * to 3: (0 - 0.5)^2 2/3 = 0.1667. */
  assert_int_equal(SUGGESTED(0, 0, 1, 5), 3);
  /* The other way round. */
  assert_int_equal(SUGGESTED(0, 4, 5, 5), 2);
}

static void few_clusters(void **state)
{
  (void)state;
  assert_int_equal(SUGGESTED(0), 1);
  assert_int_equal(SUGGESTED(0, 3), 2);
  assert_int_equal(SUGGESTED(0, 3, 9), 2);
  /* Clusters that share no point: all lines fit, the fewest are taken. */
  assert_int_equal(SUGGESTED(0, 0, 0, 0, 0), 2);
}

/* Component 2 has weight 0. */
static const double weights[7] = {0.2, 0.1, 0, 0.3, 0.1, 0.2, 0.1};
static int64_t merges[10] = {4, 6, 1, 3, 0, 4, 1, 5, 0, 1};
static double entropy[6] = {0, 1, 2, 3, 4, 5};
static const cluster_hierarchy by_hand = {.n_clusters = 6, .merges = merges, .entropy = entropy};

static void cuts(void **state)
{
  (void)state;
  static const int64_t expected[6][7] = {{0, 0, -1, 0, 0, 0, 0}, {0, 1, -1, 1, 0, 1, 0}, {0, 1, -1, 1, 0, 2, 0},
                                         {0, 1, -1, 1, 2, 3, 2}, {0, 1, -1, 2, 3, 4, 3}, {0, 1, -1, 2, 3, 4, 5}};
  for (int64_t n = 1; n <= 6; n++) {
    int64_t cluster_of[7];
    hierarchy_cut(&by_hand, 7, weights, n, cluster_of);
    assert_memory_equal(cluster_of, expected[n - 1], sizeof cluster_of);
  }
}

static void refuse(int64_t step, int64_t one, int64_t other, const char *where)
{
  gmmpi_error error = {0};
  int64_t wrong[10];
  memcpy(wrong, merges, sizeof wrong);
  wrong[2 * step] = one;
  wrong[2 * step + 1] = other;
  const cluster_hierarchy hierarchy = {.n_clusters = 6, .merges = wrong, .entropy = entropy};
  assert_int_equal(hierarchy_check(&hierarchy, 7, weights, "m.h5", &error), GMMPI_BAD_DATA);
  assert_non_null(strstr(error.message, where));
}

static void what_is_none_is_refused(void **state)
{
  (void)state;
  gmmpi_error error = {0};
  assert_int_equal(hierarchy_check(&by_hand, 7, weights, "m.h5", &error), GMMPI_OK);
  refuse(0, 6, 4, "m.h5: row 1 of merges");
  refuse(0, 4, 4, "row 1");
  refuse(0, 2, 6, "row 1"); /* weight 0 */
  refuse(0, -1, 6, "row 1");
  refuse(0, 4, 7, "row 1");
  refuse(3, 3, 5, "row 4"); /* 3 belongs to 1 by then */
  refuse(4, 0, 4, "row 5"); /* merged before */
  for (int i = 0; i < 2; i++) {
    double wrong[6] = {0, 1, 2, 3, 4, 5};
    wrong[4] = i == 0 ? NAN : -1.0;
    const cluster_hierarchy hierarchy = {.n_clusters = 6, .merges = merges, .entropy = wrong};
    error = (gmmpi_error){0};
    assert_int_equal(hierarchy_check(&hierarchy, 7, weights, "m.h5", &error), GMMPI_BAD_DATA);
    assert_non_null(strstr(error.message, "merge_entropy"));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(suggestion_is_where_the_lines_meet),
      cmocka_unit_test(few_clusters),
      cmocka_unit_test(cuts),
      cmocka_unit_test(what_is_none_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
