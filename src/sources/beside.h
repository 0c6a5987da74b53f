/* SPDX-License-Identifier: BSD-3-Clause */
/* What rows have beside their features: a known label, a weight.
 *
 * Each is a column of the data, which then is no feature, or a file of its own with one column and as many rows. A
 * source that has them delivers them behind the features, the label before the weight. What is a column by its exact
 * name, or else by its 1-based number, is that column; all else is a file.
 *
 * A source that is opened with such wishes is a face before others: it has the features of the one that reads the data,
 * and its name, and reads through it. It transforms the features itself, since a row of weight 0 may hold anything. */
#ifndef SOURCES_BESIDE_H
#define SOURCES_BESIDE_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <mpi.h>

/* Does anybody want more than features? */
bool beside_is_wanted(const source_options *options);

/* Collective over comm. *source, which was opened with these options, is opened, and has no transforms yet, gets a face
 * with what is wanted; closing the face closes both. *source stays as it is after an error. Errors, agreed: 65 it is
 * neither a column nor a file, or a file of another number of rows or columns; those of source_open; 71. */
gmmpi_status beside_add(MPI_Comm comm, const source_options *options, point_source **source, gmmpi_error *error);

/* Where they are read, for people: "column w", "weights.csv". Cut to fit n_bytes. Of a source that has it. */
void beside_text(const point_source *source, beside_kind what, char *text, size_t n_bytes);

/* Is path one of the files that are read beside the data? */
bool beside_reads(const point_source *source, const char *path);

#endif
