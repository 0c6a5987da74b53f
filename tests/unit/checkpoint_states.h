/* SPDX-License-Identifier: BSD-3-Clause */
/* States that are easy to tell apart, and their checkpoints in memory. */
#ifndef TESTS_CHECKPOINT_STATES_H
#define TESTS_CHECKPOINT_STATES_H

#include "job/checkpoint.h"
#include "job/checkpoint_trailer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Numbers that a conversion to text or to single precision would lose. */
static inline double odd_number(int64_t i)
{
  return (1.0 + (double)i) / 3.0 * (i % 2 == 0 ? 1e-5 : 1e5);
}

static inline void set_model(gmmpi_model *model, int64_t seed)
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

static inline void set_history(accelerator *history)
{
  for (int i = 0; i < ACCELERATOR_COUNTERS; i++) history->counters[i] = i % 2 + 1;
  for (int64_t i = 0; i < history->n_numbers; i++) history->numbers[i] = odd_number(500 + i);
}

static inline void set_position(fit_position *position, int64_t start, int seed)
{
  set_model(position->model, seed);
  position->start = start;
  position->level = seed % 2;
  position->iteration = 41 + seed;
  position->measured = (measurement){.iteration = 40 + seed,
                                     .objective = -1234.5678901234567 * seed,
                                     .log_likelihood = -1e-300 * seed,
                                     .sum_log_max_responsibility = -0.1 * seed};
}

/* Three starts that advance together where there is one that has ended before, else one. */
static inline fit_state *make_state(const char *family, int64_t K, int64_t d, int64_t n_events, bool has_best)
{
  fit_state *state = NULL;
  gmmpi_error error = {0};
  assert_int_equal(
      fit_state_create(gaussian_kind(family_find(family)), K, d, "anderson", has_best ? 3 : 1, &state, &error),
      GMMPI_OK);
  state->n_row_visits = 19450;
  for (int64_t i = 0; i < state->n_climbers; i++) {
    climber *climb = &state->climbers[i];
    set_position(&climb->current, i + (has_best ? 2 : 0), (int)i + 1);
    climb->has_ended = i == 1;
    climb->plain = i > 0;
    climb->repaired = i == 0;
    climb->last_change = (double)(i + 1) / 3e7;
    climb->n_row_visits = 77 + i;
    set_history(climb->history);
    for (int64_t k = 0; k < K; k++) climb->n_reseeds[k] = k + 7 + i;
  }
  if (has_best) {
    set_position(&state->best[0], 1, 1000);
    state->best[0].converged = true;
  }
  assert_int_equal(event_list_reserve(&state->events, n_events, &error), GMMPI_OK);
  for (int64_t i = 0; i < n_events; i++)
    state->events.items[i] = (fit_event){.start = i,
                                         .iteration = 3 * i + 1,
                                         .component = i % (K + 1) - 1,
                                         .kind = (int32_t)(i % 5),
                                         .action = (int32_t)((i + 1) % 3)};
  state->events.n = n_events;
  return state;
}

static inline void assert_same_bits(double a, double b)
{
  assert_memory_equal(&a, &b, sizeof a);
}

static inline void assert_same_model(const gmmpi_model *a, const gmmpi_model *b)
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

static inline void assert_same_position(const fit_position *a, const fit_position *b)
{
  assert_int_equal(a->start, b->start);
  assert_int_equal(a->level, b->level);
  assert_int_equal(a->iteration, b->iteration);
  assert_int_equal(a->measured.iteration, b->measured.iteration);
  assert_same_bits(a->measured.objective, b->measured.objective);
  assert_same_bits(a->measured.log_likelihood, b->measured.log_likelihood);
  assert_same_bits(a->measured.sum_log_max_responsibility, b->measured.sum_log_max_responsibility);
  assert_int_equal(a->converged, b->converged);
  assert_same_model(a->model, b->model);
}

static inline void assert_same_climber(const climber *a, const climber *b)
{
  assert_same_position(&a->current, &b->current);
  assert_int_equal(a->has_ended, b->has_ended);
  assert_int_equal(a->plain, b->plain);
  assert_int_equal(a->repaired, b->repaired);
  assert_same_bits(a->last_change, b->last_change);
  assert_int_equal(a->n_row_visits, b->n_row_visits);
  assert_memory_equal(a->history->counters, b->history->counters, sizeof a->history->counters);
  assert_memory_equal(a->history->numbers, b->history->numbers, (size_t)a->history->n_numbers * sizeof(double));
  assert_memory_equal(a->n_reseeds, b->n_reseeds, (size_t)a->current.model->n_components * sizeof(int64_t));
}

static inline void assert_same_state(const fit_state *a, const fit_state *b)
{
  assert_int_equal(a->n_climbers, b->n_climbers);
  for (int64_t i = 0; i < a->n_climbers; i++) assert_same_climber(&a->climbers[i], &b->climbers[i]);
  assert_int_equal(a->best[0].start, b->best[0].start);
  if (a->best[0].start >= 0) assert_same_position(&a->best[0], &b->best[0]);
  assert_int_equal(a->n_row_visits, b->n_row_visits);
  assert_int_equal(a->events.n, b->events.n);
  for (int64_t i = 0; i < a->events.n; i++)
    assert_memory_equal(&a->events.items[i], &b->events.items[i], sizeof(fit_event));
}

static inline checkpoint_identity make_identity(int seed)
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
static inline checkpoint_image sealed(const checkpoint_identity *identity, const fit_state *state)
{
  checkpoint_image image;
  gmmpi_error error = {0};
  assert_int_equal(checkpoint_image_create(identity, state, &image, &error), GMMPI_OK);
  checkpoint_seal(image.bytes, image.n_bytes);
  return image;
}

/* What the image holds must be the state, and identity its identity. */
static inline void assert_holds(const checkpoint_image *image, const checkpoint_identity *identity,
                                const fit_state *state)
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

#endif
