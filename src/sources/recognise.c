/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/recognise.h"

#include "sources/kinds.h"
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

/* Files that people give by mistake, by their first bytes. Some of them could pass as text. */
static const struct {
  const char *mark;
  const char *advice;
} known_others[] = {
    {"PK\3\4", "is a ZIP archive (NumPy's .npz is one too); unpack it, or save the array with numpy.save"},
    {"\x1f\x8b", "is compressed; unpack it first"},
    {"BZh", "is compressed; unpack it first"},
    {"\xfd\x37zXZ", "is compressed; unpack it first"},
    {"\x28\xb5\x2f\xfd", "is compressed; unpack it first"},
    {"\xff\xfe", "is text in UTF-16; save it as UTF-8"},
    {"\xfe\xff", "is text in UTF-16; save it as UTF-8"},
};

static gmmpi_status refuse_others(const char *path, const unsigned char *head, size_t n_bytes, gmmpi_error *error)
{
  for (size_t i = 0; i < sizeof known_others / sizeof *known_others; i++) {
    const size_t length = strlen(known_others[i].mark);
    if (n_bytes >= length && memcmp(head, known_others[i].mark, length) == 0)
      return fail(error, GMMPI_BAD_DATA, "%s: %s", path, known_others[i].advice);
  }
  return GMMPI_OK;
}

/* The kind of a file that begins with these bytes. */
static gmmpi_status find_kind(const char *path, const unsigned char *head, size_t n_bytes, int64_t *kind,
                              gmmpi_error *error)
{
  for (*kind = 0; source_kinds[*kind] != NULL; (*kind)++) {
    const bool is_text = source_kinds[*kind + 1] == NULL;
    if (is_text && refuse_others(path, head, n_bytes, error) != GMMPI_OK) return error->status;
    if (kind_recognises(source_kinds[*kind], path, head, n_bytes)) return GMMPI_OK;
  }
  char formats[200];
  kinds_list("and", false, formats, sizeof formats);
  return fail(error, GMMPI_BAD_DATA, "%s: is none of %s; convert it to one of them", path, formats);
}

static gmmpi_status recognise(const char *path, recognition *found, gmmpi_error *error)
{
  gmmpi_status result = GMMPI_OK;
  unsigned char head[HEAD_BYTES];
  struct stat status;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    result = fail(error, GMMPI_NO_INPUT, "%s: cannot be read (%s); check the name and its permissions", path,
                  strerror(errno));
  } else if (!S_ISREG(status.st_mode)) {
    result = fail(error, GMMPI_NO_INPUT, "%s: is %s; give the name of a file", path,
                  S_ISDIR(status.st_mode) ? "a folder" : "not an ordinary file");
  } else if (status.st_size == 0) {
    *found = (recognition){.is_empty = 1};
  } else {
    const size_t n_bytes = status.st_size < HEAD_BYTES ? (size_t)status.st_size : HEAD_BYTES;
    result = file_read_at(descriptor, path, head, n_bytes, 0, error);
    if (result == GMMPI_OK) result = find_kind(path, head, n_bytes, &found->kind, error);
  }
  if (descriptor >= 0) close(descriptor);
  return result;
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
static gmmpi_status look_at(const char *data, recognition *found, gmmpi_error *error)
{
  size_t length = source_path_length(data);
  char *path = strndup(data, length);
  if (path == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  if ((exists(path) || !is_meant(data, &length, &found->kind)) && recognise(path, found, error) == GMMPI_OK &&
      data[length] != '\0' && found->is_empty == 0 && !source_kinds[found->kind]->has_insides)
    fail(error, GMMPI_BAD_DATA, "%s: is a %s file, which has no data sets inside; leave \"%s\" out", path,
         source_kinds[found->kind]->name, data + length);
  found->path_length = (int64_t)length;
  free(path);
  return error->status;
}

gmmpi_status recognise_data(MPI_Comm comm, const char *data, recognition *found, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) look_at(data, found, error);
  if (agree(comm, error) != GMMPI_OK) return error->status;
  MPI_Bcast(found, sizeof *found / sizeof(int64_t), MPI_INT64_T, 0, comm);
  return GMMPI_OK;
}
