/* SPDX-License-Identifier: BSD-3-Clause */
/* Where groups begin in data that are sorted by groups (--by-index). */
#ifndef FIT_GROUP_OFFSETS_H
#define FIT_GROUP_OFFSETS_H

#include "sources/source.h"

#include <mpi.h>
#include <stdint.h>

/* Collective. Reads a file of one column of whole numbers that ascend from 0: the first row of each group, and, if the
 * last one is n_rows, the end. *offsets: *n_groups + 1, the last one n_rows; the caller frees. Errors, agreed: 65, 74,
 * 71. */
gmmpi_status group_offsets_read(MPI_Comm comm, point_source *file, int64_t n_rows, int64_t **offsets, int64_t *n_groups,
                                gmmpi_error *error);

#endif
