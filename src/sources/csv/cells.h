/* SPDX-License-Identifier: BSD-3-Clause */
/* What a cell of a text table says: a number, that there is none, or text.
 *
 * Numbers are spelled in many ways: 1.5, 0.15D+01 and 1.5-101 (Fortran), −1.5 with the minus sign of Unicode, 1 234.5
 * or 1'234.5 in groups of three digits, 1,5 where a comma stands before decimals. The same number gives the same
 * double, the nearest one. What could be two numbers is none: 1,234 is 1234 or 1.234 until it is known which.
 *
 * Missing values have many names, too: nothing, NA, NaN, null, \N (databases), a lone point (SAS, Stata), dashes,
 * 1.#QNAN (Microsoft's C library), the errors of spreadsheets such as #DIV/0!, and what the user adds. */
#ifndef SOURCES_CSV_CELLS_H
#define SOURCES_CSV_CELLS_H

#include "sources/source.h"

#include <stdbool.h>

/* How the cells of a table are read. */
typedef struct cell_rules {
  char decimal;                  /* what stands before decimals: '.' or ',' */
  char group;                    /* the other one, if it is known to stand between groups of digits; else 0 */
  const missing_values *missing; /* words that the user calls missing, in just these letters; NULL: none */
} cell_rules;

extern const cell_rules cell_rules_of_plain_tables; /* decimals behind a point, no groups known */

typedef enum cell_kind { CELL_NUMBER, CELL_MISSING, CELL_TEXT } cell_kind;

/* The cell from text to end, without blanks and quotes around it; *end can be read and is nothing that a number goes on
 * with. *value: the number, an infinity ("inf", "1.#INF") or 1 and 0 ("true" and "false"); NaN when it is missing. */
cell_kind cell_parse(const char *text, const char *end, const cell_rules *rules, double *value);

/* The same by the rules of plain tables. */
cell_kind parse_cell(const char *text, const char *end, double *value);

/* The length of an error of a spreadsheet, such as #N/A or #DIV/0!, that text begins with; 0: it does not. None is
 * longer than LONGEST_SPREADSHEET_ERROR. */
enum { LONGEST_SPREADSHEET_ERROR = 8 };
size_t spreadsheet_error_length(const char *text, const char *end);

/* Is text to end two numbers, as 1,234: digits with groups of three behind a mark that could stand before decimals? */
bool cell_is_ambiguous(const char *text, const char *end, const cell_rules *rules);

#endif
