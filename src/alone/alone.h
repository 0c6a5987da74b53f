/* SPDX-License-Identifier: BSD-3-Clause */
/* MPI for a program that is none of MPI: a script, an interpreter, which has one process and wants a fit. It is a
 * library of its own, as one that is linked by an MPI program leaves MPI_Init, environment and signals alone. */
#ifndef ALONE_ALONE_H
#define ALONE_ALONE_H

#include "gmmpi/error.h"

#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Calls MPI_Init_thread with MPI_THREAD_MULTIPLE, unless MPI was initialised already. A process that no launcher
 * started has no daemon of Open MPI beside it; the environment and what the process does about signals are afterwards
 * what they were. Not from two threads at a time. Errors: GMMPI_WRONG_USAGE MPI was finalised. */
GMMPI_API gmmpi_status gmmpi_alone_begin(gmmpi_error *error);

/* Calls MPI_Finalize, if gmmpi_alone_begin has called MPI_Init_thread in this very process, and nobody has finalised
 * MPI since. Everything made with a communicator has been destroyed before. */
GMMPI_API void gmmpi_alone_end(void);

/* A communicator of this process alone, for gmmpi_alone_release: fits that go on at the same time need one each.
 * Errors: GMMPI_INTERNAL MPI has none. */
GMMPI_API gmmpi_status gmmpi_alone_communicator(MPI_Comm *comm, gmmpi_error *error);
GMMPI_API void gmmpi_alone_release(MPI_Comm *comm);

#ifdef __cplusplus
}
#endif

#endif
