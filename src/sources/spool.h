/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies of inputs that cannot be read at any place, as pipes and compressed files: one on each node, in a file in
 * $TMPDIR, else /tmp, that every rank of the node reads like any other. It has no name, so that nothing is left of it
 * when the program ends, however it ends; but for HDF5, whose library opens nothing else: then it has one until all
 * ranks have opened it. */
#ifndef SOURCES_SPOOL_H
#define SOURCES_SPOOL_H

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct spool {
  char *file;     /* what this process opens */
  int descriptor; /* of this rank, for reading */
  char *name;     /* in the folder, on the rank that has to remove it; else NULL */
  bool stays;     /* until the process ends: it is of a pipe, which can be read only once */
} spool;

/* The ranks of one node, and who writes for them. */
typedef struct spool_node {
  MPI_Comm ranks;
  bool is_writer;
} spool_node;

/* Collective over comm: the nodes of its ranks; rank 0 writes for its own. */
void spool_node_find(MPI_Comm comm, spool_node *node);
void spool_node_free(spool_node *node);

/* Collective over comm: an empty file on each node. has_name, the same on all ranks of a node: it is needed. input:
 * what it will be a copy of, for messages. *writing: a descriptor for the writer, to be closed; -1 on other ranks.
 * Errors, agreed: 73, 71. */
gmmpi_status spool_create(MPI_Comm comm, const spool_node *node, const char *input, bool has_name, spool **created,
                          int *writing, gmmpi_error *error);

/* Adds bytes to the copy of input. Errors: 73 no room. */
gmmpi_status spool_write(int writing, const char *input, const void *bytes, size_t n_bytes, gmmpi_error *error);

/* Not collective, when no rank will open it any more: takes its name away, unless it stays. NULL is fine. */
void spool_opened(spool *copy);

/* The copy stays until the process ends. */
void spool_keep(spool *copy);

/* Releases a copy that does not stay. Sources that read it must be closed. NULL is fine; not collective. */
void spool_release(spool *copy);

#endif
