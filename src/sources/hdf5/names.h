/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of the columns of a data set that are elsewhere in the file:
 *
 *   its attribute feature_names              gmmpi
 *   the scale of its dimension               netCDF, xarray, h5py: text, or numbers as "wavelength=400"
 *   blockN_items beside blockN_values        pandas' fixed format
 *   /var, /raw/var: the index                AnnData: of /X, /layers/... and /raw/X
 *
 * Columns of an embedding, /obsm/X_pca in AnnData, are X_pca.0, X_pca.1, ... */
#ifndef SOURCES_HDF5_NAMES_H
#define SOURCES_HDF5_NAMES_H

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdint.h>

/* The names along an axis of the data set `inside`, 1 for its columns and 0 for its rows, which has n_names places.
 * *names: as many, for hdf5_strings_free, or NULL where there are none. label is for messages. Errors: 74, 65. */
gmmpi_status hdf5_names_read(hid_t data_set, const char *inside, int axis, int64_t n_names, const char *label,
                             char ***names, gmmpi_error *error);

/* The n texts that name the rows of AnnData's data frame at this path, from the object on; for hdf5_strings_free. NULL:
 * there are none, or no memory. */
char **hdf5_index_of_frame(hid_t object, const char *path, int64_t n);

#endif
