/* SPDX-License-Identifier: BSD-3-Clause */
/* A sparse matrix, as AnnData and 10x Genomics store measurements of single cells. Its points are expanded when they
 * are read: what is not stored is 0. */
#include "sources/hdf5/layout.h"
#include "sources/hdf5/sparse_columns.h"
#include "sources/hdf5/sparse_matrix.h"
#include "sources/hdf5/sparse_names.h"
#include "sources/hdf5/tables.h"
#include "support/error.h"
#include "support/hdf5_file.h"
#include "support/hdf5_use.h"
#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Points whose bounds are read at once, and entries. */
enum { POINTS_AT_ONCE = 4096, ENTRIES_AT_ONCE = 1 << 16 };
/* What the library takes to convert and unpack numbers. */
static const int64_t library_bytes = 4 << 20;

typedef struct sparse_state {
  sparse_matrix matrix;
  int64_t *feature_of; /* for each column of the matrix: the feature that it is, or -1; NULL: each is its own */
  sparse_columns columns;
  int64_t *bounds; /* POINTS_AT_ONCE + 1 */
  int64_t *places; /* ENTRIES_AT_ONCE */
  double *values;
} sparse_state;

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
}

/* --- opening --- */

static gmmpi_status pick_columns(point_source *source, hid_t file, hid_t group, const sparse_state *state,
                                 const source_options *options, gmmpi_error *error)
{
  sparse_names found;
  const sparse_matrix *matrix = &state->matrix;
  sparse_names_find(file, group, source->inside, matrix->is_10x, matrix->n_features, &found);
  const gmmpi_status status =
      source_pick_of_arrays(source, matrix->n_features, found.names, found.others, options, error);
  sparse_names_close(&found);
  return status;
}

static gmmpi_status map_columns(const point_source *source, sparse_state *state, gmmpi_error *error)
{
  if (source_takes_all_columns(source)) return GMMPI_OK;
  state->feature_of = allocate(source->n_columns, sizeof *state->feature_of);
  if (state->feature_of == NULL) return out_of_memory(source, error);
  for (int64_t c = 0; c < source->n_columns; c++) state->feature_of[c] = -1;
  for (int64_t j = 0; j < source->n_features; j++) state->feature_of[source->columns[j]] = j;
  return GMMPI_OK;
}

/* How its points are read, in memory and in words. */
static gmmpi_status prepare(point_source *source, sparse_state *state, gmmpi_error *error)
{
  const sparse_matrix *matrix = &state->matrix;
  const double n_numbers = (double)matrix->n_points * (double)matrix->n_features;
  const int64_t entry_bytes = (int64_t)(sizeof *state->places + sizeof *state->values);
  source->streams = true;
  source->has_fields = true;
  source->buffer_bytes = library_bytes + matrix->data.bytes + matrix->indices.bytes + matrix->indptr.bytes;
  source_note(source,
              "a sparse matrix of %" PRId64 " x %" PRId64 ", %" PRId64
              " entries (%.3g %%) stored by %s; as points, what is not stored is 0",
              matrix->n_points, matrix->n_features, matrix->data.n, 100.0 * (double)matrix->data.n / n_numbers,
              matrix->is_by_feature ? "column" : "row");
  if (matrix->is_by_feature) {
    int64_t n_bytes = 0;
    const gmmpi_status status = sparse_columns_measure(source, matrix, &state->columns, &n_bytes, error);
    source->buffer_bytes = sum_of_bytes(2, (int64_t[]){source->buffer_bytes, n_bytes});
    source_note(source,
                "each rank keeps the entries of all features, %.3g MB, since the matrix is stored by column; stored by "
                "row (X.tocsr() in Python) it is read row by row",
                (double)n_bytes / 1e6);
    return status;
  }
  source->buffer_bytes += ENTRIES_AT_ONCE * entry_bytes;
  return map_columns(source, state, error);
}

static gmmpi_status open_sparse(MPI_Comm comm, point_source *source, hid_t file, const source_options *options,
                                void **opened, gmmpi_error *error)
{
  (void)comm;
  sparse_state *state = calloc(1, sizeof *state);
  *opened = state;
  if (state == NULL) return out_of_memory(source, error);
  state->matrix.data = hdf5_no_vector;
  state->matrix.indices = hdf5_no_vector;
  state->matrix.indptr = hdf5_no_vector;
  if (source->choices.transpose != 0)
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: --transpose: which way a sparse matrix lies is known from its file; leave it out", source->label);
  errno = 0;
  const hid_t group = H5Oopen(file, source->inside, H5P_DEFAULT);
  if (group < 0) return hdf5_broken(source->path, error);
  gmmpi_status status = sparse_matrix_open(source, group, &state->matrix, error);
  source->n_rows = state->matrix.n_points;
  if (status == GMMPI_OK && source->n_rows == 0) source->no_rows = "is a matrix of 0 rows";
  const bool has_rows = source->n_rows > 0;
  if (status == GMMPI_OK && has_rows) status = pick_columns(source, file, group, state, options, error);
  if (status == GMMPI_OK && has_rows) status = prepare(source, state, error);
  H5Oclose(group);
  return status;
}

static void close_sparse(void *opened)
{
  sparse_state *state = opened;
  sparse_matrix_close(&state->matrix);
  sparse_columns_close(&state->columns);
  free(state->feature_of);
  free(state->bounds);
  free(state->places);
  free(state->values);
  free(state);
}

/* --- reading, stored by points --- */

/* Adds the n entries in places and values, of which those before bounds[1] are of the first point, to rows. */
static gmmpi_status add_entries(const point_source *source, const sparse_state *state, int64_t first_point,
                                const int64_t *bounds, int64_t first_entry, int64_t n, double *rows, gmmpi_error *error)
{
  const int64_t n_columns = state->matrix.n_features;
  const int64_t *feature_of = state->feature_of;
  int64_t point = 0;
  while (bounds[point + 1] <= first_entry) point++;
  for (int64_t k = 0; k < n;) {
    const int64_t end = bounds[point + 1] - first_entry < n ? bounds[point + 1] - first_entry : n;
    double *row = rows + point * source->n_features;
    for (; k < end; k++) {
      const int64_t column = state->places[k];
      if (column < 0 || column >= n_columns)
        return sparse_matrix_bad_place(&state->matrix, first_point + point, column, error);
      const int64_t feature = feature_of == NULL ? column : feature_of[column];
      if (feature >= 0) row[feature] += state->values[k];
    }
    point++;
  }
  return GMMPI_OK;
}

/* At most POINTS_AT_ONCE points. */
static gmmpi_status read_points(const point_source *source, const sparse_state *state, int64_t first_point,
                                int64_t n_points, double *rows, gmmpi_error *error)
{
  const int64_t *bounds = state->bounds;
  gmmpi_status status = sparse_matrix_bounds(&state->matrix, first_point, n_points, state->bounds, error);
  for (int64_t k = bounds[0]; status == GMMPI_OK && k < bounds[n_points]; k += ENTRIES_AT_ONCE) {
    const int64_t left = bounds[n_points] - k;
    const int64_t n = left < ENTRIES_AT_ONCE ? left : ENTRIES_AT_ONCE;
    status = sparse_matrix_entries(&state->matrix, k, n, state->places, state->values, error);
    if (status == GMMPI_OK) status = add_entries(source, state, first_point, bounds, k, n, rows, error);
  }
  return status;
}

static gmmpi_status read_by_points(const point_source *source, sparse_state *state, int64_t first_row, int64_t n_rows,
                                   double *rows, gmmpi_error *error)
{
  if (state->bounds == NULL) state->bounds = allocate(POINTS_AT_ONCE + 1, sizeof *state->bounds);
  if (state->places == NULL) state->places = allocate(ENTRIES_AT_ONCE, sizeof *state->places);
  if (state->values == NULL) state->values = allocate(ENTRIES_AT_ONCE, sizeof *state->values);
  if (state->bounds == NULL || state->places == NULL || state->values == NULL) return out_of_memory(source, error);
  gmmpi_status status = GMMPI_OK;
  memset(rows, 0, (size_t)(n_rows * source->n_features) * sizeof *rows);
  for (int64_t done = 0; done < n_rows && status == GMMPI_OK; done += POINTS_AT_ONCE) {
    const int64_t n = n_rows - done < POINTS_AT_ONCE ? n_rows - done : POINTS_AT_ONCE;
    status = read_points(source, state, first_row + done, n, rows + done * source->n_features, error);
  }
  return status;
}

static gmmpi_status read_sparse(point_source *source, void *opened, int64_t first_row, int64_t n_rows, double *rows,
                                gmmpi_error *error)
{
  sparse_state *state = opened;
  gmmpi_status status = GMMPI_OK;
  hdf5_use_begin();
  status = state->matrix.is_by_feature
               ? sparse_columns_read(source, &state->matrix, &state->columns, first_row, n_rows, rows, error)
               : read_by_points(source, state, first_row, n_rows, rows, error);
  hdf5_use_end();
  return status;
}

const hdf5_layout hdf5_sparse = {.name = "a sparse matrix",
                                 .recognises = hdf5_is_sparse_matrix,
                                 .open = open_sparse,
                                 .read = read_sparse,
                                 .close = close_sparse};
