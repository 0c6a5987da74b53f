/* Checkpoints: a state comes back to the bit, whatever is in it; damage of any kind is recognised; FILE and FILE.prev
 * are both whole after each write; another job's checkpoint is refused with the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/checkpoint.h"
#include "job/checkpoint_trailer.h"
#include "support/file.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/gmmpi checkpoint XXXXXX";

static const char *in_folder(const char *name)
{
  static char paths[4][200];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

/* --- states that are easy to tell apart --- */

/* Numbers that a conversion to text or to single precision would lose. */
static double odd_number(int64_t i)
{
  return (1.0 + (double)i) / 3.0 * (i % 2 == 0 ? 1e-5 : 1e5);
}

static void set_model(gmmpi_model *model, int64_t seed)
{
  const int64_t K = model->n_components;
  const int64_t length = family_length(model->family, K, model->n_features);
  for (int64_t i = 0; i < K; i++) model->weights[i] = odd_number(seed + i);
  for (int64_t i = 0; i < K * model->n_features; i++) model->means[i] = -odd_number(seed + 100 + i);
  for (int64_t i = 0; i < length; i++) model->covariances[i] = odd_number(seed + 200 + i);
  for (int64_t i = 0; i < length; i++) model->precisions_cholesky[i] = odd_number(seed + 300 + i);
  model->means[0] = -0.0;
  model->covariances[0] = 4.9406564584124654e-324; /* the smallest there is */
}

static void set_history(accelerator *history)
{
  for (int i = 0; i < ACCELERATOR_COUNTERS; i++) history->counters[i] = i % 2 + 1;
  for (int64_t i = 0; i < history->n_numbers; i++) history->numbers[i] = odd_number(500 + i);
}

static fit_state *make_state(const char *family, int64_t K, int64_t d, int64_t n_events, bool has_best)
{
  fit_state *state = NULL;
  gmmpi_error error = {0};
  assert_int_equal(fit_state_create(family_find(family), K, d, "anderson", &state, &error), GMMPI_OK);
  set_model(state->current.model, 1);
  state->current.start = has_best ? 2 : 0;
  state->current.iteration = 41;
  state->current.log_likelihood = -1234.5678901234567;
  state->current.sum_log_max_responsibility = -0.1;
  state->n_row_visits = 19450;
  state->plain = false;
  state->current.level = 3;
  set_history(state->history);
  for (int64_t k = 0; k < K; k++) state->n_reseeds[k] = k + 7;
  if (has_best) {
    set_model(state->best.model, 1000);
    state->best.start = 1;
    state->best.iteration = 55;
    state->best.log_likelihood = -1200.25;
    state->best.sum_log_max_responsibility = -3e-300;
    state->best.converged = true;
  }
  assert_int_equal(fit_state_reserve_events(state, n_events, &error), GMMPI_OK);
  for (int64_t i = 0; i < n_events; i++)
    state->events[i] = (fit_event){.start = i,
                                   .iteration = 3 * i + 1,
                                   .component = i % (K + 1) - 1,
                                   .kind = (int32_t)(i % 3),
                                   .action = (int32_t)((i + 1) % 3)};
  state->n_events = n_events;
  return state;
}

static void assert_same_bits(double a, double b)
{
  assert_memory_equal(&a, &b, sizeof a);
}

static void assert_same_model(const gmmpi_model *a, const gmmpi_model *b)
{
  const size_t K = (size_t)a->n_components;
  const size_t length = (size_t)family_length(a->family, a->n_components, a->n_features);
  assert_ptr_equal(a->family, b->family);
  assert_int_equal(a->n_components, b->n_components);
  assert_int_equal(a->n_features, b->n_features);
  assert_memory_equal(a->weights, b->weights, K * sizeof(double));
  assert_memory_equal(a->means, b->means, K * (size_t)a->n_features * sizeof(double));
  assert_memory_equal(a->covariances, b->covariances, length * sizeof(double));
  assert_memory_equal(a->precisions_cholesky, b->precisions_cholesky, length * sizeof(double));
}

static void assert_same_position(const fit_position *a, const fit_position *b)
{
  assert_int_equal(a->start, b->start);
  assert_int_equal(a->level, b->level);
  assert_int_equal(a->iteration, b->iteration);
  assert_same_bits(a->log_likelihood, b->log_likelihood);
  assert_same_bits(a->sum_log_max_responsibility, b->sum_log_max_responsibility);
  assert_int_equal(a->converged, b->converged);
  assert_same_model(a->model, b->model);
}

static void assert_same_state(const fit_state *a, const fit_state *b)
{
  assert_same_position(&a->current, &b->current);
  assert_int_equal(a->best.start, b->best.start);
  if (a->best.start >= 0) assert_same_position(&a->best, &b->best);
  assert_int_equal(a->n_row_visits, b->n_row_visits);
  assert_int_equal(a->plain, b->plain);
  assert_memory_equal(a->history->counters, b->history->counters, sizeof a->history->counters);
  assert_memory_equal(a->history->numbers, b->history->numbers, (size_t)a->history->n_numbers * sizeof(double));
  assert_memory_equal(a->n_reseeds, b->n_reseeds, (size_t)a->current.model->n_components * sizeof(int64_t));
  assert_int_equal(a->n_events, b->n_events);
  for (int64_t i = 0; i < a->n_events; i++) assert_memory_equal(&a->events[i], &b->events[i], sizeof(fit_event));
}

static checkpoint_identity make_identity(int seed)
{
  const checkpoint_identity identity = {.fingerprint = UINT64_C(0xFEDCBA9876543210),
                                        .n_samples = 200,
                                        .n_features = 2,
                                        .options =
                                            json_pack("{s:i, s:i, s:f, s:s, s:b}", "--components", 3, "--seed", seed,
                                                      "--reg-covar", 1e-6, "--init", "kmeans", "--identity", 0),
                                        .version = "1.2.3"};
  return identity;
}

/* A sealed image of the state, to be cleared. */
static checkpoint_image sealed(const checkpoint_identity *identity, const fit_state *state)
{
  checkpoint_image image;
  gmmpi_error error = {0};
  assert_int_equal(checkpoint_image_create(identity, state, &image, &error), GMMPI_OK);
  checkpoint_seal(image.bytes, image.n_bytes);
  return image;
}

/* What the image holds must be the state, and identity its identity. */
static void assert_holds(const checkpoint_image *image, const checkpoint_identity *identity, const fit_state *state)
{
  fit_state *found = NULL;
  checkpoint_identity of = {0};
  gmmpi_error error = {0};
  bool is_foreign = true;
  assert_int_equal(checkpoint_image_read("image", image->bytes, image->n_bytes, &found, &of, &is_foreign, &error),
                   GMMPI_OK);
  assert_false(is_foreign);
  assert_same_state(state, found);
  assert_true(of.fingerprint == identity->fingerprint);
  assert_int_equal(of.n_samples, identity->n_samples);
  assert_true(json_equal(of.options, identity->options));
  assert_string_equal(of.version, identity->version);
  json_decref(of.options);
  fit_state_destroy(found);
}

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
  state->current.iteration = 0;
  state->current.log_likelihood = NAN;
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
  state->current.model->weights[1] = 0.0;
  state->current.model->precisions_cholesky[5] = NAN;
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
  set_model(state->current.model, 77);
  set_model(state->best.model, 78);
  state->current.iteration = 42;
  state->current.log_likelihood = -5;
  state->best.start = 0;
  state->n_row_visits++;
  state->n_reseeds[2] = 99;
  state->events[1].component = 2;
  assert_true(checkpoint_image_fits(&image, state));
  checkpoint_image_fill(&image, state);
  checkpoint_seal(image.bytes, image.n_bytes);
  assert_holds(&image, &identity, state);

  state->n_events = 1;
  assert_false(checkpoint_image_fits(&image, state));
  state->n_events = 2;
  state->best.start = -1;
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

  int64_t *const integers[] = {&state->n_row_visits,        &state->n_reseeds[2],    &state->current.start,
                               &state->best.iteration,      &state->events[0].start, &state->events[1].iteration,
                               &state->current.iteration,   &state->current.level,   &state->history->counters[0],
                               &state->history->counters[1]};
  for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
    const int64_t before = *integers[i];
    *integers[i] = -1;
    assert_lie(&identity, state);
    *integers[i] = before;
  }
  /* Numbers that no fit has. */
  double *const numbers[] = {&state->current.model->weights[1], &state->current.model->means[1],
                             &state->best.model->covariances[2], &state->best.model->precisions_cholesky[3],
                             &state->history->numbers[7]};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    const double before = *numbers[i];
    *numbers[i] = i == 0 ? -1.0 : i == 1 ? INFINITY : NAN;
    assert_lie(&identity, state);
    *numbers[i] = before;
  }
  int32_t *const kinds[] = {&state->events[0].kind, &state->events[1].action};
  for (size_t i = 0; i < 2; i++) {
    const int32_t before = *kinds[i];
    *kinds[i] = 77;
    assert_lie(&identity, state);
    *kinds[i] = before;
  }
  state->events[1].component = 3;
  assert_lie(&identity, state);
  fit_state_destroy(state);
  json_decref(identity.options);
}

/* A sealed HDF5 file whose attributes claim so many components, while its data sets are small or only claim to be
 * large. */
static void a_claim_beyond_the_file(void **unused)
{
  (void)unused;
  checkpoint_identity identity = make_identity(3);
  fit_state *state = make_state("full", 3, 2, 0, false);
  static const int64_t claims[] = {0, -3, 2, 4, 1 << 20, INT64_C(1) << 60, INT64_MAX};
  for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
    checkpoint_image image = sealed(&identity, state);
    const char *path = in_folder("claim");
    gmmpi_error error = {0};
    assert_int_equal(file_write_whole(path, image.bytes, (size_t)image.n_bytes - CHECKPOINT_TRAILER, &error), GMMPI_OK);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t group = H5Gopen2(file, "/job", H5P_DEFAULT);
    const hid_t attribute = H5Aopen(group, "n_components", H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_INT64, &claims[i]) >= 0);
    H5Aclose(attribute);
    H5Gclose(group);
    H5Fclose(file);
    checkpoint_image_clear(&image);

    void *bytes;
    size_t n_bytes;
    assert_int_equal(file_read_whole(path, &bytes, &n_bytes, &error), GMMPI_OK);
    unsigned char *lying = calloc(1, n_bytes + CHECKPOINT_TRAILER);
    assert_non_null(lying);
    memcpy(lying, bytes, n_bytes);
    checkpoint_seal(lying, (int64_t)n_bytes + CHECKPOINT_TRAILER);
    assert_damaged(lying, (int64_t)n_bytes + CHECKPOINT_TRAILER);
    free(lying);
    free(bytes);
    unlink(path);
  }
  static unsigned char garbage[1000];
  checkpoint_seal(garbage, sizeof garbage);
  assert_damaged(garbage, sizeof garbage);
  fit_state_destroy(state);
  json_decref(identity.options);
}

/* --- files --- */

static void write_iteration(const char *path, int64_t iteration, int seed, checkpoint_rotation rotation)
{
  checkpoint_identity identity = make_identity(seed);
  fit_state *state = make_state("full", 3, 2, 0, false);
  state->current.iteration = iteration;
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

/* What a job of this seed loads: the iteration, -1 when it starts afresh, or minus the status; the message is in error.
 */
static int64_t load(const char *path, bool automatic, int seed, checkpoint_rotation *rotation, gmmpi_error *error)
{
  checkpoint_identity identity = make_identity(seed);
  fit_state *state = NULL;
  memset(error, 0, sizeof *error);
  const gmmpi_status status = checkpoint_load(path, automatic, &identity, &family_full, 3, &state, rotation, error);
  json_decref(identity.options);
  if (status != GMMPI_OK) assert_null(state);
  const int64_t iteration = status != GMMPI_OK ? -(int64_t)status : state == NULL ? -1 : state->current.iteration;
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
    assert_int_equal(checkpoint_load(path, true, &identity, &family_full, 3, &state, &rotation, &error),
                     GMMPI_BAD_DATA);
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
    assert_int_equal(checkpoint_load(path, true, &identity, &family_full, 3, &state, &rotation, &error),
                     GMMPI_BAD_DATA);
    assert_non_null(strstr(error.message, "c: was made from other data"));
    json_decref(identity.options);
  }
  checkpoint_identity later = make_identity(3);
  snprintf(later.version, sizeof later.version, "1.2.4");
  fit_state *state = NULL;
  error = (gmmpi_error){0};
  assert_int_equal(checkpoint_load(path, true, &later, &family_full, 3, &state, &rotation, &error), GMMPI_BAD_DATA);
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
  const hid_t set = H5Dopen2(file, "/current/iteration", H5P_DEFAULT);
  int64_t iteration = 0;
  assert_true(H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &iteration) >= 0);
  assert_int_equal(iteration, 10);
  H5Dclose(set);
  double means[3][2];
  const hid_t means_set = H5Dopen2(file, "/current/means", H5P_DEFAULT);
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
  assert_true(json_real_value(json_object_get(facts, "n_passes")) == 97.25);
  assert_same_bits(json_real_value(json_object_get(facts, "log_likelihood")), -1234.5678901234567);
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

static int make_folder(void **unused)
{
  (void)unused;
  return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **unused)
{
  (void)unused;
  return rmdir(folder);
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
