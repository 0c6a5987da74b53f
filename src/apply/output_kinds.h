/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds of files that a table can become: a file output_*.c with a writer for each, and a line in the table.
 *
 * To add one: a file beside this one with its output_writer, its name below, a line in the table of output_kinds.c, and
 * a word about it where options are described to users. */
#ifndef APPLY_OUTPUT_KINDS_H
#define APPLY_OUTPUT_KINDS_H

#include "apply/output_job.h"

/* Collective: writes all rows of all ranks to work->draft, which is empty or not there, and sees it to the disk. What
 * is written depends on the table alone. Errors, to be agreed: 73, 71, those of the producer, 75 when a signal has
 * asked a rank to stop. */
typedef gmmpi_status output_writer(output_job *work, gmmpi_error *error);

typedef struct output_kind {
  const char *ending; /* of its paths, in capitals or not; NULL: of all that have none of the others */
  char delimiter;     /* what stands between the fields of text; 0: it is not text */
  output_writer *write;
} output_kind;

const output_kind *output_kind_of(const char *path);

extern output_writer output_write_text, output_write_hdf5;

#endif
