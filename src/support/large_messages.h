/* SPDX-License-Identifier: BSD-3-Clause */
/* Collectives for arrays of any length: MPI counts elements in an int, so long arrays go in pieces. */
#ifndef SUPPORT_LARGE_MESSAGES_H
#define SUPPORT_LARGE_MESSAGES_H

#include <mpi.h>
#include <stdint.h>

/* Collective over comm: combines the n_elements elements of all ranks, in place. */
void allreduce_large(MPI_Comm comm, void *elements, int64_t n_elements, MPI_Datatype type, MPI_Op operation);

/* Collective over comm: root's elements on every rank. */
void broadcast_large(MPI_Comm comm, int root, void *elements, int64_t n_elements, MPI_Datatype type);

#endif
