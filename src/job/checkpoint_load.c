/* SPDX-License-Identifier: BSD-3-Clause */
#include "job/checkpoint.h"

#include "job/checkpoint_trailer.h"
#include "support/clock.h"
#include "support/error.h"
#include "support/file.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef enum candidate_kind { ABSENT, DAMAGED, FOREIGN, GOOD } candidate_kind;

typedef struct candidate {
  candidate_kind kind;
  fit_state *state;  /* of a GOOD one */
  gmmpi_error error; /* why it is not GOOD */
} candidate;

/* "--seed 3", "--coarse-to-fine", "no --init". */
static void describe_option(const char *name, const json_t *value, char *text, size_t size)
{
  if (value == NULL || json_is_false(value) || json_is_null(value)) {
    snprintf(text, size, "no %s", name);
  } else if (json_is_true(value)) {
    snprintf(text, size, "%s", name);
  } else if (json_is_string(value)) {
    snprintf(text, size, "%s %s", name, json_string_value(value));
  } else {
    char *number = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    snprintf(text, size, "%s %s", name, number != NULL ? number : "");
    free(number);
  }
}

/* The name of an option of `these` that `those` have differently, or NULL. */
static const char *different_option(json_t *these, json_t *those)
{
  const char *name;
  json_t *value;
  json_object_foreach(these, name, value)
  {
    json_t *other = json_object_get(those, name);
    if (other == NULL || !json_equal(value, other)) return name;
  }
  return NULL;
}

/* Is a checkpoint of identity `made` for the job `wanted`? Errors: 65 with what differs. */
static gmmpi_status compare(const char *path, const checkpoint_identity *made, const checkpoint_identity *wanted,
                            gmmpi_error *error)
{
  if (strcmp(made->version, wanted->version) != 0)
    return fail(error, GMMPI_BAD_DATA,
                "%s: was made by gmmpi %s, this is %s; go on with the same version, or remove it to start afresh", path,
                made->version, wanted->version);
  const char *name = different_option(wanted->options, made->options);
  if (name == NULL) name = different_option(made->options, wanted->options);
  if (name != NULL) {
    char then[300];
    char now[300];
    describe_option(name, json_object_get(made->options, name), then, sizeof then);
    describe_option(name, json_object_get(wanted->options, name), now, sizeof now);
    return fail(error, GMMPI_BAD_DATA,
                "%s: was made with %s, this job has %s; give the same options, or remove it to start afresh", path,
                then, now);
  }
  if (made->n_samples != wanted->n_samples || made->n_features != wanted->n_features)
    return fail(
        error, GMMPI_BAD_DATA,
        "%s: was made from other data (%lld x %lld, this job has %lld x %lld); give the same data, or remove it "
        "to start afresh",
        path, (long long)made->n_samples, (long long)made->n_features, (long long)wanted->n_samples,
        (long long)wanted->n_features);
  if (made->fingerprint != wanted->fingerprint)
    return fail(error, GMMPI_BAD_DATA,
                "%s: was made from other data of the same shape; give the same data, or remove it to start afresh",
                path);
  return GMMPI_OK;
}

/* Reads a whole file as a checkpoint. Errors: 66, 74, 65, 71. */
static gmmpi_status read_file(const char *path, fit_state **state, checkpoint_identity *identity, bool *is_foreign,
                              gmmpi_error *error)
{
  void *bytes = NULL;
  size_t n_bytes = 0;
  *is_foreign = false;
  gmmpi_status status = file_read_whole(path, &bytes, &n_bytes, error);
  if (status == GMMPI_OK)
    status = checkpoint_image_read(path, bytes, (int64_t)n_bytes, state, identity, is_foreign, error);
  free(bytes);
  return status;
}

/* Is the state of the plan's shapes? */
static bool has_shapes(const fit_state *state, const state_plan *plan)
{
  bool same = state->n_shapes == plan->n_shapes && state->n_folds == plan->n_folds;
  for (int64_t i = 0; same && i < plan->n_shapes; i++) {
    const fit_shape *own = &state->shapes[i];
    const fit_shape *wanted = &plan->shapes[i];
    same = own->kind.family == wanted->kind.family && own->kind.parts == wanted->kind.parts &&
           own->n_components == wanted->n_components;
  }
  return same;
}

static candidate load_candidate(const char *path, const checkpoint_identity *wanted, const state_plan *plan)
{
  candidate found = {.kind = ABSENT};
  if (access(path, F_OK) != 0) return found;
  checkpoint_identity made = {0};
  bool is_foreign;
  if (read_file(path, &found.state, &made, &is_foreign, &found.error) != GMMPI_OK) {
    found.kind = is_foreign ? FOREIGN : DAMAGED;
    return found;
  }
  found.kind = FOREIGN;
  if (compare(path, &made, wanted, &found.error) == GMMPI_OK) {
    if (has_shapes(found.state, plan))
      found.kind = GOOD;
    else
      fail(&found.error, GMMPI_BAD_DATA, "%s: holds a model of another shape; remove it to start afresh", path);
  }
  if (found.kind != GOOD) {
    fit_state_destroy(found.state);
    found.state = NULL;
  }
  json_decref(made.options);
  return found;
}

static bool is_farther(const fit_state *a, const fit_state *b)
{
  if (fit_first_start(a) != fit_first_start(b)) return fit_first_start(a) > fit_first_start(b);
  return fit_state_row_visits(a) > fit_state_row_visits(b);
}

/* Of both candidates takes one, or says why none can be. */
static gmmpi_status choose(const char *path, bool automatic, candidate *newest, candidate *previous, fit_state **state,
                           checkpoint_rotation *rotation, gmmpi_error *error)
{
  candidate *both[2] = {newest, previous};
  for (int i = 0; i < 2; i++) {
    if (both[i]->error.status == GMMPI_NO_MEMORY) return fail(error, GMMPI_NO_MEMORY, "%s", both[i]->error.message);
  }
  *rotation = newest->kind == GOOD ? ROTATE : previous->kind == GOOD ? KEEP_PREVIOUS : KEEP_NONE;
  const candidate *first_of_use = newest->kind == FOREIGN || newest->kind == GOOD ? newest : previous;
  if (first_of_use->kind == FOREIGN) return fail(error, GMMPI_BAD_DATA, "%s", first_of_use->error.message);
  if (newest->kind == GOOD || previous->kind == GOOD) {
    const bool take_previous =
        newest->kind != GOOD || (previous->kind == GOOD && is_farther(previous->state, newest->state));
    candidate *taken = take_previous ? previous : newest;
    for (int i = 0; i < 2; i++) {
      if (both[i]->kind == DAMAGED) warn("%s", both[i]->error.message);
    }
    *state = taken->state;
    taken->state = NULL;
    return GMMPI_OK;
  }
  if (!automatic && newest->kind == ABSENT && previous->kind == ABSENT)
    return fail(error, GMMPI_NO_INPUT, "%s: there is no such checkpoint; check the name or use --restart auto", path);
  if (!automatic) {
    const gmmpi_error *fault = newest->kind == DAMAGED ? &newest->error : &previous->error;
    return fail(error, fault->status == GMMPI_NO_INPUT ? GMMPI_NO_INPUT : GMMPI_BAD_DATA, "%s", fault->message);
  }
  for (int i = 0; i < 2; i++) {
    if (both[i]->kind == DAMAGED) warn("%s", both[i]->error.message);
  }
  return GMMPI_OK;
}

gmmpi_status checkpoint_load(const char *path, bool automatic, const checkpoint_identity *identity,
                             const state_plan *plan, fit_state **state, checkpoint_rotation *rotation,
                             gmmpi_error *error)
{
  *state = NULL;
  *rotation = KEEP_NONE;
  char *previous_path = checkpoint_previous_path(path);
  if (previous_path == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to handle it", path);
  candidate newest = load_candidate(path, identity, plan);
  candidate previous = load_candidate(previous_path, identity, plan);
  const gmmpi_status status = choose(path, automatic, &newest, &previous, state, rotation, error);
  fit_state_destroy(newest.state);
  fit_state_destroy(previous.state);
  free(previous_path);
  return status;
}

/* --- for gmmpi info --- */

bool checkpoint_recognised(const char *path)
{
  char head[4096];
  char tail[CHECKPOINT_TRAILER];
  const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return false;
  struct stat status;
  bool found = false;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    const ssize_t n_head = pread(descriptor, head, sizeof head, 0);
    const ssize_t n_tail = status.st_size < CHECKPOINT_TRAILER
                               ? 0
                               : pread(descriptor, tail, sizeof tail, status.st_size - CHECKPOINT_TRAILER);
    found = n_head > 0 && n_tail >= 0 && checkpoint_looks_like_one(head, (size_t)n_head, tail, (size_t)n_tail);
  }
  close(descriptor);
  return found;
}

gmmpi_status checkpoint_describe(const char *path, json_t **facts, gmmpi_model **model, gmmpi_error *error)
{
  fit_state *state = NULL;
  checkpoint_identity identity = {0};
  bool is_foreign;
  gmmpi_status status = read_file(path, &state, &identity, &is_foreign, error);
  if (status != GMMPI_OK) return status;

  struct stat file;
  struct tm when;
  char written[32] = "";
  char span[CLOCK_TEXT_BYTES];
  const bool known = stat(path, &file) == 0 && gmtime_r(&file.st_mtime, &when) != NULL;
  const double age = known ? difftime(time(NULL), file.st_mtime) : NAN;
  if (known) strftime(written, sizeof written, "%Y-%m-%dT%H:%M:%SZ", &when);
  const fit_position *current = fit_state_leader(state);
  *facts = json_pack(
      "{s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:o, s:f, s:I, s:s, s:f, s:s, s:O}", "n_samples",
      (json_int_t)identity.n_samples, "n_features", (json_int_t)identity.n_features, "n_components",
      (json_int_t)current->model->n_components, "covariance", current->model->family->name, "start",
      (json_int_t)current->start, "level", (json_int_t)current->level, "iteration", (json_int_t)current->iteration,
      "log_likelihood",
      isnan(current->measured.log_likelihood) ? json_null() : json_real(current->measured.log_likelihood), "n_passes",
      (double)fit_state_row_visits(state) / (double)identity.n_samples, "n_events", (json_int_t)state->events.n,
      "written", written, "seconds_since_written", age, "age", clock_text(age, span), "options", identity.options);
  if (*facts == NULL) {
    status = fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to describe it", path);
  } else {
    status = model_duplicate(current->model, model, error);
  }
  json_decref(identity.options);
  fit_state_destroy(state);
  return status;
}
