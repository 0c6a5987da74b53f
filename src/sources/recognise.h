/* SPDX-License-Identifier: BSD-3-Clause */
/* What DATA means: which file, or several, and of which kind. */
#ifndef SOURCES_RECOGNISE_H
#define SOURCES_RECOGNISE_H

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdint.h>

typedef struct recognition {
  int64_t path_length; /* bytes of data that name the file; the rest is nothing, or ":/path" of what is meant in it */
  int64_t kind;        /* its index in source_kinds */
  int64_t is_empty;    /* is it a file without a byte? It is of any kind */
} recognition;

/* Collective over comm: rank 0 looks at the file, all ranks know. Errors, the same on every rank: 66 no such file, or
 * none that can be read; 65 it is of no kind, or has nothing inside that could be meant; 74; 71. */
gmmpi_status recognise_data(MPI_Comm comm, const char *data, recognition *found, gmmpi_error *error);

#endif
