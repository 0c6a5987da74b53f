/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that another program has open for writing while points are read from them: rows may be missing, or change.
 *
 * A writer of HDF5 locks its file (flock), which tells it from the outside. Whoever asks has the lock too, as a reader,
 * for an instant, so that not all ranks ask, and not each time that a file is opened. Locks are not required: on a file
 * system without them, or with HDF5_USE_FILE_LOCKING=FALSE, nothing is known and nothing said. */
#ifndef SOURCES_WRITTEN_FILES_H
#define SOURCES_WRITTEN_FILES_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

enum { WRITTEN_NAME_BYTES = 1000 };

/* The files that this rank has found, by the first of them; all zero: none. */
typedef struct written_files {
  int64_t base; /* of the places that are told: the one who asks for several sources counts here */
  int64_t place;
  char first[WRITTEN_NAME_BYTES]; /* "": none */
  char other[WRITTEN_NAME_BYTES]; /* any of another name */
} written_files;

/* Before HDF5 is used: from now on the library takes no locks. Of a piece of a virtual data set that another program
 * has locked it would deliver fill values, and no error. */
void written_files_prepare(void);

/* Not collective. Notes the file at path if somebody writes it. place: from 0, the same for one file at any number of
 * ranks; files of the smallest one are named. found NULL: nobody wants to know. */
void written_files_ask(written_files *found, int64_t place, const char *path);

/* Collective over comm: one warning, by rank 0, that names the first file and says whether there are others. It is not
 * said again of the same one. */
void written_files_warn(MPI_Comm comm, const written_files *found);

#endif
