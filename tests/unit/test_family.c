/* Covariance families: shapes, counts and M-steps against numbers worked out by hand. */
#include "unit/matrices.h"

#include "mixture/model.h"

#include <string.h>

static gmmpi_model *new_model(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_allocate(family, n_components, n_features, &model, &error), GMMPI_OK);
  return model;
}

static void found_by_name_and_code(void **state)
{
  (void)state;
  assert_ptr_equal(family_find("full"), &family_full);
  assert_ptr_equal(family_find("VVV"), &family_full);
  assert_ptr_equal(family_find("tied"), &family_tied);
  assert_ptr_equal(family_find("EEE"), &family_tied);
  assert_ptr_equal(family_find("diag"), &family_diag);
  assert_ptr_equal(family_find("VVI"), &family_diag);
  assert_ptr_equal(family_find("spherical"), &family_spherical);
  assert_ptr_equal(family_find("VII"), &family_spherical);
  assert_null(family_find("Full"));
  assert_null(family_find(""));
  assert_null(family_find("VEV"));
}

static void shapes(void **state)
{
  (void)state;
  int64_t shape[3];
  assert_int_equal(family_full.dimensions(5, 3, shape), 3);
  assert_true(shape[0] == 5 && shape[1] == 3 && shape[2] == 3);
  assert_int_equal(family_tied.dimensions(5, 3, shape), 2);
  assert_true(shape[0] == 3 && shape[1] == 3);
  assert_int_equal(family_diag.dimensions(5, 3, shape), 2);
  assert_true(shape[0] == 5 && shape[1] == 3);
  assert_int_equal(family_spherical.dimensions(5, 3, shape), 1);
  assert_true(shape[0] == 5);
  assert_int_equal(family_length(&family_full, 5, 3), 45);
  assert_int_equal(family_length(&family_tied, 5, 3), 9);
  assert_int_equal(family_length(&family_diag, 5, 3), 15);
  assert_int_equal(family_length(&family_spherical, 5, 3), 5);
  assert_int_equal(family_length(&family_full, INT64_C(1) << 20, INT64_C(1) << 22), -1);
  assert_int_equal(family_length(&family_diag, INT64_C(1) << 32, INT64_C(1) << 32), -1);
  assert_true(family_full.shape == DENSE && family_tied.shape == DENSE);
  assert_true(family_diag.shape == DIAGONAL && family_spherical.shape == DIAGONAL);
  assert_true(family_tied.shared && !family_full.shared && !family_diag.shared && !family_spherical.shared);
}

/* K = 4, d = 5: a symmetric 5 x 5 matrix has 15 free numbers; 3 free weights and 20 means come on top. */
static void free_parameters(void **state)
{
  (void)state;
  assert_int_equal(family_full.n_parameters(4, 5), 60);
  assert_int_equal(family_tied.n_parameters(4, 5), 15);
  assert_int_equal(family_diag.n_parameters(4, 5), 20);
  assert_int_equal(family_spherical.n_parameters(4, 5), 4);
  assert_int_equal(family_full.n_parameters(4, 1), 4);
  assert_int_equal(family_tied.n_parameters(4, 1), 1);
}

/* Two components of 4 and 8 points and one that is not estimated; lower triangles by rows. All quotients are exact. */
static const double counts[3] = {4, 8, 0};
static const double triangles[9] = {8, 2, 4, 16, -4, 8, 77, 77, 77};
static const double diagonals[6] = {8, 4, 16, 8, 77, 77};
static const double ridge[2] = {0.5, 0.25};

static component_scatter scatter_of(const double *scatter)
{
  return (component_scatter){
      .n_components = 3, .n_features = 2, .counts = counts, .n_samples = 12, .scatter = scatter, .ridge = ridge};
}

static void assert_numbers(const double *values, const double *expected, size_t n)
{
  for (size_t i = 0; i < n; i++) assert_near(values[i], expected[i], 1e-15L);
}

static void estimate_full(void **state)
{
  (void)state;
  gmmpi_model *model = new_model(&family_full, 3, 2);
  const component_scatter scatter = scatter_of(triangles);
  for (int i = 8; i < 12; i++) model->covariances[i] = 42;
  family_full.estimate(&scatter, model);
  const double expected[12] = {2.5, 0.5, 0.5, 1.25, 2.5, -0.5, -0.5, 1.25, 42, 42, 42, 42};
  assert_numbers(model->covariances, expected, 12);
  gmmpi_model_destroy(model);
}

static void estimate_tied(void **state)
{
  (void)state;
  gmmpi_model *model = new_model(&family_tied, 3, 2);
  const component_scatter scatter = scatter_of(triangles);
  for (int i = 0; i < 4; i++) model->covariances[i] = 42;
  family_tied.estimate(&scatter, model);
  const double expected[4] = {2.5, -2.0 / 12, -2.0 / 12, 1.25};
  assert_numbers(model->covariances, expected, 4);
  gmmpi_model_destroy(model);
}

static void estimate_diag(void **state)
{
  (void)state;
  gmmpi_model *model = new_model(&family_diag, 3, 2);
  const component_scatter scatter = scatter_of(diagonals);
  model->covariances[4] = model->covariances[5] = 42;
  family_diag.estimate(&scatter, model);
  const double expected[6] = {2.5, 1.25, 2.5, 1.25, 42, 42};
  assert_numbers(model->covariances, expected, 6);
  gmmpi_model_destroy(model);
}

static void estimate_spherical(void **state)
{
  (void)state;
  gmmpi_model *model = new_model(&family_spherical, 3, 2);
  const component_scatter scatter = scatter_of(diagonals);
  model->covariances[2] = 42;
  family_spherical.estimate(&scatter, model);
  const double expected[3] = {1.875, 1.875, 42};
  assert_numbers(model->covariances, expected, 3);
  gmmpi_model_destroy(model);
}

/* (4, 2; 2, 3) = L L^T with L = (2, 0; 1, sqrt 2). */
static void factors(void **state)
{
  (void)state;
  const double matrix[4] = {4, 2, 2, 3};
  const double factor[4] = {0.5, -0.35355339059327379, 0, 0.70710678118654757};
  gmmpi_model *full = new_model(&family_full, 2, 2);
  memcpy(full->covariances + 4, matrix, sizeof matrix);
  assert_true(family_full.factorise(full, 1));
  assert_numbers(full->precisions_cholesky + 4, factor, 4);
  assert_true(full->precisions_cholesky[0] == 0 && full->precisions_cholesky[6] == 0);
  assert_false(family_full.factorise(full, 0));
  gmmpi_model_destroy(full);

  gmmpi_model *tied = new_model(&family_tied, 2, 2);
  memcpy(tied->covariances, matrix, sizeof matrix);
  assert_true(family_tied.factorise(tied, 1));
  assert_numbers(tied->precisions_cholesky, factor, 4);
  gmmpi_model_destroy(tied);

  gmmpi_model *diag = new_model(&family_diag, 2, 2);
  memcpy(diag->covariances, (const double[]){4, 0.25, 16, 0}, 4 * sizeof(double));
  assert_true(family_diag.factorise(diag, 0));
  assert_false(family_diag.factorise(diag, 1));
  assert_numbers(diag->precisions_cholesky, (const double[]){0.5, 2, 0, 0}, 4);
  gmmpi_model_destroy(diag);

  gmmpi_model *spherical = new_model(&family_spherical, 3, 2);
  memcpy(spherical->covariances, (const double[]){4, -1, (double)NAN}, 3 * sizeof(double));
  assert_true(family_spherical.factorise(spherical, 0));
  assert_false(family_spherical.factorise(spherical, 1));
  assert_false(family_spherical.factorise(spherical, 2));
  assert_numbers(spherical->precisions_cholesky, (const double[]){0.5, 0, 0}, 3);
  gmmpi_model_destroy(spherical);
}

/* contract puts (4, 2; 2, 3), or its diagonal, into component 1, expand gets back what the family can hold of it, and
 * writes nothing behind it. */
static void check_contract_expand(const covariance_family *family, const double expected[5])
{
  const double *covariance = family->shape == DENSE ? (const double[]){4, 2, 2, 3} : (const double[]){4, 3};
  double expanded[5] = {9, 9, 9, 9, 9};
  gmmpi_model *model = new_model(family, 2, 2);
  family->contract(model, 1, covariance);
  family->expand(model, 1, expanded);
  assert_numbers(expanded, expected, 5);
  const double first = model->covariances[0];
  assert_true(family->shared ? first == 4 : first == 0);
  gmmpi_model_destroy(model);
}

static void contract_and_expand(void **state)
{
  (void)state;
  check_contract_expand(&family_full, (const double[]){4, 2, 2, 3, 9});
  check_contract_expand(&family_tied, (const double[]){4, 2, 2, 3, 9});
  check_contract_expand(&family_diag, (const double[]){4, 3, 9, 9, 9});
  check_contract_expand(&family_spherical, (const double[]){3.5, 3.5, 9, 9, 9});
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(found_by_name_and_code), cmocka_unit_test(shapes),        cmocka_unit_test(free_parameters),
      cmocka_unit_test(estimate_full),          cmocka_unit_test(estimate_tied), cmocka_unit_test(estimate_diag),
      cmocka_unit_test(estimate_spherical),     cmocka_unit_test(factors),       cmocka_unit_test(contract_and_expand),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
