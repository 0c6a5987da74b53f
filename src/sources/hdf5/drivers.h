/* SPDX-License-Identifier: BSD-3-Clause */
/* HDF5 files that are not one plain file: a user block before the first byte, a family of files that are one behind the
 * other ("part0.h5", "part1.h5", ...), a pair of them for metadata and numbers ("data-m.h5" and "data-r.h5", or ".meta"
 * and ".raw"); and files that their writer did not close. */
#ifndef SOURCES_HDF5_DRIVERS_H
#define SOURCES_HDF5_DRIVERS_H

#include "gmmpi/error.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* Is the file at path, which begins with these n_bytes bytes, one of HDF5's? Also if it is a further one of a family or
 * pair, without a mark of its own. */
bool hdf5_is_marked(const char *path, const unsigned char *head, size_t n_bytes);

/* Does data, which names no file, stand for a family ("part%d.h5") or a pair ("data")? *length: of that without the
 * ":/path" behind it. */
bool hdf5_means_members(const char *data, size_t *length);

/* Opens the family or pair that the path names, by its first file or as above. *what tells people of it, in room for
 * n_bytes. Negative when it is none. */
hid_t hdf5_open_members(const char *path, char *what, size_t n_bytes);

/* Is `other` a file of the family or pair that the path names? */
bool hdf5_is_member(const char *path, const char *other);

/* Is the file of the object a plain one, whose descriptor the library gives and whose offsets are its own? */
bool hdf5_is_plain(hid_t object);

/* Says why a file could not be opened, by errno: hdf5_broken where no more can be known. Errors: 66, 65, 74. */
gmmpi_status hdf5_explain_failure(const char *path, gmmpi_error *error);

#endif
