/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/virtual.h"

#include "sources/hdf5/claims.h"
#include "sources/hdf5/filters.h"
#include "sources/hdf5/numbers.h"
#include "sources/hdf5/pieces.h"
#include "sources/hdf5/unwritten.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is going on while pieces are checked. */
typedef struct checking {
  int rank, n_ranks;
  const char *label;
  bool is_raw;
  int depth; /* 1 where the pieces are those of a piece, and so on */
  written_files *written;
  hdf5_pieces *pieces;
  gmmpi_error *error;
} checking;

/* Deeper there are only pieces that are made of themselves. */
enum { MOST_DEPTH = 8 };

/* The last index of what is used in each dimension; H5S_UNLIMITED where that has no end. False when nothing is. */
static bool last_used(hid_t used, int n_dimensions, hsize_t last[H5S_MAX_RANK])
{
  hsize_t first[H5S_MAX_RANK];
  hsize_t stride[H5S_MAX_RANK];
  hsize_t count[H5S_MAX_RANK];
  hsize_t block[H5S_MAX_RANK];
  if (H5Sget_select_type(used) != H5S_SEL_HYPERSLABS || H5Sis_regular_hyperslab(used) <= 0)
    return H5Sget_select_bounds(used, first, last) >= 0;
  if (H5Sget_regular_hyperslab(used, first, stride, count, block) < 0) return false;
  for (int i = 0; i < n_dimensions; i++) {
    const bool has_end = count[i] != H5S_UNLIMITED && block[i] != H5S_UNLIMITED;
    last[i] = has_end ? first[i] + stride[i] * (count[i] - 1) + block[i] - 1 : H5S_UNLIMITED;
  }
  return true;
}

static bool has_no_end(hid_t used)
{
  hsize_t last[H5S_MAX_RANK];
  const int n_dimensions = H5Sget_simple_extent_ndims(used);
  bool is_open = false;
  if (n_dimensions < 0 || !last_used(used, n_dimensions, last)) return false;
  for (int i = 0; i < n_dimensions; i++) is_open = is_open || last[i] == H5S_UNLIMITED;
  return is_open;
}

/* Does the data set have all that is used of it? What is used without an end is whatever there is. */
static bool has_what_is_used(hid_t data_set, const hdf5_piece *piece)
{
  hsize_t last[H5S_MAX_RANK];
  hsize_t extents[H5S_MAX_RANK];
  const hid_t space = H5Dget_space(data_set);
  const int n_dimensions = space >= 0 ? H5Sget_simple_extent_dims(space, extents, NULL) : -1;
  const int64_t n_values = space >= 0 ? (int64_t)H5Sget_simple_extent_npoints(space) : -1;
  if (space >= 0) H5Sclose(space);
  if (H5Sget_select_type(piece->used) == H5S_SEL_ALL) return n_values == piece->n_values;
  if (n_dimensions < 0 || n_dimensions != H5Sget_simple_extent_ndims(piece->used)) return false;
  if (!last_used(piece->used, n_dimensions, last)) return true;
  for (int i = 0; i < n_dimensions; i++) {
    if (last[i] != H5S_UNLIMITED && last[i] >= extents[i]) return false;
  }
  return true;
}

static void want_memory(hdf5_pieces *pieces, hdf5_chunk_memory memory)
{
  if (memory.cache > pieces->most.cache) pieces->most.cache = memory.cache;
  if (memory.cache_across > pieces->most.cache_across) pieces->most.cache_across = memory.cache_across;
  if (memory.unpacking > pieces->most.unpacking) pieces->most.unpacking = memory.unpacking;
  pieces->most.are_many_across = pieces->most.are_many_across || memory.are_many_across;
}

/* The library delivers fill values for what was never written of a piece. */
static void check_unwritten(checking *work, const hdf5_piece *piece, hid_t data_set, const char *text)
{
  int64_t first_row;
  const int64_t n = hdf5_unwritten_count(data_set, &first_row);
  if (n > 0)
    fail_at(work->error, piece->number, GMMPI_BAD_DATA,
            "%s was never written from its row %" PRId64 " on; finish it, or --raw-values takes its fill value", text,
            first_row + 1);
}

static void check_data_set(checking *work, const hdf5_piece *piece, hid_t data_set)
{
  gmmpi_error *error = work->error;
  char text[600];
  snprintf(text, sizeof text, "%.250s: its piece %.250s:%.80s", work->label, piece->found, piece->inside);
  if (!hdf5_is_numeric(data_set)) {
    fail_at(error, piece->number, GMMPI_BAD_DATA, "%s does not hold numbers; build the virtual data set anew", text);
  } else if (!has_what_is_used(data_set, piece)) {
    fail_at(error, piece->number, GMMPI_BAD_DATA,
            "%s has not the size that is used of it; build the virtual data set anew", text);
  } else {
    gmmpi_error failure = {0};
    hdf5_check_filters_of(data_set, text, &failure);
    hdf5_check_claims(data_set, 1, text, &failure);
    if (failure.status != GMMPI_OK) fail_at(error, piece->number, failure.status, "%s", failure.message);
    want_memory(work->pieces, hdf5_chunk_memory_of(data_set));
    if (!work->is_raw && error->status == GMMPI_OK) check_unwritten(work, piece, data_set, text);
  }
}

static void check_its_pieces(const checking *work, const hdf5_piece *piece, hid_t properties);

static void check_piece(checking *work, const hdf5_piece *piece)
{
  hid_t properties = H5I_INVALID_HID;
  written_files_ask(work->written, piece->number, piece->found);
  errno = 0;
  const hid_t file = hdf5_open_file(piece->found);
  const hid_t data_set = file >= 0 ? H5Dopen2(file, piece->inside, H5P_DEFAULT) : H5I_INVALID_HID;
  if (file < 0 && (errno == EACCES || errno == EPERM)) {
    fail_at(work->error, piece->number, GMMPI_NO_INPUT, "%s: its piece %s cannot be read (%s); check its permissions",
            work->label, piece->found, strerror(errno));
  } else if (file < 0) {
    gmmpi_error failure = {0};
    hdf5_broken(piece->found, &failure);
    fail_at(work->error, piece->number, failure.status, "%s", failure.message);
  } else if (data_set < 0) {
    fail_at(work->error, piece->number, GMMPI_BAD_DATA,
            "%s: its piece %s has no data set \"%s\"; build the virtual data set anew", work->label, piece->found,
            piece->inside);
  } else {
    check_data_set(work, piece, data_set);
    properties = H5Dget_create_plist(data_set);
  }
  if (data_set >= 0) H5Dclose(data_set);
  if (file >= 0) H5Fclose(file);
  if (work->error->status == GMMPI_OK && properties >= 0 && H5Pget_layout(properties) == H5D_VIRTUAL)
    check_its_pieces(work, piece, properties);
  if (properties >= 0) H5Pclose(properties);
}

/* Is the block's data set in the one file of its row? */
static bool is_in_file(const hdf5_piece *piece)
{
  const hid_t file = hdf5_open_file(piece->found);
  const bool is_there = file >= 0 && H5Lexists(file, piece->inside, H5P_DEFAULT) > 0;
  if (file >= 0) H5Fclose(file);
  return is_there;
}

/* An hdf5_piece_visitor. */
static hdf5_next look_at_piece(void *context, const hdf5_piece *piece)
{
  checking *work = context;
  const bool may_end = piece->block > 0;
  if (piece->found == NULL && !may_end)
    fail_at(work->error, piece->number, GMMPI_NO_INPUT,
            "%s: its piece %s is not there; put it where it was, or name its folder in HDF5_VDS_PREFIX", work->label,
            piece->file);
  if (piece->found == NULL || (may_end && piece->same_file && !is_in_file(piece))) return ROW_IS_OVER;
  work->pieces->grow = work->pieces->grow || piece->block >= 0 || has_no_end(piece->used);
  if (piece->n_rows >= 0)
    work->pieces->n_rows += piece->n_rows;
  else
    work->pieces->n_endless++;
  if (work->pieces->n++ % work->n_ranks == work->rank) check_piece(work, piece);
  return work->error->status == GMMPI_OK ? NEXT_PIECE : NO_MORE;
}

/* The pieces of a piece that is a virtual data set, too. */
static void check_its_pieces(const checking *work, const hdf5_piece *piece, hid_t properties)
{
  hdf5_pieces its = {.n = 0};
  gmmpi_error failure = {0};
  checking deeper = {.n_ranks = 1,
                     .label = work->label,
                     .is_raw = work->is_raw,
                     .depth = work->depth + 1,
                     .written = work->written,
                     .pieces = &its,
                     .error = &failure};
  if (deeper.depth > MOST_DEPTH)
    fail(&failure, GMMPI_BAD_DATA, "%s: is made of itself, through its piece %s:%s; build the virtual data set anew",
         work->label, piece->found, piece->inside);
  else
    hdf5_visit_pieces(properties, piece->found, look_at_piece, &deeper);
  if (failure.status != GMMPI_OK) fail_at(work->error, piece->number, failure.status, "%s", failure.message);
  want_memory(work->pieces, its.most);
}

gmmpi_status hdf5_check_pieces(MPI_Comm comm, hid_t properties, const char *path, const char *label, bool is_raw,
                               written_files *written, hdf5_pieces *pieces, gmmpi_error *error)
{
  checking work = {.label = label, .is_raw = is_raw, .written = written, .pieces = pieces, .error = error};
  *pieces = (hdf5_pieces){.n = 0};
  MPI_Comm_rank(comm, &work.rank);
  MPI_Comm_size(comm, &work.n_ranks);
  const int64_t strange = hdf5_visit_pieces(properties, path, look_at_piece, &work);
  if (strange > 0)
    fail_at(error, strange, GMMPI_BAD_DATA, "%s: its piece %" PRId64 " cannot be understood; is the file damaged?",
            label, strange);
  return error->status;
}

/* The rows of the data set up to the first piece that is missing, or the last one that is not. */
static int64_t rows_until(hid_t file, const char *inside, H5D_vds_view_t view)
{
  /* How many missing pieces of a row are passed over in search of one that is there. */
  enum { LOOK_AHEAD = 100 };
  hsize_t extents[H5S_MAX_RANK] = {0};
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  hid_t data_set = H5I_INVALID_HID;
  if (access >= 0 && H5Pset_virtual_view(access, view) >= 0 &&
      (view == H5D_VDS_FIRST_MISSING || H5Pset_virtual_printf_gap(access, LOOK_AHEAD) >= 0))
    data_set = H5Dopen2(file, inside, access);
  const hid_t space = data_set >= 0 ? H5Dget_space(data_set) : H5I_INVALID_HID;
  const bool is_known = space >= 0 && H5Sget_simple_extent_dims(space, extents, NULL) >= 0;
  if (space >= 0) H5Sclose(space);
  if (data_set >= 0) H5Dclose(data_set);
  if (access >= 0) H5Pclose(access);
  return is_known ? (int64_t)extents[0] : -1;
}

gmmpi_status hdf5_check_ends(hid_t file, const char *inside, const char *label, gmmpi_error *error)
{
  const int64_t whole = rows_until(file, inside, H5D_VDS_FIRST_MISSING);
  const int64_t all = rows_until(file, inside, H5D_VDS_LAST_AVAILABLE);
  if (whole == all) return GMMPI_OK;
  return fail(error, GMMPI_BAD_DATA,
              "%s: its pieces have %" PRId64 " rows without a gap and %" PRId64
              " with what is missing; put all pieces where they were",
              label, whole, all);
}
