/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/group_checkpoint.h"

#include "support/error.h"
#include "support/file.h"
#include "support/hash.h"
#include "support/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The header: these words, the options as JSON, and zeros up to a multiple of HEADER_STEP bytes. */
enum { MAGIC, VERSION, HEADER_BYTES, N_GROUPS, RECORD_LENGTH, FINGERPRINT, OPTIONS_BYTES, HEADER_HASH, N_WORDS };
enum { HEADER_STEP = 4096, FORMAT_VERSION = 1 };

static const char magic[8] = {'g', 'm', 'm', 'p', 'i', '\x8b', 'g', '\n'};

static uint64_t hash_of_header(const uint64_t *words)
{
  uint64_t hash = 0;
  for (int i = 0; i < N_WORDS; i++) hash = hash_word(hash, i == HEADER_HASH ? 0 : words[i]);
  return hash_bytes(hash, words + N_WORDS, words[OPTIONS_BYTES]);
}

/* NULL: no memory. */
static uint64_t *make_header(const groups_identity *identity)
{
  char *options = json_dumps(identity->options, JSON_COMPACT | JSON_SORT_KEYS);
  if (options == NULL) return NULL;
  const size_t length = strlen(options);
  const size_t n_bytes = (N_WORDS * sizeof(uint64_t) + length + HEADER_STEP) / HEADER_STEP * HEADER_STEP;
  uint64_t *words = calloc(1, n_bytes);
  if (words != NULL) {
    memcpy(&words[MAGIC], magic, sizeof magic);
    words[VERSION] = FORMAT_VERSION;
    words[HEADER_BYTES] = n_bytes;
    words[N_GROUPS] = (uint64_t)identity->n_groups;
    words[RECORD_LENGTH] = (uint64_t)identity->record_length;
    words[FINGERPRINT] = identity->fingerprint;
    words[OPTIONS_BYTES] = length;
    memcpy(words + N_WORDS, options, length + 1);
    words[HEADER_HASH] = hash_of_header(words);
  }
  free(options);
  return words;
}

static gmmpi_status no_memory(gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "there is no memory for checkpoints; use --checkpoint none");
}

/* --- opening --- */

/* The first option that differs, or whatever does. */
static gmmpi_status refuse_options(const char *path, const char *theirs, size_t length, const json_t *ours,
                                   gmmpi_error *error)
{
  json_t *found = json_loadb(theirs, length, 0, NULL);
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)ours, name, value)
  {
    const json_t *other = json_object_get(found, name);
    if (other != NULL && json_equal(other, value)) continue;
    fail(error, GMMPI_BAD_DATA, "%s: was made with another %s; give the same one, or begin afresh without --restart",
         path, name);
    break;
  }
  json_decref(found);
  return fail(error, GMMPI_BAD_DATA, "%s: was made with other options; give the same ones", path);
}

/* The header with its options, which the caller frees. */
static gmmpi_status read_header(const char *path, uint64_t **header, gmmpi_error *error)
{
  uint64_t words[N_WORDS];
  *header = NULL;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check the name", path, strerror(errno));
  gmmpi_status status = file_read_at(descriptor, path, words, sizeof words, 0, error);
  if (status == GMMPI_OK && memcmp(&words[MAGIC], magic, sizeof magic) != 0)
    status = fail(error, GMMPI_BAD_DATA, "%s: is no checkpoint of gmmpi fit --by; name another file", path);
  if (status == GMMPI_OK && (words[VERSION] != FORMAT_VERSION || words[OPTIONS_BYTES] > INT32_MAX))
    status = fail(error, GMMPI_BAD_DATA, "%s: is of another version, or damaged; begin afresh", path);
  if (status == GMMPI_OK) {
    *header = malloc(sizeof words + words[OPTIONS_BYTES]);
    if (*header == NULL)
      status = no_memory(error);
    else
      status = file_read_at(descriptor, path, *header, sizeof words + words[OPTIONS_BYTES], 0, error);
  }
  close(descriptor);
  if (status == GMMPI_OK && hash_of_header(*header) != words[HEADER_HASH])
    status = fail(error, GMMPI_BAD_DATA, "%s: is damaged; begin afresh", path);
  return status;
}

/* Rank 0: is it a checkpoint of this job? */
static gmmpi_status check(const char *path, const uint64_t *header, const groups_identity *identity, gmmpi_error *error)
{
  uint64_t *found;
  gmmpi_status status = read_header(path, &found, error);
  if (status == GMMPI_OK && found[FINGERPRINT] != identity->fingerprint)
    status = fail(error, GMMPI_BAD_DATA, "%s: was made for other data; give the same DATA, columns and groups", path);
  if (status == GMMPI_OK && found[HEADER_HASH] != header[HEADER_HASH])
    status = refuse_options(path, (const char *)(found + N_WORDS), found[OPTIONS_BYTES], identity->options, error);
  free(found);
  return status;
}

static gmmpi_status open_records(const char *path, const uint64_t *header, const groups_identity *identity,
                                 group_checkpoint *checkpoint, gmmpi_error *error)
{
  *checkpoint = (group_checkpoint){.path = strdup(path),
                                   .descriptor = open(path, O_RDWR | O_CLOEXEC),
                                   .first = (int64_t)header[HEADER_BYTES],
                                   .record_words = identity->record_length + 1,
                                   .seed = header[HEADER_HASH],
                                   .room = allocate(identity->record_length + 1, sizeof(uint64_t))};
  if (checkpoint->descriptor < 0)
    fail(error, GMMPI_NO_OUTPUT, "%s: cannot be opened (%s); put it where all nodes can write it", path,
         strerror(errno));
  else if (checkpoint->path == NULL || checkpoint->room == NULL)
    no_memory(error);
  return error->status;
}

/* Collective. prepare: rank 0's part. */
static gmmpi_status open_with(MPI_Comm comm, const char *path, const groups_identity *identity,
                              gmmpi_status (*prepare)(const char *path, const uint64_t *header,
                                                      const groups_identity *identity, gmmpi_error *error),
                              group_checkpoint *checkpoint, gmmpi_error *error)
{
  int rank;
  gmmpi_error local = {0};
  uint64_t *header = make_header(identity);
  MPI_Comm_rank(comm, &rank);
  if (header == NULL)
    no_memory(&local);
  else if (rank == 0)
    prepare(path, header, identity, &local);
  *checkpoint = (group_checkpoint){.descriptor = -1};
  if (agree(comm, &local) == GMMPI_OK) {
    open_records(path, header, identity, checkpoint, &local);
    agree(comm, &local);
  }
  free(header);
  if (local.status != GMMPI_OK) group_checkpoint_close(checkpoint);
  return error_pass(error, &local);
}

gmmpi_status group_checkpoint_open(MPI_Comm comm, const char *path, const groups_identity *identity,
                                   group_checkpoint *checkpoint, gmmpi_error *error)
{
  return open_with(comm, path, identity, check, checkpoint, error);
}

static gmmpi_status write_header(const char *path, const uint64_t *header, const groups_identity *identity,
                                 gmmpi_error *error)
{
  (void)identity;
  return file_write_whole(path, header, header[HEADER_BYTES], error);
}

gmmpi_status group_checkpoint_create(MPI_Comm comm, const char *path, const groups_identity *identity,
                                     group_checkpoint *checkpoint, gmmpi_error *error)
{
  return open_with(comm, path, identity, write_header, checkpoint, error);
}

void group_checkpoint_close(group_checkpoint *checkpoint)
{
  if (checkpoint->path != NULL && checkpoint->descriptor >= 0) close(checkpoint->descriptor);
  free(checkpoint->path);
  free(checkpoint->room);
  *checkpoint = (group_checkpoint){.descriptor = -1};
}

/* --- records --- */

static uint64_t hash_of_record(const group_checkpoint *checkpoint, int64_t group)
{
  const size_t n_bytes = (size_t)(checkpoint->record_words - 1) * sizeof(uint64_t);
  return hash_bytes(hash_word(checkpoint->seed, (uint64_t)group), checkpoint->room, n_bytes);
}

static int64_t place_of(const group_checkpoint *checkpoint, int64_t group)
{
  return checkpoint->first + group * checkpoint->record_words * (int64_t)sizeof(uint64_t);
}

bool group_checkpoint_get(group_checkpoint *checkpoint, int64_t group, double *record)
{
  const size_t n_bytes = (size_t)checkpoint->record_words * sizeof(uint64_t);
  if (pread(checkpoint->descriptor, checkpoint->room, n_bytes, (off_t)place_of(checkpoint, group)) != (ssize_t)n_bytes)
    return false;
  if (checkpoint->room[checkpoint->record_words - 1] != hash_of_record(checkpoint, group)) return false;
  memcpy(record, checkpoint->room, n_bytes - sizeof(uint64_t));
  return true;
}

static bool complain(group_checkpoint *checkpoint, const gmmpi_error *failure)
{
  if (!checkpoint->failing) warn("%s; the fit goes on without a checkpoint", failure->message);
  checkpoint->failing = true;
  return false;
}

bool group_checkpoint_put(group_checkpoint *checkpoint, int64_t group, const double *record)
{
  gmmpi_error failure = {0};
  const size_t n_bytes = (size_t)checkpoint->record_words * sizeof(uint64_t);
  memcpy(checkpoint->room, record, n_bytes - sizeof(uint64_t));
  checkpoint->room[checkpoint->record_words - 1] = hash_of_record(checkpoint, group);
  if (file_write_at(checkpoint->descriptor, checkpoint->path, checkpoint->room, n_bytes, place_of(checkpoint, group),
                    &failure) == GMMPI_OK)
    return true;
  return complain(checkpoint, &failure);
}

bool group_checkpoint_flush(group_checkpoint *checkpoint)
{
  gmmpi_error failure = {0};
  if (fdatasync(checkpoint->descriptor) == 0) {
    checkpoint->failing = false;
    return true;
  }
  fail(&failure, GMMPI_NO_OUTPUT, "%s: cannot be written (%s); %s", checkpoint->path, strerror(errno),
       file_write_remedy(errno));
  return complain(checkpoint, &failure);
}

bool group_checkpoint_recognised(const char *path)
{
  char found[sizeof magic];
  if (!file_is_readable(path)) return false;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  const bool is_one = descriptor >= 0 && pread(descriptor, found, sizeof found, 0) == (ssize_t)sizeof found &&
                      memcmp(found, magic, sizeof magic) == 0;
  if (descriptor >= 0) close(descriptor);
  return is_one;
}

/* How many groups the checkpoint has, of so many. */
static int64_t count_records(group_checkpoint *checkpoint, int64_t n_groups)
{
  const size_t n_bytes = (size_t)checkpoint->record_words * sizeof(uint64_t);
  int64_t n = 0;
  for (int64_t g = 0; g < n_groups; g++) {
    const ssize_t n_read = pread(checkpoint->descriptor, checkpoint->room, n_bytes, (off_t)place_of(checkpoint, g));
    if (n_read != (ssize_t)n_bytes) continue;
    n += checkpoint->room[checkpoint->record_words - 1] == hash_of_record(checkpoint, g);
  }
  return n;
}

gmmpi_status group_checkpoint_describe(const char *path, json_t **facts, gmmpi_error *error)
{
  uint64_t *header;
  gmmpi_status status = read_header(path, &header, error);
  if (status == GMMPI_OK) {
    group_checkpoint records = {.descriptor = open(path, O_RDONLY | O_CLOEXEC),
                                .first = (int64_t)header[HEADER_BYTES],
                                .record_words = (int64_t)header[RECORD_LENGTH] + 1,
                                .seed = header[HEADER_HASH],
                                .room = allocate((int64_t)header[RECORD_LENGTH] + 1, sizeof(uint64_t))};
    if (records.room == NULL || records.descriptor < 0) {
      status = no_memory(error);
    } else {
      const int64_t n_groups = (int64_t)header[N_GROUPS];
      *facts = json_pack("{s:I, s:I, s:o*}", "groups", (json_int_t)n_groups, "groups_done",
                         (json_int_t)count_records(&records, n_groups), "options",
                         json_loadb((const char *)(header + N_WORDS), header[OPTIONS_BYTES], 0, NULL));
    }
    if (records.descriptor >= 0) close(records.descriptor);
    free(records.room);
  }
  free(header);
  return status;
}
