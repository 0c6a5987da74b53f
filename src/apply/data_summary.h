/* SPDX-License-Identifier: BSD-3-Clause */
/* What the columns of a source hold: ranges, missing values, infinities, text. */
#ifndef APPLY_DATA_SUMMARY_H
#define APPLY_DATA_SUMMARY_H

#include "sources/source.h"

#include <mpi.h>
#include <stdbool.h>

typedef struct column_summary {
  double least, most; /* of the finite numbers; least > most where there is none */
  int64_t n_finite, n_missing, n_infinite, n_text;
} column_summary;

/* Is it a number that many programs write where nothing was measured, as -999 or 1e20? */
bool value_is_usual_fill(double value);

enum { MOST_FIRST_ROWS = 3 };

typedef struct data_summary {
  int64_t n_rows;          /* so many were looked at, from the first one on */
  column_summary *columns; /* n_features of the source */
  int64_t n_first_rows;
  double *first_rows; /* n_first_rows x n_features */
} data_summary;

/* Collective over comm: each rank reads its share of the first rows, about most_numbers numbers in all. Text is told
 * from missing values, where the source keeps_text. All ranks get all of it; release with data_summary_clear, also
 * after an error. Errors, agreed: those of source_read. */
gmmpi_status data_summarise(MPI_Comm comm, point_source *source, int64_t most_numbers, data_summary *summary,
                            gmmpi_error *error);
void data_summary_clear(data_summary *summary);

#endif
