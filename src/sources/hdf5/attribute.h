/* SPDX-License-Identifier: BSD-3-Clause */
/* One short attribute of a data set: a few numbers, or a word. */
#ifndef SOURCES_HDF5_ATTRIBUTE_H
#define SOURCES_HDF5_ATTRIBUTE_H

#include <hdf5.h>
#include <stdbool.h>

/* More are no fills or limits. */
enum { HDF5_MOST_NUMBERS = 64, HDF5_ATTRIBUTE_BYTES = 32 };

typedef struct hdf5_attribute {
  int n;            /* numbers; 0: there is no such attribute, or it is of another type */
  bool is_too_long; /* it has more */
  bool is_float;    /* are they floats, of whatever size? */
  bool is_float32;  /* of this one */
  double numbers[HDF5_MOST_NUMBERS];
  char text[HDF5_ATTRIBUTE_BYTES]; /* of one text, what cannot be printed as ?; "": it is none */
} hdf5_attribute;

/* False when it is there, but cannot be read. */
bool hdf5_attribute_read(hid_t data_set, const char *name, hdf5_attribute *found);

#endif
