/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables that many ranks write to one file: HDF5, or text when the path's ending says so (output_kinds.h).
 *
 * Rank 0 creates the draft of the file (support/file.h) with all that is not rows, finds out where each column's
 * numbers are, and reserves the space; then every rank writes its rows at their place and flushes them; when all ranks
 * have done so rank 0 gives the file its name. MPI-IO is not used, because there errors on one rank get lost or hang
 * the others. A path that is a device is written directly.
 *
 * Rows are produced chunk by chunk by the caller; text asks for them twice, first to learn how long the text is. The
 * bytes of the file depend on the table alone. */
#ifndef APPLY_OUTPUT_H
#define APPLY_OUTPUT_H

#include "apply/output_table.h"

/* Collective over comm. Errors, agreed: 73, 71, those of the producer and the approver, 75 when a signal has asked
 * a rank to stop; an older file of that name stays as it was. */
gmmpi_status output_write(MPI_Comm comm, const char *path, const output_table *table, gmmpi_error *error);

/* The first row of a rank's where all ranks get as many whole granules, as far as possible; n_rows for the rank behind
 * the last one. */
int64_t output_first_row(int64_t n_rows, int64_t granule, int rank, int n_ranks);

/* Is path one for text, by its ending? */
bool output_is_text(const char *path);

/* The bytes that output_write needs for columns with so many numbers per row in all. */
int64_t output_bytes(int64_t granule, int64_t numbers_per_row);

#endif
