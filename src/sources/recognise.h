/* SPDX-License-Identifier: BSD-3-Clause */
/* What DATA means: which file, or several, and of which kind; and the copy of it that is read where it is a pipe or
 * compressed. */
#ifndef SOURCES_RECOGNISE_H
#define SOURCES_RECOGNISE_H

#include "sources/spool.h"

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct recognition {
  int64_t path_length; /* bytes of data that name the file; the rest is nothing, or ":/path" of what is meant in it */
  int64_t kind;        /* its index in source_kinds */
  int64_t is_empty;    /* is it a file without a byte? It is of any kind */
  int64_t is_pipe;     /* has it to be copied from a pipe, */
  int64_t packing;     /* or to be unpacked, before its kind is known? */
} recognition;

/* Collective over comm: rank 0 looks at the file, all ranks know. is_part: it is one of several files, which may be
 * compressed, but no pipes. *copy: what is to be opened instead of the file, for spool_release; NULL: the file itself.
 * Errors, the same on every rank: 66 no such file, or none that can be read; 65 it is of no kind, damaged, or has
 * nothing inside that could be meant; 64 a terminal; 73 there is no room for a copy; 74; 75; 71. */
gmmpi_status recognise_data(MPI_Comm comm, const char *data, bool is_part, recognition *found, spool **copy,
                            gmmpi_error *error);

/* The path that a recognition of data has found, for messages; "standard input" for that. The caller frees; NULL when
 * there is no memory. */
char *recognised_path(const char *data, const recognition *found);

#endif
