/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program of somebody else's does with the library: fit, look, predict, draw, write, read. Linked to the shared
 * library, so that what is not exported is missed here. */
#include <gmmpi/gmmpi.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { N = 6 };

/* Two groups so far apart that no point belongs to both: means are averages, variances those about them. */
static const double rows[N] = {0.1, -0.2, 0.0, 9.8, 10.1, 10.3};

static void assert_close(double value, double expected, double tolerance)
{
  if (!(fabs(value - expected) <= tolerance)) fail_msg("%.17g is not %.17g", value, expected);
}

static gmmpi_options *options_for(const char *components)
{
  gmmpi_options *options = NULL;
  gmmpi_error error = {0};
  if (gmmpi_options_create(&options, &error) != GMMPI_OK ||
      gmmpi_options_set(options, "components", components, &error) != GMMPI_OK)
    fail_msg("%s", error.message);
  return options;
}

/* Fits to the rows in memory. */
static gmmpi_status fit_rows(const gmmpi_options *options, const gmmpi_observer *observer, gmmpi_model **model,
                             gmmpi_summary **summary, gmmpi_error *error)
{
  gmmpi_points *points = NULL;
  gmmpi_status status = gmmpi_points_create(MPI_COMM_WORLD, rows, N, 1, options, &points, error);
  if (status == GMMPI_OK) status = gmmpi_fit(points, options, observer, model, summary, error);
  gmmpi_points_destroy(points);
  return status;
}

static gmmpi_model *fit_two(gmmpi_summary **summary)
{
  gmmpi_options *options = options_for("2");
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  gmmpi_options_set(options, "reg-covar", "0", &error);
  if (fit_rows(options, NULL, &model, summary, &error) != GMMPI_OK) fail_msg("%s", error.message);
  gmmpi_options_destroy(options);
  return model;
}

static void test_fit(void **state)
{
  (void)state;
  gmmpi_summary *summary = NULL;
  gmmpi_model *model = fit_two(&summary);
  const int low = gmmpi_model_means(model)[0] < gmmpi_model_means(model)[1] ? 0 : 1;
  const double low_mean = -0.1 / 3;
  const double high_mean = 30.2 / 3;
  const double low_variance = 0.05 / 3 - low_mean * low_mean;
  const double high_variance = (9.8 * 9.8 + 10.1 * 10.1 + 10.3 * 10.3) / 3 - high_mean * high_mean;
  assert_int_equal(gmmpi_model_n_components(model), 2);
  assert_int_equal(gmmpi_model_n_features(model), 1);
  assert_string_equal(gmmpi_model_covariance(model), "full");
  assert_close(gmmpi_model_weights(model)[low], 0.5, 1e-9);
  assert_close(gmmpi_model_means(model)[low], low_mean, 1e-9);
  assert_close(gmmpi_model_means(model)[1 - low], high_mean, 1e-9);
  assert_close(gmmpi_model_covariances(model)[low], low_variance, 1e-9);
  assert_close(gmmpi_model_covariances(model)[1 - low], high_variance, 1e-9);
  /* Each group's points are at a mean squared distance of one from its mean, in its own units. */
  const double log_two_pi = 1.8378770664093454836;
  assert_close(gmmpi_summary_log_likelihood(summary),
               6 * log(0.5) - 3 * log_two_pi - 1.5 * (log(low_variance) + log(high_variance)) - 3, 1e-6);
  assert_close(gmmpi_summary_sum_log_max_responsibility(summary), 0.0, 1e-6);
  assert_int_equal(gmmpi_summary_n_samples(summary), N);
  assert_int_equal(gmmpi_summary_n_parameters(summary), 5); /* two means, two variances, one weight */
  assert_true(gmmpi_summary_converged(summary));
  assert_true(gmmpi_summary_n_iterations(summary) >= 1);
  assert_null(gmmpi_summary_event(summary, gmmpi_summary_n_events(summary)));
  gmmpi_model_destroy(model);
  gmmpi_summary_destroy(summary);
}

static void test_predict_and_sample(void **state)
{
  (void)state;
  gmmpi_model *model = fit_two(NULL);
  gmmpi_error error = {0};
  int32_t labels[N];
  double points[100];
  int32_t drawn[100];
  assert_int_equal(gmmpi_predict(model, rows, N, labels, NULL, NULL, &error), GMMPI_OK);
  for (int i = 0; i < N; i++) assert_int_equal(labels[i], labels[i < 3 ? 0 : 3]);
  assert_int_not_equal(labels[0], labels[3]);
  assert_int_equal(gmmpi_sample(model, 100, 1, points, drawn, &error), GMMPI_OK);
  for (int i = 0; i < 100; i++) assert_int_equal(drawn[i], points[i] < 5 ? labels[0] : labels[3]);
  gmmpi_model_destroy(model);
}

static void test_files(void **state)
{
  (void)state;
  char path[] = "/tmp/gmmpi_test_api_XXXXXX";
  const int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  close(descriptor);
  gmmpi_model *model = fit_two(NULL);
  gmmpi_model *other = NULL;
  gmmpi_error error = {0};
  assert_int_equal(gmmpi_model_write(model, path, &error), GMMPI_OK);
  assert_int_equal(gmmpi_model_read(path, &other, &error), GMMPI_OK);
  assert_memory_equal(gmmpi_model_means(model), gmmpi_model_means(other), 2 * sizeof(double));
  gmmpi_model_destroy(model);
  gmmpi_model_destroy(other);
  unlink(path);
}

static void expect_refusal(const char *name, const char *value, const char *message)
{
  gmmpi_options *options = options_for("2");
  gmmpi_error error = {0};
  char before[100] = "";
  char after[100] = "";
  gmmpi_options_get(options, name, before, sizeof before, NULL);
  assert_int_equal(gmmpi_options_set(options, name, value, &error), GMMPI_WRONG_USAGE);
  assert_string_equal(error.message, message);
  gmmpi_options_get(options, name, after, sizeof after, NULL);
  assert_string_equal(before, after);
  gmmpi_options_destroy(options);
}

/* The words are the command line's. */
static void test_refusals(void **state)
{
  (void)state;
  expect_refusal("noise", "maybe", "--noise: \"maybe\" is neither yes nor no; give one");
  expect_refusal("tol", "-1", "--tol: -1 is below 0; give a number >= 0");
  expect_refusal("tol", "1e101", "--tol: 1e101 is above 1e+100; give a number >= 0 and <= 1e+100");
  expect_refusal("tol", "nan", "--tol: \"nan\" is no number; give one such as 1e-3 or 2.5");
  expect_refusal("components", "2.5", "--components: \"2.5\" is no integer; give one from 1 to 2147483647");
  expect_refusal("threads", "0", "--threads: 0 is below 1; give an integer from 1 to 4096");
  expect_refusal("covariance", "round",
                 "--covariance: \"round\" is unknown; give full, tied, diag, spherical, EII, "
                 "EEI, VEI, EVI, VEE, EVE, VVE, EEV, VEV or EVV");
  expect_refusal("coarse-to-fine", "maybe", "--coarse-to-fine: \"maybe\" is unknown; give auto, yes or no");
  expect_refusal("init", "", "--init: is empty; give METHOD");
  expect_refusal("memory-limit", "much",
                 "--memory-limit: \"much\" is no size; give bytes, or a number with K, M, G or T, e.g. 4G");
  expect_refusal("no-such", "1", "unknown option \"no-such\"; gmmpi_options_name lists the options");
}

/* Every option has a name and a help text, and what it is can be set again. */
static void test_every_option(void **state)
{
  (void)state;
  gmmpi_options *options = options_for("3");
  gmmpi_error error = {0};
  char value[100];
  char small[4];
  assert_true(gmmpi_options_count() > 10);
  for (int64_t i = 0; i < gmmpi_options_count(); i++) {
    const char *name = gmmpi_options_name(i);
    assert_true(strlen(gmmpi_options_help(i)) > 0);
    assert_int_equal(gmmpi_options_get(options, name, value, sizeof value, &error), GMMPI_OK);
    if (value[0] != '\0' && gmmpi_options_set(options, name, value, &error) != GMMPI_OK) fail_msg("%s", error.message);
  }
  assert_null(gmmpi_options_name(gmmpi_options_count()));
  assert_null(gmmpi_options_help(-1));
  static const char *const given[][3] = {
      {"tol", "1.50e-9", "1.5e-09"},  {"seed", "18446744073709551615", "18446744073709551615"},
      {"coarse-to-fine", "no", "no"}, {"init", "somewhere/model.h5", "somewhere/model.h5"},
      {"init", "random", "random"},   {"memory-limit", "2K", "2048"},
      {"delimiter", "tab", "tab"},    {"columns", "A,B", "A,B"},
      {"missing", "drop", "drop"},    {"noise", "yes", "yes"},
      {"noise", "no", "no"}};
  for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
    if (gmmpi_options_set(options, given[i][0], given[i][1], &error) != GMMPI_OK) fail_msg("%s", error.message);
    assert_int_equal(gmmpi_options_get(options, given[i][0], value, sizeof value, &error), GMMPI_OK);
    assert_string_equal(value, given[i][2]);
  }
  assert_int_equal(gmmpi_options_get(options, "seed", small, sizeof small, &error), GMMPI_WRONG_USAGE);
  gmmpi_options_destroy(options);
}

static void test_errors(void **state)
{
  (void)state;
  gmmpi_options *options = options_for("7");
  gmmpi_model *model = NULL;
  gmmpi_points *points = NULL;
  gmmpi_error error = {0};
  assert_int_equal(fit_rows(options, NULL, &model, NULL, &error), GMMPI_BAD_DATA);
  assert_null(model);
  assert_true(strlen(error.message) > 0);
  gmmpi_options_destroy(options);
  assert_int_equal(gmmpi_model_read("/no/such/model.h5", &model, NULL), GMMPI_NO_INPUT);

  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_options_create(&options, &error), GMMPI_OK);
  assert_int_equal(fit_rows(options, NULL, &model, NULL, &error), GMMPI_WRONG_USAGE);
  assert_non_null(strstr(error.message, "-k is missing"));
  gmmpi_options_destroy(options);

  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_points_open(MPI_COMM_WORLD, "/no/such/file", NULL, &points, &error), GMMPI_NO_INPUT);
  assert_null(points);
  const double bad[] = {1, 2, 3, 4, NAN, 6};
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_points_create(MPI_COMM_WORLD, bad, 3, 2, NULL, &points, &error), GMMPI_BAD_DATA);
  assert_null(points);
  assert_int_equal(error.place, 3);

  /* What would change numbers, as it does those of a file. */
  static const char *const refused[][2] = {{"transform", "log10"}, {"missing-values", "3"}};
  for (int i = 0; i < 2; i++) {
    error = (gmmpi_error){0};
    assert_int_equal(gmmpi_options_create(&options, &error), GMMPI_OK);
    assert_int_equal(gmmpi_options_set(options, refused[i][0], refused[i][1], &error), GMMPI_OK);
    assert_int_equal(gmmpi_points_create(MPI_COMM_WORLD, bad, 2, 2, options, &points, &error), GMMPI_WRONG_USAGE);
    assert_non_null(strstr(error.message, refused[i][0]));
    gmmpi_options_destroy(options);
  }
}

static void write_file(char *path, const char *text)
{
  const int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
  close(descriptor);
}

/* A text file gives the same model as its numbers in memory; a wrong line is named. */
static void test_points_from_a_file(void **state)
{
  (void)state;
  char path[] = "/tmp/gmmpi_test_api_XXXXXX";
  char wrong[] = "/tmp/gmmpi_test_api_XXXXXX";
  write_file(path, "name;height\na;0.1\nb;-0.2\nc;0\nd;\ne;9.8\nf;10.1\ng;10.3\n");
  write_file(wrong, "height\n1\n2\nthree\n");
  gmmpi_options *options = options_for("2");
  gmmpi_points *points = NULL;
  gmmpi_model *model = NULL;
  gmmpi_model *same = fit_two(NULL);
  gmmpi_error error = {0};
  gmmpi_options_set(options, "reg-covar", "0", &error);
  gmmpi_options_set(options, "columns", "height", &error);
  assert_int_equal(gmmpi_points_open(MPI_COMM_WORLD, path, options, &points, &error), GMMPI_BAD_DATA);
  assert_int_equal(error.place, 5);
  error = (gmmpi_error){0};
  gmmpi_options_set(options, "missing", "drop", &error);
  gmmpi_options_set(options, "delimiter", ";", &error);
  assert_int_equal(gmmpi_points_open(MPI_COMM_WORLD, path, options, &points, &error), GMMPI_OK);
  assert_int_equal(gmmpi_points_n_samples(points), N);
  assert_int_equal(gmmpi_points_n_dropped(points), 1);
  assert_int_equal(gmmpi_points_n_features(points), 1);
  assert_string_equal(gmmpi_points_feature_name(points, 0), "height");
  assert_int_equal(gmmpi_fit(points, options, NULL, &model, NULL, &error), GMMPI_OK);
  assert_memory_equal(gmmpi_model_means(model), gmmpi_model_means(same), 2 * sizeof(double));
  gmmpi_points_destroy(points);
  gmmpi_options_destroy(options);
  assert_int_equal(gmmpi_points_open(MPI_COMM_WORLD, wrong, NULL, &points, &error), GMMPI_BAD_DATA);
  assert_int_equal(error.place, 4);
  gmmpi_model_destroy(model);
  gmmpi_model_destroy(same);
  unlink(path);
  unlink(wrong);
}

/* Points from memory that count as often as their weights say, and those of a file with a column of weights. */
static void test_weights(void **state)
{
  (void)state;
  static const double values[] = {1, NAN, 4, 2};
  static const double weights[] = {1, 0, 2, 3};
  static const double relative[] = {0.1, 0, 0.2, 0.3};
  char path[] = "/tmp/gmmpi_test_api_XXXXXX";
  write_file(path, "w,x\n1,1\n0,\n2,4\n3,2\n");
  gmmpi_options *options = options_for("1");
  gmmpi_points *points[3] = {NULL};
  gmmpi_error error = {0};
  gmmpi_options_set(options, "reg-covar", "0", &error);
  assert_int_equal(gmmpi_points_create_weighted(MPI_COMM_WORLD, values, weights, 4, 1, options, &points[0], &error),
                   GMMPI_OK);
  gmmpi_options_set(options, "weights-sum", "n", &error);
  assert_int_equal(gmmpi_points_create_weighted(MPI_COMM_WORLD, values, relative, 4, 1, options, &points[1], &error),
                   GMMPI_OK);
  assert_int_equal(gmmpi_points_create(MPI_COMM_WORLD, values, 1, 1, options, &points[2], &error), GMMPI_WRONG_USAGE);
  gmmpi_options_set(options, "weights", "w", &error);
  assert_int_equal(gmmpi_points_create_weighted(MPI_COMM_WORLD, values, weights, 4, 1, options, &points[2], &error),
                   GMMPI_WRONG_USAGE);
  gmmpi_options_set(options, "weights-sum", "own", &error);
  assert_int_equal(gmmpi_points_open(MPI_COMM_WORLD, path, options, &points[2], &error), GMMPI_OK);
  for (int i = 0; i < 3; i++) {
    gmmpi_model *model = NULL;
    assert_int_equal(gmmpi_points_n_samples(points[i]), 3);
    assert_int_equal(gmmpi_points_n_weightless(points[i]), 1);
    assert_float_equal(gmmpi_points_sum_of_weights(points[i]), i == 1 ? 3.0 : 6.0, 1e-15);
    assert_int_equal(gmmpi_fit(points[i], options, NULL, &model, NULL, &error), GMMPI_OK);
    assert_float_equal(gmmpi_model_means(model)[0], 2.5, 1e-14);        /* (1 + 2 x 4 + 3 x 2) / 6 */
    assert_float_equal(gmmpi_model_covariances(model)[0], 1.25, 1e-14); /* (2.25 + 2 x 2.25 + 3 x 0.25) / 6 */
    gmmpi_model_destroy(model);
    gmmpi_points_destroy(points[i]);
  }
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_points_create_weighted(MPI_COMM_WORLD, weights, (const double[]){1, 2, -3, 4}, 4, 1, NULL,
                                                &points[0], &error),
                   GMMPI_BAD_DATA);
  assert_int_equal(error.place, 3);
  assert_int_equal(gmmpi_points_create_weighted(MPI_COMM_WORLD, values, NULL, 4, 1, NULL, &points[0], &error),
                   GMMPI_WRONG_USAGE);
  gmmpi_options_destroy(options);
  unlink(path);
}

/* Points of which some are of a class that is known, from memory and from a file: the same fit, and its names. */
static void test_known_labels(void **state)
{
  (void)state;
  static const double values[] = {0, 1.5, 3, 9, 10.5, 12};
  static const double weights[] = {1, 1, 1, 1, 1, 1};
  static const int64_t labels[] = {1, 1, 1, 0, 0, 0};
  static const int64_t some[] = {-1, 1, -1, 0, -1, -1};
  static const int64_t wrong[] = {0, 2, 1, 0, 0, 0};
  static const char *const names[] = {"high", "low"};
  static const char *const twice[] = {"low", "low"};
  char path[] = "/tmp/gmmpi_test_api_XXXXXX";
  write_file(path, "x,y\n0,\n1.5,low\n3,\n9,high\n10.5,\n12,\n");
  gmmpi_options *options = options_for("2");
  gmmpi_points *points[4] = {NULL};
  gmmpi_model *model[4] = {NULL};
  gmmpi_error error = {0};
  const MPI_Comm world = MPI_COMM_WORLD;
  gmmpi_options_set(options, "reg-covar", "0", &error);
  gmmpi_points_create_labelled(world, values, NULL, labels, 6, 1, 2, NULL, options, &points[0], &error);
  gmmpi_points_create_labelled(world, values, NULL, some, 6, 1, 2, names, options, &points[1], &error);
  gmmpi_points_create_labelled(world, values, weights, some, 6, 1, 2, names, options, &points[2], &error);
  gmmpi_options_set(options, "known-labels", "y", &error);
  gmmpi_points_open(world, path, options, &points[3], &error);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(gmmpi_fit(points[i], options, NULL, &model[i], NULL, &error), GMMPI_OK);
    assert_int_equal(gmmpi_points_n_classes(points[i]), 2);
    assert_int_equal(gmmpi_points_n_features(points[i]), 1);
  }
  assert_null(gmmpi_model_component_name(model[0], 0));
  assert_null(gmmpi_points_class_name(points[0], 0));
  assert_float_equal(gmmpi_model_means(model[0])[0], 10.5, 1e-14);
  assert_float_equal(gmmpi_model_means(model[0])[1], 1.5, 1e-14);
  assert_float_equal(gmmpi_model_covariances(model[0])[1], 1.5, 1e-14); /* (1.5^2 + 0 + 1.5^2) / 3 */
  for (int i = 1; i < 4; i++) {
    assert_string_equal(gmmpi_points_class_name(points[i], 1), "low");
    assert_string_equal(gmmpi_model_component_name(model[i], 0), "high");
    assert_string_equal(gmmpi_model_component_name(model[i], 1), "low");
    assert_null(gmmpi_model_component_name(model[i], 2));
    assert_float_equal(gmmpi_model_means(model[i])[0], 10.5, 1e-3);
    assert_memory_equal(gmmpi_model_means(model[i]), gmmpi_model_means(model[1]), 2 * sizeof(double));
  }
  /* A start in memory is found by its names: components the other way round are the same start. */
  gmmpi_model *turned = NULL;
  gmmpi_model *again = NULL;
  static const int64_t other_way[] = {-1, 0, -1, 1, -1, -1};
  static const char *const other_names[] = {"low", "high"};
  gmmpi_points *other = NULL;
  gmmpi_options *plain = options_for("2");
  gmmpi_points_create_labelled(world, values, NULL, other_way, 6, 1, 2, other_names, plain, &other, &error);
  assert_int_equal(gmmpi_fit(other, plain, NULL, &turned, NULL, &error), GMMPI_OK);
  assert_string_equal(gmmpi_model_component_name(turned, 0), "low");
  assert_int_equal(gmmpi_options_set_start(plain, turned, &error), GMMPI_OK);
  assert_int_equal(gmmpi_fit(points[1], plain, NULL, &again, NULL, &error), GMMPI_OK);
  assert_string_equal(gmmpi_model_component_name(again, 0), "high");
  assert_float_equal(gmmpi_model_means(again)[0], gmmpi_model_means(turned)[1], 1e-3);
  gmmpi_model_destroy(turned);
  gmmpi_model_destroy(again);
  gmmpi_points_destroy(other);

  gmmpi_points *none = NULL;
  gmmpi_options *one = options_for("1");
  assert_int_equal(gmmpi_fit(points[1], one, NULL, &again, NULL, &error), GMMPI_WRONG_USAGE);
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_points_create_labelled(world, values, NULL, wrong, 6, 1, 2, names, plain, &none, &error),
                   GMMPI_BAD_DATA);
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_points_create_labelled(world, values, NULL, some, 6, 1, 2, twice, plain, &none, &error),
                   GMMPI_WRONG_USAGE);
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_points_create_labelled(world, values, NULL, NULL, 6, 1, 2, names, plain, &none, &error),
                   GMMPI_WRONG_USAGE);
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_points_create_labelled(world, values, NULL, some, 6, 1, 0, NULL, plain, &none, &error),
                   GMMPI_WRONG_USAGE);
  for (int i = 0; i < 4; i++) {
    gmmpi_model_destroy(model[i]);
    gmmpi_points_destroy(points[i]);
  }
  gmmpi_options_destroy(one);
  gmmpi_options_destroy(plain);
  gmmpi_options_destroy(options);
  unlink(path);
}

/* From a model and from labels, in memory and in files: without iterations it is the start that comes back. */
static void test_starts(void **state)
{
  (void)state;
  static const int64_t labels[N] = {5, 5, 5, -1, -1, -1};
  char model_path[] = "/tmp/gmmpi_test_api_XXXXXX";
  char labels_path[] = "/tmp/gmmpi_test_api_XXXXXX";
  write_file(model_path, "{\"weights\": [0.5, 0.5], \"means\": [[1], [2]], \"covariances\": [[[1]], [[3]]]}");
  write_file(labels_path, "5\n5\n5\n-1\n-1\n-1\n");
  gmmpi_options *options = options_for("2");
  gmmpi_model *start = NULL;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  char value[20];
  const double weights[] = {0.25, 0.75};
  const double means[] = {1, 2};
  const double covariances[] = {1, 3};
  assert_int_equal(gmmpi_model_create(2, 1, "full", weights, means, covariances, &start, &error), GMMPI_OK);
  gmmpi_options_set(options, "max-iter", "0", &error);
  for (int way = 0; way < 4; way++) {
    if (way == 0) gmmpi_options_set_start(options, start, &error);
    if (way == 1) gmmpi_options_set(options, "init", model_path, &error);
    if (way == 2) gmmpi_options_set_labels(options, labels, N, &error);
    if (way == 3) gmmpi_options_set(options, "init", labels_path, &error);
    gmmpi_options_get(options, "init", value, sizeof value, NULL);
    if (way == 0) assert_string_equal(value, "parameters");
    if (way == 2) assert_string_equal(value, "labels");
    if (fit_rows(options, NULL, &model, NULL, &error) != GMMPI_OK) fail_msg("%s", error.message);
    /* Labels count in ascending order. */
    assert_close(gmmpi_model_weights(model)[0], way == 0 ? 0.25 : 0.5, 1e-15);
    assert_close(gmmpi_model_means(model)[0], way < 2 ? 1 : 30.2 / 3, 1e-12);
    assert_close(gmmpi_model_means(model)[1], way < 2 ? 2 : -0.1 / 3, 1e-12);
    gmmpi_model_destroy(model);
  }
  gmmpi_options_set(options, "n-init", "2", &error);
  assert_int_equal(fit_rows(options, NULL, &model, NULL, &error), GMMPI_WRONG_USAGE);
  error = (gmmpi_error){0};
  gmmpi_options_set(options, "n-init", "1", &error);
  gmmpi_options_set_labels(options, labels, N - 1, &error);
  assert_int_equal(fit_rows(options, NULL, &model, NULL, &error), GMMPI_WRONG_USAGE);
  const int64_t too_large[N] = {[N - 1] = INT64_MAX};
  error = (gmmpi_error){0};
  gmmpi_options_set_labels(options, too_large, N, &error);
  assert_int_equal(fit_rows(options, NULL, &model, NULL, &error), GMMPI_BAD_DATA);
  const int64_t too_small[N] = {[N - 1] = -((INT64_C(1) << 53) + 2)};
  error = (gmmpi_error){0};
  gmmpi_options_set_labels(options, too_small, N, &error);
  assert_int_equal(fit_rows(options, NULL, &model, NULL, &error), GMMPI_BAD_DATA);
  gmmpi_options_destroy(options);
  gmmpi_model_destroy(start);
  unlink(model_path);
  unlink(labels_path);
}

/* One component: the mean of what is adapted and that of the rows, by relevance and N. */
static void test_adaptation(void **state)
{
  (void)state;
  gmmpi_options *options = NULL;
  gmmpi_model *given = NULL;
  gmmpi_summary *summary = NULL;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  const double weight = 1;
  const double mean = 1;
  const double variance = 3;
  assert_int_equal(gmmpi_model_create(1, 1, "full", &weight, &mean, &variance, &given, &error), GMMPI_OK);
  assert_int_equal(gmmpi_options_create(&options, &error), GMMPI_OK);
  gmmpi_options_set(options, "method", "adapt", &error);
  gmmpi_options_set(options, "relevance", "4", &error);
  assert_int_equal(fit_rows(options, NULL, &model, NULL, &error), GMMPI_WRONG_USAGE);
  error = (gmmpi_error){0};
  gmmpi_options_set_start(options, given, &error);
  if (fit_rows(options, NULL, &model, &summary, &error) != GMMPI_OK) fail_msg("%s", error.message);
  const double moved = gmmpi_model_means(model)[0] - mean;
  assert_close(gmmpi_summary_objective(summary), gmmpi_summary_log_likelihood(summary) - 2 * moved * moved / variance,
               1e-12);
  gmmpi_summary_destroy(summary);
  assert_close(gmmpi_model_means(model)[0], (30.2 - 0.1 + 4 * mean) / (N + 4), 1e-14);
  assert_true(gmmpi_model_covariances(model)[0] == variance);
  gmmpi_model_destroy(model);
  gmmpi_model_destroy(given);
  gmmpi_options_destroy(options);
}

static void count(void *context, const gmmpi_progress *progress)
{
  int64_t *n_reports = context;
  assert_int_equal(gmmpi_progress_n_samples(progress), N);
  assert_true(isnan(gmmpi_progress_change(progress)) == (gmmpi_progress_iteration(progress) == 0));
  assert_true(gmmpi_progress_seconds(progress) >= 0.0);
  (*n_reports)++;
}

static bool at_once(void *context)
{
  (void)context;
  return true;
}

static void test_observer(void **state)
{
  (void)state;
  gmmpi_options *options = options_for("2");
  gmmpi_observer *observer = NULL;
  gmmpi_model *model = NULL;
  gmmpi_summary *summary = NULL;
  gmmpi_error error = {0};
  int64_t n_reports = 0;
  gmmpi_options_set(options, "init", "random_from_data", &error);
  gmmpi_options_set(options, "tol", "0", &error);
  gmmpi_options_set(options, "max-iter", "7", &error);
  assert_int_equal(gmmpi_observer_create(&observer, &error), GMMPI_OK);
  gmmpi_observer_on_progress(observer, count, &n_reports);
  assert_int_equal(fit_rows(options, observer, &model, &summary, &error), GMMPI_OK);
  assert_int_equal(n_reports, 8);
  assert_int_equal(gmmpi_summary_n_iterations(summary), 7);
  assert_false(gmmpi_summary_converged(summary));
  gmmpi_model_destroy(model);
  gmmpi_summary_destroy(summary);
  gmmpi_observer_on_question(observer, at_once, NULL);
  assert_int_equal(fit_rows(options, observer, &model, &summary, &error), GMMPI_STOPPED);
  assert_true((model == NULL) == (summary == NULL));
  gmmpi_model_destroy(model);
  gmmpi_summary_destroy(summary);
  gmmpi_observer_destroy(observer);
  gmmpi_options_destroy(options);
}

static bool never(void *context)
{
  ++*(int64_t *)context;
  return false;
}

/* Questions at intervals are fewer, and come all the same. */
static void test_questions_at_intervals(void **state)
{
  (void)state;
  gmmpi_options *options = options_for("2");
  gmmpi_observer *observer = NULL;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  int64_t n_questions[2] = {0, 0};
  gmmpi_observer_create(&observer, &error);
  for (int i = 0; i < 2; i++) {
    gmmpi_observer_on_question(observer, never, &n_questions[i]);
    gmmpi_observer_ask_every(observer, i == 0 ? 0.0 : 1e9);
    assert_int_equal(fit_rows(options, observer, &model, NULL, &error), GMMPI_OK);
    gmmpi_model_destroy(model);
  }
  assert_true(n_questions[0] > 10);
  assert_int_equal(n_questions[1], 1);
  gmmpi_observer_destroy(observer);
  gmmpi_options_destroy(options);
}

/* Rows in single precision are the same rows; the same predictions of one prepared predictor, of few rows and of many
 * by several threads. */
static void test_single_rows_and_predictor(void **state)
{
  (void)state;
  enum { MANY = 3000 };
  static const float single[N] = {0.125F, -0.25F, 0.0F, 9.75F, 10.125F, 10.5F};
  static const double weights[N] = {1, 2, 1, 1, 1, 1};
  static double many[MANY];
  static float many_single[MANY];
  static int32_t labels[2][MANY];
  static double shares[2][2 * MANY];
  static double density[3][MANY];
  double same[N];
  gmmpi_options *options = options_for("2");
  gmmpi_points *points[4] = {NULL};
  gmmpi_model *model[4] = {NULL};
  gmmpi_predictor *predictor = NULL;
  gmmpi_error error = {0};
  for (int i = 0; i < N; i++) same[i] = (double)single[i];
  gmmpi_points_create(MPI_COMM_WORLD, same, N, 1, options, &points[0], &error);
  gmmpi_points_create_single(MPI_COMM_WORLD, single, NULL, N, 1, options, &points[1], &error);
  gmmpi_points_create_weighted(MPI_COMM_WORLD, same, weights, N, 1, options, &points[2], &error);
  gmmpi_points_create_single(MPI_COMM_WORLD, single, weights, N, 1, options, &points[3], &error);
  for (int i = 0; i < 4; i++) {
    if (gmmpi_fit(points[i], options, NULL, &model[i], NULL, &error) != GMMPI_OK) fail_msg("%s", error.message);
    assert_memory_equal(gmmpi_model_means(model[i]), gmmpi_model_means(model[i & 2]), 2 * sizeof(double));
    gmmpi_points_destroy(points[i]);
  }
  assert_true(gmmpi_model_means(model[0])[0] != gmmpi_model_means(model[2])[0]);
  assert_int_equal(gmmpi_points_create_single(MPI_COMM_WORLD, NULL, NULL, N, 1, options, &points[0], &error),
                   GMMPI_WRONG_USAGE);
  error = (gmmpi_error){0};

  for (int i = 0; i < MANY; i++) many[i] = (double)(many_single[i] = (float)i / 256.0F);
  assert_int_equal(gmmpi_predict(model[0], many, MANY, labels[0], shares[0], density[0], &error), GMMPI_OK);
  assert_int_equal(gmmpi_predictor_create(model[0], 0, &predictor, &error), GMMPI_WRONG_USAGE);
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_predictor_create(model[0], 3, &predictor, &error), GMMPI_OK);
  for (int way = 0; way < 3; way++) {
    for (int i = 0; i < MANY; i += way == 0 ? 1 : MANY) {
      const int n = way == 0 ? 1 : MANY;
      const gmmpi_status status =
          way < 2 ? gmmpi_predictor_predict(predictor, many + i, n, labels[1] + i, shares[1] + 2 * i, density[1] + i,
                                            density[2] + i, &error)
                  : gmmpi_predictor_predict_single(predictor, many_single, n, labels[1], shares[1], density[1],
                                                   density[2], &error);
      assert_int_equal(status, GMMPI_OK);
    }
    assert_memory_equal(labels[0], labels[1], sizeof labels[0]);
    assert_memory_equal(shares[0], shares[1], sizeof shares[0]);
    assert_memory_equal(density[0], density[1], sizeof density[0]);
    assert_memory_equal(density[0], density[2], sizeof density[0]);
    memset(labels[1], 0, sizeof labels[1]);
  }
  /* Of many rows that are wrong the first is named. */
  many[MANY - 1] = NAN;
  many[MANY - 900] = INFINITY;
  assert_int_equal(gmmpi_predictor_predict(predictor, many, MANY, NULL, NULL, density[0], NULL, &error),
                   GMMPI_BAD_DATA);
  assert_int_equal(error.place, MANY - 900 + 1);
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_predictor_predict(predictor, many, 10, NULL, NULL, density[0], NULL, &error), GMMPI_OK);
  gmmpi_predictor_destroy(predictor);
  gmmpi_predictor_destroy(NULL);
  for (int i = 0; i < 4; i++) gmmpi_model_destroy(model[i]);
  gmmpi_options_destroy(options);
}

/* The file as bytes and on the disk, what it notes, and the model's arrays and names. */
static void test_what_a_model_is_made_of(void **state)
{
  (void)state;
  static const char *const names[] = {"height"};
  char path[] = "/tmp/gmmpi_test_api_XXXXXX";
  gmmpi_options *options = options_for("2");
  gmmpi_points *points = NULL;
  gmmpi_model *model = NULL;
  gmmpi_model *again = NULL;
  gmmpi_error error = {0};
  gmmpi_options_set(options, "covariance", "EII", &error);
  gmmpi_points_create(MPI_COMM_WORLD, rows, N, 1, options, &points, &error);
  assert_null(gmmpi_points_feature_name(points, 0));
  assert_int_equal(gmmpi_points_set_feature_names(points, (const char *const[]){"length"}, &error), GMMPI_OK);
  assert_int_equal(gmmpi_points_set_feature_names(points, names, &error), GMMPI_OK);
  assert_string_equal(gmmpi_points_feature_name(points, 0), "height");
  assert_int_equal(gmmpi_fit(points, options, NULL, &model, NULL, &error), GMMPI_OK);
  assert_string_equal(gmmpi_model_feature_name(model, 0), "height");
  assert_null(gmmpi_model_feature_name(model, 1));
  assert_string_equal(gmmpi_model_transform(model, 0), "");
  assert_null(gmmpi_model_transform(model, 1));
  assert_int_equal(gmmpi_model_n_parameters(model), 4); /* two means, a variance, a weight */

  int n_dimensions = 0;
  int64_t shape[3] = {0};
  double numbers[2];
  assert_int_equal(gmmpi_model_array(model, "covariances", &n_dimensions, shape, NULL, &error), GMMPI_OK);
  assert_int_equal(n_dimensions, 3);
  assert_true(shape[0] == 2 && shape[1] == 1 && shape[2] == 1);
  gmmpi_model_array(model, "covariances", &n_dimensions, shape, numbers, &error);
  assert_true(numbers[0] == gmmpi_model_covariances(model)[0] && numbers[1] == numbers[0]);
  gmmpi_model_array(model, "precisions_cholesky", &n_dimensions, shape, numbers, &error);
  assert_close(numbers[0], 1 / sqrt(gmmpi_model_covariances(model)[0]), 1e-13 * numbers[0]);
  assert_int_equal(gmmpi_model_array(model, "dof", &n_dimensions, shape, NULL, &error), GMMPI_WRONG_USAGE);
  error = (gmmpi_error){0};

  char *facts[2] = {NULL};
  void *image[2] = {NULL};
  size_t n_bytes[2] = {0};
  write_file(path, "");
  assert_int_equal(gmmpi_model_write(model, path, &error), GMMPI_OK);
  assert_int_equal(gmmpi_model_read(path, &again, &error), GMMPI_OK);
  const gmmpi_model *const both[2] = {model, again};
  for (int i = 0; i < 2; i++) {
    assert_int_equal(gmmpi_model_image(both[i], &image[i], &n_bytes[i], &error), GMMPI_OK);
    assert_int_equal(gmmpi_model_facts(both[i], &facts[i], &error), GMMPI_OK);
  }
  assert_int_equal(n_bytes[0], n_bytes[1]);
  assert_memory_equal(image[0], image[1], n_bytes[0]);
  assert_non_null(strstr(facts[0], "\"n_samples\": 6"));
  assert_non_null(strstr(facts[0], "\"init\": \"kmeans\""));
  assert_null(strstr(facts[0], "feature_names"));
  FILE *file = fopen(path, "rb");
  char *content = malloc(n_bytes[0] + 1);
  assert_int_equal(fread(content, 1, n_bytes[0] + 1, file), n_bytes[0]);
  assert_memory_equal(content, image[0], n_bytes[0]);
  fclose(file);
  free(content);
  for (int i = 0; i < 2; i++) {
    free(image[i]);
    free(facts[i]);
  }
  gmmpi_model_destroy(model);
  gmmpi_model_destroy(again);
  gmmpi_points_destroy(points);
  gmmpi_options_destroy(options);
  unlink(path);
}

static void test_model_from_json(void **state)
{
  (void)state;
  static const char text[] = "{\"weights\": [0.25, 0.75], \"means\": [[1], [2]], \"covariances\": [1, 3]}";
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  char *facts = NULL;
  assert_int_equal(gmmpi_model_from_json(text, "spherical", &model, &error), GMMPI_OK);
  assert_true(gmmpi_model_weights(model)[1] == 0.75 && gmmpi_model_covariances(model)[1] == 3.0);
  assert_int_equal(gmmpi_model_facts(model, &facts, &error), GMMPI_OK);
  assert_string_equal(facts, "{}");
  free(facts);
  gmmpi_model_destroy(model);
  assert_int_equal(gmmpi_model_from_json(text, "round", &model, &error), GMMPI_WRONG_USAGE);
  error = (gmmpi_error){0};
  assert_int_equal(gmmpi_model_from_json(text, "full", &model, &error), GMMPI_BAD_DATA);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_fit),
                                     cmocka_unit_test(test_predict_and_sample),
                                     cmocka_unit_test(test_files),
                                     cmocka_unit_test(test_refusals),
                                     cmocka_unit_test(test_every_option),
                                     cmocka_unit_test(test_errors),
                                     cmocka_unit_test(test_points_from_a_file),
                                     cmocka_unit_test(test_weights),
                                     cmocka_unit_test(test_known_labels),
                                     cmocka_unit_test(test_starts),
                                     cmocka_unit_test(test_adaptation),
                                     cmocka_unit_test(test_observer),
                                     cmocka_unit_test(test_questions_at_intervals),
                                     cmocka_unit_test(test_single_rows_and_predictor),
                                     cmocka_unit_test(test_what_a_model_is_made_of),
                                     cmocka_unit_test(test_model_from_json)};
  MPI_Init(&argc, &argv);
  const int failures = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failures;
}
