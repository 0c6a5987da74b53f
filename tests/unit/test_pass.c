/* SPDX-License-Identifier: BSD-3-Clause */
/* Passes of many requests: each gets, bit for bit, what it would get alone, whatever the others are; and what the rank
 * is asked travels along. */
#include "unit/problem.h"

enum { N = 1500, D = 3, N_REQUESTS = 7, WIDEST = 7, N_THREADS = 2 };

/* Whatever a request needs, and room for its spans. */
typedef struct asked {
  gmmpi_model *model; /* NULL: the rule asks for none */
  density_form *form;
  statistics *sums;
  double spans[WIDEST * D];
  pass_request request;
} asked;

typedef struct kind {
  const char *family;
  int64_t n_components;
  statistics_order order;
  responsibility_rule rule;
  bool wants_spans;
} kind;

static const kind kinds[N_REQUESTS] = {
    {"full", 3, SECOND_ORDER, posterior_rule, false},     {"diag", 7, SECOND_ORDER, posterior_rule, false},
    {"full", 5, SECOND_ORDER, posterior_rule, true},      {"spherical", 4, FIRST_ORDER, nearest_rule, false},
    {"full", 1, SECOND_ORDER, whole_rule, false},         {"tied", 2, POOLED_ORDER, posterior_rule, false},
    {"spherical", 5, TRACE_ORDER, posterior_rule, false},
};

static problem *clusters(bool has_weights)
{
  problem *one = problem_create(N, D + (has_weights ? 1 : 0), 3, "full");
  for (int64_t i = 0; i < N; i++) {
    double *row = one->rows + i * one->d;
    for (int64_t j = 0; j < D; j++) row[j] = 6.0 * (double)((i + j) % 3) + normal_number(9, i * D + j);
    if (has_weights) row[D] = 0.5 * (double)(i % 4);
  }
  gmmpi_error error = {0};
  const shard_options options = {.n_threads = N_THREADS, .has_weights = has_weights};
  assert_int_equal(shard_create_from_memory(MPI_COMM_SELF, one->rows, N, D, options, &one->points, &error), GMMPI_OK);
  return one;
}

static asked ask(const problem *one, int which)
{
  const kind *k = &kinds[which];
  const int64_t K = k->n_components;
  const covariance_family *family = family_find(k->family);
  asked a = {.model = new_model(k->family, K, D)};
  gmmpi_error error = {0};
  for (int64_t c = 0; c < K; c++) {
    const double slant = 0.25 * (double)(c % 3);
    const double mean[D] = {6.0 * (double)(c % 3), 2.0 * (double)c, 3.0};
    const double covariance[D * D] = {2.0, slant, 0.0, slant, 1.5, slant, 0.0, slant, 3.0};
    set_component(a.model, c, 1.0 / (double)K, mean, covariance);
  }
  assert_int_equal(density_create(family, K, D, &a.form, &error), GMMPI_OK);
  density_from_model(a.form, a.model);
  assert_int_equal(statistics_create(family->storage->shape, k->order, K, one->points, &a.sums, &error), GMMPI_OK);
  statistics_begin(a.sums, a.model->means);
  return a;
}

/* The request, which points into `a`. */
static pass_request request_of(asked *a, int which)
{
  return (pass_request){.rule = kinds[which].rule,
                        .context = a->form,
                        .sums = a->sums,
                        .spans = kinds[which].wants_spans ? a->spans : NULL};
}

static void forget(asked *a)
{
  statistics_destroy(a->sums);
  density_destroy(a->form);
  gmmpi_model_destroy(a->model);
}

static pass_team *new_team(const problem *one, int first, int end)
{
  pass_size sizes[N_REQUESTS];
  pass_team *team = NULL;
  gmmpi_error error = {0};
  for (int i = first; i < end; i++)
    sizes[i - first] =
        (pass_size){family_find(kinds[i].family)->storage->shape, kinds[i].order, kinds[i].n_components, 1};
  assert_int_equal(team_create(kernel_best(KERNEL_HIGHEST_LEVEL), one->points, sizes, end - first, &team, &error),
                   GMMPI_OK);
  return team;
}

static void assert_same(const asked *a, const asked *b, int which)
{
  const int64_t K = kinds[which].n_components;
  const size_t number = sizeof(double);
  if (kinds[which].wants_spans) {
    assert_memory_equal(a->spans, b->spans, (size_t)(K * D) * number);
    return;
  }
  assert_memory_equal(a->sums->counts, b->sums->counts, (size_t)K * number);
  assert_memory_equal(a->sums->first, b->sums->first, (size_t)(K * D) * number);
  assert_memory_equal(a->sums->second, b->sums->second, (size_t)(a->sums->n_second * a->sums->second_length) * number);
  assert_true(a->sums->log_likelihood == b->sums->log_likelihood);
  assert_true(a->sums->sum_log_max_responsibility == b->sums->sum_log_max_responsibility);
}

/* Each alone, by a team for it alone, then all in one pass, from the first to the last and the other way round. */
static void like_each_alone(void **state)
{
  (void)state;
  for (int weighted = 0; weighted < 2; weighted++) {
    problem *one = clusters(weighted);
    asked alone[N_REQUESTS];
    gmmpi_error error = {0};
    for (int i = 0; i < N_REQUESTS; i++) {
      pass_team *team = new_team(one, i, i + 1);
      pass_control control = {.n_questions = 0};
      alone[i] = ask(one, i);
      const pass_request request = request_of(&alone[i], i);
      assert_int_equal(pass_make(team, one->points, &request, 1, &control, &error), GMMPI_OK);
      team_destroy(team);
    }
    for (int turn = 0; turn < 2; turn++) {
      asked together[N_REQUESTS];
      pass_request requests[N_REQUESTS];
      pass_team *team = new_team(one, 0, N_REQUESTS);
      pass_control control = {.n_questions = 0};
      for (int i = 0; i < N_REQUESTS; i++) {
        together[i] = ask(one, i);
        memset(together[i].spans, 0x7F, sizeof together[i].spans);
      }
      for (int i = 0; i < N_REQUESTS; i++) requests[turn == 0 ? i : N_REQUESTS - 1 - i] = request_of(&together[i], i);
      assert_int_equal(pass_make(team, one->points, requests, N_REQUESTS, &control, &error), GMMPI_OK);
      for (int i = 0; i < N_REQUESTS; i++) assert_same(&alone[i], &together[i], i);
      for (int i = 0; i < N_REQUESTS; i++) forget(&together[i]);
      team_destroy(team);
    }
    for (int i = 0; i < N_REQUESTS; i++) forget(&alone[i]);
    problem_destroy(one);
  }
}

/* What the sums are: posteriors, and the whole, in long double; weights count. */
static void against_long_double(void **state)
{
  (void)state;
  for (int weighted = 0; weighted < 2; weighted++) {
    problem *one = clusters(weighted);
    asked mixture = ask(one, 0);
    asked whole = ask(one, 4);
    const pass_request requests[] = {request_of(&mixture, 0), request_of(&whole, 4)};
    pass_team *team = new_team(one, 0, N_REQUESTS);
    pass_control control = {.n_questions = 0};
    gmmpi_error error = {0};
    assert_int_equal(pass_make(team, one->points, requests, 2, &control, &error), GMMPI_OK);
    long double counts[3] = {0.0L, 0.0L, 0.0L};
    long double total = 0.0L;
    long double square = 0.0L;
    long double log_likelihood = 0.0L;
    for (int64_t i = 0; i < N; i++) {
      const double *row = one->rows + i * one->d;
      const long double weight = weighted ? row[D] : 1.0L;
      const long double log_density = log_density_of(mixture.model, row);
      for (int64_t k = 0; k < 3; k++) counts[k] += weight * expl(log_share(mixture.model, k, row) - log_density);
      log_likelihood += weight * log_density;
      total += weight;
      square += weight * (row[0] - whole.model->means[0]) * (row[0] - whole.model->means[0]);
    }
    for (int64_t k = 0; k < 3; k++) assert_near(mixture.sums->counts[k], counts[k], 1e-12L * total);
    assert_near(mixture.sums->log_likelihood, log_likelihood, 1e-13L * fabsl(log_likelihood));
    assert_true(whole.sums->counts[0] == (double)total); /* multiples of a half */
    assert_near(whole.sums->second[0], square, 1e-13L * square);
    forget(&mixture);
    forget(&whole);
    team_destroy(team);
    problem_destroy(one);
  }
}

/* Of the points that count for a component only: those of its own cluster, whose centres are far apart. */
static void spans_of_points_that_count(void **state)
{
  (void)state;
  problem *one = problem_create(200, 1, 2, "diag");
  for (int64_t i = 0; i < 200; i++) one->rows[i] = (i % 2 == 0 ? 0.0 : 1e6) + (double)(i % 40);
  gmmpi_error error = {0};
  assert_int_equal(shard_create_from_memory(MPI_COMM_SELF, one->rows, 200, 1, (shard_options){.n_threads = N_THREADS},
                                            &one->points, &error),
                   GMMPI_OK);
  gmmpi_model *model = new_model("diag", 2, 1);
  density_form *form = NULL;
  statistics *sums = NULL;
  pass_team *team = NULL;
  double spans[2] = {1e9, 1e9};
  const pass_size size = {DIAGONAL, SECOND_ORDER, 2, 1};
  set_component(model, 0, 0.5, (double[]){10.0}, (double[]){100.0});
  set_component(model, 1, 0.5, (double[]){1e6 + 3.0}, (double[]){100.0});
  assert_int_equal(density_create(&family_diag, 2, 1, &form, &error), GMMPI_OK);
  density_from_model(form, model);
  assert_int_equal(statistics_create(DIAGONAL, SECOND_ORDER, 2, one->points, &sums, &error), GMMPI_OK);
  statistics_begin(sums, model->means);
  assert_int_equal(team_create(kernel_best(KERNEL_HIGHEST_LEVEL), one->points, &size, 1, &team, &error), GMMPI_OK);
  const pass_request request = {.rule = posterior_rule, .context = form, .sums = sums, .spans = spans};
  pass_control control = {.n_questions = 0};
  assert_int_equal(pass_make(team, one->points, &request, 1, &control, &error), GMMPI_OK);
  assert_true(spans[0] == 28.0 && spans[1] == 36.0); /* 0 ... 38 about 10, 1 ... 39 about 3 */
  statistics_destroy(sums);
  density_destroy(form);
  team_destroy(team);
  gmmpi_model_destroy(model);
  problem_destroy(one);
}

static bool answer(void *context)
{
  return *(bool *)context;
}

static void stops_and_questions(void **state)
{
  (void)state;
  problem *one = clusters(false);
  asked whole = ask(one, 4);
  const pass_request request = request_of(&whole, 4);
  pass_team *team = new_team(one, 4, 5);
  gmmpi_error error = {0};
  for (int i = 0; i < 4; i++) {
    bool wants_stop = i % 2 == 1;
    pass_control control = {
        .stop = {.ask = answer, .context = &wants_stop}, .n_questions = i / 2, .hash = UINT64_C(0xFFFFFFFFFFFFFFFF)};
    assert_int_equal(pass_make(team, one->points, &request, 1, &control, &error), GMMPI_OK);
    assert_int_equal(control.n_stop_requests, i % 2);
    assert_int_equal(control.n_questions, i / 2);
    assert_true(whole.sums->counts[0] == N); /* the pass is whole in any case */
  }
  forget(&whole);
  team_destroy(team);
  problem_destroy(one);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(like_each_alone),
      cmocka_unit_test(against_long_double),
      cmocka_unit_test(spans_of_points_that_count),
      cmocka_unit_test(stops_and_questions),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
