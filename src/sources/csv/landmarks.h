/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the rows of a text table are.
 *
 * To find row r in a file of which nobody knows the lines, the ranks count the lines when the file is opened, each
 * those of its share of many ranges of bytes. Where a range begins is a landmark; from the nearest one a rank goes on
 * line by line. */
#ifndef SOURCES_CSV_LANDMARKS_H
#define SOURCES_CSV_LANDMARKS_H

#include "sources/csv/format.h"
#include "sources/csv/text_lines.h"

#include "gmmpi/error.h"

#include <mpi.h>
#include <stdint.h>

/* A line: the rows and lines before it are counted. */
typedef struct csv_landmark {
  int64_t row;    /* 0-based, of the first row that does not begin before it */
  int64_t offset; /* bytes in the file */
  int64_t line;   /* 1-based */
} csv_landmark;

typedef struct csv_landmarks {
  csv_landmark *marks; /* n, ascending, one for every range of bytes; the first one is at row 0 */
  int64_t n;
  int64_t n_rows; /* of the file */
} csv_landmarks;

/* Collective over comm: counts all lines of a file of n_bytes bytes with this format and these rules, each rank its
 * share of them; all ranks get all landmarks. path and label name the file in messages. Release with
 * csv_landmarks_clear, also after an error. Errors, not agreed: 65 the file is not the same everywhere;
 * 75 a signal; 74; 71. */
gmmpi_status csv_landmarks_find(MPI_Comm comm, int descriptor, const char *path, const char *label, int64_t n_bytes,
                                const csv_format *format, const line_rules *rules, csv_landmarks *found,
                                gmmpi_error *error);
void csv_landmarks_clear(csv_landmarks *landmarks);

/* The last landmark that is not behind this row. */
csv_landmark csv_landmark_before(const csv_landmarks *landmarks, int64_t row);

#endif
