/* SPDX-License-Identifier: BSD-3-Clause */
/* How points can lie in an HDF5 file: each way is an entry of the table in layouts.c, and a file of its own.
 *
 * The library's error stack is off in all of these functions but read. Of errno see support/hdf5_file.h. */
#ifndef SOURCES_HDF5_LAYOUT_H
#define SOURCES_HDF5_LAYOUT_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hdf5_layout {
  const char *name; /* "a data set of numbers": for people */

  /* Is the object, a data set or a group, laid out so? */
  bool (*recognises)(hid_t object);

  /* Opens source->inside in the file: sets everything in source that is not set yet, and *state, which is for close
   * unless it is NULL, also after an error. Ranks do not communicate; comm says which of them looks at what. */
  gmmpi_status (*open)(MPI_Comm comm, point_source *source, hid_t file, const source_options *options, void **state,
                       gmmpi_error *error);

  /* Collective, when all ranks have opened it; errors need not be agreed. NULL: there is nothing left to do. */
  gmmpi_status (*settle)(MPI_Comm comm, point_source *source, void *state, gmmpi_error *error);

  /* See source_read. */
  gmmpi_status (*read)(point_source *source, void *state, int64_t first_row, int64_t n_rows, double *rows,
                       gmmpi_error *error);

  /* Does it read from the file at path, beside source->path? NULL: it reads from no other file. */
  bool (*reads)(const point_source *source, const void *state, const char *path);

  void (*close)(void *state);
} hdf5_layout;

/* The first layout that recognises the object, or NULL. */
const hdf5_layout *hdf5_layout_of(hid_t object);

/* To add one: a file with a `const hdf5_layout hdf5_x`, its line in layouts.c, where what is recognised by less comes
 * later, and what find.c may take by itself where nobody says which object is meant. */

#endif
