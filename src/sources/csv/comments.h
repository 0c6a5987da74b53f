/* SPDX-License-Identifier: BSD-3-Clause */
/* Which lines of a text table are comments. */
#ifndef SOURCES_CSV_COMMENTS_H
#define SOURCES_CSV_COMMENTS_H

#include "sources/csv/text_lines.h"

#include "gmmpi/error.h"

#include <stdbool.h>

/* The character that comments begin with: chosen, what the user said, or '#' if that is 0. Where most lines begin with
 * '#' and go on like rows, as those whose first column has colours (#ff0000,1,2), none are comments: 0. Reads some
 * lines from the reader's place, and goes back there. Errors: those of line_reader_next. */
gmmpi_status csv_comment_find(line_reader *reader, char chosen, char *comment, gmmpi_error *error);

/* Is a line a comment, whatever separates its fields? A cell such as #N/A begins none. comment: 0 for none. */
bool csv_is_comment(const char *begin, const char *end, char comment);

#endif
