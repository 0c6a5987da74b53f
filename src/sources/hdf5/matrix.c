/* SPDX-License-Identifier: BSD-3-Clause */
/* One data set of numbers, of two dimensions or one: its rows are the points, or its columns (across.h). */
#include "sources/hdf5/across.h"
#include "sources/hdf5/attributes.h"
#include "sources/hdf5/claims.h"
#include "sources/hdf5/drivers.h"
#include "sources/hdf5/filters.h"
#include "sources/hdf5/layout.h"
#include "sources/hdf5/links.h"
#include "sources/hdf5/loom.h"
#include "sources/hdf5/marks.h"
#include "sources/hdf5/names.h"
#include "sources/hdf5/numbers.h"
#include "sources/hdf5/rows.h"
#include "sources/hdf5/virtual.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_attributes.h"
#include "support/hdf5_file.h"
#include "support/hdf5_use.h"

#include <errno.h>
#include <stdlib.h>

/* What the library takes to convert and unpack numbers. */
static const int64_t library_bytes = 4 << 20;
/* And for each further file that is open: measured with 1500 of them. */
static const int64_t open_file_bytes = 640 << 10;

typedef struct matrix_state {
  hid_t file; /* borrowed */
  hdf5_rows rows;
  hdf5_pieces pieces; /* of a virtual data set */
  /* Where numbers lie in the file as in memory they are read without the library: */
  int descriptor; /* of the library's; -1: they don't */
  int64_t offset; /* of the first number, bytes */
  int item_bytes;
  hdf5_across across; /* where columns are the points */
} matrix_state;

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
}

/* --- opening --- */

static gmmpi_status set_shape(point_source *source, matrix_state *state, int64_t *n_columns, gmmpi_error *error)
{
  hsize_t extents[2] = {0, 1};
  state->rows.space = H5Dget_space(state->rows.data_set);
  state->rows.n_dimensions = state->rows.space >= 0 ? H5Sget_simple_extent_ndims(state->rows.space) : -1;
  if (state->rows.n_dimensions != 1 && state->rows.n_dimensions != 2)
    return fail(
        error, GMMPI_BAD_DATA,
        "%s: has %d dimensions; points are rows of a data set of two: make a table of it first, as to_dataframe of "
        "xarray does",
        source->label, state->rows.n_dimensions < 0 ? 0 : state->rows.n_dimensions);
  if (H5Sget_simple_extent_dims(state->rows.space, extents, NULL) < 0 || extents[0] > INT64_MAX ||
      extents[1] > INT64_MAX)
    return fail(error, GMMPI_BAD_DATA, "%s: has a shape that cannot be read; is the file damaged?", source->label);
  if (extents[0] > 0 && extents[1] == 0)
    return fail(error, GMMPI_BAD_DATA, "%s: holds %llu rows of %llu columns; give a file with points", source->label,
                (unsigned long long)extents[0], (unsigned long long)extents[1]);
  if (source->is_transposed && state->rows.n_dimensions == 1)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: --transpose: has one dimension, whose %llu numbers are points of one feature; leave it out",
                source->label, (unsigned long long)extents[0]);
  source->n_rows = (int64_t)extents[source->is_transposed ? 1 : 0];
  source->n_columns = *n_columns = (int64_t)extents[source->is_transposed ? 0 : 1];
  return GMMPI_OK;
}

static gmmpi_status pick_columns(point_source *source, const matrix_state *state, int64_t n_columns,
                                 const source_options *options, gmmpi_error *error)
{
  char **names = NULL;
  gmmpi_status status = GMMPI_OK;
  if (hdf5_is_loom_matrix(state->file, source->inside)) names = hdf5_loom_names(state->file, n_columns);
  if (names == NULL && options->numbers == NULL) /* else whoever asks knows them by other names */
    status = hdf5_names_read(state->rows.data_set, source->inside, source->is_transposed ? 0 : 1, n_columns,
                             source->label, &names, error);
  if (status == GMMPI_OK) status = source_pick_columns(source, n_columns, names, options, error);
  hdf5_strings_free(names != NULL ? n_columns : 0, names);
  return status;
}

/* What the library reads the data set's own file with, which a link may have led to. */
static bool find_handle(hid_t data_set, void **handle)
{
  const hid_t file = H5Iget_file_id(data_set);
  const bool is_found = file >= 0 && H5Fget_vfd_handle(file, H5P_DEFAULT, handle) >= 0 && *handle != NULL;
  if (file >= 0) H5Fclose(file); /* the data set keeps it open */
  return is_found;
}

/* Finds out whether the numbers lie in the file one behind the other, as this machine's doubles or floats. */
static void find_flat_numbers(point_source *source, matrix_state *state)
{
  void *handle = NULL;
  const hid_t type = H5Dget_type(state->rows.data_set);
  const haddr_t offset = H5Dget_offset(state->rows.data_set); /* undefined for anything but one piece in this file */
  const bool is_double = type >= 0 && H5Tequal(type, H5T_NATIVE_DOUBLE) > 0;
  const bool is_float = type >= 0 && H5Tequal(type, H5T_NATIVE_FLOAT) > 0;
  if (type >= 0) H5Tclose(type);
  if (!(state->rows.is_direct || source->is_transposed) || offset == HADDR_UNDEF || !(is_double || is_float) ||
      !hdf5_is_plain(state->rows.data_set) || !find_handle(state->rows.data_set, &handle))
    return;
  state->descriptor = *(const int *)handle;
  state->offset = (int64_t)offset;
  state->item_bytes = is_double ? (int)sizeof(double) : (int)sizeof(float);
  source->is_concurrent = true;
}

/* The pieces that a rank has open when it has read its share of the rows: in the mean those that begin in it, and those
 * that have its first row. */
static int64_t count_open_pieces(MPI_Comm comm, const point_source *source, const hdf5_pieces *pieces)
{
  int n_ranks;
  MPI_Comm_size(comm, &n_ranks);
  const int64_t in_share = source->is_transposed ? pieces->n : pieces->n / n_ranks;
  const int64_t n = in_share + pieces->n_rows / source->n_rows + pieces->n_endless + 2;
  return n < pieces->n ? n : pieces->n;
}

/* Opens the data set, whose chunks or those of whose pieces want this memory, anew with a cache for them. Collective:
 * each rank has looked at its share of the pieces. */
static gmmpi_status keep_chunks(MPI_Comm comm, point_source *source, matrix_state *state, gmmpi_error *error)
{
  if (hdf5_unwritten_find(comm, source, state->rows.data_set, &state->rows.unwritten, error) != GMMPI_OK)
    return error->status;
  const hdf5_pieces pieces = state->pieces;
  const int64_t wanted = source->is_transposed ? pieces.most.cache_across : pieces.most.cache;
  int64_t memory[3] = {wanted, pieces.most.unpacking, pieces.most.are_many_across};
  const int depth = hdf5_use_pause();
  MPI_Allreduce(MPI_IN_PLACE, memory, 3, MPI_INT64_T, MPI_MAX, comm);
  hdf5_use_resume(depth);
  state->pieces.most.are_many_across = memory[2] != 0;
  const int64_t n_open = count_open_pieces(comm, source, &pieces);
  const int64_t cache = hdf5_shared_cache(memory[0], n_open);
  source->buffer_bytes += n_open * (cache + (pieces.n > 1 ? open_file_bytes : 0)) + memory[1];
  if (cache == 0) return GMMPI_OK;
  H5Dclose(state->rows.data_set);
  H5Sclose(state->rows.space);
  state->rows.data_set = hdf5_open_with_cache(state->file, source->inside, cache);
  state->rows.space = state->rows.data_set >= 0 ? H5Dget_space(state->rows.data_set) : H5I_INVALID_HID;
  return state->rows.space >= 0 ? GMMPI_OK : out_of_memory(source, error);
}

/* The pieces of a virtual data set; any other is one piece. */
static gmmpi_status look_at_pieces(MPI_Comm comm, point_source *source, matrix_state *state, gmmpi_error *error)
{
  hdf5_pieces *pieces = &state->pieces;
  const hid_t properties = H5Dget_create_plist(state->rows.data_set);
  gmmpi_status status = GMMPI_OK;
  *pieces = (hdf5_pieces){.n = 1};
  char *own_path = hdf5_own_path(state->rows.data_set);
  const char *path = own_path != NULL && !file_is_same(own_path, source->file) ? own_path : source->path;
  if (properties >= 0 && H5Pget_layout(properties) == H5D_VIRTUAL) {
    H5Dclose(state->rows.data_set); /* with it the library would hold pieces open in a way of its own */
    status = hdf5_check_pieces(comm, properties, path, source->label, source->choices.raw_values != 0, source->written,
                               pieces, error);
    if (status == GMMPI_OK && pieces->grow) status = hdf5_check_ends(state->file, source->inside, source->label, error);
    state->rows.data_set = H5Dopen2(state->file, source->inside, H5P_DEFAULT);
    if (state->rows.data_set < 0 && status == GMMPI_OK) status = hdf5_broken(source->path, error);
  }
  free(own_path);
  if (properties >= 0) H5Pclose(properties);
  return status;
}

/* What there is to do for each way of holding the numbers in the file. */
static gmmpi_status look_at_layout(point_source *source, matrix_state *state, gmmpi_error *error)
{
  source->streams = true;
  source->buffer_bytes = library_bytes + HDF5_PIECE_NUMBERS * (int64_t)sizeof(double);
  const hid_t properties = H5Dget_create_plist(state->rows.data_set);
  const H5D_layout_t layout = properties >= 0 ? H5Pget_layout(properties) : H5D_LAYOUT_ERROR;
  gmmpi_status status = GMMPI_OK;
  if (layout == H5D_CHUNKED) {
    status = hdf5_check_filters_of(state->rows.data_set, source->label, error);
    state->pieces.most = hdf5_chunk_memory_of(state->rows.data_set);
  } else if (layout == H5D_CONTIGUOUS) {
    find_flat_numbers(source, state);
  }
  if (properties >= 0) H5Pclose(properties);
  return status;
}

static bool recognises(hid_t object)
{
  return H5Iget_type(object) == H5I_DATASET && hdf5_is_numeric(object);
}

/* Who wrote it, and are its columns the points? */
static void look_at_marks(point_source *source, const matrix_state *state)
{
  const bool is_loom = hdf5_is_loom_matrix(state->file, source->inside);
  source->column_major = hdf5_column_major(state->file, state->rows.data_set, source->file, source->inside);
  source->is_transposed = source->choices.transpose != 0 || is_loom;
  if (is_loom) source_note(source, "is a loom file, whose cells are the columns of the matrix: they are the points");
  if (!source->is_transposed) return;
  source->place_word = "point";
  source->feature_word = "feature";
}

static gmmpi_status open_matrix(MPI_Comm comm, point_source *source, hid_t file, const source_options *options,
                                void **opened, gmmpi_error *error)
{
  matrix_state *state = calloc(1, sizeof *state);
  int64_t n_columns = 0;
  *opened = state;
  if (state == NULL) return out_of_memory(source, error);
  *state = (matrix_state){
      .file = file,
      .rows = {.data_set = H5I_INVALID_HID, .space = H5I_INVALID_HID, .numbers = {H5I_INVALID_HID, H5I_INVALID_HID}},
      .descriptor = -1};
  state->rows.data_set = H5Dopen2(file, source->inside, H5P_DEFAULT);
  if (state->rows.data_set < 0) return hdf5_broken(source->path, error);
  gmmpi_status status = hdf5_check_links(state->rows.data_set, source, error);
  look_at_marks(source, state);
  if (status == GMMPI_OK) status = look_at_pieces(comm, source, state, error);
  if (status == GMMPI_OK) status = set_shape(source, state, &n_columns, error);
  if (status == GMMPI_OK && source->n_rows == 0) return GMMPI_OK;
  if (status == GMMPI_OK) status = hdf5_check_claims(state->rows.data_set, n_columns, source->label, error);
  if (status == GMMPI_OK) status = pick_columns(source, state, n_columns, options, error);
  if (status == GMMPI_OK) status = hdf5_apply_meaning(source, state->rows.data_set, error);
  if (status == GMMPI_OK) status = hdf5_rows_prepare(source, &state->rows, error);
  return status == GMMPI_OK ? look_at_layout(source, state, error) : status;
}

/* A hdf5_layout's settle. */
static gmmpi_status settle(MPI_Comm comm, point_source *source, void *opened, gmmpi_error *error)
{
  matrix_state *state = opened;
  const gmmpi_status status = keep_chunks(comm, source, state, error);
  if (status != GMMPI_OK || !source->is_transposed) return status;
  state->across = (hdf5_across){.source = source,
                                .rows = &state->rows,
                                .descriptor = state->descriptor,
                                .offset = state->offset,
                                .item_bytes = state->item_bytes};
  return hdf5_across_open(&state->across, source, state->pieces.most, error);
}

static void close_matrix(void *opened)
{
  matrix_state *state = opened;
  hdf5_across_close(&state->across);
  hdf5_rows_close(&state->rows);
  free(state);
}

/* --- reading --- */

static gmmpi_status read_matrix(point_source *source, void *opened, int64_t first_row, int64_t n_rows, double *rows,
                                gmmpi_error *error)
{
  matrix_state *state = opened;
  const int64_t row_numbers = source->n_features;
  gmmpi_status status = GMMPI_OK;
  if (source->is_transposed) return hdf5_across_read(&state->across, first_row, n_rows, rows, error);
  if (state->descriptor >= 0)
    return source_read_numbers(source, state->descriptor, state->offset + first_row * row_numbers * state->item_bytes,
                               state->item_bytes, n_rows * row_numbers, rows, error);
  hdf5_use_begin();
  status = hdf5_rows_read(source, &state->rows, first_row, n_rows, rows, error);
  hdf5_use_end();
  return status;
}

const hdf5_layout hdf5_matrix = {.name = "a data set of numbers",
                                 .recognises = recognises,
                                 .open = open_matrix,
                                 .settle = settle,
                                 .read = read_matrix,
                                 .close = close_matrix};
