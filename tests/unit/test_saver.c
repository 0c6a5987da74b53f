/* SPDX-License-Identifier: BSD-3-Clause */
/* The latest state on the disk: at the cadence that was asked for, and at once when a signal comes, whatever the loop
 * is doing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/folder.h"

#include "job/saver.h"
#include "support/clock.h"
#include "support/signals.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char path[100];

static void pause_for(double seconds)
{
  const struct timespec time = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};
  nanosleep(&time, NULL);
}

static fit_state *make_state(void)
{
  fit_state *state = NULL;
  gmmpi_error error = {0};
  assert_int_equal(fit_state_create(gaussian_kind(&family_diag), 2, 2, "none", 1, &state, &error), GMMPI_OK);
  return state;
}

static saver *make_saver(int64_t every, double seconds, json_t *options)
{
  const checkpoint_identity identity = {.fingerprint = 5, .n_samples = 10, .n_features = 2, .options = options};
  saver *writer = NULL;
  gmmpi_error error = {0};
  assert_int_equal(saver_create(path, &identity, every, seconds, KEEP_NONE, &writer, &error), GMMPI_OK);
  return writer;
}

static int64_t iteration_on_disk(void)
{
  json_t *facts = NULL;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  if (checkpoint_describe(path, &facts, &model, &error) != GMMPI_OK) return -1;
  const int64_t iteration = json_integer_value(json_object_get(facts, "iteration"));
  json_decref(facts);
  gmmpi_model_destroy(model);
  return iteration;
}

static void every_so_many_states(void **unused)
{
  (void)unused;
  json_t *options = json_object();
  fit_state *state = make_state();
  saver *writer = make_saver(3, INFINITY, options);
  assert_int_equal(saver_latest(writer).generation, 0);
  for (int64_t i = 0; i < 10; i++) {
    state->climbers[0].current.iteration = i;
    saver_advance(writer, state);
    assert_int_equal(iteration_on_disk(), i < 2 ? -1 : (i + 1) / 3 * 3 - 1);
  }
  assert_int_equal(saver_latest(writer).iteration, 9);
  assert_int_equal(saver_saved(writer).iteration, 8);
  gmmpi_error error = {0};
  assert_int_equal(saver_save(writer, &error), GMMPI_OK);
  assert_int_equal(iteration_on_disk(), 9);
  assert_true(saver_seconds(writer) > 0);
  assert_true(saver_slowest(writer) > 0);

  saver_retire(writer);
  assert_int_equal(iteration_on_disk(), -1);
  state->climbers[0].current.iteration = 10;
  for (int i = 0; i < 3; i++) saver_advance(writer, state);
  assert_int_equal(iteration_on_disk(), -1);
  saver_destroy(writer);
  fit_state_destroy(state);
  json_decref(options);
}

/* By this test's own clock, since nobody knows how long a loaded machine keeps it from the next state. */
static void every_so_many_seconds(void **unused)
{
  (void)unused;
  enum { N_SAVES = 4 };
  const double cadence = 0.1;
  const double patience = 300.0;
  json_t *options = json_object();
  fit_state *state = make_state();
  const double began = clock_now();
  saver *writer = make_saver(0, cadence, options);
  double latest = clock_now();
  int64_t on_disk = -1;
  int n_saves = 0;
  while (n_saves < N_SAVES && clock_now() - began < patience) {
    state->climbers[0].current.iteration++;
    const double before = clock_now();
    saver_advance(writer, state);
    const double after = clock_now();
    if (iteration_on_disk() == on_disk) {
      assert_true(before - latest < cadence); /* else it is left out */
      continue;
    }
    on_disk = iteration_on_disk();
    assert_int_equal(on_disk, state->climbers[0].current.iteration);
    n_saves++;
    assert_true(after - began >= n_saves * cadence); /* else it is too early */
    latest = after;
  }
  assert_int_equal(n_saves, N_SAVES);
  saver_retire(writer);
  saver_destroy(writer);
  fit_state_destroy(state);
  json_decref(options);
}

static void a_state_of_another_shape(void **unused)
{
  (void)unused;
  json_t *options = json_object();
  fit_state *state = make_state();
  gmmpi_error error = {0};
  saver *writer = make_saver(1, INFINITY, options);
  for (int64_t i = 0; i < 20; i++) {
    state->climbers[0].current.iteration = i;
    assert_int_equal(event_list_reserve(&state->events, i, &error), GMMPI_OK);
    state->events.n = i; /* all zero is an event, too */
    state->climbers[0].current.start = i / 10;
    state->best[0].start = i / 10 - 1;
    saver_advance(writer, state);
    assert_int_equal(iteration_on_disk(), i);
  }
  saver_retire(writer);
  saver_destroy(writer);
  fit_state_destroy(state);
  json_decref(options);
}

static void a_folder_that_vanishes_is_a_warning(void **unused)
{
  (void)unused;
  json_t *options = json_object();
  fit_state *state = make_state();
  saver *writer = make_saver(1, INFINITY, options);
  assert_int_equal(rmdir(folder), 0);
  saver_advance(writer, state);
  gmmpi_error error = {0};
  assert_int_equal(saver_save(writer, &error), GMMPI_NO_OUTPUT);
  assert_non_null(mkdtemp(strcpy(folder, "/tmp/gmmpi unit test XXXXXX")));
  saver_destroy(writer);
  snprintf(path, sizeof path, "%s/checkpoint", folder);
  fit_state_destroy(state);
  json_decref(options);
}

/* In a process of its own, since a stop request stays: the loop is in a long pass, HDF5 is not touched, and the state
 * is on the disk soon. Returns the exit status: 0 when all is well. */
static int stopped_in_a_long_pass(int number)
{
  json_t *options = json_object();
  fit_state *state = make_state();
  signals_install();
  saver *writer = make_saver(0, INFINITY, options);
  state->climbers[0].current.iteration = 7;
  saver_advance(writer, state);
  if (iteration_on_disk() != -1 || signals_stop_requested()) return 1;
  raise(number);
  if (!signals_stop_requested() || signals_received() != number) return 2;
  for (int i = 0; i < 30000 && access(path, F_OK) != 0; i++) pause_for(0.01);
  if (iteration_on_disk() != 7) return 3;
  /* From now on each state is saved. */
  state->climbers[0].current.iteration = 8;
  saver_advance(writer, state);
  if (iteration_on_disk() != 8) return 4;
  saver_retire(writer);
  saver_destroy(writer);
  raise(number == SIGINT ? SIGTERM : number); /* with nobody to wake */
  if (signals_received() != number) return 5;
  fit_state_destroy(state);
  json_decref(options);
  return 0;
}

static void a_signal_saves_at_once(void **unused)
{
  (void)unused;
  static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1};
  for (int i = 0; i < 3; i++) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(stopped_in_a_long_pass(numbers[i]));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
  }
}

static void a_second_interrupt_leaves_at_once(void **unused)
{
  (void)unused;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    signals_install();
    raise(SIGINT);
    if (strcmp(signals_name(signals_received()), "SIGINT") != 0) _exit(1);
    raise(SIGINT);
    _exit(2);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 130);
}

static int name_file(void **unused)
{
  if (make_folder(unused) != 0) return -1;
  snprintf(path, sizeof path, "%s/checkpoint", folder);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_so_many_states),     cmocka_unit_test(every_so_many_seconds),
      cmocka_unit_test(a_state_of_another_shape), cmocka_unit_test(a_folder_that_vanishes_is_a_warning),
      cmocka_unit_test(a_signal_saves_at_once),   cmocka_unit_test(a_second_interrupt_leaves_at_once),
  };
  return cmocka_run_group_tests(tests, name_file, remove_folder);
}
