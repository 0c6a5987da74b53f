/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/recognise.h"

#include "sources/foreign.h"
#include "sources/kinds.h"
#include "sources/pipe.h"
#include "sources/unpack.h"
#include "support/error.h"
#include "support/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file's mark is within its first bytes; HDF5's may follow a user block of 512, 1024 or 2048 bytes. */
enum { HEAD_BYTES = 4096 };

/* --- what a file is; by one rank for all --- */

static bool exists(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0;
}

size_t source_path_length(const char *data)
{
  const size_t whole = strlen(data);
  if (exists(data)) return whole;
  for (const char *colon = strstr(data, ":/"); colon != NULL; colon = strstr(colon + 1, ":/")) {
    char *path = strndup(data, (size_t)(colon - data));
    const bool found = path != NULL && exists(path);
    free(path);
    if (found) return (size_t)(colon - data);
  }
  return whole;
}

/* The file whose kind is looked for. */
typedef struct looked_at {
  const char *path; /* as messages call it */
  bool is_unpacked; /* what is opened was compressed */
  int descriptor;
  int64_t n_bytes;
} looked_at;

static gmmpi_status find_kind(const looked_at *file, const unsigned char *head, size_t n_bytes, int64_t *kind,
                              gmmpi_error *error)
{
  for (*kind = 0; source_kinds[*kind] != NULL; (*kind)++) {
    const bool is_text = source_kinds[*kind + 1] == NULL;
    const foreign_file other = {file->path, file->is_unpacked, file->descriptor, file->n_bytes, head, n_bytes};
    if (is_text && foreign_refuse(&other, error) != GMMPI_OK) return error->status;
    if (kind_recognises(source_kinds[*kind], file->path, head, n_bytes)) return GMMPI_OK;
  }
  char formats[200];
  kinds_list("and", false, formats, sizeof formats);
  return fail(error, GMMPI_BAD_DATA, "%s: is none of %s; convert it to one of them", file->path, formats);
}

static gmmpi_status look_at_content(const looked_at *file, recognition *found, gmmpi_error *error)
{
  unsigned char head[HEAD_BYTES];
  const size_t n_bytes = file->n_bytes < HEAD_BYTES ? (size_t)file->n_bytes : HEAD_BYTES;
  if (n_bytes == 0) {
    found->is_empty = 1;
    return GMMPI_OK;
  }
  if (file_read_at(file->descriptor, file->path, head, n_bytes, 0, error) != GMMPI_OK) return error->status;
  found->packing = unpack_recognise(head, n_bytes);
  return found->packing != NOT_PACKED ? GMMPI_OK : find_kind(file, head, n_bytes, &found->kind, error);
}

/* Sets all of *found but path_length; name: what is opened, path or its copy. A pipe is not opened: whoever writes to
 * it would notice. */
static gmmpi_status recognise(const char *path, const char *name, recognition *found, gmmpi_error *error)
{
  looked_at file = {.path = path, .is_unpacked = found->packing != NOT_PACKED, .descriptor = -1};
  struct stat status;
  found->is_empty = found->is_pipe = found->packing = 0;
  if (stat(name, &status) == 0 && S_ISFIFO(status.st_mode)) {
    found->is_pipe = 1;
    return GMMPI_OK;
  }
  file.descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.descriptor < 0 || fstat(file.descriptor, &status) != 0) {
    fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check the name and its permissions", path, strerror(errno));
  } else if (S_ISDIR(status.st_mode)) {
    foreign_refuse_folder(path, error);
  } else if (!S_ISREG(status.st_mode)) {
    fail(error, GMMPI_NO_INPUT, "%s: is not an ordinary file; give the name of a file", path);
  } else {
    file.n_bytes = status.st_size;
    look_at_content(&file, found, error);
  }
  if (file.descriptor >= 0) close(file.descriptor);
  return error->status;
}

/* Does data, which names no file, stand for some of a kind? *length and *kind are set if so. */
static bool is_meant(const char *data, size_t *length, int64_t *kind)
{
  for (int64_t k = 0; source_kinds[k] != NULL; k++) {
    *kind = k;
    if (source_kinds[k]->is_meant != NULL && source_kinds[k]->is_meant(data, length)) return true;
  }
  return false;
}

/* What data is. */
static gmmpi_status look_at(const char *data, bool is_part, recognition *found, gmmpi_error *error)
{
  size_t length;
  if (!is_part && pipe_is_standard_input(data, &length)) {
    *found = (recognition){.path_length = (int64_t)length, .is_pipe = 1};
    return GMMPI_OK;
  }
  length = source_path_length(data);
  char *path = strndup(data, length);
  if (path == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  if (exists(path) || !is_meant(data, &length, &found->kind)) recognise(path, path, found, error);
  found->path_length = (int64_t)length;
  if (is_part && found->is_pipe != 0)
    fail(error, GMMPI_NO_INPUT, "%s: is a pipe, which cannot be one of several files; give it alone", path);
  free(path);
  return error->status;
}

char *recognised_path(const char *data, const recognition *found)
{
  size_t length;
  const bool is_standard_input = pipe_is_standard_input(data, &length) && (int64_t)length == found->path_length;
  return is_standard_input ? strdup(pipe_standard_input) : strndup(data, (size_t)found->path_length);
}

/* --- what has to be copied or unpacked first --- */

/* Something packed is packed so many times at most. */
enum { MOST_PACKINGS = 4 };

/* Collective: copies or unpacks what was found, and looks what is in it. */
static gmmpi_status look_inside(MPI_Comm comm, const char *data, const char *path, recognition *found, spool **copy,
                                gmmpi_error *error)
{
  spool *outer = *copy;
  char *name = strndup(data, (size_t)found->path_length);
  if (name == NULL) fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  if (agree(comm, error) == GMMPI_OK) {
    if (found->is_pipe != 0)
      pipe_copy(comm, name, copy, error);
    else
      unpack_copy(comm, path, outer != NULL ? outer->file : name, (packing)found->packing, copy, error);
    spool_release(outer);
  }
  free(name);
  if (error->status != GMMPI_OK) return error->status;
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) recognise(path, (*copy)->file, found, error);
  if (agree(comm, error) == GMMPI_OK) MPI_Bcast(found, sizeof *found / sizeof(int64_t), MPI_INT64_T, 0, comm);
  return error->status;
}

/* Not collective. */
static gmmpi_status check_inside(const char *data, const char *path, const recognition *found, gmmpi_error *error)
{
  const char *rest = data + found->path_length;
  const source_kind *kind = source_kinds[found->kind];
  if (*rest == '\0' || found->is_empty != 0 || kind->has_insides || kind->suffixes == NULL) return GMMPI_OK;
  return fail(error, GMMPI_BAD_DATA, "%s: is a %s file, which has no data sets inside; leave \"%s\" out", path,
              kind->name, rest);
}

gmmpi_status recognise_data(MPI_Comm comm, const char *data, bool is_part, recognition *found, spool **copy,
                            gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  *copy = NULL;
  if (rank == 0) look_at(data, is_part, found, error);
  if (agree(comm, error) != GMMPI_OK) return error->status;
  MPI_Bcast(found, sizeof *found / sizeof(int64_t), MPI_INT64_T, 0, comm);
  char *path = recognised_path(data, found);
  if (path == NULL) fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  agree(comm, error);
  for (int n = 0; error->status == GMMPI_OK && (found->is_pipe != 0 || found->packing != NOT_PACKED); n++) {
    if (n > MOST_PACKINGS)
      fail(error, GMMPI_BAD_DATA, "%s: is compressed several times over; unpack it first", path);
    else
      look_inside(comm, data, path, found, copy, error);
  }
  if (error->status == GMMPI_OK) check_inside(data, path, found, error);
  free(path);
  if (error->status == GMMPI_OK) return GMMPI_OK;
  spool_release(*copy);
  *copy = NULL;
  return error->status;
}
