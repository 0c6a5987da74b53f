/* SPDX-License-Identifier: BSD-3-Clause */
/* Checkpoints: any bytes, which the checksum keeps from HDF5, and well sealed ones with any numbers in them. */
#include "fuzz/fuzz.h"
#include "job/checkpoint_image.h"
#include "job/checkpoint_trailer.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  fuzz_begin(argc, argv);
  return 0;
}

static void read_image(const void *bytes, size_t n_bytes)
{
  fit_state *state = NULL;
  checkpoint_identity identity;
  bool is_foreign;
  gmmpi_error error = {0};
  const gmmpi_status status =
      checkpoint_image_read("input", bytes, (int64_t)n_bytes, &state, &identity, &is_foreign, &error);
  fuzz_insist((status == GMMPI_OK) == (state != NULL), "a state is there or an error");
  if (state == NULL) return;
  fuzz_insist(state->climbers[0].current.iteration >= 0 && state->events.n >= 0, "a state was checked");
  fit_state_destroy(state);
  json_decref(identity.options);
}

/* Some of the numbers of an image become others. */
static void change_numbers(fuzz_input *input, const fit_state *state, checkpoint_image *image)
{
  enum { MOST_FIELDS = 64 };
  state_field fields[MOST_FIELDS];
  uint64_t n_fields = 0;
  for (state_walk walk = {0}; state_walk_next(&walk, state, &fields[n_fields]);) n_fields++;
  while (input->n_left > 0) {
    const uint64_t which = fuzz_take(input, 1) % n_fields;
    const uint64_t n_words = fields[which].n_bytes / 8;
    const uint64_t word = n_words > 0 ? fuzz_take(input, 2) % n_words : 0;
    fuzz_fill(input, image->bytes + image->offsets[which] + 8 * word, n_words > 0 ? 8 : fields[which].n_bytes);
  }
}

static void read_sealed(fuzz_input *input)
{
  static const covariance_family *const families[] = {&family_full, &family_tied, &family_diag, &family_spherical};
  static const char *const methods[] = {"none", "anderson", "squarem"};
  checkpoint_identity identity = {.n_samples = 100, .n_features = 2, .options = json_object(), .version = "1"};
  fit_state *state = NULL;
  checkpoint_image image;
  gmmpi_error error = {0};
  const uint64_t shape = fuzz_take(input, 1);
  const char *method = methods[fuzz_take(input, 1) % 3];
  if (fit_state_create(gaussian_kind(families[shape % 4]), 1 + (int64_t)(shape / 4 % 4), 2, method, 1, &state,
                       &error) == GMMPI_OK &&
      event_list_reserve(&state->events, 2, &error) == GMMPI_OK) {
    memset(state->events.items, 0, 2 * sizeof *state->events.items);
    state->events.n = shape > 127 ? 2 : 0;
    state->best[0].start = (shape & 64) != 0 ? 0 : -1;
    state->climbers[0].current.start = 1;
    if (checkpoint_image_create(&identity, state, &image, &error) == GMMPI_OK) {
      change_numbers(input, state, &image);
      checkpoint_seal(image.bytes, image.n_bytes);
      read_image(image.bytes, (size_t)image.n_bytes);
      checkpoint_image_clear(&image);
    }
  }
  fit_state_destroy(state);
  json_decref(identity.options);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
  fuzz_input input = {bytes, n_bytes};
  read_image(bytes, n_bytes);
  read_sealed(&input);
  return 0;
}
