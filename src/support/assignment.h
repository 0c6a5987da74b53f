/* SPDX-License-Identifier: BSD-3-Clause */
/* The assignment problem: rows and columns are paired, each at most once and as many as there can be, so that the sum
 * of the pairs' costs is the least.
 *
 * By shortest augmenting paths with potentials, the Hungarian method in the form of Jonker, Volgenant 1987, "A shortest
 * augmenting path algorithm for dense and sparse linear assignment problems": s^2 l operations for s the smaller and l
 * the larger side. */
#ifndef SUPPORT_ASSIGNMENT_H
#define SUPPORT_ASSIGNMENT_H

#include "gmmpi/error.h"

#include <stdint.h>

/* costs: n_rows x n_columns, row-major, all finite, both sizes at least 1. column_of_row receives n_rows numbers: the
 * column of each row, -1 where it has none because there are more rows than columns. Of several least sums one is
 * taken, always the same for the same costs. Errors: 71. */
gmmpi_status assignment_solve(int64_t n_rows, int64_t n_columns, const double *costs, int64_t *column_of_row,
                              gmmpi_error *error);

/* The bytes it needs beside costs and result; INT64_MAX when they can't be counted. */
int64_t assignment_bytes(int64_t n_rows, int64_t n_columns);

#endif
