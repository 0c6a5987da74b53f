/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending rows to their owners; for the files of points only. */
#ifndef POINTS_MAKING_REDISTRIBUTE_H
#define POINTS_MAKING_REDISTRIBUTE_H

#include "points/held.h"

/* Rows that a rank holds before they go to their owners: those of all ranks, one rank after the other, are the data
 * set. */
typedef struct row_supply {
  int64_t n_rows;
  const shard *held;       /* rows of another shard, held or streamed; NULL: of the array rows */
  const int64_t *picked;   /* with held: which of this rank's rows, n_rows from 0 */
  bool consumes;           /* with held: its memory is given back while rows leave */
  const double *rows;      /* row-major, row_width numbers each */
  const int64_t *origins;  /* n_rows: each row's place in the source; NULL when none was dropped */
  int64_t first_of_source; /* with rows and origins: row i is the (origins[i] - first_of_source)-th of rows */
} row_supply;

/* Collective: sends every row to the rank that owns it. points: laid out and held (held_lay_out) on every rank, with
 * room for source_rows where the origins are to be remembered. Errors, agreed: 71. */
gmmpi_status shard_redistribute(const row_supply *supply, shard *points, gmmpi_error *error);

#endif
