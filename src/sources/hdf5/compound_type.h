/* SPDX-License-Identifier: BSD-3-Clause */
/* Compound types of HDF5: which numbers there are in a record, and as what records are read. */
#ifndef SOURCES_HDF5_COMPOUND_TYPE_H
#define SOURCES_HDF5_COMPOUND_TYPE_H

#include "sources/record_columns.h"

#include <hdf5.h>
#include <stdbool.h>

typedef struct hdf5_record_type {
  hid_t memory;      /* for H5Tclose, unless it is negative */
  bool is_as_stored; /* is memory the type in the file, so that nothing is converted? */
} hdf5_record_type;

/* Is it compound, and no complex number? */
bool hdf5_is_record_type(hid_t type);

/* The type to read records of the stored type as: itself, or only its numbers where it holds what the library would
 * have to fetch from elsewhere, or numbers of kinds that are left to the library. Its columns are added. False when
 * there is no memory or there are too many columns. */
bool hdf5_record_type_open(hid_t stored, hdf5_record_type *type, record_columns *columns);
void hdf5_record_type_close(hdf5_record_type *type);

#endif
