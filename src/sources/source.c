#include "sources/source.h"

#include "sources/parts/names.h"
#include "support/error.h"
#include "support/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The table of kinds. Text comes last: it is what has no mark of its own. */
static const source_kind *const kinds[] = {&source_parts, &source_hdf5, &source_npy, &source_csv};
enum { N_KINDS = sizeof kinds / sizeof *kinds, SEVERAL_FILES = 0 };

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

/* Files that people give by mistake, by their first bytes. */
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

/* The kind of a file that begins with these bytes. */
static gmmpi_status find_kind(const char *path, const unsigned char *head, size_t n_bytes, int64_t *kind,
                              gmmpi_error *error)
{
  for (size_t i = 0; i < sizeof known_others / sizeof *known_others; i++) {
    const size_t length = strlen(known_others[i].mark);
    if (n_bytes >= length && memcmp(head, known_others[i].mark, length) == 0)
      return fail(error, GMMPI_BAD_DATA, "%s: %s", path, known_others[i].advice);
  }
  for (*kind = 0; *kind < N_KINDS; (*kind)++) {
    if (kinds[*kind]->recognises(path, head, n_bytes)) return GMMPI_OK;
  }
  return fail(error, GMMPI_BAD_DATA, "%s: is none of CSV, NPY and HDF5; convert it to one of them", path);
}

static gmmpi_status recognise(const char *path, int64_t *kind, gmmpi_error *error)
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
    result = fail(error, GMMPI_BAD_DATA, "%s: is empty; give a file with points", path);
  } else {
    const size_t n_bytes = status.st_size < HEAD_BYTES ? (size_t)status.st_size : HEAD_BYTES;
    result = file_read_at(descriptor, path, head, n_bytes, 0, error);
    if (result == GMMPI_OK) result = find_kind(path, head, n_bytes, kind, error);
  }
  if (descriptor >= 0) close(descriptor);
  return result;
}

typedef struct recognition {
  int64_t path_length;
  int64_t kind;
} recognition;

/* What data is. */
static gmmpi_status look_at(const char *data, recognition *found, gmmpi_error *error)
{
  size_t length = source_path_length(data);
  char *path = strndup(data, length);
  if (path == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  if (!exists(path) && part_names_are_meant(data, &length)) {
    found->kind = SEVERAL_FILES;
  } else if (recognise(path, &found->kind, error) == GMMPI_OK && data[length] != '\0' &&
             kinds[found->kind] != &source_hdf5) {
    fail(error, GMMPI_BAD_DATA, "%s: is a %s file, which has no data sets inside; leave \"%s\" out", path,
         kinds[found->kind]->name, data + length);
  }
  found->path_length = (int64_t)length;
  free(path);
  return error->status;
}

/* Collective: rank 0 looks, all ranks know. */
static gmmpi_status recognise_for_all(MPI_Comm comm, const char *data, recognition *found, gmmpi_error *error)
{
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) look_at(data, found, error);
  if (agree(comm, error) != GMMPI_OK) return error->status;
  MPI_Bcast(found, 2, MPI_INT64_T, 0, comm);
  return GMMPI_OK;
}

/* --- opening, by all ranks --- */

static gmmpi_status create(const char *data, const recognition *found, point_source **source, gmmpi_error *error)
{
  point_source *created = calloc(1, sizeof *created);
  if (created == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  const char *inside = data + found->path_length;
  created->kind = kinds[found->kind];
  created->path = strndup(data, (size_t)found->path_length);
  created->label = strdup(data);
  created->place_word = "row";
  if (*inside != '\0') created->inside = strdup(inside + 1);
  *source = created;
  if (created->path == NULL || created->label == NULL || (*inside != '\0' && created->inside == NULL))
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to open it", data);
  return GMMPI_OK;
}

/* Collective: a shape that is not the same on all ranks means that they look at different files under one name. */
static gmmpi_status same_everywhere(MPI_Comm comm, const point_source *source, gmmpi_error *error)
{
  const int64_t mine[6] = {source->n_rows,  source->n_features,  source->n_columns,
                           -source->n_rows, -source->n_features, -source->n_columns};
  int64_t largest[6];
  MPI_Allreduce(mine, largest, 6, MPI_INT64_T, MPI_MAX, comm);
  for (int i = 0; i < 3; i++) {
    if (largest[i] != -largest[i + 3])
      return fail(error, GMMPI_BAD_DATA,
                  "%s: is not the same file on all nodes; put it where every node finds the same one", source->label);
  }
  return GMMPI_OK;
}

gmmpi_status source_open_part(MPI_Comm comm, const char *data, const source_options *options, written_files *written,
                              point_source **source, gmmpi_error *error)
{
  gmmpi_error local = {0};
  recognition found = {0};
  point_source *opened = NULL;
  if (recognise_for_all(comm, data, &found, &local) == GMMPI_OK) {
    create(data, &found, &opened, &local);
    if (agree(comm, &local) == GMMPI_OK) {
      opened->written = written;
      opened->kind->open(comm, opened, options, &local);
      opened->written = NULL;
    }
    if (agree(comm, &local) == GMMPI_OK) same_everywhere(comm, opened, &local);
  }
  if (local.status != GMMPI_OK) {
    source_close(opened);
    opened = NULL;
    if (error != NULL) *error = local;
  }
  *source = opened;
  return local.status;
}

/* A file that is not finished may be the reason of an error: the warning comes before it. */
gmmpi_status source_open(MPI_Comm comm, const char *data, const source_options *options, point_source **source,
                         gmmpi_error *error)
{
  written_files written = {0};
  const gmmpi_status status = source_open_part(comm, data, options, &written, source, error);
  written_files_warn(comm, &written);
  return status;
}

gmmpi_status source_read(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  if (first_row < 0 || n_rows < 0 || first_row > source->n_rows - n_rows)
    return fail(error, GMMPI_INTERNAL, "%s: rows %" PRId64 " to %" PRId64 " were asked for, there are %" PRId64,
                source->label, first_row, first_row + n_rows, source->n_rows);
  return n_rows == 0 ? GMMPI_OK : source->kind->read(source, first_row, n_rows, rows, error);
}

/* Floats are read to the end of the room and become doubles from the beginning on: each is read before its place is
 * overwritten. */
gmmpi_status source_read_numbers(const point_source *source, int descriptor, int64_t offset, int item_bytes,
                                 int64_t n_numbers, double *numbers, gmmpi_error *error)
{
  const size_t n_bytes = (size_t)n_numbers * (size_t)item_bytes;
  unsigned char *end = (unsigned char *)(numbers + n_numbers);
  const gmmpi_status status = file_read_at(descriptor, source->label, end - n_bytes, n_bytes, offset, error);
  if (status != GMMPI_OK || item_bytes == sizeof(double)) return status;
  for (int64_t i = 0; i < n_numbers; i++) {
    float value;
    memcpy(&value, end - n_bytes + (size_t)i * sizeof value, sizeof value);
    numbers[i] = (double)value;
  }
  return GMMPI_OK;
}

bool source_takes_all_columns(const point_source *source)
{
  bool all = source->n_features == source->n_columns;
  for (int64_t i = 0; all && i < source->n_features; i++) all = source->columns[i] == i;
  return all;
}

int64_t source_place(const point_source *source, int64_t row)
{
  return source->kind->place != NULL ? source->kind->place(source, row) : row + 1;
}

void source_place_text(const point_source *source, int64_t place, char *text, size_t n_bytes)
{
  if (source->kind->place_text != NULL) {
    source->kind->place_text(source, place, text, n_bytes);
  } else {
    snprintf(text, n_bytes, "%s %" PRId64, source->place_word, place);
  }
}

bool source_reads(const point_source *source, const char *path)
{
  return source->kind->reads != NULL ? source->kind->reads(source, path) : file_is_same(source->path, path);
}

void source_feature_text(const point_source *source, int64_t feature, char *text, size_t n_bytes)
{
  if (source->has_names) {
    snprintf(text, n_bytes, "%s", source->feature_names[feature]);
  } else {
    snprintf(text, n_bytes, "%" PRId64, source->columns[feature] + 1);
  }
}

void source_close(point_source *source)
{
  if (source == NULL) return;
  if (source->state != NULL) source->kind->close(source);
  for (int64_t i = 0; source->feature_names != NULL && i < source->n_features; i++) free(source->feature_names[i]);
  free(source->feature_names);
  free(source->columns);
  free(source->path);
  free(source->inside);
  free(source->label);
  free(source);
}
