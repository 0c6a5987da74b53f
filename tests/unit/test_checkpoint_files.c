/* SPDX-License-Identifier: BSD-3-Clause */
/* Checkpoints on the disk: FILE and FILE.prev are both whole after each write; the good one that got farthest is taken;
 * another job's checkpoint is refused with the reason. */
#include "unit/checkpoint_states.h"
#include "unit/folder.h"

#include "support/file.h"

#include <hdf5.h>
#include <sys/stat.h>

static void write_iteration(const char *path, int64_t iteration, int seed, checkpoint_rotation rotation)
{
  checkpoint_identity identity = make_identity(seed);
  fit_state *state = make_state("full", 3, 2, 0, false);
  state->climbers[0].current.iteration = iteration;
  state->n_row_visits = iteration; /* tells who got farther */
  checkpoint_image image = sealed(&identity, state);
  gmmpi_error error = {0};
  assert_int_equal(checkpoint_write(path, image.bytes, image.n_bytes, rotation, &error), GMMPI_OK);
  checkpoint_image_clear(&image);
  fit_state_destroy(state);
  json_decref(identity.options);
}

/* The iteration in one file, -1 when it is not there, -2 when it is damaged. */
static int64_t iteration_in(const char *path)
{
  json_t *facts = NULL;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  const gmmpi_status status = checkpoint_describe(path, &facts, &model, &error);
  if (status != GMMPI_OK) return status == GMMPI_NO_INPUT ? -1 : -2;
  const int64_t iteration = json_integer_value(json_object_get(facts, "iteration"));
  json_decref(facts);
  gmmpi_model_destroy(model);
  return iteration;
}

static void damage(const char *path)
{
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  fseek(file, 1000, SEEK_SET);
  const int byte = fgetc(file);
  fseek(file, 1000, SEEK_SET);
  fputc(byte ^ 1, file);
  fclose(file);
}

static const fit_shape shape = {{&family_full, 0}, 3};
static const state_plan plan = {.shapes = &shape, .n_shapes = 1, .n_features = 2, .accelerate = "anderson"};

/* What a job of this seed loads: the iteration, -1 when it starts afresh, or minus the status; the message is in error.
 */
static int64_t load(const char *path, bool automatic, int seed, checkpoint_rotation *rotation, gmmpi_error *error)
{
  checkpoint_identity identity = make_identity(seed);
  fit_state *state = NULL;
  memset(error, 0, sizeof *error);
  const gmmpi_status status = checkpoint_load(path, automatic, &identity, &plan, &state, rotation, error);
  json_decref(identity.options);
  if (status != GMMPI_OK) assert_null(state);
  const int64_t iteration = status != GMMPI_OK ? -(int64_t)status
                            : state == NULL    ? -1
                                               : state->climbers[0].current.iteration;
  fit_state_destroy(state);
  return iteration;
}

static void both_files_are_whole_after_each_write(void **unused)
{
  (void)unused;
  const char *path = in_folder("model.h5.checkpoint");
  const char *previous = in_folder("model.h5.checkpoint.prev");
  char *named = checkpoint_previous_path(path);
  assert_string_equal(named, previous);
  free(named);
  write_iteration(path, 1, 3, KEEP_NONE);
  assert_int_equal(iteration_in(path), 1);
  assert_int_equal(iteration_in(previous), -1);
  for (int64_t i = 2; i < 7; i++) {
    write_iteration(path, i, 3, ROTATE);
    assert_int_equal(iteration_in(path), i);
    assert_int_equal(iteration_in(previous), i - 1);
  }
  damage(path);
  write_iteration(path, 8, 3, KEEP_PREVIOUS);
  assert_int_equal(iteration_in(path), 8);
  assert_int_equal(iteration_in(previous), 5);
  write_iteration(path, 1, 3, KEEP_NONE);
  assert_int_equal(iteration_in(path), 1);
  assert_int_equal(iteration_in(previous), -1);

  write_iteration(path, 2, 3, ROTATE);
  checkpoint_remove(path);
  checkpoint_remove(path);
  assert_int_equal(rmdir(folder), 0); /* nothing is left behind */
  assert_int_equal(mkdir(folder, 0700), 0);
}

static void links_are_followed(void **unused)
{
  (void)unused;
  const char *file = in_folder("real");
  const char *name = in_folder("link");
  write_iteration(file, 1, 3, KEEP_NONE);
  assert_int_equal(symlink("real", name), 0);
  write_iteration(name, 2, 3, ROTATE);
  struct stat status;
  assert_int_equal(lstat(name, &status), 0);
  assert_true(S_ISLNK(status.st_mode));
  assert_int_equal(iteration_in(file), 2);
  assert_int_equal(iteration_in(in_folder("real.prev")), 1);
  checkpoint_remove(name);
  assert_int_equal(iteration_in(file), -1);
  unlink(name);
}

static void what_cannot_be_written_is_left_alone(void **unused)
{
  (void)unused;
  gmmpi_error error = {0};
  assert_int_equal(checkpoint_write(in_folder("no folder/x"), "0123456789", 10, ROTATE, &error), GMMPI_NO_OUTPUT);
  assert_int_equal(mkdir(in_folder("sub"), 0700), 0);
  error = (gmmpi_error){0};
  assert_int_equal(checkpoint_write(in_folder("sub"), "0123456789", 10, ROTATE, &error), GMMPI_NO_OUTPUT);
  assert_int_equal(rmdir(in_folder("sub")), 0);
  error = (gmmpi_error){0};
  assert_int_equal(checkpoint_write("/dev/null", "0123456789", 10, KEEP_NONE, &error), GMMPI_NO_OUTPUT);
  checkpoint_remove("/dev/null");
  struct stat status;
  assert_int_equal(stat("/dev/null", &status), 0);
  assert_true(S_ISCHR(status.st_mode));
}

static void the_good_one_that_got_farthest_is_taken(void **unused)
{
  (void)unused;
  const char *path = in_folder("c");
  const char *previous = in_folder("c.prev");
  checkpoint_rotation rotation;
  gmmpi_error error;
  assert_int_equal(load(path, true, 3, &rotation, &error), -1);
  assert_int_equal(load(path, false, 3, &rotation, &error), -GMMPI_NO_INPUT);

  write_iteration(path, 10, 3, KEEP_NONE);
  write_iteration(path, 11, 3, ROTATE);
  assert_int_equal(load(path, true, 3, &rotation, &error), 11);
  assert_int_equal(rotation, ROTATE);
  assert_int_equal(load(path, false, 3, &rotation, &error), 11);

  damage(path);
  assert_int_equal(load(path, true, 3, &rotation, &error), 10);
  assert_int_equal(rotation, KEEP_PREVIOUS);
  assert_int_equal(load(path, false, 3, &rotation, &error), 10);
  unlink(path);
  assert_int_equal(load(path, false, 3, &rotation, &error), 10);
  assert_int_equal(rotation, KEEP_PREVIOUS);

  write_iteration(path, 4, 3, KEEP_PREVIOUS);
  assert_int_equal(load(path, true, 3, &rotation, &error), 10);
  assert_int_equal(rotation, ROTATE);

  damage(path);
  damage(previous);
  assert_int_equal(load(path, true, 3, &rotation, &error), -1);
  assert_int_equal(rotation, KEEP_NONE);
  assert_int_equal(load(path, false, 3, &rotation, &error), -GMMPI_BAD_DATA);
  assert_non_null(strstr(error.message, "checksum"));
  assert_true(checkpoint_recognised(path));
  checkpoint_remove(path);
}

static void another_jobs_checkpoint_is_refused(void **unused)
{
  (void)unused;
  const char *path = in_folder("c");
  checkpoint_rotation rotation;
  gmmpi_error error;
  write_iteration(path, 10, 3, KEEP_NONE);
  for (int automatic = 0; automatic < 2; automatic++) {
    assert_int_equal(load(path, automatic, 4, &rotation, &error), -GMMPI_BAD_DATA);
    assert_non_null(strstr(error.message, "c: was made with --seed 3, this job has --seed 4; give the same options, or "
                                          "remove it to start afresh"));
  }
  struct {
    const char *name;
    json_t *value;
    const char *expected;
  } changes[] = {{"--init", json_string("random"), "was made with --init kmeans, this job has --init random"},
                 {"--reg-covar", json_real(1e-3), "was made with --reg-covar 1e-6, this job has --reg-covar 0.001"},
                 {"--identity", json_true(), "was made with no --identity, this job has --identity"},
                 {"--new", json_integer(1), "was made with no --new, this job has --new 1"},
                 {"--init", NULL, "was made with --init kmeans, this job has no --init"}};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    checkpoint_identity identity = make_identity(3);
    if (changes[i].value != NULL)
      json_object_set_new(identity.options, changes[i].name, changes[i].value);
    else
      json_object_del(identity.options, changes[i].name);
    fit_state *state = NULL;
    error = (gmmpi_error){0};
    assert_int_equal(checkpoint_load(path, true, &identity, &plan, &state, &rotation, &error), GMMPI_BAD_DATA);
    if (strstr(error.message, changes[i].expected) == NULL) fail_msg("%s", error.message);
    json_decref(identity.options);
  }
  for (int i = 0; i < 3; i++) {
    checkpoint_identity identity = make_identity(3);
    if (i == 0) identity.fingerprint ^= 1;
    if (i == 1) identity.n_samples++;
    if (i == 2) identity.n_features++;
    fit_state *state = NULL;
    error = (gmmpi_error){0};
    assert_int_equal(checkpoint_load(path, true, &identity, &plan, &state, &rotation, &error), GMMPI_BAD_DATA);
    assert_non_null(strstr(error.message, "c: was made from other data"));
    json_decref(identity.options);
  }
  checkpoint_identity later = make_identity(3);
  snprintf(later.version, sizeof later.version, "1.2.4");
  fit_state *state = NULL;
  error = (gmmpi_error){0};
  assert_int_equal(checkpoint_load(path, true, &later, &plan, &state, &rotation, &error), GMMPI_BAD_DATA);
  assert_non_null(strstr(error.message, "c: was made by gmmpi 1.2.3, this is 1.2.4; go on with the same version"));
  json_decref(later.options);
  checkpoint_remove(path);
}

/* Other programs read it as the HDF5 file that it begins with. */
static void hdf5_reads_it(void **unused)
{
  (void)unused;
  const char *path = in_folder("c");
  write_iteration(path, 10, 3, KEEP_NONE);
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  assert_true(file >= 0);
  const hid_t set = H5Dopen2(file, "/climber_0/iteration", H5P_DEFAULT);
  int64_t iteration = 0;
  assert_true(H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &iteration) >= 0);
  assert_int_equal(iteration, 10);
  H5Dclose(set);
  double means[3][2];
  const hid_t means_set = H5Dopen2(file, "/climber_0/means", H5P_DEFAULT);
  assert_true(H5Dread(means_set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, means) >= 0);
  assert_same_bits(means[2][1], -odd_number(1 + 100 + 5));
  H5Dclose(means_set);
  H5Fclose(file);
  checkpoint_remove(path);
}

static void what_info_says(void **unused)
{
  (void)unused;
  const char *path = in_folder("c");
  assert_false(checkpoint_recognised(path));
  write_iteration(path, 10, 3, KEEP_NONE);
  assert_true(checkpoint_recognised(path));
  json_t *facts = NULL;
  gmmpi_model *model = NULL;
  gmmpi_error error = {0};
  assert_int_equal(checkpoint_describe(path, &facts, &model, &error), GMMPI_OK);
  assert_int_equal(json_integer_value(json_object_get(facts, "n_samples")), 200);
  assert_int_equal(json_integer_value(json_object_get(facts, "n_components")), 3);
  assert_true(json_real_value(json_object_get(facts, "n_passes")) == (10 + 77) / 200.0);
  assert_same_bits(json_real_value(json_object_get(facts, "log_likelihood")), -1e-300);
  assert_int_equal(json_integer_value(json_object_get(json_object_get(facts, "options"), "--seed")), 3);
  const double age = json_real_value(json_object_get(facts, "seconds_since_written"));
  assert_true(age > -10 && age < 100);
  assert_int_equal(gmmpi_model_n_features(model), 2);
  assert_same_bits(gmmpi_model_weights(model)[2], odd_number(1 + 2));
  json_decref(facts);
  gmmpi_model_destroy(model);

  assert_int_equal(truncate(path, 3000), 0);
  assert_true(checkpoint_recognised(path)); /* a damaged one, too */
  checkpoint_remove(path);
  assert_int_equal(checkpoint_describe(path, &facts, &model, &error), GMMPI_NO_INPUT);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_files_are_whole_after_each_write),
      cmocka_unit_test(links_are_followed),
      cmocka_unit_test(what_cannot_be_written_is_left_alone),
      cmocka_unit_test(the_good_one_that_got_farthest_is_taken),
      cmocka_unit_test(another_jobs_checkpoint_is_refused),
      cmocka_unit_test(hdf5_reads_it),
      cmocka_unit_test(what_info_says),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
