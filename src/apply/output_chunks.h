/* SPDX-License-Identifier: BSD-3-Clause */
/* Compressed HDF5: every rank produces and packs chunks, rank 0 writes them. */
#ifndef APPLY_OUTPUT_CHUNKS_H
#define APPLY_OUTPUT_CHUNKS_H

#include "apply/output_job.h"

/* Collective: writes the table to job->draft, its chunks packed with level table->compress. Errors, to be agreed: 73,
 * 71, those of the producer, 75. */
gmmpi_status output_chunks_write(output_job *job, gmmpi_error *error);

#endif
