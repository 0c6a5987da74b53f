/* SPDX-License-Identifier: BSD-3-Clause */
/* Standard input and pipes with a name as inputs. They are read once, by rank 0, which gives the other nodes what it
 * reads; each node keeps a copy for as long as the process lives, so that a command may open its input twice. */
#ifndef SOURCES_PIPE_H
#define SOURCES_PIPE_H

#include "sources/spool.h"

/* Does data stand for standard input: "-", or a name of the system's for it, with ":/path" behind it or not? *length:
 * of it without that. */
bool pipe_is_standard_input(const char *data, size_t *length);

/* What messages call it, instead of "-". */
extern const char pipe_standard_input[];

/* Collective over comm: the copy of all that comes through the pipe at path, or through standard input where path is a
 * name of it. Errors, agreed: 64 it is a terminal; 66; 73; 74; 75 a signal; 71. */
gmmpi_status pipe_copy(MPI_Comm comm, const char *path, spool **copy, gmmpi_error *error);

#endif
