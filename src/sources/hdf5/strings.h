/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts in HDF5 files that name things: short attributes and data sets of strings. A damaged file gets nothing. */
#ifndef SOURCES_HDF5_STRINGS_H
#define SOURCES_HDF5_STRINGS_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes that texts in the file of this object can have at most. */
int64_t hdf5_bytes_of_file(hid_t object);

/* The attribute's only string, cut to fit n_bytes; "" where it has none. */
void hdf5_text_attribute(hid_t object, const char *name, char *text, size_t n_bytes);
bool hdf5_attribute_is(hid_t object, const char *name, const char *text);

/* The n values of a data set of one dimension as text, if it has so many: strings byte for byte, numbers as the prefix
 * says. NULL: no numbers; "": "3.5"; else "PREFIX=3.5", but none that only count from 0 or 1. NULL when it has others,
 * or there is no memory; else for hdf5_strings_free. */
char **hdf5_texts_of(hid_t data_set, int64_t n, const char *prefix);

/* The same of the data set at this path, from the object on; NULL, too, where there is none. */
char **hdf5_texts_at(hid_t object, const char *path, int64_t n, const char *prefix);

#endif
