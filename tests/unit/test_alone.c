/* SPDX-License-Identifier: BSD-3-Clause */
/* MPI in a program that is none of MPI, linked to the shared library: what surrounds it stays as it was, and two of its
 * threads fit at the same time. */
#include "alone/alone.h"
#include "gmmpi/gmmpi.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { N = 6, MOST_VARIABLES = 1000 };
static const double rows[N] = {0.1, -0.2, 0.0, 9.8, 10.1, 10.3};

static void note_signals(void (*handlers[NSIG])(int))
{
  for (int i = 1; i < NSIG; i++) {
    struct sigaction action;
    handlers[i] = sigaction(i, NULL, &action) == 0 ? action.sa_handler : SIG_ERR;
  }
}

static int note_variables(char *variables[MOST_VARIABLES])
{
  int n = 0;
  for (; environ[n] != NULL && n < MOST_VARIABLES; n++) variables[n] = strdup(environ[n]);
  return n;
}

static void test_surroundings(void **state)
{
  (void)state;
  static void (*handlers[2][NSIG])(int);
  static char *variables[2][MOST_VARIABLES];
  int n[2];
  int has_begun = 0;
  int level = MPI_THREAD_SINGLE;
  gmmpi_error error = {0};
  setenv("GMMPI_TEST_OWN", "kept", 1);
  for (int i = 0; i < 2; i++) {
    note_signals(handlers[i]);
    n[i] = note_variables(variables[i]);
    if (i == 0 && gmmpi_alone_begin(&error) != GMMPI_OK) fail_msg("%s", error.message);
  }
  MPI_Initialized(&has_begun);
  MPI_Query_thread(&level);
  assert_true(has_begun);
  assert_int_equal(level, MPI_THREAD_MULTIPLE);
  assert_memory_equal(handlers[0], handlers[1], sizeof handlers[0]);
  assert_int_equal(n[0], n[1]);
  for (int i = 0; i < n[0]; i++) {
    assert_string_equal(variables[0][i], variables[1][i]);
    free(variables[0][i]);
    free(variables[1][i]);
  }
  assert_int_equal(gmmpi_alone_begin(&error), GMMPI_OK); /* a second time changes nothing */
}

static void *fit_often(void *result)
{
  double *mean = result;
  gmmpi_error error = {0};
  gmmpi_options *options = NULL;
  gmmpi_options_create(&options, &error);
  gmmpi_options_set(options, "components", "2", &error);
  for (int i = 0; i < 20 && error.status == GMMPI_OK; i++) {
    MPI_Comm comm;
    gmmpi_points *points = NULL;
    gmmpi_model *model = NULL;
    gmmpi_alone_communicator(&comm, &error);
    gmmpi_points_create(comm, rows, N, 1, options, &points, &error);
    if (error.status == GMMPI_OK && gmmpi_fit(points, options, NULL, &model, NULL, &error) == GMMPI_OK)
      *mean = gmmpi_model_means(model)[0] + gmmpi_model_means(model)[1];
    gmmpi_model_destroy(model);
    gmmpi_points_destroy(points);
    gmmpi_alone_release(&comm);
  }
  gmmpi_options_destroy(options);
  return NULL;
}

static void test_two_threads(void **state)
{
  (void)state;
  pthread_t threads[2];
  double sums[2] = {0.0, 0.0};
  for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, fit_often, &sums[i]), 0);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  assert_true(sums[0] > 10.0 && sums[0] < 10.1); /* (-0.1 + 30.2) / 3 */
  assert_true(sums[0] == sums[1]);
}

static void test_end(void **state)
{
  (void)state;
  int has_ended = 0;
  gmmpi_error error = {0};
  gmmpi_alone_end();
  MPI_Finalized(&has_ended);
  assert_true(has_ended);
  gmmpi_alone_end();
  assert_int_equal(gmmpi_alone_begin(&error), GMMPI_WRONG_USAGE);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_surroundings), cmocka_unit_test(test_two_threads),
                                     cmocka_unit_test(test_end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
