/* SPDX-License-Identifier: BSD-3-Clause */
/* The first lines of a text table, by which its layout is told. */
#ifndef SOURCES_CSV_SAMPLE_H
#define SOURCES_CSV_SAMPLE_H

#include "sources/csv/settings.h"
#include "sources/csv/text_lines.h"

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { MOST_SAMPLE_LINES = 100 };

/* A line that was looked at: text with an LF behind it. */
typedef struct sample_line {
  char *text;
  size_t length;
  int64_t number; /* 1-based */
  int64_t offset; /* in the file, of the line and of the next one */
  int64_t next_offset;
  bool is_comment;
} sample_line;

typedef struct csv_sample {
  sample_line lines[MOST_SAMPLE_LINES]; /* neither blank nor comments, but for the first one, which may be the last
                                           comment that stands before all others */
  int n_lines;
  char comment;   /* what comments begin with; 0: there are none */
  char separator; /* of the file's own "sep=;" in front of all; 0: there is none */
  bool is_whole;  /* are these all lines of the file? */
} csv_sample;

/* Reads lines from where the reader is, the file's beginning, after those that the settings pass over. label: how
 * messages name the file. Errors: 65 no lines, fewer than are to be passed over; those of line_reader_next. Release
 * with csv_sample_clear, also after an error. */
gmmpi_status csv_sample_take(line_reader *reader, const char *label, const csv_settings *settings, csv_sample *sample,
                             gmmpi_error *error);
void csv_sample_clear(csv_sample *sample);

void csv_sample_drop_first(csv_sample *sample);

/* Where the fields of a line begin: behind the character of a comment and blanks. */
const char *csv_sample_content(const sample_line *line, char delimiter);

int64_t csv_sample_count_fields(const sample_line *line, char delimiter);

#endif
