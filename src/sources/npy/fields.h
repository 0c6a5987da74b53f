/* SPDX-License-Identifier: BSD-3-Clause */
/* The fields of a structured array of NumPy, as the header of its file describes them:
 * [('x', '<f8'), ('position', '<f4', (3,)), ('', '|V4'), ('cell', [('i', '<i4'), ('j', '<i4')])]. */
#ifndef SOURCES_NPY_FIELDS_H
#define SOURCES_NPY_FIELDS_H

#include "sources/record_columns.h"

#include <stdint.h>

typedef enum npy_fields_status {
  NPY_FIELDS_READ,
  NPY_FIELDS_DAMAGED,
  NPY_FIELDS_ARE_OBJECTS, /* of Python */
  NPY_FIELDS_TOO_MANY     /* or there is no memory */
} npy_fields_status;

/* Adds the fields that the text describes; *record_bytes: of all together. */
npy_fields_status npy_fields_read(const char *text, record_columns *columns, int64_t *record_bytes);

#endif
