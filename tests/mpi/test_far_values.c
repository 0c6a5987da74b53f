/* SPDX-License-Identifier: BSD-3-Clause */
/* Far values: fill values are found in columns of every kind, the same ones in rows that are held or streamed, and
 * clean columns are left in peace. What is to be found is what was put there. */
#include "mpi/shard_checks.h"

#include "passes/far_values.h"

enum { NORMAL, CLEAN, HEAVY, MANY, ZEROS, RARE, COUNTS, LEVELS, INFLATED, D };

/* What a column must come to: n values, the first at this row of the source. */
typedef struct expectation {
  int64_t n;
  int64_t first_row;
  double first;
} expectation;

/* Uniform in (0, 1). */
static double uniform(uint64_t *state)
{
  return (random_value(state) + 32768.5) / 65537.0;
}

/* About normal: a sum of twelve. */
static double about_normal(uint64_t *state)
{
  double sum = -6.0;
  for (int i = 0; i < 12; i++) sum += uniform(state);
  return sum;
}

/* Heavy tails, but clean: a t distribution with 3 degrees of freedom. */
static double heavy(uint64_t *state)
{
  const double a = about_normal(state);
  const double b = about_normal(state);
  const double c = about_normal(state);
  return about_normal(state) / sqrt((a * a + b * b + c * c) / 3.0);
}

static void put(table *all, expectation *expected, int64_t row, int column, double value)
{
  if (expected[column].n++ == 0) expected[column] = (expectation){1, row, value};
  all->rows[row * D + column] = value;
}

/* With missing, one row in 50 misses a value, none of those that are far. */
static table make_columns(int64_t n, bool missing, expectation expected[D])
{
  table all = {n, D, calloc((size_t)(n * D), sizeof(double)), false};
  uint64_t state = 7;
  memset(expected, 0, D * sizeof *expected);
  for (int64_t i = 0; i < n; i++) {
    double *row = all.rows + i * D;
    row[NORMAL] = 1e3 + 1e-3 * about_normal(&state);
    row[CLEAN] = -1e30 * uniform(&state);
    row[HEAVY] = heavy(&state);
    row[MANY] = about_normal(&state);
    row[RARE] = i % 1000 == 3 ? 1.0 : 0.0;
    row[COUNTS] = i % 20 == 1 ? floor(1e5 * pow(uniform(&state), 8.0)) : 0.0;
    row[LEVELS] = i % 3 == 0 ? 4.0 : 2.0;
    row[INFLATED] = i % 4 == 0 ? 1e9 * exp(3.0 * about_normal(&state)) : 0.0;
    if (missing && i % 50 == 7) row[i % D] = NAN;
  }
  put(&all, expected, n / 2, NORMAL, -999999999.0);
  put(&all, expected, n - 1, NORMAL, 1e20);
  for (int64_t i = 10; i < n; i += 10) put(&all, expected, i, MANY, i < n / 2 ? 1e9 : -1e37);
  put(&all, expected, n / 3, ZEROS, 1e20);
  put(&all, expected, n / 3 + 3, LEVELS, 1e37);
  for (int64_t i = 12; i < n; i += 40) put(&all, expected, i, INFLATED, -1e30);
  return all;
}

static void check_found(const shard *points, const expectation *expected)
{
  gmmpi_error error = {0};
  const pass_size size = {DIAGONAL, FIRST_ORDER, 1, 1};
  pass_team *team = NULL;
  far_values *found = NULL;
  int64_t n_found = 0;
  int64_t f = 0;
  if (CHECK(team_create(kernel_best(0), points, &size, 1, &team, &error) == GMMPI_OK) &&
      CHECK(far_values_find(points, team, &found, &n_found, &error) == GMMPI_OK)) {
    for (int64_t j = 0; j < points->n_features; j++) {
      if (expected[j].n == 0) continue;
      if (!CHECK(f < n_found && found[f].feature == j)) break;
      CHECK(found[f].n == expected[j].n);
      CHECK(found[f].first_row == expected[j].first_row);
      CHECK(found[f].first == (points->single_precision ? (double)(float)expected[j].first : expected[j].first));
      f++;
    }
    CHECK(f == n_found);
  }
  free(found);
  team_destroy(team);
}

/* In files, held or streamed; in single precision. */
static void fill_values(int64_t n, bool missing, bool single)
{
  expectation expected[D];
  table all = make_columns(n, missing, expected);
  write_table(&all);
  for (stream_pairs = 0; stream_pairs <= 3; stream_pairs += 3) {
    point_source *source = NULL;
    shard *points = NULL;
    gmmpi_error error = {0};
    if (CHECK(open_and_create("x.csv", missing ? MISSING_DROP : MISSING_ERROR, single, &source, &points, &error) ==
              GMMPI_OK))
      check_found(points, expected);
    shard_destroy(points);
    source_close(source);
  }
  free(all.rows);
}

/* Of 101 numbers 0, 1, ..., 98 and two more the quartiles are known: 1e6 of their distance is the limit, strictly. */
static void the_limit(void)
{
  enum { N = 101 };
  double values[N];
  for (int i = 0; i < N; i++) values[i] = i;
  for (int inside = 0; inside < 2; inside++) {
    /* Sorted, places 25, 50 and 75 hold 24, 49 and 74, since one number stands before 0. */
    values[99] = 49.0 - 50e6;
    values[100] = 49.0 + 50e6 + (inside ? 0.0 : 1e-2);
    const expectation expected = {inside ? 0 : 1, 100, values[100]};
    const int64_t n_local = rank == 0 ? N : 0;
    shard *points = NULL;
    gmmpi_error error = {0};
    if (CHECK(shard_create_from_memory(MPI_COMM_WORLD, values, n_local, 1, (shard_options){0}, &points, &error) ==
              GMMPI_OK))
      check_found(points, &expected);
    shard_destroy(points);
  }
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  the_limit();
  fill_values(300, false, false);
  fill_values(12000, false, false);
  fill_values(12000, true, false);
  fill_values(12000, false, true);
  remove_file("x.csv");
  return end_tests();
}
