/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the numbers of an object really are. Between its name and them there may be links to objects of other files,
 * one behind the other; the numbers of a data set may be in raw files that it names; and a virtual one is made of data
 * sets that may be of all these kinds. */
#ifndef SOURCES_HDF5_LINKS_H
#define SOURCES_HDF5_LINKS_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

/* The name of the file that an object is in, as the library opened it; the caller frees it. NULL: no memory. */
char *hdf5_own_path(hid_t object);

/* The bytes of the file that an object is in; 0: nobody can say. */
int64_t hdf5_own_file_bytes(hid_t object);

/* Does reading the object `inside` of the file need the file at path? All that links lead through counts, and where the
 * numbers of a data set are; of a group, the group alone. */
bool hdf5_object_reads(hid_t file, const char *inside, const char *path);

/* When the object `inside` of the file could not be opened: says so if a link is the reason, in *error, and which file
 * it leads to. path: of the file, for messages. False: no link is. Errors: 66 there is no such file, or it may not be
 * read; 65 it is damaged, or the object is not in it, or links go round in a circle; 74. */
bool hdf5_explain_link(hid_t file, const char *path, const char *inside, gmmpi_error *error);

/* Of a file in which nothing was found: the same of its first link to another file that leads nowhere. */
bool hdf5_explain_any_link(hid_t file, const char *path, gmmpi_error *error);

/* What is to be known before a data set of the source is read: notes other files than the source's in which its numbers
 * are and which are being written; looks whether its raw files are there and have all numbers, for the library reads
 * zeros beyond their end. Not of virtual ones. Where the file is a copy (source->copy) there must be no other files:
 * the library would look for them beside it, and take what it does not find as never written. Errors: 66, 65. */
gmmpi_status hdf5_check_links(hid_t data_set, const point_source *source, gmmpi_error *error);

/* Says that the numbers are in other files than the copy that is read: 65. */
gmmpi_status hdf5_is_in_other_files(const point_source *source, gmmpi_error *error);

#endif
