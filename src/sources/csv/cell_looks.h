/* SPDX-License-Identifier: BSD-3-Clause */
/* What a cell that is no number looks like, so that a message can say what to do about it: a percentage, a date, the
 * asterisks of a Fortran field, a number with its unit ... */
#ifndef SOURCES_CSV_CELL_LOOKS_H
#define SOURCES_CSV_CELL_LOOKS_H

#include "sources/csv/fields.h"
#include "sources/csv/row.h"

#include <stdbool.h>
#include <stddef.h>

/* What follows the cell in a message: " is a percentage; write ...". is_among_numbers: most cells of its column are
 * numbers, without which some looks mean nothing. False, and *looks is empty: nothing that is known. */
bool cell_looks(const csv_field *cell, const csv_row_layout *layout, bool is_among_numbers, char *looks,
                size_t n_bytes);

/* Do two numbers touch each other in it, as 9.982-200.123 and 1.50022.250 do? */
bool cell_is_glued(const csv_field *cell, const csv_row_layout *layout);

#endif
