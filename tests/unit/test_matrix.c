/* SPDX-License-Identifier: BSD-3-Clause */
/* Every combination of covariance family, method, distribution, background, weights of rows and known labels on a small
 * table: either it is refused, and stands in the list of those that make no sense, or a few iterations give what the
 * textbook gives in long double (unit/textbook.h). */
#include "fit/fit.h"
#include "unit/problem.h"
#include "unit/textbook.h"

enum { N_ITERATIONS = 2 };

typedef struct combination {
  const covariance_family *family;
  book_method method;
  book_tails tails;
  bool noise, weights, labels;
} combination;

static const long double volume = 900.0L;

/* --- the table --- */

static double table_rows[BOOK_N * BOOK_D];
static double table_weights[BOOK_N];
static int table_labels[BOOK_N];
static int64_t start_labels[BOOK_N];

/* Three clusters that overlap, of different volume, shape and orientation, and some rows far out. */
static void make_table(void)
{
  static const double centres[BOOK_K][BOOK_D] = {{0.0, 0.0, 0.0}, {4.0, 1.0, -2.0}, {-1.0, 5.0, 3.0}};
  static const double mixing[BOOK_K][BOOK_D][BOOK_D] = {{{1.0, 0.0, 0.0}, {0.6, 0.8, 0.0}, {-0.3, 0.2, 0.5}},
                                                        {{1.6, 0.0, 0.0}, {-0.5, 0.9, 0.0}, {0.4, 0.4, 1.1}},
                                                        {{0.7, 0.0, 0.0}, {0.2, 1.4, 0.0}, {0.1, -0.6, 0.9}}};
  for (int i = 0; i < BOOK_N; i++) {
    const int k = i % 7 < 2 ? 0 : i % 7 < 5 ? 1 : 2;
    double z[BOOK_D];
    for (int j = 0; j < BOOK_D; j++) z[j] = (i % 15 == 3 ? 3.0 : 1.0) * normal_number(11, i * BOOK_D + j);
    for (int j = 0; j < BOOK_D; j++) {
      double *x = &table_rows[i * BOOK_D + j];
      *x = centres[k][j];
      for (int l = 0; l <= j; l++) *x += mixing[k][j][l] * z[l];
    }
    table_weights[i] = 0.5 + 0.5 * (double)(i % 4);
    table_labels[i] = i % 5 == 1 ? k : -1;
    start_labels[i] = i % 11 == 0 ? (k + 1) % BOOK_K : k;
  }
}

/* --- what makes no sense --- */

static bool is_bayes(const combination *one)
{
  return one->method == BOOK_VB || one->method == BOOK_DP;
}

/* As mclust has it. */
static bool has_prior(const combination *one)
{
  static const char *const codes[] = {"VEE", "EVE", "VVE", "EVV"};
  bool has = true;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) has = has && strcmp(one->family->code, codes[i]) != 0;
  return has;
}

static bool has_posterior(const combination *one)
{
  static const char *const codes[] = {"VVV", "EEE", "VVI", "VII"};
  bool has = false;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) has = has || strcmp(one->family->code, codes[i]) == 0;
  return has;
}

static bool makes_no_sense(const combination *one)
{
  if (is_bayes(one) && !has_posterior(one)) return true;                /* conjugate priors are of these alone */
  if (one->method != BOOK_ML && one->tails != BOOK_NORMAL) return true; /* priors are of normal distributions */
  if (is_bayes(one) && one->noise) return true;                         /* the bound has no background */
  if (one->method == BOOK_ADAPT && one->noise) return true;             /* the model that is adapted has none */
  if (one->method == BOOK_MAP && !has_prior(one)) return true;          /* nobody has published one */
  return false;
}

/* --- both sides --- */

static fit_options options_of(const combination *one)
{
  static const fit_method methods[] = {[BOOK_ML] = METHOD_ML,
                                       [BOOK_MAP] = METHOD_MAP,
                                       [BOOK_ADAPT] = METHOD_ADAPT,
                                       [BOOK_VB] = METHOD_VB,
                                       [BOOK_DP] = METHOD_DP};
  fit_options options = fit_defaults(BOOK_K);
  options.covariance = one->family->name;
  options.accelerate = "none";
  options.coarse_to_fine = COARSE_OFF;
  options.tolerance = 0.0;
  options.max_iterations = N_ITERATIONS;
  options.reg_covar = 0.0;
  options.spurious = SPURIOUS_KEEP;
  options.noise = one->noise;
  options.distribution = one->tails == BOOK_NORMAL ? DISTRIBUTION_GAUSSIAN : DISTRIBUTION_T;
  options.dof = one->tails == BOOK_T_EACH ? DOF_EACH : one->tails == BOOK_T_COMMON ? DOF_COMMON : 5.0;
  options.method = methods[one->method];
  options.prior_mean = "0.5,1,0";
  options.prior_shrinkage = 0.5;
  options.prior_dof = 7.0;
  options.prior_scale = "1.5";
  options.relevance = 8.0;
  options.weight_concentration_prior = 0.7;
  options.mean_precision_prior = 0.5;
  options.degrees_of_freedom_prior = 7.0;
  options.mean_prior = options.prior_mean;
  options.covariance_prior = options.prior_scale;
  options.adapts = ADAPT_MEANS | ADAPT_WEIGHTS | ADAPT_VARIANCES;
  options.noise_volume = one->noise ? (double)volume : 0.0;
  return options;
}

/* One covariance for all, which every family can hold some of: of all points, about. */
static gmmpi_model *start_of(const combination *one, const fit_options *options)
{
  static const double covariance[BOOK_D * BOOK_D] = {4.0, 0.5, -0.3, 0.5, 3.0, 0.4, -0.3, 0.4, 2.0};
  static const double means[BOOK_K][BOOK_D] = {{0.5, -0.5, 0.0}, {3.0, 1.0, -1.0}, {-0.5, 4.0, 2.5}};
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_allocate(fit_kind(options), BOOK_K, BOOK_D, &model, &error), GMMPI_OK);
  for (int64_t k = 0; k < BOOK_K; k++)
    set_component(model, k, (one->noise ? 0.9 : 1.0) * (0.25 + 0.125 * (double)(k % 2 + (k > 1))), means[k],
                  covariance);
  double sum = 0.0;
  for (int64_t k = 0; k < BOOK_K; k++) sum += model->weights[k];
  for (int64_t k = 0; k < BOOK_K; k++) model->weights[k] *= (one->noise ? 0.9 : 1.0) / sum;
  for (int64_t k = 0; k < BOOK_K && model_has(model, PART_TAILS); k++)
    model->dof[k] = one->tails == BOOK_T_EACH ? 4.0 + (double)k : 5.0;
  if (one->noise) {
    *model->noise_weight = 0.1;
    *model->noise_volume = (double)volume;
  }
  return model;
}

static void to_book(const gmmpi_model *model, book_mixture *book)
{
  memset(book, 0, sizeof *book);
  for (int64_t k = 0; k < BOOK_K; k++) {
    double covariance[BOOK_D * BOOK_D];
    expand_dense(model, k, covariance);
    book->weights[k] = model->weights[k];
    for (int j = 0; j < BOOK_D; j++) book->means[k][j] = model->means[k * BOOK_D + j];
    for (int j = 0; j < BOOK_D * BOOK_D; j++) book->covariances[k][j / BOOK_D][j % BOOK_D] = covariance[j];
    if (model_has(model, PART_TAILS)) book->dof[k] = model->dof[k];
  }
  if (model_has(model, PART_NOISE)) book->noise_weight = *model->noise_weight;
}

static book_problem problem_of(const combination *one, const book_mixture *start)
{
  book_problem made = {.code = one->family->code,
                       .shrinkage = 0.5L,
                       .prior_dof = 7.0L,
                       .prior_mean = {0.5L, 1.0L, 0.0L},
                       .prior_concentration = 0.7L,
                       .relevance = 8.0L,
                       .from = start,
                       .method = one->method,
                       .tails = one->tails,
                       .noise = one->noise,
                       .volume = volume,
                       .rows = table_rows,
                       .weights = one->weights ? table_weights : NULL,
                       .labels = one->labels ? table_labels : NULL};
  /* Of one variance for all features the scale is of their sum. */
  for (int j = 0; j < BOOK_D; j++)
    made.prior_scale[j][j] = one->family->storage->rank == 0 && one->method == BOOK_MAP ? 0.5L : 1.5L;
  return made;
}

static shard *points_of(const combination *one)
{
  const int64_t width = BOOK_D + one->labels + one->weights;
  double rows[BOOK_N * (BOOK_D + 2)];
  shard *points = NULL;
  gmmpi_error error = {0};
  for (int64_t i = 0; i < BOOK_N; i++) {
    memcpy(rows + i * width, table_rows + i * BOOK_D, BOOK_D * sizeof(double));
    if (one->labels) rows[i * width + BOOK_D] = table_labels[i];
    if (one->weights) rows[i * width + width - 1] = table_weights[i];
  }
  const shard_options options = {.has_labels = one->labels, .has_weights = one->weights};
  assert_int_equal(shard_create_from_memory(MPI_COMM_SELF, rows, BOOK_N, BOOK_D, options, &points, &error), GMMPI_OK);
  return points;
}

/* The textbook's iterations; false where it has none for the combination. */
static bool read_the_book(const combination *one, const gmmpi_model *start, book_mixture *book,
                          long double *log_likelihood)
{
  book_mixture first;
  to_book(start, &first);
  const book_problem asked = problem_of(one, &first);
  book_sums sums;
  *book = first;
  if (is_bayes(one)) {
    book_expect(&asked, book, start_labels, &sums);
    if (!book_maximise(&asked, &sums, &first, 0.0L, book)) return false;
  }
  for (int i = 0; i < N_ITERATIONS; i++) {
    book_mixture next;
    book_expect(&asked, book, NULL, &sums);
    if (!book_maximise(&asked, &sums, book, 0.0L, &next)) return false;
    *book = next;
  }
  book_expect(&asked, book, NULL, &sums);
  *log_likelihood = sums.log_likelihood;
  return true;
}

/* --- the comparison --- */

static const char *name_of(const combination *one, char text[160])
{
  static const char *const methods[] = {"ml", "map", "adapt", "vb", "dp"};
  static const char *const tails[] = {"normal", "t, fixed dof", "t, common dof", "t, own dof"};
  snprintf(text, 160, "%s, %s, %s%s%s%s", one->family->code, methods[one->method], tails[one->tails],
           one->noise ? ", noise" : "", one->weights ? ", weights" : "", one->labels ? ", labels" : "");
  return text;
}

static void assert_number(const combination *one, const char *what, double found, long double expected,
                          long double tolerance)
{
  char name[160];
  if (!(fabsl(found - expected) <= tolerance * fmaxl(1.0L, fabsl(expected))))
    fail_msg("%s: %s is %.17g, the textbook has %.17Lg", name_of(one, name), what, found, expected);
}

/* Of M-steps that iterate the last digits are those of the iteration. */
static long double tolerance_of(const combination *one)
{
  static const char *const iterate[] = {"VEI", "VEE", "EVE", "VVE", "VEV"};
  for (size_t i = 0; i < sizeof iterate / sizeof *iterate; i++) {
    if (strcmp(one->family->code, iterate[i]) == 0) return 2e-6L;
  }
  return 1e-10L;
}

static void assert_like_book(const combination *one, const fit_result *result, const book_mixture *book,
                             long double log_likelihood)
{
  const gmmpi_model *model = result->end.model;
  const long double tolerance = tolerance_of(one);
  assert_number(one, "log-likelihood", result->end.measured.log_likelihood, log_likelihood, tolerance);
  for (int64_t k = 0; k < BOOK_K; k++) {
    double covariance[BOOK_D * BOOK_D];
    expand_dense(model, k, covariance);
    assert_number(one, "a weight", model->weights[k], book->weights[k], tolerance);
    for (int j = 0; j < BOOK_D; j++)
      assert_number(one, "a mean", model->means[k * BOOK_D + j], book->means[k][j], tolerance);
    for (int j = 0; j < BOOK_D * BOOK_D; j++)
      assert_number(one, "a covariance", covariance[j], book->covariances[k][j / BOOK_D][j % BOOK_D], tolerance);
    if (model_has(model, PART_TAILS)) assert_number(one, "a dof", model->dof[k], book->dof[k], 1e-6L);
  }
  for (int64_t k = 0; k < BOOK_K && is_bayes(one); k++) {
    assert_number(one, "a concentration", model->weight_concentration[k], book->concentration[0][k], tolerance);
    assert_number(one, "a mean precision", model->mean_precision[k], book->mean_precision[k], tolerance);
    assert_number(one, "degrees of freedom", model->degrees_of_freedom[k], book->wishart[k], tolerance);
    if (one->method == BOOK_DP)
      assert_number(one, "a concentration", model->weight_concentration[BOOK_K + k], book->concentration[1][k],
                    tolerance);
  }
  if (one->noise) assert_number(one, "the noise weight", *model->noise_weight, book->noise_weight, tolerance);
}

/* What is in no book: the objective does not fall from one step to the next. */
static void assert_ascends(const combination *one, const shard *points, const fit_options *options)
{
  double last = -INFINITY;
  for (int64_t n = 1; n <= 6; n++) {
    fit_options more = *options;
    fit_result result;
    gmmpi_error error = {0};
    char name[160];
    more.max_iterations = n;
    assert_int_equal(fit_run(points, &more, NULL, NULL, &result, &error), GMMPI_OK);
    const double objective = result.end.measured.objective;
    if (!(objective >= last - 1e-12 * fabs(last)))
      fail_msg("%s: step %d from %.17g to %.17g", name_of(one, name), (int)n, last, objective);
    last = objective;
    fit_result_clear(&result);
  }
}

/* 1: compared, 0: refused. */
static int look_at(const combination *one)
{
  fit_options options = options_of(one);
  gmmpi_error error = {0};
  char name[160];
  gmmpi_model *start = start_of(one, &options);
  options.init = is_bayes(one) ? INIT_LABELS : INIT_MODEL;
  options.start = is_bayes(one) ? NULL : start;
  options.labels = is_bayes(one) ? start_labels : NULL;
  const bool refused = fit_options_check(&options, 0, &error) != GMMPI_OK;
  if (refused != makes_no_sense(one))
    fail_msg("%s is %s: %s", name_of(one, name), refused ? "refused" : "not refused", error.message);
  if (refused) {
    assert_int_equal(error.status, GMMPI_WRONG_USAGE);
    assert_true(strlen(error.message) > 20);
    gmmpi_model_destroy(start);
    return 0;
  }
  shard *points = points_of(one);
  fit_result result;
  book_mixture book;
  long double log_likelihood = 0.0L;
  if (fit_run(points, &options, NULL, NULL, &result, &error) != GMMPI_OK)
    fail_msg("%s: %s", name_of(one, name), error.message);
  if (read_the_book(one, start, &book, &log_likelihood))
    assert_like_book(one, &result, &book, log_likelihood);
  else
    assert_ascends(one, points, &options);
  fit_result_clear(&result);
  shard_destroy(points);
  gmmpi_model_destroy(start);
  return 1;
}

static void all_combinations(void **state)
{
  (void)state;
  int n_compared = 0;
  int n_all = 0;
  make_table();
  for (int f = 0; f < N_FAMILIES; f++) {
    for (int method = BOOK_ML; method <= BOOK_DP; method++) {
      for (int tails = BOOK_NORMAL; tails <= BOOK_T_EACH; tails++) {
        for (int bits = 0; bits < 8; bits++, n_all++) {
          const combination one = {all_families[f], (book_method)method, (book_tails)tails,
                                   (bits & 1) != 0, (bits & 2) != 0,     (bits & 4) != 0};
          n_compared += look_at(&one);
        }
      }
    }
  }
  print_message("%d combinations, %d compared with the textbook, %d refused\n", n_all, n_compared, n_all - n_compared);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_combinations)};
  MPI_Init(NULL, NULL);
  const int status = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return status;
}
