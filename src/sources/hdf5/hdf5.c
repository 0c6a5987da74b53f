/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5 files. Each rank opens the file for itself and reads its own rows: collective reading gains nothing for
 * contiguous rows, and hangs when one rank's disk fails. */
#include "sources/hdf5/drivers.h"
#include "sources/hdf5/find.h"
#include "sources/hdf5/insides.h"
#include "sources/hdf5/layout.h"
#include "sources/hdf5/links.h"
#include "sources/hdf5/marks.h"
#include "sources/hdf5/roles.h"
#include "sources/source.h"
#include "support/error.h"
#include "support/file.h"
#include "support/hdf5_file.h"
#include "support/hdf5_use.h"

#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct hdf5_state {
  hid_t file;
  const hdf5_layout *layout;
  void *table; /* the layout's */
} hdf5_state;

static gmmpi_status out_of_memory(const point_source *source, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it", source->label);
}

/* Says why the object cannot be opened. */
static void explain_absence(const point_source *source, gmmpi_error *error)
{
  const hdf5_state *state = source->state;
  gmmpi_error why = {0};
  if (!hdf5_explain_link(state->file, source->path, source->inside, &why))
    hdf5_no_such_data_set(state->file, source->path, source->inside, error);
  else if (why.status == GMMPI_NO_INPUT && source->copy != NULL)
    hdf5_is_in_other_files(source, error);
  else
    error_pass(error, &why);
}

/* The object that was asked for, or the only one that can be meant; sets inside and label. Negative after an error. */
static hid_t open_object(point_source *source, const source_options *options, gmmpi_error *error)
{
  const hdf5_state *state = source->state;
  if (source->inside == NULL) {
    if (hdf5_find_points(state->file, source, options, &source->inside, error) != GMMPI_OK) return H5I_INVALID_HID;
    char *label = NULL;
    if (asprintf(&label, "%s:%s", source->path, source->inside) < 0) {
      out_of_memory(source, error);
      return H5I_INVALID_HID;
    }
    free(source->label);
    source->label = label;
  }
  char *value;
  if (hdf5_octave_value(state->file, source->inside, &value)) {
    if (value == NULL) {
      out_of_memory(source, error);
      return H5I_INVALID_HID;
    }
    free(source->inside);
    source->inside = value;
  }
  errno = 0;
  const hid_t object = H5Oopen(state->file, source->inside, H5P_DEFAULT);
  if (object < 0 && hdf5_disk_failed())
    hdf5_broken(source->path, error);
  else if (object < 0)
    explain_absence(source, error);
  return object;
}

/* Finds out how the points lie in the file. */
static gmmpi_status choose_layout(point_source *source, const source_options *options, gmmpi_error *error)
{
  hdf5_state *state = source->state;
  const hid_t object = open_object(source, options, error);
  if (object < 0) return error->status;
  const bool is_data_set = H5Iget_type(object) == H5I_DATASET;
  hdf5_check_marks(state->file, object, source->inside, source->label, error);
  state->layout = hdf5_layout_of(object);
  H5Oclose(object);
  if (error->status != GMMPI_OK) return error->status;
  if (state->layout != NULL) return GMMPI_OK;
  if (!is_data_set) return hdf5_no_such_data_set(state->file, source->path, source->inside, error);
  return fail(error, GMMPI_BAD_DATA, "%s: does not hold integers or floats; name a data set that does", source->label);
}

/* Negative, with errno set, when it cannot be opened. */
static hid_t open_file(point_source *source)
{
  hdf5_state *state = source->state;
  char what[300];
  state->file = hdf5_open_file(source->file);
  if (state->file >= 0) return state->file;
  const int reason = errno;
  state->file = hdf5_open_members(source->file, what, sizeof what);
  if (state->file >= 0) source_note(source, "%s", what);
  errno = reason;
  return state->file;
}

static gmmpi_status open_here(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error)
{
  hdf5_state *state = source->state;
  int rank;
  MPI_Comm_rank(comm, &rank);
  if (rank == 0) written_files_ask(source->written, 0, source->path);
  if (open_file(source) < 0) return hdf5_explain_failure(source->path, error);
  if (source->inside != NULL && hdf5_has_no_particles(state->file, source->inside)) {
    source->no_rows = "has no particles of this type";
    return GMMPI_OK;
  }
  if (choose_layout(source, options, error) != GMMPI_OK) return error->status;
  return state->layout->open(comm, source, state->file, options, &state->table, error);
}

static gmmpi_status agree_without_hdf5(MPI_Comm comm, gmmpi_error *error)
{
  const int depth = hdf5_use_pause();
  agree(comm, error);
  hdf5_use_resume(depth);
  return error->status;
}

static gmmpi_status open_hdf5(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error)
{
  hdf5_state *state = calloc(1, sizeof *state);
  if (state == NULL) out_of_memory(source, error);
  if (agree(comm, error) != GMMPI_OK) {
    free(state);
    return error->status;
  }
  state->file = H5I_INVALID_HID;
  source->state = state;
  gmmpi_error local = {0};
  hdf5_use_begin();
  open_here(comm, source, options, &local);
  if (agree_without_hdf5(comm, &local) == GMMPI_OK && source->n_rows > 0 && state->layout->settle != NULL)
    state->layout->settle(comm, source, state->table, &local);
  hdf5_use_end();
  if (local.status != GMMPI_OK) *error = local;
  return local.status;
}

static void close_hdf5(point_source *source)
{
  hdf5_state *state = source->state;
  hdf5_use_begin();
  if (state->table != NULL) state->layout->close(state->table);
  if (state->file >= 0) H5Fclose(state->file);
  hdf5_use_end();
  free(state);
}

static gmmpi_status read_hdf5(point_source *source, int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error)
{
  const hdf5_state *state = source->state;
  return state->layout->read(source, state->table, first_row, n_rows, rows, error);
}

static bool reads(const point_source *source, const char *path)
{
  const hdf5_state *state = source->state;
  bool found = file_is_same(source->path, path);
  hdf5_use_begin();
  found = found || (!hdf5_is_plain(state->file) && hdf5_is_member(source->path, path)) ||
          hdf5_object_reads(state->file, source->inside, path);
  if (!found && state->layout != NULL && state->layout->reads != NULL)
    found = state->layout->reads(source, state->table, path);
  hdf5_use_end();
  return found;
}

const source_kind source_hdf5 = {.name = "HDF5",
                                 .usage = "FILE.h5:/path/of/dataset",
                                 .suffixes = (const char *const[]){".h5", ".hdf5", NULL},
                                 .has_insides = true,
                                 .transposes = true,
                                 .recognises = hdf5_is_marked,
                                 .is_meant = hdf5_means_members,
                                 .open = open_hdf5,
                                 .read = read_hdf5,
                                 .reads = reads,
                                 .insides = hdf5_insides,
                                 .close = close_hdf5};
