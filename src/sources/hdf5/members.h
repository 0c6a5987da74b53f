/* SPDX-License-Identifier: BSD-3-Clause */
/* A group of data sets side by side as one table: the members of member_list.h, each of which is read as by itself. */
#ifndef SOURCES_HDF5_MEMBERS_H
#define SOURCES_HDF5_MEMBERS_H

#include "sources/hdf5/layout.h"
#include "sources/source.h"

#include <hdf5.h>
#include <stdbool.h>

/* Does the group at inside have columns of all the names that the options ask for? Without an error. */
bool hdf5_members_have(hid_t file, const char *inside, const source_options *options);

extern const hdf5_layout hdf5_members;

#endif
