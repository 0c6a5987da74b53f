/* SPDX-License-Identifier: BSD-3-Clause */
/* Checkpoints in memory: a state comes back to the bit, whatever is in it; damage of any kind is recognised. */
#include "unit/checkpoint_states.h"
#include "unit/folder.h"

#include "support/file.h"

#include <hdf5.h>

/* --- images --- */

static void every_field_comes_back(void **unused)
{
  (void)unused;
  static const char *const families[] = {"full", "tied", "diag", "spherical"};
  for (int f = 0; f < 4; f++) {
    for (int variant = 0; variant < 4; variant++) {
      checkpoint_identity identity = make_identity(3);
      identity.n_features = 3;
      fit_state *state = make_state(families[f], 5, 3, variant % 2 == 0 ? 0 : 9, variant >= 2);
      checkpoint_image image = sealed(&identity, state);
      assert_holds(&image, &identity, state);
      checkpoint_image_clear(&image);
      fit_state_destroy(state);
      json_decref(identity.options);
    }
  }
}

static void one_component_of_one_feature(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  identity.n_features = 1;
  fit_state *state = make_state("spherical", 1, 1, 1, false);
  checkpoint_image image = sealed(&identity, state);
  assert_holds(&image, &identity, state);
  checkpoint_image_clear(&image);
  fit_state_destroy(state);
  json_decref(identity.options);
}

static void a_start_without_a_log_likelihood(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  fit_state *state = make_state("full", 3, 2, 0, false);
  state->climbers[0].current.iteration = 0;
  state->climbers[0].current.measured.log_likelihood = NAN;
  checkpoint_image image = sealed(&identity, state);
  assert_holds(&image, &identity, state);
  checkpoint_image_clear(&image);
  fit_state_destroy(state);
  json_decref(identity.options);
}

static void a_dropped_component_may_have_any_factor(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  fit_state *state = make_state("full", 3, 2, 0, false);
  state->climbers[0].current.model->weights[1] = 0.0;
  state->climbers[0].current.model->precisions_cholesky[5] = NAN;
  checkpoint_image image = sealed(&identity, state);
  assert_holds(&image, &identity, state);
  checkpoint_image_clear(&image);
  fit_state_destroy(state);
  json_decref(identity.options);
}

static void a_newer_state_is_filled_in(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  fit_state *state = make_state("full", 3, 2, 2, true);
  checkpoint_image image = sealed(&identity, state);
  set_model(state->climbers[0].current.model, 77);
  set_model(state->best[0].model, 78);
  state->climbers[0].current.iteration = 42;
  state->climbers[0].current.measured.log_likelihood = -5;
  state->best[0].start = 0;
  state->n_row_visits++;
  state->climbers[0].n_reseeds[2] = 99;
  state->events.items[1].component = 2;
  assert_true(checkpoint_image_fits(&image, state));
  checkpoint_image_fill(&image, state);
  checkpoint_seal(image.bytes, image.n_bytes);
  assert_holds(&image, &identity, state);

  state->events.n = 1;
  assert_false(checkpoint_image_fits(&image, state));
  state->events.n = 2;
  state->best[0].start = -1;
  assert_false(checkpoint_image_fits(&image, state));
  checkpoint_image_clear(&image);
  fit_state_destroy(state);
  json_decref(identity.options);
}

static void options_of_any_length(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  char *columns = malloc(200001);
  assert_non_null(columns);
  memset(columns, 'x', 200000);
  columns[200000] = '\0';
  json_object_set_new(identity.options, "--columns", json_string(columns));
  fit_state *state = make_state("full", 3, 2, 0, false);
  checkpoint_image image = sealed(&identity, state);
  assert_holds(&image, &identity, state);
  checkpoint_image_clear(&image);
  fit_state_destroy(state);
  json_decref(identity.options);
  free(columns);
}

/* --- damage --- */

static void assert_damaged(const void *bytes, int64_t n_bytes)
{
  fit_state *found = NULL;
  checkpoint_identity of = {0};
  gmmpi_error error = {0};
  bool is_foreign = true;
  assert_int_equal(checkpoint_image_read("image", bytes, n_bytes, &found, &of, &is_foreign, &error), GMMPI_BAD_DATA);
  assert_false(is_foreign); /* damage is never taken for another version's */
  assert_null(found);
  assert_null(of.options);
  assert_non_null(strstr(error.message, "image: is no good checkpoint ("));
}

static void every_flipped_bit_is_seen(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  fit_state *state = make_state("spherical", 1, 1, 0, false);
  identity.n_features = 1;
  checkpoint_image image = sealed(&identity, state);
  for (int64_t bit = 0; bit < 8 * image.n_bytes; bit++) {
    image.bytes[bit / 8] = (unsigned char)(image.bytes[bit / 8] ^ (1 << (bit % 8)));
    assert_damaged(image.bytes, image.n_bytes);
    image.bytes[bit / 8] = (unsigned char)(image.bytes[bit / 8] ^ (1 << (bit % 8)));
  }
  assert_holds(&image, &identity, state);
  checkpoint_image_clear(&image);
  fit_state_destroy(state);
  json_decref(identity.options);
}

static void every_other_length_is_seen(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  fit_state *state = make_state("full", 3, 2, 1, true);
  checkpoint_image image = sealed(&identity, state);
  for (int64_t length = 0; length < image.n_bytes; length++) {
    /* A copy of just that size, for the sanitizer to see what is read behind it. */
    unsigned char *cut = malloc((size_t)length + 1);
    assert_non_null(cut);
    memcpy(cut, image.bytes, (size_t)length);
    assert_damaged(cut, length);
    free(cut);
  }
  unsigned char *longer = calloc(1, (size_t)image.n_bytes + 64);
  assert_non_null(longer);
  memcpy(longer, image.bytes, (size_t)image.n_bytes);
  for (int64_t more = 1; more <= 64; more++) assert_damaged(longer, image.n_bytes + more);
  memcpy(longer + 64, image.bytes, (size_t)image.n_bytes); /* something before it */
  assert_damaged(longer, image.n_bytes + 64);
  free(longer);
  checkpoint_image_clear(&image);
  fit_state_destroy(state);
  json_decref(identity.options);
}

/* Well sealed, but what it says can't be true. */
static void assert_lie(const checkpoint_identity *identity, const fit_state *state)
{
  checkpoint_image image = sealed(identity, state);
  assert_damaged(image.bytes, image.n_bytes);
  checkpoint_image_clear(&image);
}

static void lies_are_refused(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  fit_state *state = make_state("full", 3, 2, 2, true);
  identity.n_samples = 0;
  assert_lie(&identity, state);
  identity.n_samples = 200;

  int64_t *const integers[] = {&state->n_row_visits,
                               &state->climbers[0].n_reseeds[2],
                               &state->climbers[0].current.start,
                               &state->best[0].iteration,
                               &state->events.items[0].start,
                               &state->events.items[1].iteration,
                               &state->climbers[0].current.iteration,
                               &state->climbers[0].current.level,
                               &state->climbers[0].history->counters[0],
                               &state->climbers[0].history->counters[1]};
  for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
    const int64_t before = *integers[i];
    *integers[i] = -1;
    assert_lie(&identity, state);
    *integers[i] = before;
  }
  /* Numbers that no fit has. */
  double *const numbers[] = {&state->climbers[0].current.model->weights[1], &state->climbers[0].current.model->means[1],
                             &state->best[0].model->covariances[2], &state->best[0].model->precisions_cholesky[3],
                             &state->climbers[0].history->numbers[7]};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    const double before = *numbers[i];
    *numbers[i] = i == 0 ? -1.0 : i == 1 ? INFINITY : NAN;
    assert_lie(&identity, state);
    *numbers[i] = before;
  }
  int32_t *const kinds[] = {&state->events.items[0].kind, &state->events.items[1].action};
  for (size_t i = 0; i < 2; i++) {
    const int32_t before = *kinds[i];
    *kinds[i] = 77;
    assert_lie(&identity, state);
    *kinds[i] = before;
  }
  state->events.items[1].component = 3;
  assert_lie(&identity, state);
  fit_state_destroy(state);
  json_decref(identity.options);
}

/* The bytes of a sealed HDF5 file with the state, in which an attribute of the job says something else. */
static unsigned char *lie_about(const char *attribute, int64_t claim, const checkpoint_identity *identity,
                                const fit_state *state, int64_t *n_bytes)
{
  checkpoint_image image = sealed(identity, state);
  const char *path = in_folder("claim");
  gmmpi_error error = {0};
  assert_int_equal(file_write_whole(path, image.bytes, (size_t)image.n_bytes - CHECKPOINT_TRAILER, &error), GMMPI_OK);
  const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t group = H5Gopen2(file, "/job", H5P_DEFAULT);
  const hid_t opened = H5Aopen(group, attribute, H5P_DEFAULT);
  assert_true(H5Awrite(opened, H5T_NATIVE_INT64, &claim) >= 0);
  H5Aclose(opened);
  H5Gclose(group);
  H5Fclose(file);
  checkpoint_image_clear(&image);

  void *bytes;
  size_t length;
  assert_int_equal(file_read_whole(path, &bytes, &length, &error), GMMPI_OK);
  unsigned char *lying = calloc(1, length + CHECKPOINT_TRAILER);
  assert_non_null(lying);
  memcpy(lying, bytes, length);
  *n_bytes = (int64_t)length + CHECKPOINT_TRAILER;
  checkpoint_seal(lying, *n_bytes);
  free(bytes);
  unlink(path);
  return lying;
}

/* A file whose attributes claim so many of something, while its data sets are small or only claim to be large. */
static void a_claim_beyond_the_file(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  fit_state *state = make_state("full", 3, 2, 0, false);
  static const char *const attributes[] = {"n_components", "n_climbers", "n_events"};
  static const int64_t claims[] = {-3, 2, 4, 1 << 20, INT64_C(1) << 60, INT64_MAX};
  for (size_t a = 0; a < sizeof attributes / sizeof attributes[0]; a++) {
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
      int64_t n_bytes;
      unsigned char *lying = lie_about(attributes[a], claims[i], &identity, state, &n_bytes);
      assert_damaged(lying, n_bytes);
      free(lying);
    }
  }
  static unsigned char garbage[1000];
  checkpoint_seal(garbage, sizeof garbage);
  assert_damaged(garbage, sizeof garbage);
  fit_state_destroy(state);
  json_decref(identity.options);
}

/* --- copies --- */

/* Whatever the copy held before. */
static void a_copy_is_the_same_state(void **unused)
{
  (void)unused;
  gmmpi_error error = {0};
  for (int variant = 0; variant < 4; variant++) {
    fit_state *state = make_state("full", 3, 2, variant % 2 == 0 ? 0 : 9, variant >= 2);
    fit_state *copy = make_state("full", 3, 2, variant % 2 == 0 ? 4 : 0, true); /* of no fewer climbers */
    set_model(copy->climbers[0].current.model, 2000);
    copy->climbers[0].current = (fit_position){.model = copy->climbers[0].current.model};
    copy->n_row_visits = copy->climbers[0].n_reseeds[1] = copy->climbers[0].history->counters[3] = 5;
    copy->climbers[0].plain = true;
    copy->climbers[0].repaired = false;
    copy->climbers[0].last_change = copy->climbers[0].history->numbers[4] = 6.0;
    assert_int_equal(fit_state_copy(copy, state, &error), GMMPI_OK);
    assert_same_state(copy, state);
    fit_state_destroy(copy);
    fit_state_destroy(state);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_field_comes_back),
      cmocka_unit_test(one_component_of_one_feature),
      cmocka_unit_test(a_start_without_a_log_likelihood),
      cmocka_unit_test(a_dropped_component_may_have_any_factor),
      cmocka_unit_test(a_newer_state_is_filled_in),
      cmocka_unit_test(options_of_any_length),
      cmocka_unit_test(every_flipped_bit_is_seen),
      cmocka_unit_test(every_other_length_is_seen),
      cmocka_unit_test(lies_are_refused),
      cmocka_unit_test(a_claim_beyond_the_file),
      cmocka_unit_test(a_copy_is_the_same_state),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
