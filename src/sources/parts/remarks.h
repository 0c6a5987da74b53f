/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said of how several files are read: each has remarks of its own (notes.h), and rules of its own. Those of the
 * first file with rows are said of all, and of the others that they differ. */
#ifndef SOURCES_PARTS_REMARKS_H
#define SOURCES_PARTS_REMARKS_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdint.h>

/* What one rank has seen. */
typedef struct part_remarks {
  source_notes notes; /* of the first file */
  value_rule *rules;  /* n_features, or NULL */
  int64_t n_features;
  int64_t n_others;    /* files that are read otherwise */
  int64_t first_other; /* the first of them, from 0 */
  int64_t first_doubt; /* the first file with a doubt that the first file has not, and what it is */
  char doubt[NOTE_BYTES];
} part_remarks;

/* Takes over what the first file says, and its rules. Release it with part_remarks_clear. */
void part_remarks_begin(part_remarks *seen, point_source *first);
void part_remarks_clear(part_remarks *seen);

/* Another file, of this index. */
void part_remarks_compare(part_remarks *seen, const point_source *part, int64_t index);

/* Collective: adds to the source what all ranks have seen; the same on all of them. parts: the files' names. */
void part_remarks_tell(MPI_Comm comm, const part_remarks *seen, const char *const *parts, point_source *source);

#endif
