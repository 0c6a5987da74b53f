/* SPDX-License-Identifier: BSD-3-Clause */
/* Covariance families and their storages: shapes, counts and M-steps against numbers worked out by hand, and what holds
 * of every line of both tables. */
#include "unit/matrices.h"

#include "mixture/model.h"

#include <string.h>

static gmmpi_model *new_model(const covariance_family *family, int64_t n_components, int64_t n_features)
{
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(model_allocate(gaussian_kind(family), n_components, n_features, &model, &error), GMMPI_OK);
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
  assert_ptr_equal(family_find("VEV"), &family_VEV);
  assert_ptr_equal(family_find("E"), &family_EII);
  assert_ptr_equal(family_find("V"), &family_spherical);
  assert_true(family_is_of_one_feature("E") && family_is_of_one_feature("V") && !family_is_of_one_feature("VII"));
  assert_null(family_find("VEX"));
  assert_null(family_find("vev"));
}

static void every_family_is_complete(void **state)
{
  (void)state;
  char list[256];
  int n_families = 0;
  for (; all_families[n_families] != NULL; n_families++) {
    const covariance_family *family = all_families[n_families];
    assert_non_null(family->name);
    assert_non_null(family->code);
    assert_non_null(family->storage);
    assert_non_null(family->n_parameters);
    assert_non_null(family->estimate);
    assert_string_equal(family->name, family_names[n_families]);
    assert_int_equal(strlen(family->code), 3);
    assert_ptr_equal(family_find(family->name), family); /* so no two share a name or code */
    assert_ptr_equal(family_find(family->code), family);
    assert_int_equal(family_index(family), n_families);
    assert_non_null(strstr(family_list(list, sizeof list), family->name));
    assert_true(family_scratch_numbers(family, 4, 5) >= 0);
  }
  assert_null(family_names[n_families]);
  assert_true(n_families >= 4);
}

static void every_storage_is_complete(void **state)
{
  (void)state;
  for (int i = 0; all_storages[i] != NULL; i++) {
    const covariance_storage *storage = all_storages[i];
    assert_true(storage->shape == DENSE || storage->shape == DIAGONAL);
    assert_true(storage->rank >= 0 && storage->rank <= 2);
    assert_non_null(storage->factorise);
    assert_non_null(storage->expand);
    assert_non_null(storage->contract);
  }
  for (int i = 0; all_families[i] != NULL; i++) {
    int j = 0;
    while (all_storages[j] != NULL && all_storages[j] != all_families[i]->storage) j++;
    assert_non_null(all_storages[j]);
  }
}

/* "full, tied, diag or spherical", whatever is between the first two and the last. */
static void named_in_words(void **state)
{
  (void)state;
  char list[256];
  char short_list[9];
  const char *first = "full, tied, ";
  const char *last = family_names[N_FAMILIES - 1];
  family_list(list, sizeof list);
  int n_commas = 0;
  for (const char *comma = list; (comma = strstr(comma, ", ")) != NULL; comma++) n_commas++;
  const char *end = strstr(list, " or ");
  assert_int_equal(strncmp(list, first, strlen(first)), 0);
  assert_int_equal(n_commas, N_FAMILIES - 2);
  assert_non_null(end);
  assert_string_equal(end + 4, last);
  assert_string_equal(family_list(short_list, sizeof short_list), "full, ti");

  const char *help = FAMILY_HELP(" (default: full)");
  const char *first_help = "full: each component its own; tied: all share one; ";
  assert_int_equal(strncmp(help, first_help, strlen(first_help)), 0);
  assert_string_equal(help + strlen(help) - 16, " (default: full)");
}

/* K = 5, d = 3. */
static void shapes(void **state)
{
  (void)state;
  const struct {
    const covariance_storage *storage;
    density_shape shape;
    int n_dimensions;
    int64_t dimensions[3], length, offset_of_2;
  } expected[] = {
      {&storage_dense, DENSE, 3, {5, 3, 3}, 9, 18},   {&storage_dense_shared, DENSE, 2, {3, 3}, 9, 0},
      {&storage_diagonal, DIAGONAL, 2, {5, 3}, 3, 6}, {&storage_diagonal_shared, DIAGONAL, 1, {3}, 3, 0},
      {&storage_number, DIAGONAL, 1, {5}, 1, 2},      {&storage_number_shared, DIAGONAL, 0, {0}, 1, 0},
  };
  for (int i = 0; all_storages[i] != NULL; i++) {
    const covariance_storage *storage = all_storages[i];
    int64_t shape[3];
    assert_ptr_equal(storage, expected[i].storage);
    assert_int_equal(storage_dimensions(storage, 5, 3, shape), expected[i].n_dimensions);
    for (int j = 0; j < expected[i].n_dimensions; j++) assert_int_equal(shape[j], expected[i].dimensions[j]);
    assert_int_equal(storage->shape, expected[i].shape);
    assert_int_equal(storage_length(storage, 3), expected[i].length);
    assert_int_equal(storage_offset(storage, 3, 2), expected[i].offset_of_2);
    assert_int_equal(storage->shared, expected[i].offset_of_2 == 0);
  }
  assert_int_equal(family_length(&family_full, 5, 3), 45);
  assert_int_equal(family_length(&family_tied, 5, 3), 9);
  assert_int_equal(family_length(&family_diag, 5, 3), 15);
  assert_int_equal(family_length(&family_spherical, 5, 3), 5);
  assert_int_equal(family_length(&family_full, INT64_C(1) << 20, INT64_C(1) << 22), -1);
  assert_int_equal(family_length(&family_diag, INT64_C(1) << 32, INT64_C(1) << 32), -1);
  assert_int_equal(storage_length(&storage_dense, INT64_C(1) << 32), -1);
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
  return (component_scatter){.n_components = 3,
                             .n_features = 2,
                             .counts = counts,
                             .divisors = counts,
                             .divisor = 12,
                             .scatter = scatter,
                             .ridge = ridge};
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
  family_full.estimate(&scatter, NULL, model, NULL);
  const double expected[12] = {2.5, 0.5, 0.5, 1.25, 2.5, -0.5, -0.5, 1.25, 42, 42, 42, 42};
  assert_numbers(model->covariances, expected, 12);
  gmmpi_model_destroy(model);
}

/* It is given the sum of the scatters. */
static void estimate_tied(void **state)
{
  (void)state;
  gmmpi_model *model = new_model(&family_tied, 3, 2);
  double sum[3];
  for (int i = 0; i < 3; i++) sum[i] = triangles[i] + triangles[3 + i];
  const component_scatter scatter = scatter_of(sum);
  for (int i = 0; i < 4; i++) model->covariances[i] = 42;
  family_tied.estimate(&scatter, NULL, model, NULL);
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
  family_diag.estimate(&scatter, NULL, model, NULL);
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
  family_spherical.estimate(&scatter, NULL, model, NULL);
  const double expected[3] = {1.875, 1.875, 42};
  assert_numbers(model->covariances, expected, 3);
  gmmpi_model_destroy(model);
}

/* All scatters s_k of the same points about the same centre, N_k each, and no ridge: whatever a family shares, its
 * covariance is that of the points, as far as its storage can hold it: (4, 2; 2, 3), or its diagonal, or 3.5. Beginning
 * from a model that holds just that, an iterative M-step must stay there too. */
static void every_family_finds_equal_covariances(void **state)
{
  (void)state;
  const double dense[4] = {4, 2, 2, 3};
  const double diagonal[2] = {4, 3};
  const double none[2] = {0, 0};
  for (int i = 0; all_families[i] != NULL; i++) {
    const covariance_family *family = all_families[i];
    const bool is_dense = family->storage->shape == DENSE;
    const double three[9] = {16, 8, 12, 32, 16, 24, 64, 32, 48};
    const double three_diagonals[6] = {16, 12, 32, 24, 64, 48};
    const double their_sum[3] = {112, 56, 84};
    const double sum_of_diagonals[2] = {112, 84};
    const double *pooled = is_dense ? their_sum : sum_of_diagonals;
    const component_scatter scatter = {.n_components = 3,
                                       .n_features = 2,
                                       .counts = (const double[]){4, 8, 16},
                                       .divisors = (const double[]){4, 8, 16},
                                       .divisor = 28,
                                       .scatter = family->pools ? pooled
                                                  : is_dense    ? three
                                                                : three_diagonals,
                                       .ridge = none};
    gmmpi_model *previous = new_model(family, 3, 2);
    gmmpi_model *next = new_model(family, 3, 2);
    double *scratch = malloc((size_t)family_scratch_numbers(family, 3, 2) * sizeof *scratch + 1);
    double expected[4];
    double found[4];
    for (int64_t k = 0; k < 3; k++) {
      model_contract(previous, k, is_dense ? dense : diagonal);
      assert_true(model_factorise(previous, k));
    }
    model_copy_parameters(next, previous);
    memset(next->covariances, 0, (size_t)family_length(family, 3, 2) * sizeof(double));
    family->estimate(&scatter, previous, next, scratch);
    for (int64_t k = 0; k < 3; k++) {
      model_expand(previous, k, expected);
      model_expand(next, k, found);
      for (int j = 0; j < (is_dense ? 4 : 2); j++) assert_near(found[j], expected[j], 1e-14L);
      assert_true(model_factorise(next, k));
    }
    free(scratch);
    gmmpi_model_destroy(previous);
    gmmpi_model_destroy(next);
  }
}

/* (4, 2; 2, 3) = L L^T with L = (2, 0; 1, sqrt 2). */
static void factors(void **state)
{
  (void)state;
  const double matrix[4] = {4, 2, 2, 3};
  const double factor[4] = {0.5, -0.35355339059327379, 0, 0.70710678118654757};
  for (int i = 0; all_storages[i] != NULL; i++) {
    const covariance_storage *storage = all_storages[i];
    double found[4] = {9, 9, 9, 9};
    if (storage->rank == 2) {
      assert_true(storage->factorise(2, matrix, found));
      assert_numbers(found, factor, 4);
      assert_false(storage->factorise(2, (const double[]){1, 2, 2, 1}, found));
    } else if (storage->rank == 1) {
      assert_true(storage->factorise(2, (const double[]){4, 0.25}, found));
      assert_numbers(found, (const double[]){0.5, 2, 9, 9}, 4);
      assert_false(storage->factorise(2, (const double[]){16, 0}, found));
    } else {
      assert_true(storage->factorise(2, (const double[]){4}, found));
      assert_numbers(found, (const double[]){0.5, 9, 9, 9}, 4);
      assert_false(storage->factorise(2, (const double[]){-1}, found));
    }
    for (int64_t j = 0; j < storage_length(storage, 2); j++) assert_true(found[j] == 0);
    assert_false(storage->factorise(2, (const double[]){(double)NAN, 0, 0, 1}, found));
    for (int64_t j = 0; j < storage_length(storage, 2); j++) assert_true(found[j] == 0);
  }
}

/* The factor of a component goes where that component's is, and nowhere else. */
static void factors_of_components(void **state)
{
  (void)state;
  for (int i = 0; all_families[i] != NULL; i++) {
    const covariance_family *family = all_families[i];
    gmmpi_model *model = new_model(family, 3, 2);
    const int64_t all = family_length(family, 3, 2);
    const int64_t one = model_stored_length(model);
    model_contract(model, 1, family->storage->shape == DENSE ? (const double[]){4, 2, 2, 3} : (const double[]){4, 3});
    assert_true(model_factorise(model, 1));
    const double *factor = model_factor(model, 1);
    assert_true(factor[0] > 0);
    for (int64_t j = 0; j < all; j++) {
      const bool is_own = &model->precisions_cholesky[j] >= factor && &model->precisions_cholesky[j] < factor + one;
      if (!is_own) assert_true(model->precisions_cholesky[j] == 0 && model->covariances[j] == 0);
    }
    assert_true(family->storage->shared == model_factorise(model, 0));
    gmmpi_model_destroy(model);
  }
}

/* contract stores (4, 2; 2, 3), or its diagonal, expand gets back what the storage can hold of it, and neither writes
 * anything behind it. */
static void contract_and_expand(void **state)
{
  (void)state;
  for (int i = 0; all_storages[i] != NULL; i++) {
    const covariance_storage *storage = all_storages[i];
    double stored[5] = {9, 9, 9, 9, 9};
    double expanded[5] = {9, 9, 9, 9, 9};
    storage->contract(2, storage->shape == DENSE ? (const double[]){4, 2, 2, 3} : (const double[]){4, 3}, stored);
    storage->expand(2, stored, expanded);
    const double *expected = storage->rank == 2   ? (const double[]){4, 2, 2, 3, 9}
                             : storage->rank == 1 ? (const double[]){4, 3, 9, 9, 9}
                                                  : (const double[]){3.5, 3.5, 9, 9, 9};
    assert_numbers(expanded, expected, 5);
    for (int64_t j = storage_length(storage, 2); j < 5; j++) assert_true(stored[j] == 9);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(found_by_name_and_code),
      cmocka_unit_test(every_family_is_complete),
      cmocka_unit_test(every_storage_is_complete),
      cmocka_unit_test(named_in_words),
      cmocka_unit_test(shapes),
      cmocka_unit_test(free_parameters),
      cmocka_unit_test(estimate_full),
      cmocka_unit_test(estimate_tied),
      cmocka_unit_test(estimate_diag),
      cmocka_unit_test(estimate_spherical),
      cmocka_unit_test(every_family_finds_equal_covariances),
      cmocka_unit_test(factors),
      cmocka_unit_test(factors_of_components),
      cmocka_unit_test(contract_and_expand),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
