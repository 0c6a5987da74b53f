/* SPDX-License-Identifier: BSD-3-Clause */
/* One data set of records, a compound type: each record is a point, its fields of numbers are the columns. Tables of
 * PyTables, pandas, h5py and astropy are such. Records are read as they are stored and taken apart here, since the
 * library converts them field by field, which is several times slower. */
#include "sources/hdf5/chunks.h"
#include "sources/hdf5/claims.h"
#include "sources/hdf5/compound_type.h"
#include "sources/hdf5/drivers.h"
#include "sources/hdf5/filters.h"
#include "sources/hdf5/layout.h"
#include "sources/hdf5/links.h"
#include "sources/hdf5/pandas_table.h"
#include "sources/hdf5/tables.h"
#include "sources/hdf5/unwritten.h"
#include "support/error.h"
#include "support/hdf5_file.h"
#include "support/hdf5_use.h"
#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the library takes to unpack records. */
static const int64_t library_bytes = 4 << 20;

typedef struct compound_state {
  char *inside; /* path of the data set */
  hid_t data_set, space;
  int n_dimensions; /* 2: of n x 1 */
  hdf5_record_type type;
  record_columns columns;
  record_reader reader;
  int descriptor;       /* of the library's, where records lie in the file one behind the other; -1: they don't */
  int64_t begin;        /* of the first one, bytes */
  unsigned char *piece; /* records_at_once() of the library's */
  hdf5_unwritten unwritten;
  double *is_written; /* records_at_once(): NaN, it is not; NULL: all are */
} compound_state;

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
}

/* --- which objects --- */

static bool is_record_set(hid_t object)
{
  const hid_t type = H5Iget_type(object) == H5I_DATASET ? H5Dget_type(object) : H5I_INVALID_HID;
  const hid_t space = type >= 0 ? H5Dget_space(object) : H5I_INVALID_HID;
  const bool is_one = space >= 0 && H5Sget_simple_extent_ndims(space) > 0 && hdf5_is_record_type(type);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return is_one;
}

bool hdf5_is_table(hid_t object)
{
  if (!hdf5_is_pandas_group(object)) return is_record_set(object);
  const hid_t table = H5Oopen(object, "table", H5P_DEFAULT);
  const bool is_one = table >= 0 && is_record_set(table);
  if (table >= 0) H5Oclose(table);
  return is_one;
}

/* --- opening --- */

/* The path of the data set: inside, or the table of the group that this is. */
static char *path_of_table(hid_t file, const char *inside)
{
  const hid_t object = H5Oopen(file, inside, H5P_DEFAULT);
  const bool is_group = object >= 0 && H5Iget_type(object) == H5I_GROUP;
  char *path = NULL;
  if (object >= 0) H5Oclose(object);
  if (!is_group) return strdup(inside);
  const size_t length = strlen(inside);
  return asprintf(&path, "%s%stable", inside, length > 0 && inside[length - 1] == '/' ? "" : "/") < 0 ? NULL : path;
}

static gmmpi_status set_shape(point_source *source, compound_state *state, gmmpi_error *error)
{
  hsize_t extents[2] = {0, 1};
  state->space = H5Dget_space(state->data_set);
  state->n_dimensions = state->space >= 0 ? H5Sget_simple_extent_ndims(state->space) : -1;
  if (state->n_dimensions < 1 || state->n_dimensions > 2 ||
      H5Sget_simple_extent_dims(state->space, extents, NULL) < 0 || extents[1] != 1)
    return fail(error, GMMPI_BAD_DATA, "%s: has records in %d dimensions; points are the records of a data set of one",
                source->label, state->n_dimensions < 0 ? 0 : state->n_dimensions);
  if (extents[0] > INT64_MAX)
    return fail(error, GMMPI_BAD_DATA, "%s: has a shape that cannot be read; is the file damaged?", source->label);
  source->n_rows = (int64_t)extents[0];
  if (source->n_rows == 0) source->no_rows = "holds 0 records";
  return GMMPI_OK;
}

static gmmpi_status pick_columns(point_source *source, hid_t file, compound_state *state, const source_options *options,
                                 gmmpi_error *error)
{
  const hid_t stored = H5Dget_type(state->data_set);
  const bool is_opened = stored >= 0 && hdf5_record_type_open(stored, &state->type, &state->columns);
  if (stored >= 0) H5Tclose(stored);
  if (!is_opened && state->columns.n >= MOST_RECORD_COLUMNS)
    return fail(error, GMMPI_BAD_DATA, "%s: has more than %d numbers in a record; is it damaged?", source->label,
                (int)MOST_RECORD_COLUMNS);
  if (!is_opened || !hdf5_name_pandas_columns(file, state->data_set, state->inside, &state->columns))
    return out_of_memory(source, error);
  const int64_t record_bytes = state->type.memory >= 0 ? (int64_t)H5Tget_size(state->type.memory) : 1;
  if (record_bytes <= 0) return hdf5_broken(source->path, error); /* the library opens records of a type of no bytes */
  return record_columns_pick(source, &state->columns, record_bytes, options, &state->reader, error);
}

/* Finds out whether the records lie in this file one behind the other. */
static void find_flat_records(point_source *source, compound_state *state)
{
  void *handle = NULL;
  const haddr_t offset = H5Dget_offset(state->data_set); /* undefined for anything but one piece in its file */
  const hid_t file = H5Iget_file_id(state->data_set);
  if (state->type.is_as_stored && offset != HADDR_UNDEF && file >= 0 && hdf5_is_plain(state->data_set) &&
      H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0 && handle != NULL) {
    state->descriptor = *(const int *)handle;
    state->begin = (int64_t)offset;
    source->is_concurrent = true;
  }
  if (file >= 0) H5Fclose(file); /* the data set keeps it open */
}

/* Gives the chunks a cache. */
static gmmpi_status keep_chunks(point_source *source, hid_t file, compound_state *state, gmmpi_error *error)
{
  const hdf5_chunk_memory memory = hdf5_chunk_memory_of(state->data_set);
  source->buffer_bytes += memory.cache + memory.unpacking;
  if (memory.cache == 0) return GMMPI_OK;
  H5Dclose(state->data_set);
  H5Sclose(state->space);
  state->data_set = hdf5_open_with_cache(file, state->inside, memory.cache);
  state->space = state->data_set >= 0 ? H5Dget_space(state->data_set) : H5I_INVALID_HID;
  return state->space >= 0 ? GMMPI_OK : out_of_memory(source, error);
}

static gmmpi_status look_at_storage(point_source *source, hid_t file, compound_state *state, gmmpi_error *error)
{
  const hid_t properties = H5Dget_create_plist(state->data_set);
  const H5D_layout_t layout = properties >= 0 ? H5Pget_layout(properties) : H5D_LAYOUT_ERROR;
  const int64_t record_bytes = state->reader.record_bytes;
  gmmpi_status status = GMMPI_OK;
  source->streams = true;
  source->has_fields = true;
  source->buffer_bytes = library_bytes + records_at_once(&state->reader) * record_bytes;
  if (layout == H5D_VIRTUAL) {
    status =
        fail(error, GMMPI_BAD_DATA,
             "%s: is a virtual data set of records, which is not read; name the files that it is put together from",
             source->label);
  } else if (layout == H5D_CHUNKED) {
    status = hdf5_check_filters_of(state->data_set, source->label, error);
    if (status == GMMPI_OK) status = keep_chunks(source, file, state, error);
  } else if (layout == H5D_CONTIGUOUS) {
    find_flat_records(source, state);
  }
  if (properties >= 0) H5Pclose(properties);
  return status;
}

static gmmpi_status open_compound(MPI_Comm comm, point_source *source, hid_t file, const source_options *options,
                                  void **opened, gmmpi_error *error)
{
  (void)comm;
  compound_state *state = calloc(1, sizeof *state);
  *opened = state;
  if (state == NULL) return out_of_memory(source, error);
  state->data_set = H5I_INVALID_HID;
  state->space = H5I_INVALID_HID;
  state->type.memory = H5I_INVALID_HID;
  state->descriptor = -1;
  if (source->choices.transpose != 0)
    return fail(error, GMMPI_WRONG_USAGE, "%s: --transpose: its points are records; leave it out", source->label);
  state->inside = path_of_table(file, source->inside);
  if (state->inside == NULL) return out_of_memory(source, error);
  errno = 0;
  state->data_set = H5Dopen2(file, state->inside, H5P_DEFAULT);
  if (state->data_set < 0) return hdf5_broken(source->path, error);
  gmmpi_status status = hdf5_check_links(state->data_set, source, error);
  if (status == GMMPI_OK) status = set_shape(source, state, error);
  if (status == GMMPI_OK && source->n_rows == 0) return GMMPI_OK;
  if (status == GMMPI_OK) status = hdf5_check_claims(state->data_set, 1, source->label, error);
  if (status == GMMPI_OK) status = pick_columns(source, file, state, options, error);
  return status == GMMPI_OK ? look_at_storage(source, file, state, error) : status;
}

/* Finds out which records were never written. */
static gmmpi_status find_unwritten(MPI_Comm comm, point_source *source, void *opened, gmmpi_error *error)
{
  compound_state *state = opened;
  return hdf5_unwritten_find(comm, source, state->data_set, &state->unwritten, error);
}

static void close_compound(void *opened)
{
  compound_state *state = opened;
  hdf5_record_type_close(&state->type);
  record_columns_free(&state->columns);
  record_reader_close(&state->reader);
  if (state->space >= 0) H5Sclose(state->space);
  if (state->data_set >= 0) H5Dclose(state->data_set);
  hdf5_unwritten_close(&state->unwritten);
  free(state->is_written);
  free(state->piece);
  free(state->inside);
  free(state);
}

/* --- reading --- */

/* Records through the library, as state->type.memory has them, to state->piece. */
static gmmpi_status read_records(const point_source *source, const compound_state *state, int64_t first_row,
                                 int64_t n_rows, gmmpi_error *error)
{
  const hsize_t start[2] = {(hsize_t)first_row, 0};
  const hsize_t count[2] = {(hsize_t)n_rows, 1};
  const hid_t memory = H5Screate_simple(state->n_dimensions, count, NULL);
  const bool is_ready = memory >= 0 && H5Sselect_hyperslab(state->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0;
  errno = 0;
  const bool is_read =
      is_ready && H5Dread(state->data_set, state->type.memory, memory, state->space, H5P_DEFAULT, state->piece) >= 0;
  const int reason = errno;
  if (memory >= 0) H5Sclose(memory);
  if (is_read) return GMMPI_OK;
  if (!is_ready || reason == ENOMEM) return out_of_memory(source, error);
  if (reason != 0)
    return fail(error, GMMPI_INPUT_FAILED,
                "%s: reading rows %" PRId64 " to %" PRId64 " failed (%s); check the disk and start again",
                source->label, first_row + 1, first_row + n_rows, strerror(reason));
  return fail(error, GMMPI_BAD_DATA,
              "%s: rows %" PRId64 " to %" PRId64 " are damaged and cannot be unpacked; copy it anew", source->label,
              first_row + 1, first_row + n_rows);
}

/* Makes NaN of the numbers of records that were never written. */
static gmmpi_status blank(const point_source *source, compound_state *state, int64_t first_row, int64_t n_rows,
                          double *rows, gmmpi_error *error)
{
  if (state->is_written == NULL)
    state->is_written = allocate(records_at_once(&state->reader), sizeof *state->is_written);
  if (state->is_written == NULL) return out_of_memory(source, error);
  for (int64_t i = 0; i < n_rows; i++) state->is_written[i] = 1.0;
  hdf5_unwritten_blank(&state->unwritten, first_row, n_rows, 0, 1, state->is_written);
  for (int64_t i = 0; i < n_rows; i++) {
    for (int64_t j = 0; j < source->n_features && isnan(state->is_written[i]); j++)
      rows[i * source->n_features + j] = NAN;
  }
  return GMMPI_OK;
}

static gmmpi_status read_pieces(const point_source *source, compound_state *state, int64_t first_row, int64_t n_rows,
                                double *rows, gmmpi_error *error)
{
  const record_reader *reader = &state->reader;
  const int64_t at_once = records_at_once(reader);
  gmmpi_status status = GMMPI_OK;
  if (state->piece == NULL) state->piece = malloc((size_t)(at_once * reader->record_bytes));
  if (state->piece == NULL) return out_of_memory(source, error);
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += at_once) {
    const int64_t count = n_rows - done < at_once ? n_rows - done : at_once;
    status = read_records(source, state, first_row + done, count, error);
    if (status == GMMPI_OK)
      records_convert(reader, source->n_features, state->piece + reader->first_byte, count,
                      rows + done * source->n_features);
    if (status == GMMPI_OK && state->unwritten.is_any)
      status = blank(source, state, first_row + done, count, rows + done * source->n_features, error);
  }
  return status;
}

static gmmpi_status read_compound(point_source *source, void *opened, int64_t first_row, int64_t n_rows, double *rows,
                                  gmmpi_error *error)
{
  compound_state *state = opened;
  gmmpi_status status = GMMPI_OK;
  if (state->descriptor >= 0)
    return records_read(source, &state->reader, state->descriptor, state->begin, first_row, n_rows, rows, error);
  hdf5_use_begin();
  status = read_pieces(source, state, first_row, n_rows, rows, error);
  hdf5_use_end();
  return status;
}

const hdf5_layout hdf5_compound = {.name = "a data set of records",
                                   .recognises = hdf5_is_table,
                                   .open = open_compound,
                                   .settle = find_unwritten,
                                   .read = read_compound,
                                   .close = close_compound};
