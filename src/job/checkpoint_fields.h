/* SPDX-License-Identifier: BSD-3-Clause */
/* The fields of a state (em/state_fields.h) as data sets of a checkpoint. */
#ifndef JOB_CHECKPOINT_FIELDS_H
#define JOB_CHECKPOINT_FIELDS_H

#include "em/state_fields.h"

#include <hdf5.h>
#include <jansson.h>

/* Adds the field's data set, whose place in the file is decided at once, with the group that it is in. */
bool checkpoint_field_add(hid_t file, const state_field *field);

/* Where the field's bytes are in the first n_bytes bytes of an open checkpoint; -1 when it is not there as it must be:
 * native type, right shape, contiguous, inside. */
int64_t checkpoint_field_offset(hid_t file, const state_field *field, int64_t n_bytes);

/* A group of this name with attributes, or without: facts is NULL. */
bool checkpoint_group_add(hid_t file, const char *name, const json_t *facts);

/* Opens an HDF5 file that is in memory, for reading; negative on failure. */
hid_t checkpoint_open_image(const void *bytes, size_t n_bytes);

#endif
