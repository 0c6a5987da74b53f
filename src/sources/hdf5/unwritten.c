/* SPDX-License-Identifier: BSD-3-Clause */
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

/* How a data set is laid out, in rows and columns; of one dimension, there is one column. */
typedef struct grid {
  hid_t data_set;
  H5D_layout_t layout;
  int n_dimensions;
  int64_t n_rows, n_columns;
  int64_t chunk_rows, chunk_columns; /* where the layout is chunked */
} grid;

static bool get_grid(hid_t data_set, grid *it)
{
  hsize_t extents[2] = {0, 1};
  hsize_t chunk[2] = {1, 1};
  *it = (grid){.data_set = data_set, .layout = H5D_LAYOUT_ERROR};
  const hid_t properties = H5Dget_create_plist(data_set);
  const hid_t space = H5Dget_space(data_set);
  it->n_dimensions = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
  bool is_known = properties >= 0 && (it->n_dimensions == 1 || it->n_dimensions == 2) &&
                  H5Sget_simple_extent_dims(space, extents, NULL) >= 0 && extents[0] <= INT64_MAX &&
                  extents[1] <= INT64_MAX;
  if (properties >= 0) it->layout = H5Pget_layout(properties);
  if (is_known && it->layout == H5D_CHUNKED) is_known = H5Pget_chunk(properties, 2, chunk) == it->n_dimensions;
  is_known = is_known && chunk[0] > 0 && chunk[1] > 0;
  it->n_rows = (int64_t)extents[0];
  it->n_columns = (int64_t)extents[1];
  it->chunk_rows = (int64_t)chunk[0];
  it->chunk_columns = (int64_t)chunk[1];
  if (space >= 0) H5Sclose(space);
  if (properties >= 0) H5Pclose(properties);
  return is_known;
}

/* --- chunks --- */

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* Is the chunk that begins at this row and column stored? 1, 0; negative when nobody can say. To be asked before the
 * data set is read, for a chunk of fill values in the cache counts, too. (The library has a
 * function that tells it from an error, H5Dget_chunk_info_by_coord, but up to 1.10 that looks at all chunks each time.)
 */
static int has_chunk(hid_t data_set, int64_t row, int64_t column)
{
  const hsize_t offset[2] = {(hsize_t)row, (hsize_t)column};
  hsize_t n_bytes = 0;
  errno = 0;
  if (H5Dget_chunk_storage_size(data_set, offset, &n_bytes) >= 0) return n_bytes > 0 ? 1 : 0;
  return hdf5_disk_failed() ? -1 : 0;
}

/* The chunks that are stored; negative when nobody can say. */
static int64_t count_stored(hid_t data_set)
{
#if H5_VERSION_GE(1, 10, 5)
  hsize_t n = 0;
  const hid_t space = H5Dget_space(data_set); /* 1.10 wants one, and counts those of all of it */
  const bool is_known = space >= 0 && H5Dget_num_chunks(data_set, space, &n) >= 0;
  if (space >= 0) H5Sclose(space);
  return is_known ? (int64_t)n : -1;
#else
  (void)data_set;
  return INT64_MAX;
#endif
}

/* Those that there should be. */
static int64_t count_chunks(const grid *it)
{
  int64_t n;
  const bool fits =
      multiply_fits((it->n_rows - 1) / it->chunk_rows + 1, (it->n_columns - 1) / it->chunk_columns + 1, &n);
  return fits ? n : INT64_MAX;
}

/* The points from the first to the last one of a run of which something was never written. */
typedef struct gap {
  int64_t first, last; /* from 0; first negative: there is none */
  bool has_others;     /* are there others behind it? */
} gap;

/* Which chunks are stored, n_stored in all, into unwritten: until all that are, or all that are not, have been seen.
 * Errors: 65 there are too many, or nobody can say; 74; 71. */
static gmmpi_status map_chunks(const grid *it, int64_t n_stored, const char *label, hdf5_unwritten *unwritten,
                               gmmpi_error *error)
{
  const int64_t most_chunks = (int64_t)1 << 26;
  const int64_t n = count_chunks(it);
  if (n > most_chunks)
    return fail(error, GMMPI_BAD_DATA, "%s: most of its chunks were never written; is it finished?", label);
  unwritten->chunk_rows = it->chunk_rows;
  unwritten->chunk_columns = it->chunk_columns;
  unwritten->n_abreast = (it->n_columns - 1) / it->chunk_columns + 1;
  unwritten->n_chunks = n;
  unwritten->is_stored = allocate(n, 1);
  if (unwritten->is_stored == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
  int64_t n_found = 0;
  for (int64_t i = 0; i < n && n_found < n_stored; i++) {
    const int is_there = has_chunk(it->data_set, i / unwritten->n_abreast * it->chunk_rows,
                                   i % unwritten->n_abreast * it->chunk_columns);
    if (is_there < 0) return hdf5_broken(label, error);
    unwritten->is_stored[i] = is_there > 0;
    n_found += is_there;
  }
  return GMMPI_OK;
}

/* Are all chunks of the points that begin with those of this number stored? by_columns: are points columns? */
static bool has_all(const hdf5_unwritten *unwritten, bool by_columns, int64_t number)
{
  const int64_t n_abreast = unwritten->n_abreast;
  const int64_t n_others = by_columns ? unwritten->n_chunks / n_abreast : n_abreast;
  bool all = true;
  for (int64_t i = 0; i < n_others && all; i++)
    all = unwritten->is_stored[by_columns ? i * n_abreast + number : number * n_abreast + i] != 0;
  return all;
}

static gap find_gap(const grid *it, const hdf5_unwritten *unwritten, bool by_columns)
{
  const int64_t n = by_columns ? it->n_columns : it->n_rows;
  const int64_t step = by_columns ? it->chunk_columns : it->chunk_rows;
  gap found = {.first = -1, .last = -1};
  bool is_over = false;
  for (int64_t number = 0; number <= (n - 1) / step && !found.has_others; number++) {
    const bool is_whole = has_all(unwritten, by_columns, number);
    const int64_t begin = number * step;
    is_over = is_over || (is_whole && found.first >= 0);
    found.has_others = is_over && !is_whole;
    if (is_whole || is_over) continue;
    if (found.first < 0) found.first = begin;
    found.last = begin + least(step, n - begin) - 1;
  }
  return found;
}

/* --- pieces of a virtual data set --- */

/* Of the rows from this one on, so many numbers more are covered than of those before. */
typedef struct edge {
  int64_t row, change;
} edge;

static int compare_edges(const void *a, const void *b)
{
  const edge *left = a;
  const edge *right = b;
  return (left->row > right->row) - (left->row < right->row);
}

/* The edges of a piece that is a whole block; n_edges of them so far. False when it is none: what is covered cannot be
 * told by rows then. */
static bool add_edges(hid_t properties, size_t index, int n_dimensions, edge *edges, int64_t *n_edges)
{
  hsize_t first[2] = {0, 0};
  hsize_t last[2] = {0, 0};
  const hid_t place = H5Pget_virtual_vspace(properties, index);
  const hssize_t n = place >= 0 ? H5Sget_select_npoints(place) : -1;
  const bool is_known = n > 0 && H5Sget_simple_extent_ndims(place) == n_dimensions && (hsize_t)n != H5S_UNLIMITED &&
                        H5Sget_select_bounds(place, first, last) >= 0;
  if (place >= 0) H5Sclose(place);
  if (!is_known) return false;
  const int64_t n_rows = (int64_t)(last[0] - first[0]) + 1;
  const int64_t width = n_dimensions == 2 ? (int64_t)(last[1] - first[1]) + 1 : 1;
  if ((int64_t)n / width != n_rows || (int64_t)n % width != 0) return false;
  edges[(*n_edges)++] = (edge){(int64_t)first[0], width};
  edges[(*n_edges)++] = (edge){(int64_t)last[0] + 1, -width};
  return true;
}

/* Rows [first, end) are not all covered. */
static void add_block(hdf5_unwritten *unwritten, int64_t first, int64_t end, int64_t n_columns)
{
  hdf5_block *blocks = unwritten->blocks;
  if (first >= end) return;
  if (unwritten->n_blocks > 0 && blocks[unwritten->n_blocks - 1].end_row == first)
    blocks[unwritten->n_blocks - 1].end_row = end;
  else
    blocks[unwritten->n_blocks++] = (hdf5_block){first, end, 0, n_columns};
}

static void find_uncovered(const grid *it, edge *edges, int64_t n_edges, hdf5_unwritten *unwritten)
{
  qsort(edges, (size_t)n_edges, sizeof *edges, compare_edges);
  int64_t covered = 0;
  int64_t row = 0;
  for (int64_t e = 0; e < n_edges && row < it->n_rows; e++) {
    const int64_t until = edges[e].row < it->n_rows ? edges[e].row : it->n_rows;
    if (until > row && covered < it->n_columns) add_block(unwritten, row, until, it->n_columns);
    row = until;
    covered += edges[e].change;
  }
  if (row < it->n_rows && covered < it->n_columns) add_block(unwritten, row, it->n_rows, it->n_columns);
  unwritten->is_any = unwritten->n_blocks > 0;
}

/* Rows in which something belongs to no piece. Where pieces are not whole blocks, or have no end, nobody can say. */
static gmmpi_status find_in_virtual(const grid *it, const char *label, hdf5_unwritten *unwritten, gmmpi_error *error)
{
  const hid_t properties = H5Dget_create_plist(it->data_set);
  size_t n_pieces = 0;
  bool is_known = properties >= 0 && H5Pget_virtual_count(properties, &n_pieces) >= 0;
  edge *edges = is_known ? allocate((int64_t)n_pieces, 2 * sizeof *edges) : NULL;
  unwritten->blocks = is_known ? allocate((int64_t)n_pieces + 1, 2 * sizeof *unwritten->blocks) : NULL;
  gmmpi_status status = GMMPI_OK;
  int64_t n_edges = 0;
  if (is_known && (edges == NULL || unwritten->blocks == NULL))
    status = fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", label);
  for (size_t i = 0; i < n_pieces && is_known && status == GMMPI_OK; i++)
    is_known = add_edges(properties, i, it->n_dimensions, edges, &n_edges);
  if (is_known && status == GMMPI_OK) find_uncovered(it, edges, n_edges, unwritten);
  free(edges);
  if (properties >= 0) H5Pclose(properties);
  return status;
}

/* --- all of them --- */

static gmmpi_status nothing_written(const point_source *source, gmmpi_error *error)
{
  return fail(
      error, GMMPI_BAD_DATA,
      "%s: nothing was ever written to it, from row 1 on; name another data set, or --raw-values takes its fill "
      "value",
      source->label);
}

static gmmpi_status find_in_chunks(const grid *it, point_source *source, hdf5_unwritten *unwritten, gap *first,
                                   gmmpi_error *error)
{
  errno = 0;
  const int64_t n_stored = count_stored(it->data_set);
  if (n_stored < 0) return hdf5_broken(source->label, error);
  if (n_stored >= count_chunks(it)) return GMMPI_OK;
  if (n_stored == 0) return nothing_written(source, error);
  if (map_chunks(it, n_stored, source->label, unwritten, error) != GMMPI_OK) return error->status;
  *first = find_gap(it, unwritten, source->choices.transpose != 0);
  unwritten->is_any = first->first >= 0;
  return GMMPI_OK;
}

/* By rank 0. */
static gmmpi_status find_all(point_source *source, hid_t data_set, hdf5_unwritten *unwritten, gap *first,
                             gmmpi_error *error)
{
  grid it;
  if (!get_grid(data_set, &it)) return GMMPI_OK;
  *first = (gap){.first = -1, .last = -1};
  if (it.layout == H5D_CHUNKED) return find_in_chunks(&it, source, unwritten, first, error);
  if (it.layout == H5D_VIRTUAL && find_in_virtual(&it, source->label, unwritten, error) == GMMPI_OK &&
      unwritten->is_any && source->choices.transpose == 0)
    *first = (gap){unwritten->blocks[0].first_row, unwritten->blocks[0].end_row - 1, unwritten->n_blocks > 1};
  if (it.layout == H5D_CONTIGUOUS && H5Dget_storage_size(data_set) == 0) return nothing_written(source, error);
  return error->status;
}

/* On all ranks alike. */
static void tell(point_source *source, const gap *first)
{
  char which[100] = "some of its numbers";
  const char *others = first->has_others ? " and others" : "";
  const bool is_one = first->first >= 0 && first->first == first->last && !first->has_others;
  if (first->first >= 0 && first->first == first->last)
    snprintf(which, sizeof which, "%s %" PRId64 "%s", source->place_word, first->first + 1, others);
  else if (first->first >= 0)
    snprintf(which, sizeof which, "%ss %" PRId64 " to %" PRId64 "%s", source->place_word, first->first + 1,
             first->last + 1, others);
  source_doubt(source,
               "%s %s never written and count%s as missing; finish the file, leave them out with --missing drop, or "
               "--raw-values takes the file's fill value",
               which, is_one ? "was" : "were", is_one ? "s" : "");
}

/* Room for what rank 0 has found, and the others hear of. */
static bool unwritten_allocate(hdf5_unwritten *unwritten)
{
  unwritten->blocks = allocate(unwritten->n_blocks, sizeof *unwritten->blocks);
  unwritten->is_stored = allocate(unwritten->n_chunks, 1);
  return unwritten->blocks != NULL && unwritten->is_stored != NULL;
}

gmmpi_status hdf5_unwritten_find(MPI_Comm comm, point_source *source, hid_t data_set, hdf5_unwritten *unwritten,
                                 gmmpi_error *error)
{
  int rank;
  gap first = {.first = -1};
  gmmpi_error local = {0};
  *unwritten = (hdf5_unwritten){.is_any = false};
  if (source->choices.raw_values != 0) return GMMPI_OK;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) find_all(source, data_set, unwritten, &first, &local);
  int64_t facts[] = {unwritten->is_any,
                     unwritten->chunk_rows,
                     unwritten->chunk_columns,
                     unwritten->n_abreast,
                     unwritten->n_chunks,
                     unwritten->n_blocks,
                     first.first,
                     first.last,
                     first.has_others};
  const int depth = hdf5_use_pause();
  MPI_Bcast(facts, sizeof facts / sizeof *facts, MPI_INT64_T, 0, comm);
  unwritten->is_any = facts[0] != 0;
  unwritten->chunk_rows = facts[1];
  unwritten->chunk_columns = facts[2];
  unwritten->n_abreast = facts[3];
  unwritten->n_chunks = facts[4];
  unwritten->n_blocks = facts[5];
  first = (gap){facts[6], facts[7], facts[8] != 0};
  if (rank > 0 && !unwritten_allocate(unwritten))
    fail(&local, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
  if (agree(comm, &local) == GMMPI_OK) {
    MPI_Bcast(unwritten->blocks, (int)(4 * unwritten->n_blocks), MPI_INT64_T, 0, comm);
    MPI_Bcast(unwritten->is_stored, (int)unwritten->n_chunks, MPI_UINT8_T, 0, comm);
  }
  hdf5_use_resume(depth);
  if (local.status != GMMPI_OK) return error_pass(error, &local);
  if (unwritten->is_any) tell(source, &first);
  return GMMPI_OK;
}

int64_t hdf5_unwritten_count(hid_t data_set, int64_t *first_row)
{
  grid it;
  gap first = {.first = 0};
  *first_row = 0;
  if (!get_grid(data_set, &it)) return 0; /* of more dimensions */
  if (it.layout == H5D_CONTIGUOUS) return H5Dget_storage_size(data_set) == 0 ? it.n_rows : 0;
  if (it.layout != H5D_CHUNKED) return 0;
  const int64_t n_stored = count_stored(data_set);
  hdf5_unwritten unwritten = {.is_any = false};
  if (n_stored < 0 || n_stored >= count_chunks(&it)) return n_stored < 0 ? -1 : 0;
  const bool is_known = map_chunks(&it, n_stored, "", &unwritten, NULL) == GMMPI_OK;
  if (is_known) first = find_gap(&it, &unwritten, false);
  hdf5_unwritten_close(&unwritten);
  *first_row = first.first;
  return is_known ? first.last - first.first + 1 : -1;
}

/* --- reading --- */

static int64_t most(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

/* Makes NaN of the part of the numbers of rows and columns of `read` that is in the block. */
static void blank(const hdf5_block *read, const hdf5_block *block, double *numbers)
{
  const int64_t width = read->end_column - read->first_column;
  const int64_t end_row = least(read->end_row, block->end_row);
  const int64_t end_column = least(read->end_column, block->end_column);
  for (int64_t i = most(read->first_row, block->first_row); i < end_row; i++) {
    for (int64_t j = most(read->first_column, block->first_column); j < end_column; j++)
      numbers[(i - read->first_row) * width + j - read->first_column] = NAN;
  }
}

void hdf5_unwritten_blank(const hdf5_unwritten *unwritten, int64_t first_row, int64_t n_rows, int64_t first_column,
                          int64_t n_columns, double *numbers)
{
  if (!unwritten->is_any) return;
  const hdf5_block read = {first_row, first_row + n_rows, first_column, first_column + n_columns};
  const int64_t rows = unwritten->chunk_rows;
  const int64_t columns = unwritten->chunk_columns;
  for (int64_t b = 0; b < unwritten->n_blocks; b++) blank(&read, &unwritten->blocks[b], numbers);
  if (unwritten->n_chunks == 0) return;
  for (int64_t r = first_row / rows; r <= (read.end_row - 1) / rows; r++) {
    for (int64_t c = first_column / columns; c <= (read.end_column - 1) / columns; c++) {
      const hdf5_block chunk = {r * rows, (r + 1) * rows, c * columns, (c + 1) * columns};
      if (unwritten->is_stored[r * unwritten->n_abreast + c] == 0) blank(&read, &chunk, numbers);
    }
  }
}

void hdf5_unwritten_close(hdf5_unwritten *unwritten)
{
  free(unwritten->blocks);
  free(unwritten->is_stored);
  *unwritten = (hdf5_unwritten){.is_any = false};
}
