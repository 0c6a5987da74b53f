/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking through a group for data sets that can be columns of one table. */
#ifndef SOURCES_HDF5_MEMBER_SEARCH_H
#define SOURCES_HDF5_MEMBER_SEARCH_H

#include "sources/hdf5/member.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* Adds the members of the group, at `inside` in the file, and of the groups within it to the list, in the order in
 * which they were made where the file knows it, else by name. Data sets of other kinds are named in list->left_out.
 * Errors: 65, 74, 71. */
gmmpi_status hdf5_members_search(hid_t file, const char *inside, bool transpose, const char *label,
                                 hdf5_member_list *list, gmmpi_error *error);

/* Adds "NAME (WHY)" to list->left_out. */
void hdf5_member_leave_out(hdf5_member_list *list, const char *name, const char *why);

#endif
