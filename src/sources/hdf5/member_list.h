/* SPDX-License-Identifier: BSD-3-Clause */
/* A group of data sets side by side as a table: which of them are its columns, and how these are called.
 *
 * A data set of one dimension is a column of its name, one of n x m is m columns NAME.0, NAME.1, ...; those in groups
 * within the group are called by their path from there, position/x. Groups of pandas (format "fixed") and data frames
 * of AnnData name their columns themselves. */
#ifndef SOURCES_HDF5_MEMBER_LIST_H
#define SOURCES_HDF5_MEMBER_LIST_H

#include "sources/hdf5/member.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* What the group at `inside` of the file has. transpose: the points are the columns of data sets with two dimensions.
 * label is for messages. Release with hdf5_member_list_free, also after an error. Errors: 65 damaged, 74, 71. */
gmmpi_status hdf5_member_list_make(hid_t file, const char *inside, bool transpose, const char *label,
                                   hdf5_member_list *list, gmmpi_error *error);
void hdf5_member_list_free(hdf5_member_list *list);

/* "x, y, z, ... (12 in all)": names of the usual columns, cut to fit n_bytes. */
void hdf5_member_list_text(const hdf5_member_list *list, char *text, size_t n_bytes);

/* " --columns x,y,z": those of the usual columns that measure something, or "" where that is too long or all of them.
 */
void hdf5_member_list_command(const hdf5_member_list *list, char *text, size_t n_bytes);

#endif
