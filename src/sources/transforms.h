/* SPDX-License-Identifier: BSD-3-Clause */
/* Which features of a source are transformed: what the user says, or what a model knows of its own. */
#ifndef SOURCES_TRANSFORMS_H
#define SOURCES_TRANSFORMS_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <mpi.h>

/* Collective over comm, when the source is open: sets source->transforms from what its choices say (a list that was
 * checked), or from options->transforms. What is standardized is read once for that. Errors, agreed: 64, 65, 74, 75,
 * 71. */
gmmpi_status transforms_settle(MPI_Comm comm, point_source *source, const source_options *options, gmmpi_error *error);

#endif
