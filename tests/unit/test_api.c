/* What a program of somebody else's does with the library: fit, look, predict, draw, write, read. Linked to the shared
 * library, so that what is not exported is missed here. */
#include <gmmpi/gmmpi.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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

static gmmpi_model *fit_two(gmmpi_fit_summary *summary)
{
  gmmpi_fit_options options = gmmpi_fit_defaults(2);
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  options.reg_covar = 0;
  if (gmmpi_fit(MPI_COMM_WORLD, rows, N, 1, &options, &model, summary, &error) != GMMPI_OK)
    fail_msg("%s", error.message);
  return model;
}

static void test_fit(void **state)
{
  (void)state;
  gmmpi_fit_summary summary;
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
  assert_close(summary.log_likelihood,
               6 * log(0.5) - 3 * log_two_pi - 1.5 * (log(low_variance) + log(high_variance)) - 3, 1e-6);
  assert_int_equal(summary.n_samples, N);
  assert_true(summary.converged);
  gmmpi_model_destroy(model);
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

static void test_errors(void **state)
{
  (void)state;
  gmmpi_fit_options options = gmmpi_fit_defaults(7);
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(gmmpi_fit(MPI_COMM_WORLD, rows, N, 1, &options, &model, NULL, &error), GMMPI_BAD_DATA);
  assert_null(model);
  assert_true(strlen(error.message) > 0);
  assert_int_equal(gmmpi_model_read("/no/such/model.h5", &model, NULL), GMMPI_NO_INPUT);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_fit), cmocka_unit_test(test_predict_and_sample),
                                     cmocka_unit_test(test_files), cmocka_unit_test(test_errors)};
  MPI_Init(&argc, &argv);
  const int failures = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failures;
}
