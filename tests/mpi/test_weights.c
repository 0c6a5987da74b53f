/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights of rows: shards of every kind carry them to the bit, whatever the number of ranks; those that are none are
 * refused; and a pass over weighted rows gives what a long double computation gives, and what one over rows that are
 * repeated gives, with the same bits at any number of ranks. */
#include "mpi/dropped_rows.h"

#include "mixture/family.h"
#include "mixture/model.h"
#include "passes/pass.h"

/* --- shards --- */

static const double matrix[] = {0.5, 0, 0, 0.1, -2, 0, 1e-3, 7, 1};
static const double origin[] = {1, -2, 1e4};

/* The table in other coordinates: numbers are taken from `held`, which has computed them, and weights from the table.
 */
static table moved_table(const shard *held, const table *all)
{
  const int64_t width = all->n_columns;
  table moved = {all->n_rows, width, calloc((size_t)(all->n_rows * width), sizeof(double)), true};
  for (int64_t row = held->first_row; row < held->first_row + held->n_rows; row++)
    shard_copy_row(held, row, moved.rows + row * width);
  MPI_Allreduce(MPI_IN_PLACE, moved.rows, (int)(all->n_rows * width), MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  for (int64_t row = 0; row < all->n_rows; row++)
    moved.rows[row * width + width - 1] = all->rows[row * width + width - 1];
  return moved;
}

/* In other coordinates, held and made, and all on every rank. points has the rows of `all`, of 3 features. */
static void check_copies(const shard *points, const table *all)
{
  gmmpi_error error = {0};
  shard *copies[2] = {NULL, NULL};
  shard *gathered = NULL;
  for (int made = 0; made < 2; made++)
    CHECK(shard_transform(points, matrix, origin, made == 0, &copies[made], &error) == GMMPI_OK);
  const table moved = moved_table(copies[0], all);
  for (int made = 0; made < 2; made++) check_shard(copies[made], &moved, NULL, 0);
  if (CHECK(shard_gather(points, &gathered, &error) == GMMPI_OK)) {
    CHECK(gathered->fingerprint == points->fingerprint && gathered->n_rows == all->n_rows);
    check_ranges(gathered, all);
    check_walk(gathered, all, 1, -1);
  }
  shard_destroy(gathered);
  for (int made = 0; made < 2; made++) shard_destroy(copies[made]);
  free(moved.rows);
}

static void from_memory(bool single_precision)
{
  static const int64_t sizes[] = {1, 100, 13000};
  for (int c = 0; c < 6; c++) {
    table all = make_table(sizes[c / 2], 3);
    const bool drops = c % 2 == 1 && all.n_rows > 1;
    const int64_t width = all.n_columns;
    for (int64_t i = 0; single_precision && i < all.n_rows * width; i++) all.rows[i] = (double)(float)all.rows[i];
    for (int64_t i = 0; drops && i < all.n_rows; i++) {
      if (misses(1, i, all.n_rows)) all.rows[i * width + i % 3] = NAN;
    }
    const int64_t first = all.n_rows * rank * rank / n_ranks / n_ranks;
    const int64_t end = all.n_rows * (rank + 1) * (rank + 1) / n_ranks / n_ranks;
    const shard_options how = {.missing = drops ? MISSING_DROP : MISSING_ERROR,
                               .n_threads = 3,
                               .single_precision = single_precision,
                               .has_weights = true};
    int64_t *kept = malloc(sizeof *kept * (size_t)all.n_rows);
    const table left = without_missing(&all, kept);
    shard *points = NULL;
    gmmpi_error error = {0};
    shard_create_from_memory(MPI_COMM_WORLD, all.rows + first * width, end - first, 3, how, &points, &error);
    if (check(error.status == GMMPI_OK, error.message, __FILE__, __LINE__)) {
      check_shard(points, &left, drops ? kept : NULL, all.n_rows - left.n_rows);
      check_subsamples(points, &left, 1);
      check_copies(points, &left);
    }
    shard_destroy(points);
    free(kept);
    free(left.rows);
    free(all.rows);
  }
}

static void copies_of_files(void)
{
  const table all = make_table(5000, 3);
  shard *points = NULL;
  gmmpi_error error = {0};
  write_table(&all);
  if (CHECK(create_from_file(MISSING_ERROR, &points, &error) == GMMPI_OK)) check_copies(points, &all);
  shard_destroy(points);
  free(all.rows);
}

static void what_is_no_weight(void)
{
  BAD_LINES("line 3000, column 2: the weight -0.5 is negative; give 0 or more", {3000, "1,-0.5"}, {3001, "1,-1"});
  BAD_LINES("line 17, column 2: is infinite", {17, "1,inf"});
  BAD_LINES("line 17, column 2: the weight 2e+15 is larger than 1e+15", {17, "1,2e15"});
  BAD_LINES("line 18, column 1: is infinite", {17, "NA,1"}, {18, "-inf,1"});
  BAD_LINES("line 17, column 2: the weight is missing; give 0", {17, "1,NA"}, {18, "-inf,1"});
  shard *points = NULL;
  gmmpi_error error = {0};
  char part[100];
  const double rows[] = {1, 2, 3, rank == n_ranks - 1 ? -4 : 4};
  shard_create_from_memory(MPI_COMM_WORLD, rows, 2, 1, (shard_options){.has_weights = true}, &points, &error);
  snprintf(part, sizeof part, "points: row %d, column 2: the weight -4 is negative", 2 * n_ranks);
  check_error(&error, GMMPI_BAD_DATA, part, __FILE__, __LINE__);
  CHECK(error.place == 2 * n_ranks && points == NULL);
}

/* --- passes --- */

enum { K = 3, N_ROWS = 3000, MOST_D = 10 };

typedef struct problem {
  int64_t d;
  gmmpi_model *model;
  density_form *form;
  double *rows; /* N_ROWS x (d + 1) */
} problem;

static problem make_problem(density_shape shape, int64_t d, bool integers)
{
  problem made = {.d = d, .rows = malloc(sizeof(double) * (size_t)(N_ROWS * (d + 1)))};
  gmmpi_error error = {0};
  uint64_t state = 7;
  if (model_allocate(gaussian_kind(shape == DENSE ? &family_full : &family_diag), K, d, &made.model, &error) !=
          GMMPI_OK ||
      density_create(shape == DENSE ? &family_full : &family_diag, K, d, &made.form, &error) != GMMPI_OK)
    abort();
  for (int64_t k = 0; k < K; k++) {
    made.model->weights[k] = (double)(k + 1) / 6.0;
    for (int64_t j = 0; j < d; j++) {
      made.model->means[k * d + j] = (double)(k * (j % 2 == 0 ? 2 : -1)) + 0.1;
      for (int64_t i = 0; i <= j && shape == DENSE; i++)
        made.model->precisions_cholesky[(k * d + i) * d + j] = i == j ? 1.0 + 0.2 * (double)k : 0.1;
      if (shape == DIAGONAL) made.model->precisions_cholesky[k * d + j] = 1.0 + 0.2 * (double)k;
    }
  }
  density_from_model(made.form, made.model);
  for (int64_t i = 0; i < N_ROWS; i++) {
    double *row = made.rows + i * (d + 1);
    for (int64_t j = 0; j < d; j++) row[j] = made.model->means[i % K * d + j] + random_value(&state) / 16384.0;
    row[d] = integers ? (double)(i * i % 5) : fabs(random_value(&state)) / 1000.0;
  }
  return made;
}

static void free_problem(problem *one)
{
  density_destroy(one->form);
  gmmpi_model_destroy(one->model);
  free(one->rows);
}

/* The sums as they should be. */
typedef struct exact_sums {
  long double counts[K], first[K * MOST_D], second[K * MOST_D * MOST_D], log_likelihood, sum_log_max;
} exact_sums;

static long double exact_log_density(const problem *one, density_shape shape, int64_t k, const double *x)
{
  const int64_t d = one->d;
  const double *factors = one->model->precisions_cholesky + k * (shape == DENSE ? d * d : d);
  long double sum = logl((long double)one->model->weights[k]) - (long double)d / 2 * logl(2 * acosl(-1.0L));
  for (int64_t j = 0; j < d; j++) {
    long double y = 0;
    for (int64_t i = 0; i < d; i++) {
      if (shape == DIAGONAL && i != j) continue;
      y += ((long double)x[i] - one->model->means[k * d + i]) * (shape == DENSE ? factors[i * d + j] : factors[j]);
    }
    sum += logl(shape == DENSE ? factors[j * d + j] : factors[j]) - y * y / 2;
  }
  return sum;
}

static void exact(const problem *one, density_shape shape, const double *references, int64_t width, exact_sums *sums)
{
  const int64_t d = one->d;
  memset(sums, 0, sizeof *sums);
  for (int64_t n = 0; n < N_ROWS; n++) {
    const double *x = one->rows + n * (d + 1);
    const long double weight = x[d];
    long double logs[K];
    long double total = 0;
    long double largest = -INFINITY;
    for (int64_t k = 0; k < K; k++) {
      logs[k] = exact_log_density(one, shape, k, x);
      largest = fmaxl(largest, logs[k]);
    }
    for (int64_t k = 0; k < K; k++) total += expl(logs[k] - largest);
    sums->log_likelihood += weight * (largest + logl(total));
    sums->sum_log_max -= weight * logl(total);
    for (int64_t k = 0; k < K; k++) {
      const long double share = weight * expl(logs[k] - largest) / total;
      sums->counts[k] += share;
      for (int64_t i = 0; i < d; i++) {
        const long double y = (long double)x[i] - references[k * width + i];
        sums->first[k * d + i] += share * y;
        for (int64_t j = 0; j < d; j++)
          sums->second[(k * d + i) * d + j] += share * y * ((long double)x[j] - references[k * width + j]);
      }
    }
  }
}

static void check_near(double value, long double expected, long double scale, int line)
{
  check(fabsl((long double)value - expected) <= 1e-12L * scale, "a sum differs from the exact one", __FILE__, line);
}

static void check_sums(const statistics *sums, const problem *one, density_shape shape)
{
  static exact_sums expected;
  const int64_t d = one->d;
  const long double scale = 10 * N_ROWS * 33.0L;
  exact(one, shape, sums->references, sums->width, &expected);
  check_near(sums->log_likelihood, expected.log_likelihood, 10 * scale, __LINE__);
  check_near(sums->sum_log_max_responsibility, expected.sum_log_max, scale, __LINE__);
  for (int64_t k = 0; k < K; k++) {
    const double *second = sums->second + k * sums->second_length;
    check_near(sums->counts[k], expected.counts[k], scale, __LINE__);
    for (int64_t i = 0; i < d; i++) {
      check_near(sums->first[k * d + i], expected.first[k * d + i], scale, __LINE__);
      for (int64_t j = triangle_first(shape, i); j <= i; j++)
        check_near(*second++, expected.second[(k * d + i) * d + j], scale, __LINE__);
    }
  }
}

/* The E-step's sums over rows of d numbers, or d + 1 with a weight, of which each rank gives some. */
static statistics *pass_over_rows(MPI_Comm comm, const problem *one, density_shape shape, const double *rows,
                                  int64_t n_local, bool has_weights)
{
  shard *points = NULL;
  pass_team *team = NULL;
  statistics *sums = NULL;
  gmmpi_error error = {0};
  pass_control control = {.n_questions = 0};
  const pass_size size = {shape, SECOND_ORDER, K, 1};
  const shard_options how = {.n_threads = 2, .has_weights = has_weights};
  if (shard_create_from_memory(comm, rows, n_local, one->d, how, &points, &error) != GMMPI_OK ||
      team_create(kernel_best(KERNEL_HIGHEST_LEVEL), points, &size, 1, &team, &error) != GMMPI_OK ||
      statistics_create(shape, SECOND_ORDER, K, points, &sums, &error) != GMMPI_OK)
    abort();
  statistics_begin(sums, one->model->means);
  const pass_request request = {.rule = posterior_rule, .context = one->form, .sums = sums};
  CHECK(pass_make(team, points, &request, 1, &control, &error) == GMMPI_OK);
  team_destroy(team);
  shard_destroy(points);
  sums->points = NULL;
  return sums;
}

static bool same_bits(const statistics *a, const statistics *b)
{
  return memcmp(a->counts, b->counts, K * sizeof(double)) == 0 &&
         memcmp(a->first, b->first, (size_t)(K * a->n_features) * sizeof(double)) == 0 &&
         memcmp(a->second, b->second, (size_t)(K * a->second_length) * sizeof(double)) == 0 &&
         memcmp(&a->log_likelihood, &b->log_likelihood, sizeof(double)) == 0 &&
         memcmp(&a->sum_log_max_responsibility, &b->sum_log_max_responsibility, sizeof(double)) == 0;
}

static void weighted_pass(density_shape shape, int64_t d, bool integers)
{
  problem one = make_problem(shape, d, integers);
  const int64_t first = N_ROWS * rank / n_ranks;
  const int64_t end = N_ROWS * (rank + 1) / n_ranks;
  statistics *sums = pass_over_rows(MPI_COMM_WORLD, &one, shape, one.rows + first * (d + 1), end - first, true);
  statistics *alone = pass_over_rows(MPI_COMM_SELF, &one, shape, one.rows, N_ROWS, true);
  check_sums(sums, &one, shape);
  CHECK(same_bits(sums, alone));
  if (integers) {
    double *repeated = malloc(sizeof(double) * (size_t)(5 * N_ROWS * d));
    int64_t n = 0;
    for (int64_t i = 0; i < N_ROWS; i++) {
      for (int times = 0; times < (int)one.rows[i * (d + 1) + d]; times++)
        memcpy(repeated + d * n++, one.rows + i * (d + 1), (size_t)d * sizeof(double));
    }
    statistics *of_repeated = pass_over_rows(MPI_COMM_WORLD, &one, shape, repeated + d * (n * rank / n_ranks),
                                             n * (rank + 1) / n_ranks - n * rank / n_ranks, false);
    check_sums(of_repeated, &one, shape);
    statistics_destroy(of_repeated);
    free(repeated);
  }
  statistics_destroy(alone);
  statistics_destroy(sums);
  free_problem(&one);
}

int main(int argc, char **argv)
{
  begin_tests(&argc, &argv);
  tables_have_weights = true;
  from_memory(false);
  from_memory(true);
  n_table_sizes = 2;
  for (stream_pairs = 0; stream_pairs <= 1; stream_pairs++) {
    from_files();
    copies_of_files();
    files_with_dropped_rows();
    what_is_no_weight();
  }
  n_table_sizes = 3;
  sample_pairs = 1;
  stream_pairs = 5;
  scratch_folder = ".";
  subsamples();
  for (int c = 0; c < 2; c++) {
    weighted_pass(DENSE, 2, c == 0);
    weighted_pass(DENSE, 6, c == 0);
    weighted_pass(DENSE, 10, c == 0);
    weighted_pass(DIAGONAL, 10, c == 0);
  }
  source_close(latest_source);
  remove_file("x.csv");
  return end_tests();
}
