/* SPDX-License-Identifier: BSD-3-Clause */
/* Model files: round trips, bytes that depend on the content alone, and files that are something else or broken. */
#include "unit/covariances.h"
#include "unit/matrices.h"

#include "mixture/files/model_file.h"
#include "support/file.h"

#include <hdf5.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/gmmpi_test_model_file_XXXXXX";
static char path[sizeof folder + 16];

static int make_folder(void **state)
{
  (void)state;
  if (mkdtemp(folder) == NULL) return 1;
  snprintf(path, sizeof path, "%s/model.h5", folder);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* the tests break files on purpose */
  return 0;
}

static int remove_folder(void **state)
{
  (void)state;
  unlink(path);
  return rmdir(folder);
}

/* Three components in two features: covariances (k + 2, -1/3; -1/3, 1), weights 0.25, 0.75 and 0. */
static gmmpi_model *example(const char *covariance, bool named)
{
  static char *const names[2] = {"Größe", "x, 2"};
  const double weights[3] = {0.25, 0.75, 0};
  const double means[6] = {1.0 / 3, -1e300, 2, 5e-324, 0, 7};
  const covariance_family *family = family_find(covariance);
  gmmpi_model *model = NULL;
  assert_int_equal(model_allocate(gaussian_kind(family), 3, 2, &model, NULL), GMMPI_OK);
  memcpy(model->weights, weights, sizeof weights);
  memcpy(model->means, means, sizeof means);
  for (int k = 0; k < 3; k++) contract_dense(model, k, (const double[]){k + 2, -1.0 / 3, -1.0 / 3, 1});
  assert_int_equal(model_accept_parameters(model, "example", NULL), GMMPI_OK);
  if (named) assert_int_equal(model_set_feature_names(model, names, NULL), GMMPI_OK);
  return model;
}

static void write_bytes(const void *bytes, size_t n_bytes)
{
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, n_bytes, file), n_bytes);
  assert_int_equal(fclose(file), 0);
}

static void write_example(const json_t *facts)
{
  gmmpi_model *model = example("full", true);
  void *bytes = NULL;
  size_t n_bytes = 0;
  assert_int_equal(model_file_image(model, facts, &bytes, &n_bytes, NULL), GMMPI_OK);
  write_bytes(bytes, n_bytes);
  free(bytes);
  gmmpi_model_destroy(model);
}

static void assert_same_models(const gmmpi_model *a, const gmmpi_model *b)
{
  assert_ptr_equal(a->family, b->family);
  assert_int_equal(a->n_components, b->n_components);
  assert_int_equal(a->n_features, b->n_features);
  assert_true(model_hash(a) == model_hash(b));
  assert_true((a->feature_names == NULL) == (b->feature_names == NULL));
  for (int64_t j = 0; a->feature_names != NULL && j < a->n_features; j++)
    assert_string_equal(a->feature_names[j], b->feature_names[j]);
  assert_true((a->hierarchy == NULL) == (b->hierarchy == NULL));
  if (a->hierarchy == NULL) return;
  const int64_t n = a->hierarchy->n_clusters;
  assert_int_equal(n, b->hierarchy->n_clusters);
  assert_memory_equal(a->hierarchy->merges, b->hierarchy->merges, (size_t)(n - 1) * 2 * sizeof(int64_t));
  assert_memory_equal(a->hierarchy->entropy, b->hierarchy->entropy, (size_t)n * sizeof(double));
}

/* Of the components that have a weight. */
static void add_hierarchy(gmmpi_model *model)
{
  cluster_hierarchy *hierarchy;
  int64_t next = 0;
  assert_int_equal(hierarchy_create(model_n_living(model), &hierarchy, NULL), GMMPI_OK);
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] == 0.0) continue;
    hierarchy->entropy[next] = (double)next / 3.0;
    if (next > 0) hierarchy->merges[2 * next - 1] = k;
    next++;
  }
  assert_int_equal(model_set_hierarchy(model, hierarchy, NULL), GMMPI_OK);
  hierarchy_destroy(hierarchy);
}

static void round_trips(void **state)
{
  (void)state;
  for (int c = 0; c < 2 * N_FAMILIES; c++) {
    gmmpi_model *model = example(family_names[c % N_FAMILIES], c < N_FAMILIES);
    gmmpi_model *back = NULL;
    if (c % 3 == 0) add_hierarchy(model);
    assert_int_equal(gmmpi_model_write(model, path, NULL), GMMPI_OK);
    assert_int_equal(gmmpi_model_read(path, &back, NULL), GMMPI_OK);
    assert_same_models(model, back);
    gmmpi_model_destroy(model);
    gmmpi_model_destroy(back);
  }
}

static json_t *some_facts(void)
{
  json_t *facts = json_pack("{s:I, s:f, s:b, s:b, s:s, s:[s,s,s], s:[i,i], s:[f,i], s:[], s:n, s:s}", "n_iter",
                            (json_int_t)INT64_MIN, "log_likelihood", -1.0 / 3, "converged", 1, "accelerated", 0, "init",
                            "k-means++ ü", "events", "one", "", "three", "sizes", 5, -6, "mixed", 0.5, 2, "nothing",
                            "unknown", "empty", "");
  assert_non_null(facts);
  return facts;
}

static void facts_come_back_in_order(void **state)
{
  (void)state;
  json_t *facts = some_facts();
  json_t *back = NULL;
  gmmpi_model *model = NULL;
  json_t *expected = json_pack(
      "{s:s, s:I, s:s, s:s, s:I, s:I, s:[s,s], s:I, s:f, s:b, s:b, s:s, s:[s,s,s], s:[i,i], s:[f,f], s:s}", "format",
      "gmmpi model", "format_version", (json_int_t)1, "program_version", GMMPI_VERSION, "covariance", "full",
      "n_components", (json_int_t)3, "n_features", (json_int_t)2, "feature_names", "Größe", "x, 2", "n_iter",
      (json_int_t)INT64_MIN, "log_likelihood", -1.0 / 3, "converged", 1, "accelerated", 0, "init", "k-means++ ü",
      "events", "one", "", "three", "sizes", 5, -6, "mixed", 0.5, 2.0, "empty", "");
  assert_non_null(expected);
  write_example(facts);
  assert_int_equal(model_file_read(path, &model, &back, NULL), GMMPI_OK);
  char *wanted = json_dumps(expected, JSON_REAL_PRECISION(17));
  char *found = json_dumps(back, JSON_REAL_PRECISION(17));
  assert_string_equal(found, wanted);
  free(wanted);
  free(found);
  json_decref(facts);
  json_decref(back);
  json_decref(expected);
  gmmpi_model_destroy(model);
}

/* Neither the time nor what happens to be in fresh memory gets into the bytes. */
static void bytes_depend_on_content_alone(void **state)
{
  (void)state;
  json_t *facts = some_facts();
  void *bytes[2];
  size_t n_bytes[2];
  for (int i = 0; i < 2; i++) {
    mallopt(M_PERTURB, i == 0 ? 0x55 : 0xAA);
    gmmpi_model *model = example("full", true);
    assert_int_equal(model_file_image(model, facts, &bytes[i], &n_bytes[i], NULL), GMMPI_OK);
    gmmpi_model_destroy(model);
    if (i == 0) usleep(1100000);
  }
  mallopt(M_PERTURB, 0);
  assert_int_equal(n_bytes[0], n_bytes[1]);
  assert_memory_equal(bytes[0], bytes[1], n_bytes[0]);
  free(bytes[0]);
  free(bytes[1]);
  json_decref(facts);
}

static hid_t open_example(void)
{
  write_example(NULL);
  const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(file >= 0);
  return file;
}

static void types_are_those_of_the_format(void **state)
{
  (void)state;
  json_t *facts = some_facts();
  write_example(facts);
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t data_set = H5Dopen2(file, "/covariances", H5P_DEFAULT);
  const hid_t space = H5Dget_space(data_set);
  const hid_t type = H5Dget_type(data_set);
  hsize_t extent[3];
  assert_int_equal(H5Sget_simple_extent_dims(space, extent, NULL), 3);
  assert_true(extent[0] == 3 && extent[1] == 2 && extent[2] == 2);
  assert_true(H5Tequal(type, H5T_IEEE_F64LE) > 0);
  H5Tclose(type);
  H5Sclose(space);
  H5Dclose(data_set);
  const hid_t boolean = H5Aopen(file, "converged", H5P_DEFAULT);
  const hid_t boolean_type = H5Aget_type(boolean);
  signed char value = 0;
  assert_true(H5Tget_class(boolean_type) == H5T_ENUM && H5Tget_size(boolean_type) == 1);
  assert_true(H5Tenum_valueof(boolean_type, "TRUE", &value) >= 0 && value == 1);
  assert_true(H5Aread(boolean, boolean_type, &value) >= 0 && value == 1);
  H5Tclose(boolean_type);
  H5Aclose(boolean);
  assert_true(H5Fclose(file) >= 0);
  json_decref(facts);
}

/* More names than an object header holds. */
static void many_long_names(void **state)
{
  (void)state;
  enum { N = 3000, LENGTH = 100 };
  char **names = calloc(N, sizeof *names);
  double *zeros = calloc(N, sizeof *zeros);
  const double one = 1;
  gmmpi_model *model = NULL;
  gmmpi_model *back = NULL;
  for (int j = 0; j < N; j++) {
    names[j] = malloc(LENGTH + 1);
    snprintf(names[j], LENGTH + 1, "%0*d", j % LENGTH + 1, j);
  }
  assert_int_equal(gmmpi_model_create(1, N, "spherical", &one, zeros, &one, &model, NULL), GMMPI_OK);
  assert_int_equal(model_set_feature_names(model, names, NULL), GMMPI_OK);
  assert_int_equal(gmmpi_model_write(model, path, NULL), GMMPI_OK);
  assert_int_equal(gmmpi_model_read(path, &back, NULL), GMMPI_OK);
  assert_same_models(model, back);
  for (int j = 0; j < N; j++) free(names[j]);
  free(names);
  free(zeros);
  gmmpi_model_destroy(model);
  gmmpi_model_destroy(back);
}

static void refuse(gmmpi_status status, const char *part)
{
  gmmpi_model *model = NULL;
  json_t *facts = NULL;
  gmmpi_error error = {0};
  const gmmpi_status found = model_file_read(path, &model, &facts, &error);
  if (found != status) fail_msg("status %d instead of %d: %s", found, status, error.message);
  assert_null(model);
  assert_null(facts);
  assert_memory_equal(error.message, path, strlen(path));
  if (strstr(error.message, part) == NULL) fail_msg("\"%s\" does not say \"%s\"", error.message, part);
}

static void no_such_file(void **state)
{
  (void)state;
  unlink(path);
  refuse(GMMPI_NO_INPUT, "No such file");
  assert_int_equal(mkdir(path, 0777), 0);
  refuse(GMMPI_NO_INPUT, "not an ordinary file");
  assert_int_equal(rmdir(path), 0);
}

static void no_hdf5(void **state)
{
  (void)state;
  write_bytes("", 0);
  refuse(GMMPI_BAD_DATA, "not an HDF5 file");
  write_bytes("x,y\n1,2\n", 8);
  refuse(GMMPI_BAD_DATA, "not an HDF5 file");
}

/* Cut anywhere, a file is refused; it may not crash or ask for much memory either. */
static void truncated(void **state)
{
  (void)state;
  write_example(NULL);
  struct stat facts;
  assert_int_equal(stat(path, &facts), 0);
  const off_t content = facts.st_size - 32; /* without the seal, see every_byte_is_guarded */
  gmmpi_model *model = NULL;
  assert_int_equal(truncate(path, content + 31), 0);
  assert_int_equal(gmmpi_model_read(path, &model, NULL), GMMPI_OK);
  gmmpi_model_destroy(model);
  for (off_t length = content - 1; length > 8; length -= 97) {
    assert_int_equal(truncate(path, length), 0);
    refuse(GMMPI_BAD_DATA, "");
  }
}

/* One bit of each byte is changed: that is seen before HDF5 sees the file, unless it is in the seal's magic, without
 * which the file is as good as one that has no seal. */
static void every_byte_is_guarded(void **state)
{
  (void)state;
  write_example(NULL);
  void *bytes;
  size_t n_bytes;
  assert_int_equal(file_read_whole(path, &bytes, &n_bytes, NULL), GMMPI_OK);
  unsigned char *byte = bytes;
  assert_memory_equal(byte + n_bytes - 32, "gmmpi\x8a\r\n", 8);
  for (size_t i = 0; i < n_bytes; i++) {
    byte[i] ^= (unsigned char)(1 << i % 8);
    write_bytes(bytes, n_bytes);
    byte[i] ^= (unsigned char)(1 << i % 8);
    gmmpi_model *model = NULL;
    if (n_bytes - i <= 24 || n_bytes - i > 32) {
      refuse(GMMPI_BAD_DATA, n_bytes - i > 8 && n_bytes - i <= 16 ? "length is not" : "checksum is wrong");
    } else {
      assert_int_equal(gmmpi_model_read(path, &model, NULL), GMMPI_OK);
    }
    gmmpi_model_destroy(model);
  }
  write_bytes(bytes, n_bytes - 32); /* as older versions wrote it */
  gmmpi_model *model = NULL;
  assert_int_equal(gmmpi_model_read(path, &model, NULL), GMMPI_OK);
  gmmpi_model_destroy(model);
  free(bytes);
}

static void set_string(hid_t file, const char *name, const char *value)
{
  const hid_t type = H5Tcopy(H5T_C_S1);
  const hid_t space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, H5T_VARIABLE);
  if (H5Aexists(file, name) > 0) assert_true(H5Adelete(file, name) >= 0);
  const hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Awrite(attribute, type, &value) >= 0);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

static void other_kinds_of_file(void **state)
{
  (void)state;
  hid_t file = open_example();
  set_string(file, "format", "gmmpi checkpoint");
  H5Fclose(file);
  refuse(GMMPI_BAD_DATA, "is a checkpoint");

  file = open_example();
  H5Adelete(file, "format");
  H5Fclose(file);
  refuse(GMMPI_BAD_DATA, "is not a model");

  file = open_example();
  const hid_t version = H5Aopen(file, "format_version", H5P_DEFAULT);
  const int64_t next = 2;
  assert_true(H5Awrite(version, H5T_NATIVE_INT64, &next) >= 0);
  H5Aclose(version);
  H5Fclose(file);
  refuse(GMMPI_BAD_DATA, "version of the model format");

  file = open_example();
  set_string(file, "covariance", "banana");
  H5Fclose(file);
  refuse(GMMPI_BAD_DATA, "banana");

  file = open_example();
  set_string(file, "covariance", "tied");
  H5Fclose(file);
  refuse(GMMPI_BAD_DATA, "/covariances should have 2 dimensions");

  file = open_example();
  set_string(file, "feature_names", "only one");
  H5Fclose(file);
  refuse(GMMPI_BAD_DATA, "1 feature_names for 2 features");
}

/* Attributes that other programs wrote, as strings of variable length, will do as well. */
static void strings_of_variable_length(void **state)
{
  (void)state;
  gmmpi_model *model = NULL;
  const hid_t file = open_example();
  set_string(file, "format", "gmmpi model");
  set_string(file, "covariance", "full");
  H5Fclose(file);
  assert_int_equal(gmmpi_model_read(path, &model, NULL), GMMPI_OK);
  gmmpi_model_destroy(model);
}

static void replace(hid_t file, const char *name, int n_dimensions, const hsize_t *shape, hid_t creation)
{
  assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
  if (n_dimensions == 0) return;
  const hid_t space = H5Screate_simple(n_dimensions, shape, NULL);
  const hid_t data_set = H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  assert_true(data_set >= 0);
  H5Dclose(data_set);
  H5Sclose(space);
}

static void data_sets_that_do_not_fit(void **state)
{
  (void)state;
  static const char *const names[4] = {"/weights", "/means", "/covariances", "/precisions_cholesky"};
  for (int i = 0; i < 4; i++) {
    hid_t file = open_example();
    replace(file, names[i], 0, NULL, H5P_DEFAULT);
    H5Fclose(file);
    refuse(GMMPI_BAD_DATA, names[i]);

    file = open_example();
    replace(file, names[i], 1, (const hsize_t[]){5}, H5P_DEFAULT);
    H5Fclose(file);
    refuse(GMMPI_BAD_DATA, names[i]);
  }
  const hid_t file = open_example();
  replace(file, "/means", 2, (const hsize_t[]){0, 2}, H5P_DEFAULT);
  H5Fclose(file);
  refuse(GMMPI_BAD_DATA, "/means is empty");
}

/* A header that claims 2^40 components, whose content is not in the file: no memory may be asked for. */
static void claims_without_content(void **state)
{
  (void)state;
  const hsize_t components = (hsize_t)1 << 40;
  const hsize_t chunk[2] = {1, 2};
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, 1, chunk);
  const hid_t file = open_example();
  set_string(file, "covariance", "spherical");
  replace(file, "/weights", 1, &components, creation);
  replace(file, "/covariances", 1, &components, creation);
  replace(file, "/precisions_cholesky", 1, &components, creation);
  H5Pset_chunk(creation, 2, chunk);
  replace(file, "/means", 2, (const hsize_t[]){components, 2}, creation);
  H5Pclose(creation);
  H5Fclose(file);
  refuse(GMMPI_BAD_DATA, "damaged");
}

static void set_number(const char *name, hsize_t index, double value)
{
  const hid_t file = open_example();
  const hid_t data_set = H5Dopen2(file, name, H5P_DEFAULT);
  double values[12];
  assert_true(H5Dread(data_set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  values[index] = value;
  assert_true(H5Dwrite(data_set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(data_set);
  H5Fclose(file);
}

static void numbers_that_are_no_model(void **state)
{
  (void)state;
  set_number("/weights", 1, -0.5);
  refuse(GMMPI_BAD_DATA, "weight of component 1");
  set_number("/means", 3, (double)NAN);
  refuse(GMMPI_BAD_DATA, "mean of component 1");
  set_number("/covariances", 8, (double)INFINITY);
  refuse(GMMPI_BAD_DATA, "covariance of component 2 has a number that is not finite");
  set_number("/covariances", 8, -1);
  refuse(GMMPI_BAD_DATA, "covariance of component 2 is not positive definite");
  set_number("/covariances", 5, 0.5);
  refuse(GMMPI_BAD_DATA, "covariance of component 1 is not symmetric");
  set_number("/precisions_cholesky", 0, (double)NAN);
  refuse(GMMPI_BAD_DATA, "/precisions_cholesky");
}

static void output_that_cannot_be(void **state)
{
  (void)state;
  gmmpi_model *model = example("diag", false);
  gmmpi_error error = {0};
  assert_int_equal(gmmpi_model_write(model, "/no/such/folder/model.h5", &error), GMMPI_NO_OUTPUT);
  assert_non_null(strstr(error.message, "/no/such/folder/model.h5: "));
  gmmpi_model_destroy(model);
}

/* A fact of a type that attributes don't have is the caller's fault. */
static void facts_that_are_none(void **state)
{
  (void)state;
  gmmpi_model *model = example("diag", false);
  void *bytes = NULL;
  size_t n_bytes;
  gmmpi_error error = {0};
  json_t *facts = json_pack("{s:{s:i}}", "nested", "object", 1);
  assert_int_equal(model_file_image(model, facts, &bytes, &n_bytes, &error), GMMPI_INTERNAL);
  assert_null(bytes);
  json_decref(facts);
  gmmpi_model_destroy(model);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trips),
      cmocka_unit_test(facts_come_back_in_order),
      cmocka_unit_test(bytes_depend_on_content_alone),
      cmocka_unit_test(types_are_those_of_the_format),
      cmocka_unit_test(many_long_names),
      cmocka_unit_test(no_such_file),
      cmocka_unit_test(no_hdf5),
      cmocka_unit_test(truncated),
      cmocka_unit_test(every_byte_is_guarded),
      cmocka_unit_test(other_kinds_of_file),
      cmocka_unit_test(strings_of_variable_length),
      cmocka_unit_test(data_sets_that_do_not_fit),
      cmocka_unit_test(claims_without_content),
      cmocka_unit_test(numbers_that_are_no_model),
      cmocka_unit_test(output_that_cannot_be),
      cmocka_unit_test(facts_that_are_none),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
