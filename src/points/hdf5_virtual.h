/* Virtual data sets: pieces of other files that look like one data set. Where a piece is not there the library delivers
 * fill values and no error, so the pieces are looked at before any of them is read. */
#ifndef POINTS_HDF5_VIRTUAL_H
#define POINTS_HDF5_VIRTUAL_H

#include "gmmpi/error.h"

#include <hdf5.h>
#include <mpi.h>

/* Looks for every piece and opens those that are this rank's share; the ranks of comm share them out but do not
 * communicate. properties: those the data set was made with; path: of the file it is in; label: what messages call it.
 * Pieces whose names are a pattern for files yet to come are passed over. Errors, the first piece having the smallest
 * place: 66 a file is not there, 65 its content. */
gmmpi_status hdf5_check_pieces(MPI_Comm comm, hid_t properties, const char *path, const char *label,
                               gmmpi_error *error);

#endif
