/* SPDX-License-Identifier: BSD-3-Clause */
/* Chunks of bytes that are kept in a temporary file on a disk, because they would be dear to get again; for the
 * files of points only.
 *
 * It is a help that may fail at any time: whoever uses it does without when it says no. The file has no name, so
 * nothing is left of it however the process ends. */
#ifndef POINTS_STREAM_SCRATCH_H
#define POINTS_STREAM_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct scratch scratch;

/* For n_chunks chunks of at most chunk_bytes bytes, in a folder that must have n_needed bytes free. NULL when there is
 * no memory. One that cannot be used keeps nothing. */
scratch *scratch_open(const char *folder, int64_t n_chunks, int64_t chunk_bytes, int64_t n_needed);
void scratch_close(scratch *kept); /* NULL is fine, here and below: it keeps nothing */

/* Keeps a chunk, unless it is kept already, or cannot be. */
void scratch_keep(scratch *kept, int64_t chunk, const void *bytes, size_t n_bytes);

/* Takes a chunk that is kept; false when it is not, or cannot be read. */
bool scratch_take(scratch *kept, int64_t chunk, void *bytes, size_t n_bytes);

/* Gives back what there is; from now on nothing is kept. */
void scratch_give_up(scratch *kept, const char *trouble);

/* Why nothing is kept, or not any more: the folder is none, is in memory, cannot be written, is full, the disk fails.
 * NULL while all is well. */
const char *scratch_trouble(const scratch *kept);

#endif
