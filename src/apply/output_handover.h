/* SPDX-License-Identifier: BSD-3-Clause */
/* How a rank hands packed chunks over to rank 0, which writes the file.
 *
 * Of each piece of the table in which it has rows, in the order of the pieces:
 *
 *   rank r                                     rank 0
 *   the length of its packed chunks     ->                    or -1: it has failed, and sends no more
 *                                       <-     are they wanted?
 *   the bytes, if they are              ->                    else it sends no more
 *
 * So after a failure, of whatever rank, every rank that has more to send learns of it once, and nobody waits for
 * messages that do not come. */
#ifndef APPLY_OUTPUT_HANDOVER_H
#define APPLY_OUTPUT_HANDOVER_H

#include "apply/output_deflate.h"

#include <mpi.h>
#include <stdbool.h>

/* What became of what a rank offered. */
typedef enum handover {
  HANDED_OVER, /* the bytes are with rank 0 */
  REFUSED,     /* they are not wanted any more */
  FAILED       /* the rank has none: something went wrong there */
} handover;

/* For a rank but 0. packed: its chunks; NULL when it has failed. Only after HANDED_OVER it may offer more. */
handover handover_offer(MPI_Comm comm, const byte_buffer *packed);

/* For rank 0: takes what this rank offers, in place of what packed holds, if it is wanted. Where there is no memory for
 * it, it is refused, and error says so (71). path is for the message. */
handover handover_take(MPI_Comm comm, int rank, bool is_wanted, byte_buffer *packed, const char *path,
                       gmmpi_error *error);

#endif
