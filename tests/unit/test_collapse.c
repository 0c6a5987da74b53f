/* SPDX-License-Identifier: BSD-3-Clause */
/* Components that collapse: put where the data fit worst, dropped, refused or kept, and who hears of it. Most points
 * lie near the origin; where the outliers are is known, so it is known where the worst fit is. */
#include "unit/problem.h"

#include "em/climber.h"

enum { N = 400, D = 2, K = 4 };

/* Rows from the one that fits worst on; the second one is there twice. */
static const double outliers[][D] = {{900.0, 0.0}, {0.0, -800.0}, {0.0, -800.0}, {700.0, 0.0}, {0.0, 600.0}};
enum { N_OUTLIERS = sizeof outliers / sizeof outliers[0] };

typedef struct scene {
  problem *one;
  gmmpi_model *next;
  event_list events;
  climber climb;
  int64_t n_told;
} scene;

static void count_event(void *context, const fit_event *event)
{
  (void)event;
  ++*(int64_t *)context;
}

static scene *scene_open(const char *family)
{
  scene *s = calloc(1, sizeof *s);
  gmmpi_error error = {0};
  assert_non_null(s);
  s->one = problem_create(N, D, K, family);
  put_normal(s->one, 0, N, (double[]){0.0, 0.0}, 1.0);
  for (int i = 0; i < N_OUTLIERS; i++) memcpy(s->one->rows + (37 * i + 5) * D, outliers[i], sizeof outliers[i]);
  problem_open(s->one, MPI_COMM_SELF, 2);
  s->next = new_model(family, K, D);
  for (int64_t k = 0; k < K; k++)
    set_component(s->next, k, 0.1 * (double)(k + 1), (double[]){0.1 * (double)k, 0.0}, (double[]){1.0, 0.0, 0.0, 1.0});
  density_from_model(s->one->em->form, s->next);
  s->one->em->step->variances = s->one->em->spread->variances;
  assert_int_equal(climber_open(gaussian_kind(family_find(family)), K, D, "none", &s->events, &s->climb, &error),
                   GMMPI_OK);
  s->climb.current.start = 2;
  return s;
}

static void scene_close(scene *s)
{
  climber_close(&s->climb);
  free(s->events.items);
  gmmpi_model_destroy(s->next);
  problem_destroy(s->one);
  free(s);
}

/* As the M-step leaves it: weight 0, unless a shared covariance is at fault. */
static void mark(scene *s, int64_t k, component_state state)
{
  s->one->em->step->states[k] = state;
  if (state != COMPONENT_SOUND && !s->next->family->storage->shared) s->next->weights[k] = 0.0;
}

static gmmpi_status repair(scene *s, collapse_policy policy, int64_t iteration, gmmpi_error *error)
{
  const em_iteration *em = s->one->em;
  const fit_observer observer = {.context = &s->n_told, .event_happened = count_event};
  *error = (gmmpi_error){0};
  return repair_collapsed(s->one->points, em->spread, em->form, em->team, policy, em->step, iteration, s->next,
                          &s->climb, &observer, error);
}

static void assert_repaired(scene *s, collapse_policy policy, int64_t iteration)
{
  gmmpi_error error;
  if (repair(s, policy, iteration, &error) != GMMPI_OK) fail_msg("%s", error.message);
}

static void assert_event(const scene *s, int64_t i, int64_t iteration, int64_t component, fit_event_kind kind,
                         fit_event_action action)
{
  assert_true(i < s->events.n);
  const fit_event *event = &s->events.items[i];
  assert_int_equal(event->start, 2);
  assert_int_equal(event->iteration, iteration);
  assert_int_equal(event->component, component);
  assert_int_equal(event->kind, kind);
  assert_int_equal(event->action, action);
}

static void assert_events(const scene *s, int64_t n)
{
  assert_int_equal(s->events.n, n);
  assert_int_equal(s->n_told, n);
}

/* Mean on the outlier, covariance that of all points with the ridge: sums over the rows in long double. */
static void assert_put_on(const scene *s, int64_t k, const double *outlier)
{
  const problem *one = s->one;
  long double mean[D] = {0.0L, 0.0L};
  double covariance[D * D];
  for (int64_t i = 0; i < N * D; i++) mean[i % D] += (long double)one->rows[i] / N;
  assert_true(s->next->means[k * D] == outlier[0] && s->next->means[k * D + 1] == outlier[1]);
  expand_dense(s->next, k, covariance);
  for (int a = 0; a < D; a++) {
    for (int b = 0; b <= a; b++) {
      long double sum = a == b ? one->options.reg_covar : 0.0L;
      for (int64_t i = 0; i < N; i++) sum += (one->rows[i * D + a] - mean[a]) * (one->rows[i * D + b] - mean[b]) / N;
      assert_near(covariance[a * D + b], a == b || s->next->family->storage->shape == DENSE ? sum : 0.0L, 1e-9L);
    }
  }
}

static void nothing_to_repair(void **state)
{
  (void)state;
  scene *s = scene_open("full");
  const uint64_t before = model_hash(s->next);
  mark(s, 1, COMPONENT_SOUND);
  assert_repaired(s, COLLAPSE_ERROR, 1);
  assert_true(model_hash(s->next) == before);
  assert_false(any_collapsed(s->one->em->step, s->next));
  assert_events(s, 0);
  scene_close(s);
}

/* Two at once, each on a row of its own, the lower component on the worse one. */
static void reseeded(void **state)
{
  (void)state;
  const char *families[] = {"full", "diag"};
  for (int f = 0; f < 2; f++) {
    scene *s = scene_open(families[f]);
    mark(s, 1, COMPONENT_EMPTY);
    mark(s, 3, COMPONENT_INDEFINITE);
    assert_true(any_collapsed(s->one->em->step, s->next));
    assert_repaired(s, COLLAPSE_RESEED, 7);
    assert_put_on(s, 1, outliers[0]);
    assert_put_on(s, 3, outliers[1]);
    /* 0.1 and 0.3 stay, two quarters come: 0.9 in all. */
    const long double weights[K] = {0.1L / 0.9L, 0.25L / 0.9L, 0.3L / 0.9L, 0.25L / 0.9L};
    for (int64_t k = 0; k < K; k++) {
      assert_near(s->next->weights[k], weights[k], 1e-15L);
      assert_int_equal(s->climb.n_reseeds[k], k % 2);
    }
    assert_events(s, 2);
    assert_event(s, 0, 7, 1, EVENT_EMPTY, ACTION_RESEEDED);
    assert_event(s, 1, 7, 3, EVENT_INDEFINITE, ACTION_RESEEDED);
    assert_int_equal(s->climb.n_row_visits, N);
    scene_close(s);
  }
}

/* Rows that are the same are one place: the third component goes to the fourth row. */
static void each_on_another_point(void **state)
{
  (void)state;
  scene *s = scene_open("full");
  for (int64_t k = 1; k < K; k++) mark(s, k, COMPONENT_EMPTY);
  assert_repaired(s, COLLAPSE_RESEED, 1);
  assert_put_on(s, 1, outliers[0]);
  assert_put_on(s, 2, outliers[1]);
  assert_put_on(s, 3, outliers[3]);
  scene_close(s);
}

/* So few points that all are looked at, with three values: the fourth component is dropped. */
static void no_more_places(void **state)
{
  (void)state;
  enum { N_FEW = 20 };
  scene *s = scene_open("full");
  problem_destroy(s->one);
  s->one = problem_create(N_FEW, D, K, "full");
  for (int64_t i = 0; i < N_FEW * D; i++) s->one->rows[i] = (double)(i / D % 2);
  s->one->rows[1] = 0.5;
  problem_open(s->one, MPI_COMM_SELF, 1);
  density_from_model(s->one->em->form, s->next);
  for (int64_t k = 0; k < K; k++) mark(s, k, COMPONENT_EMPTY);
  assert_repaired(s, COLLAPSE_RESEED, 1);
  assert_events(s, K);
  for (int64_t k = 0; k < K; k++) {
    const bool has_place = k < 3;
    assert_event(s, k, 1, k, EVENT_EMPTY, has_place ? ACTION_RESEEDED : ACTION_DROPPED);
    assert_near(s->next->weights[k], has_place ? 1.0L / 3.0L : 0.0L, 1e-15L);
    assert_int_equal(s->climb.n_reseeds[k], has_place);
  }
  scene_close(s);
}

static void reseeded_so_often_and_no_more(void **state)
{
  (void)state;
  scene *s = scene_open("full");
  for (int64_t turn = 0; turn < MOST_RESEEDS + 1; turn++) {
    mark(s, 2, COMPONENT_EMPTY);
    assert_repaired(s, COLLAPSE_RESEED, turn);
    assert_event(s, turn, turn, 2, EVENT_EMPTY, turn < MOST_RESEEDS ? ACTION_RESEEDED : ACTION_DROPPED);
    assert_true((s->next->weights[2] > 0.0) == (turn < MOST_RESEEDS));
  }
  assert_events(s, MOST_RESEEDS + 1);
  assert_int_equal(s->climb.n_reseeds[2], MOST_RESEEDS);
  assert_int_equal(s->climb.n_row_visits, MOST_RESEEDS * N);
  scene_close(s);
}

static void dropped(void **state)
{
  (void)state;
  scene *s = scene_open("diag");
  mark(s, 0, COMPONENT_DROPPED); /* long ago */
  mark(s, 1, COMPONENT_INDEFINITE);
  assert_repaired(s, COLLAPSE_DROP, 4);
  assert_true(s->next->weights[0] == 0.0 && s->next->weights[1] == 0.0);
  assert_near(s->next->weights[2], 3.0L / 7.0L, 1e-15L);
  assert_near(s->next->weights[3], 4.0L / 7.0L, 1e-15L);
  assert_events(s, 1);
  assert_event(s, 0, 4, 1, EVENT_INDEFINITE, ACTION_DROPPED);
  assert_int_equal(s->climb.n_row_visits, 0);
  scene_close(s);
}

/* All collapse: the first one stays as it was, which is said once. */
static void the_last_one_is_kept(void **state)
{
  (void)state;
  scene *s = scene_open("full");
  for (int64_t turn = 0; turn < 2; turn++) {
    mark(s, 0, COMPONENT_DROPPED);
    for (int64_t k = 1; k < K; k++) mark(s, k, turn == 0 || k == 1 ? COMPONENT_INDEFINITE : COMPONENT_DROPPED);
    assert_repaired(s, COLLAPSE_DROP, 3 + turn);
    for (int64_t k = 0; k < K; k++) assert_true(s->next->weights[k] == (k == 1 ? 1.0 : 0.0));
  }
  assert_true(s->next->means[D] == 0.1);
  assert_events(s, 3);
  assert_event(s, 0, 3, 1, EVENT_INDEFINITE, ACTION_KEPT);
  assert_event(s, 1, 3, 2, EVENT_INDEFINITE, ACTION_DROPPED);
  assert_event(s, 2, 3, 3, EVENT_INDEFINITE, ACTION_DROPPED);
  scene_close(s);
}

static void refused(void **state)
{
  (void)state;
  scene *s = scene_open("full");
  gmmpi_error error;
  mark(s, 2, COMPONENT_EMPTY);
  mark(s, 3, COMPONENT_INDEFINITE);
  assert_int_equal(repair(s, COLLAPSE_ERROR, 12, &error), GMMPI_BAD_DATA);
  assert_non_null(strstr(error.message, "component 2 became empty in iteration 12"));
  mark(s, 2, COMPONENT_DROPPED);
  assert_int_equal(repair(s, COLLAPSE_ERROR, 12, &error), GMMPI_BAD_DATA);
  assert_non_null(strstr(error.message, "component 3 lost its positive definite covariance in iteration 12"));
  assert_events(s, 0);
  scene_close(s);
}

/* A covariance that all share gets a ridge, under either policy, said once a start; it is no collapse. */
static void shared_covariances(void **state)
{
  (void)state;
  scene *s = scene_open("tied");
  for (int64_t turn = 0; turn < 2; turn++) {
    for (int64_t k = 0; k < K; k++) mark(s, k, COMPONENT_INDEFINITE);
    const double flat[D * D] = {1.0, 1.0, 1.0, 1.0};
    contract_dense(s->next, 0, flat);
    assert_false(any_collapsed(s->one->em->step, s->next));
    assert_repaired(s, turn == 0 ? COLLAPSE_RESEED : COLLAPSE_DROP, 5);
    for (int64_t k = 0; k < K; k++) assert_near(s->next->weights[k], 0.1L * (k + 1), 1e-15L);
    assert_near(s->next->covariances[0], 1.0L + 1e-10L, 1e-15L);
    assert_true(s->next->covariances[1] == 1.0 && s->next->precisions_cholesky[0] > 0.0);
  }
  assert_events(s, 1);
  assert_event(s, 0, 5, -1, EVENT_INDEFINITE, ACTION_RIDGE);
  s->climb.current.start = 3; /* another start says it again */
  assert_repaired(s, COLLAPSE_DROP, 6);
  assert_events(s, 2);

  /* One that is empty is reseeded: only its mean and weight are its own. */
  s->climb.current.start = 2;
  for (int64_t k = 0; k < K; k++) mark(s, k, k == 1 ? COMPONENT_EMPTY : COMPONENT_SOUND);
  s->next->weights[1] = 0.0;
  const double before[3] = {s->next->covariances[0], s->next->covariances[1], s->next->covariances[3]};
  assert_repaired(s, COLLAPSE_RESEED, 8);
  assert_true(s->next->means[D] == outliers[0][0] && s->next->means[D + 1] == outliers[0][1]);
  assert_near(s->next->weights[1], 0.25L / 1.05L, 1e-15L);
  assert_true(s->next->covariances[0] == before[0] && s->next->covariances[1] == before[1] &&
              s->next->covariances[3] == before[2]);
  assert_event(s, 2, 8, 1, EVENT_EMPTY, ACTION_RESEEDED);
  scene_close(s);
}

/* A ridge that degenerate data need is said once. */
static void ridged(void **state)
{
  (void)state;
  scene *s = scene_open("full");
  s->one->em->step->ridged = true;
  assert_repaired(s, COLLAPSE_ERROR, 2);
  assert_repaired(s, COLLAPSE_ERROR, 3);
  assert_events(s, 1);
  assert_event(s, 0, 2, -1, EVENT_DEGENERATE, ACTION_RIDGE);
  for (int64_t k = 0; k < K; k++) assert_near(s->next->weights[k], 0.1L * (k + 1), 1e-15L);
  scene_close(s);
}

/* Where nobody is to hear of it, nothing is kept either. */
static void without_a_report(void **state)
{
  (void)state;
  scene *s = scene_open("full");
  const em_iteration *em = s->one->em;
  gmmpi_error error = {0};
  mark(s, 1, COMPONENT_EMPTY);
  assert_int_equal(repair_collapsed(s->one->points, em->spread, em->form, em->team, COLLAPSE_RESEED, em->step, 1,
                                    s->next, &s->climb, NULL, &error),
                   GMMPI_OK);
  assert_put_on(s, 1, outliers[0]);
  s->next->weights[0] = s->next->weights[2] = 0.0;
  assert_int_equal(revive_dropped(s->one->points, em->spread, em->form, em->team, s->next, &s->climb, &error),
                   GMMPI_OK);
  assert_put_on(s, 0, outliers[0]);
  assert_put_on(s, 2, outliers[1]);
  long double total = 0.0L;
  for (int64_t k = 0; k < K; k++) {
    assert_true(s->next->weights[k] > 0.0);
    total += s->next->weights[k];
  }
  assert_near((double)total, 1.0L, 1e-15L);
  assert_near(s->next->weights[0], (long double)s->next->weights[2], 0.0L);
  assert_int_equal(s->climb.n_reseeds[0], 1);
  assert_events(s, 0);
  const uint64_t before = model_hash(s->next); /* all live: nothing to do */
  assert_int_equal(revive_dropped(s->one->points, em->spread, em->form, em->team, s->next, &s->climb, &error),
                   GMMPI_OK);
  assert_true(model_hash(s->next) == before);
  scene_close(s);
}

/* Components that come to all points with weight 0: given so, or lost on the way; those that events name are passed
 * over. */
static void lost(void **state)
{
  (void)state;
  scene *s = scene_open("full");
  const fit_observer observer = {.context = &s->n_told, .event_happened = count_event};
  gmmpi_error error = {0};
  gmmpi_model *given = new_model("full", K, D);
  model_copy_parameters(given, s->next);
  given->weights[1] = 0.0;
  model_copy_parameters(s->climb.current.model, s->next);
  s->climb.current.model->weights[1] = s->climb.current.model->weights[3] = 0.0;
  assert_int_equal(report_lost(given, COLLAPSE_ERROR, &s->climb, &observer, &error), GMMPI_BAD_DATA);
  assert_non_null(strstr(error.message, "component 3 collapsed while the start was looked for"));
  assert_events(s, 1); /* the given one, which is no collapse */
  assert_event(s, 0, 0, 1, EVENT_WEIGHTLESS, ACTION_DROPPED);
  for (int turn = 0; turn < 2; turn++) { /* once only */
    assert_int_equal(report_lost(given, COLLAPSE_RESEED, &s->climb, &observer, &error), GMMPI_OK);
    assert_events(s, 2);
  }
  assert_event(s, 1, 0, 3, EVENT_LOST, ACTION_DROPPED);
  s->climb.current.start = 3; /* what was given holds for all starts, what was lost for its own */
  assert_int_equal(report_lost(given, COLLAPSE_RESEED, &s->climb, &observer, &error), GMMPI_OK);
  assert_events(s, 3);
  assert_int_equal(s->events.items[2].start, 3);
  assert_int_equal(s->events.items[2].component, 3);
  gmmpi_model_destroy(given);
  scene_close(s);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_to_repair),
      cmocka_unit_test(reseeded),
      cmocka_unit_test(each_on_another_point),
      cmocka_unit_test(no_more_places),
      cmocka_unit_test(reseeded_so_often_and_no_more),
      cmocka_unit_test(dropped),
      cmocka_unit_test(the_last_one_is_kept),
      cmocka_unit_test(refused),
      cmocka_unit_test(shared_covariances),
      cmocka_unit_test(ridged),
      cmocka_unit_test(without_a_report),
      cmocka_unit_test(lost),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
