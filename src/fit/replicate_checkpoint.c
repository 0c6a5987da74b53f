/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/replicate_checkpoint.h"

#include "fit/options.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/seal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLICATE_SEAL "gmmpibs\n"
enum { REPLICATE_FORMAT = 1 };

json_t *replicate_identity(const shard *points, const gmmpi_model *model, const fit_options *options,
                           const bootstrap_options *how)
{
  char data[20];
  char start[20];
  char seed[24];
  snprintf(data, sizeof data, "%016" PRIx64, points->fingerprint);
  snprintf(start, sizeof start, "%016" PRIx64, model_hash(model));
  snprintf(seed, sizeof seed, "%" PRIu64, how->seed);
  json_t *identity = json_object();
  json_t *own = json_pack("{s:s, s:s, s:s, s:f, s:f, s:s, s:s, s:f, s:I}", "program", GMMPI_VERSION, "DATA", data,
                          "MODEL", start, "the sum of weights", points->total_weight, "the unit of weights",
                          points->weight_unit, "--type", how->type == BOOTSTRAP_POISSON ? "poisson" : "wlbs", "--seed",
                          seed, "--tol", options->tolerance, "--max-iter", (json_int_t)options->max_iterations);
  /* The seed is that of the bootstrap, and not of the fit. */
  const bool noted = identity != NULL && own != NULL && fit_options_note_identity(options, identity) &&
                     json_object_update(identity, own) == 0;
  json_decref(own);
  if (noted) return identity;
  json_decref(identity);
  return NULL;
}

/* Bytes from the first on. */
typedef struct growing_bytes {
  unsigned char *bytes;
  size_t n;
} growing_bytes;

static void put(growing_bytes *to, const void *bytes, size_t n)
{
  memcpy(to->bytes + to->n, bytes, n);
  to->n += n;
}

int64_t replicate_checkpoint_bytes(int64_t n_replicates, int64_t length)
{
  enum { IDENTITY = 1 << 16 };
  int64_t bytes;
  if (length >= INT64_MAX / 8 - 1 || !multiply_fits(8 * length + 1, n_replicates, &bytes)) return INT64_MAX;
  return sum_of_bytes(2, (int64_t[]){bytes, IDENTITY});
}

gmmpi_status replicate_checkpoint_write(const char *path, const json_t *identity, const bootstrap_result *result,
                                        int64_t n_replicates, gmmpi_error *error)
{
  const int64_t length = result->layout.length;
  const size_t list = (size_t)length * sizeof(double);
  char *text = json_dumps(identity, JSON_REAL_PRECISION(17) | JSON_SORT_KEYS);
  const int64_t n_text = text != NULL ? (int64_t)strlen(text) : 0;
  growing_bytes file = {.bytes = allocate_untouched(3 * (int64_t)sizeof(int64_t) + n_text + n_replicates +
                                                        result->counts[REPLICATE_DONE] * (int64_t)list + SEAL_BYTES,
                                                    1)};
  if (text == NULL || file.bytes == NULL) {
    fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to write it", path);
  } else {
    put(&file, &n_text, sizeof n_text);
    put(&file, text, (size_t)n_text);
    put(&file, &n_replicates, sizeof n_replicates);
    put(&file, &length, sizeof length);
    put(&file, result->states, (size_t)n_replicates);
    for (int64_t r = 0; r < n_replicates; r++) {
      if (replicate_is_done(result->states[r])) put(&file, result->replicates + r * length, list);
    }
    file.n += SEAL_BYTES;
    seal_put(file.bytes, (int64_t)file.n, REPLICATE_SEAL, REPLICATE_FORMAT);
    file_write_whole(path, file.bytes, file.n, error);
  }
  free(text);
  free(file.bytes);
  return error->status;
}

/* --- reading --- */

/* What is left of a file's bytes. */
typedef struct rest_of_bytes {
  const unsigned char *next;
  size_t n;
} rest_of_bytes;

static bool take(rest_of_bytes *from, void *bytes, size_t n)
{
  if (n > from->n) return false;
  memcpy(bytes, from->next, n);
  from->next += n;
  from->n -= n;
  return true;
}

/* Is the file's identity the wanted one? Errors: 65. */
static gmmpi_status compare(const char *path, const json_t *there, const json_t *wanted, gmmpi_error *error)
{
  const char *name;
  const json_t *value;
  json_object_foreach((json_t *)wanted, name, value)
  {
    if (!json_equal(json_object_get(there, name), value))
      return fail(error, GMMPI_BAD_DATA,
                  "%s: holds replicates of another job: %s is not the same; give what was given then, or leave "
                  "--restart out",
                  path, name);
  }
  if (json_object_size(there) != json_object_size(wanted))
    return fail(error, GMMPI_BAD_DATA, "%s: holds replicates of another job; leave --restart out", path);
  return GMMPI_OK;
}

static gmmpi_status read_identity(const char *path, rest_of_bytes *rest, const json_t *wanted, gmmpi_error *error)
{
  int64_t n_text = -1;
  if (!take(rest, &n_text, sizeof n_text) || n_text < 0 || (size_t)n_text > rest->n)
    return fail(error, GMMPI_BAD_DATA, "%s: is damaged; leave --restart out", path);
  json_t *there = json_loadb((const char *)rest->next, (size_t)n_text, 0, NULL);
  rest->next += n_text;
  rest->n -= (size_t)n_text;
  compare(path, there, wanted, error);
  json_decref(there);
  return error->status;
}

static gmmpi_status read_replicates(const char *path, rest_of_bytes *rest, int64_t n_replicates, int64_t length,
                                    bootstrap_done *done, gmmpi_error *error)
{
  int64_t n_there = -1;
  int64_t length_there = -1;
  const size_t list = (size_t)length * sizeof(double);
  if (!take(rest, &n_there, sizeof n_there) || !take(rest, &length_there, sizeof length_there) || n_there < 0 ||
      length_there != length || (size_t)n_there > rest->n)
    return fail(error, GMMPI_BAD_DATA, "%s: is damaged; leave --restart out", path);
  done->n = n_there < n_replicates ? n_there : n_replicates;
  done->states = allocate(done->n, sizeof *done->states);
  done->replicates = allocate(done->n * length, sizeof(double));
  if (done->states == NULL || done->replicates == NULL)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", path);
  memcpy(done->states, rest->next, (size_t)done->n);
  rest->next += n_there;
  rest->n -= (size_t)n_there;
  for (int64_t r = 0; r < done->n; r++) {
    double *numbers = done->replicates + r * length;
    for (int64_t i = 0; i < length; i++) numbers[i] = NAN;
    if (done->states[r] < 0 || done->states[r] >= N_REPLICATE_STATES ||
        (replicate_is_done(done->states[r]) && !take(rest, numbers, list)))
      return fail(error, GMMPI_BAD_DATA, "%s: is damaged; leave --restart out", path);
  }
  return GMMPI_OK;
}

/* The whole file, to be freed also after an error; *rest is what is before its seal. Errors: 66, 74, 71, 65. */
static gmmpi_status read_sealed(const char *path, void **bytes, rest_of_bytes *rest, gmmpi_error *error)
{
  size_t n_bytes = 0;
  int64_t format = 0;
  if (file_read_whole(path, bytes, &n_bytes, error) != GMMPI_OK) return error->status;
  const char *fault = seal_fault(*bytes, (int64_t)n_bytes, REPLICATE_SEAL, &format);
  *rest = (rest_of_bytes){*bytes, n_bytes - (fault == NULL ? SEAL_BYTES : 0)};
  if (fault != NULL)
    fail(error, GMMPI_BAD_DATA, "%s: is no checkpoint of gmmpi bootstrap, or damaged (%s); leave --restart out", path,
         fault);
  else if (format != REPLICATE_FORMAT)
    fail(error, GMMPI_BAD_DATA, "%s: was written by another version of gmmpi; use that one, or leave --restart out",
         path);
  return error->status;
}

gmmpi_status replicate_checkpoint_read(const char *path, const json_t *identity, int64_t n_replicates, int64_t length,
                                       bootstrap_done *done, gmmpi_error *error)
{
  void *bytes = NULL;
  rest_of_bytes rest = {NULL, 0};
  *done = (bootstrap_done){.n = 0};
  if (read_sealed(path, &bytes, &rest, error) == GMMPI_OK && read_identity(path, &rest, identity, error) == GMMPI_OK)
    read_replicates(path, &rest, n_replicates, length, done, error);
  free(bytes);
  return error->status;
}

bool replicate_checkpoint_recognised(const char *path)
{
  unsigned char tail[SEAL_BYTES];
  FILE *file = fopen(path, "re");
  const bool is_one = file != NULL && fseek(file, -(long)SEAL_BYTES, SEEK_END) == 0 &&
                      fread(tail, 1, sizeof tail, file) == sizeof tail &&
                      seal_is_there(tail, sizeof tail, REPLICATE_SEAL);
  if (file != NULL) fclose(file);
  return is_one;
}

gmmpi_status replicate_checkpoint_describe(const char *path, json_t **facts, gmmpi_error *error)
{
  void *bytes = NULL;
  rest_of_bytes rest = {NULL, 0};
  int64_t n_text = -1;
  int64_t n = -1;
  int64_t length;
  int64_t counts[N_REPLICATE_STATES] = {0};
  if (read_sealed(path, &bytes, &rest, error) == GMMPI_OK) {
    json_t *options = NULL;
    if (take(&rest, &n_text, sizeof n_text) && n_text >= 0 && (size_t)n_text <= rest.n) {
      options = json_loadb((const char *)rest.next, (size_t)n_text, 0, NULL);
      rest.next += n_text;
      rest.n -= (size_t)n_text;
    }
    if (options == NULL || !take(&rest, &n, sizeof n) || !take(&rest, &length, sizeof length) || n < 0 ||
        (size_t)n > rest.n) {
      json_decref(options);
      fail(error, GMMPI_BAD_DATA, "%s: is damaged", path);
    } else {
      for (int64_t r = 0; r < n; r++) {
        if (rest.next[r] < N_REPLICATE_STATES) counts[rest.next[r]]++;
      }
      const json_int_t n_done = counts[REPLICATE_DONE] + counts[REPLICATE_MATCHED];
      *facts = json_pack("{s:I, s:I, s:I, s:I, s:o}", "replicates", (json_int_t)n, "replicates_done", n_done,
                         "collapsed", (json_int_t)counts[REPLICATE_COLLAPSED], "not_converged",
                         (json_int_t)counts[REPLICATE_NOT_CONVERGED], "options", options);
    }
  }
  free(bytes);
  return error->status;
}
