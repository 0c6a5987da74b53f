/* SPDX-License-Identifier: BSD-3-Clause */
/* What a data set is for, where it is not there to be a feature. */
#ifndef SOURCES_HDF5_ROLES_H
#define SOURCES_HDF5_ROLES_H

#include <hdf5.h>
#include <stdbool.h>

/* In words, as "a dimension scale", or NULL where nothing speaks against it: it may be the points. name: its last one
 * or its path. */
const char *hdf5_role_of(hid_t data_set, const char *name);

/* The data set that says of this one's numbers where they begin and end, as CF has it: "" where there is none. */
enum { HDF5_BOUNDS_BYTES = 128 };
void hdf5_bounds_of(hid_t data_set, char name[HDF5_BOUNDS_BYTES]);

/* The role of a data set that is named there. */
extern const char hdf5_role_bounds[];

/* Has netCDF made it for a dimension that has no variable? Nobody means it. */
bool hdf5_is_bare_dimension(hid_t data_set);

/* Does the group hold one thing in several pieces, as a sparse matrix or a list of categories? Its data sets are no
 * features. */
bool hdf5_is_one_thing(hid_t group, const char *name);

/* Has the group what a sparse matrix is made of: data, indices, indptr? It may still not be complete. */
bool hdf5_has_sparse_lists(hid_t group);

/* Is the group pandas' format "fixed": blocks of columns of one type, or a series? */
bool hdf5_is_pandas_frame(hid_t group);

/* Is the group of particles of Gadget or SWIFT, or a data set in it, left out since this file of a snapshot has none of
 * that type? Its header says how many. */
bool hdf5_has_no_particles(hid_t file, const char *inside);

#endif
