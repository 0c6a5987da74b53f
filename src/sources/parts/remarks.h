/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said of how the files are read that are one data set. */
#ifndef SOURCES_PARTS_REMARKS_H
#define SOURCES_PARTS_REMARKS_H

#include "sources/source.h"

#include <mpi.h>
#include <stdint.h>

/* What a rank has seen in the parts that it opened. */
typedef struct part_remarks {
  int64_t part;         /* the first one of which there is more to say than of the model, those with doubts before all
                           others; INT64_MAX: none */
  int64_t n_parts;      /* how many such there are */
  source_remark *notes; /* MOST_NOTES: what there is to say of it; NULL: no memory is left */
  int n;
  int64_t n_other_rules; /* parts whose numbers stand for others than the model's (values.h) */
  int64_t other_rules;   /* the first of them */
} part_remarks;

extern const part_remarks part_remarks_none;

/* Says of source what is said of the model, its part of this name. */
void part_remarks_of_model(point_source *source, const char *name, const point_source *model);

/* Looks whether there is more to say of the part than of first, the model. What it says of its row numbers is its own.
 */
void part_remarks_look(part_remarks *seen, const point_source *first, int64_t index, const point_source *part);

/* Collective: says of source what was seen first, and how many parts more have something of their own. names: of all
 * parts; part p was opened by rank p modulo the number of ranks. Frees what was seen. */
void part_remarks_share(MPI_Comm comm, point_source *source, const char *const *names, part_remarks *seen);

#endif
