/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines of a text file: reading them one after the other, from any place, and counting those of a byte range.
 *
 * A file of many gigabytes is shared among ranks by bytes: rank r counts the lines that begin in its range, and the
 * counts of all ranks say which rows are where. The file is read in large pieces; a line may be longer than a piece.
 *
 * Lines end with LF or CRLF, or, as on the first Macintoshes and still from some spreadsheets, with CR alone: those of
 * a file whose first piece has CRs and no LF. */
#ifndef SOURCES_CSV_TEXT_LINES_H
#define SOURCES_CSV_TEXT_LINES_H

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much of a file is read at once, where nothing else is said. */
enum { TEXT_PIECE_BYTES = 4 << 20 };

typedef struct line_reader {
  int descriptor;   /* borrowed, as is path */
  const char *path; /* for messages */
  int64_t n_bytes;  /* of the file */
  char *buffer;
  size_t capacity; /* one byte less than the buffer has, so that there is room for the end of a last line */
  size_t filled;
  size_t next;    /* where in the buffer the next line begins */
  int64_t offset; /* the buffer's place in the file */
  char line_end;  /* LF, also with CRs before it, or CR */
} line_reader;

/* Errors: 71. Release with line_reader_close, also after an error. */
gmmpi_status line_reader_open(line_reader *reader, int descriptor, const char *path, int64_t n_bytes,
                              size_t piece_bytes, gmmpi_error *error);
void line_reader_close(line_reader *reader);

/* Right after line_reader_open: sets line_end from the file's first piece; before, it is LF. Errors: 65, 74, 71 as
 * below. */
gmmpi_status line_reader_find_line_end(line_reader *reader, gmmpi_error *error);

/* The next line is the one that begins at this byte of the file. */
void line_reader_seek(line_reader *reader, int64_t offset);
int64_t line_reader_place(const line_reader *reader);

/* The next line, begin to end, without its end; *end can be read and is LF or CR. *begin is NULL at the
 * file's end. What it points to is valid until the next call. Errors: 65 a line of more than 1 GiB, a file that became
 * shorter; 74; 71. */
gmmpi_status line_reader_next(line_reader *reader, const char **begin, const char **end, gmmpi_error *error);

/* Which lines are rows. */
typedef struct line_rules {
  char delimiter;
  char comment;  /* lines whose first character but blanks it is are none; 0: there are no comments */
  char line_end; /* LF or CR */
} line_rules;

/* Is a line nothing but blanks? Tabs are blanks unless they separate fields. */
bool is_blank_line(const char *begin, const char *end, char delimiter);

/* Is a line neither blank nor a comment? A cell such as #N/A begins no comment. */
bool is_row(const char *begin, const char *end, const line_rules *rules);

/* The lines that begin within a range of bytes. */
typedef struct line_count {
  int64_t first_offset; /* where the first one begins; the range's end when there is none */
  int64_t n_lines;
  int64_t n_rows;
} line_count;

/* Counts the lines that begin in [begin, end) of the part of a file that begins with a line at first_line. Errors as
 * above. */
gmmpi_status count_lines(int descriptor, const char *path, int64_t n_bytes, int64_t first_line, int64_t begin,
                         int64_t end, const line_rules *rules, size_t piece_bytes, line_count *count,
                         gmmpi_error *error);

#endif
