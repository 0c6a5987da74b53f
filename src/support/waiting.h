/* SPDX-License-Identifier: BSD-3-Clause */
/* Is this rank waiting for the others? The collectives of this room say so, for whoever watches from another thread:
 * MPI itself may wait for ever for a rank that it can no longer hear. */
#ifndef SUPPORT_WAITING_H
#define SUPPORT_WAITING_H

#include <stdint.h>

/* Around a collective; they do not nest. */
void waiting_begin(void);
void waiting_end(void);

/* 0 when this rank does not wait, else a number that no other wait has. */
uint64_t waiting_now(void);

#endif
