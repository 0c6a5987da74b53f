/* SPDX-License-Identifier: BSD-3-Clause */
/* The seal at the end of a checkpoint (support/seal.h), which is looked at before HDF5 sees the file. Every format has
 * it. */
#ifndef JOB_CHECKPOINT_TRAILER_H
#define JOB_CHECKPOINT_TRAILER_H

#include "support/seal.h"

#define CHECKPOINT_NAME "gmmpi checkpoint" /* the root group's attribute "format" */

/* Counts up when the files of a released version cannot be read any more. */
enum { CHECKPOINT_FORMAT = 5, CHECKPOINT_TRAILER = SEAL_BYTES };

/* Sets the last CHECKPOINT_TRAILER of n_bytes bytes. */
void checkpoint_seal(unsigned char *bytes, int64_t n_bytes);

/* What is wrong with n_bytes bytes, in a few words; NULL when they are as they were sealed, in the format *format. */
const char *checkpoint_fault(const unsigned char *bytes, int64_t n_bytes, int64_t *format);

/* Do these bytes, the first and the last ones of a file, look like a checkpoint's, be it whole or damaged? */
bool checkpoint_looks_like_one(const void *head, size_t n_head, const void *tail, size_t n_tail);

#endif
