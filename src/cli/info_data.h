/* SPDX-License-Identifier: BSD-3-Clause */
/* What a file of points holds: for gmmpi info. */
#ifndef CLI_INFO_DATA_H
#define CLI_INFO_DATA_H

#include "sources/source.h"

#include <jansson.h>
#include <mpi.h>

/* Collective. *facts, on rank 0 for json_decref: format, sizes, names, remarks, and, of the first rows, what is in each
 * column and which options that suggests. Where no one table can be picked, what there is in the file. Errors, agreed:
 * 66, 65, 74, 75, 71. */
gmmpi_status info_data_describe(MPI_Comm comm, const char *data, const source_options *how, json_t **facts,
                                gmmpi_error *error);

/* Prints what of the facts is no single value: remarks, the table of columns, first rows, suggestions. */
void info_data_print_columns(const json_t *facts);

#endif
