/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/format.h"

#include "sources/csv/fields.h"
#include "sources/csv/parse_number.h"
#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LINES = 20, ENOUGH_BYTES = 4 << 20 };

/* A line that was looked at: text with an LF behind it. */
typedef struct sample_line {
  char *text;
  size_t length;
  int64_t number; /* 1-based */
  int64_t offset; /* in the file, of the line and of the next one */
  int64_t next_offset;
} sample_line;

typedef struct sample {
  sample_line lines[MOST_LINES]; /* not blank */
  int n_lines;
} sample;

static gmmpi_status out_of_memory(const char *label, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its first lines", label);
}

static void drop_first(sample *seen)
{
  free(seen->lines[0].text);
  seen->n_lines--;
  memmove(seen->lines, seen->lines + 1, (size_t)seen->n_lines * sizeof *seen->lines);
} /* NOLINT(clang-analyzer-unix.Malloc): the other texts have moved with their lines */

static bool is_comment(const sample_line *line)
{
  return line->text[0] == '#';
}

/* Reads the first lines that are not blank. Of several comments at the beginning only the last can be a header. */
static gmmpi_status take_sample(line_reader *reader, const char *label, sample *seen, gmmpi_error *error)
{
  size_t n_bytes = 0;
  for (int64_t number = 1; seen->n_lines < MOST_LINES && (seen->n_lines < 2 || n_bytes < ENOUGH_BYTES); number++) {
    const int64_t offset = line_reader_place(reader);
    const char *begin;
    const char *end;
    const gmmpi_status status = line_reader_next(reader, &begin, &end, error);
    if (status != GMMPI_OK) return status;
    if (begin == NULL) return GMMPI_OK;
    if (is_blank_line(begin, end, '\t')) continue;

    const size_t length = (size_t)(end - begin);
    char *text = malloc(length + 1);
    if (text == NULL) return out_of_memory(label, error);
    memcpy(text, begin, length);
    text[length] = '\n';
    if (seen->n_lines == 1 && is_comment(&seen->lines[0]) && *text == '#') drop_first(seen);
    seen->lines[seen->n_lines++] = (sample_line){text, length, number, offset, line_reader_place(reader)};
    n_bytes += length;
  }
  return GMMPI_OK;
}

/* The line's first character behind a '#'. */
static const char *content(const sample_line *line)
{
  return is_comment(line) ? line->text + 1 : line->text;
}

static int64_t count_fields(const sample_line *line, char delimiter)
{
  bool is_unclosed;
  const char *begin = content(line);
  const char *end = line->text + line->length;
  if (delimiter == ' ') begin = csv_skip_blanks(begin, end, ' ');
  return csv_count_fields(begin, end, delimiter, &is_unclosed);
}

/* The delimiter that gives all lines the same number of fields, more than one. A line of text in front may be a
 * comment, so it is the others that count. Where none does, the one that occurs, so that the line that is wrong can be
 * named: blanks only if most lines have them, since they also stand in names. */
static char guess_delimiter(const sample *seen)
{
  static const char candidates[] = {'\t', ';', ',', ' '};
  enum { N_CANDIDATES = sizeof candidates };
  const int first = seen->n_lines > 1 && is_comment(&seen->lines[0]) ? 1 : 0;
  int n_split[N_CANDIDATES] = {0};
  for (int c = 0; c < N_CANDIDATES; c++) {
    const int64_t expected = count_fields(&seen->lines[first], candidates[c]);
    bool all_same = true;
    for (int i = first; i < seen->n_lines; i++) {
      const int64_t n_fields = count_fields(&seen->lines[i], candidates[c]);
      if (n_fields != expected) all_same = false;
      if (n_fields > 1) n_split[c]++;
    }
    if (all_same && expected > 1) return candidates[c];
  }
  int best = 0;
  for (int c = 1; c < N_CANDIDATES - 1; c++) {
    if (n_split[c] > n_split[best]) best = c;
  }
  if (n_split[best] > 0) return candidates[best];
  return 2 * n_split[N_CANDIDATES - 1] > seen->n_lines - first ? ' ' : ',';
}

/* Has the line a field that is neither a number nor missing? */
static bool has_text(const sample_line *line, char delimiter)
{
  csv_field field;
  double value;
  const char *end = csv_trim(line->text, line->text + line->length, delimiter);
  for (const char *next = line->text; next != NULL;) {
    next = csv_next_field(next, end, delimiter, &field);
    if (parse_cell(field.begin, field.end, &value) == CELL_TEXT) return true;
  }
  return false;
}

static gmmpi_status read_names(const sample_line *line, const char *label, csv_format *format, gmmpi_error *error)
{
  format->names = allocate(format->n_columns, sizeof *format->names);
  if (format->names == NULL) return out_of_memory(label, error);
  const char *end = csv_trim(line->text, line->text + line->length, format->delimiter);
  const char *next = csv_skip_blanks(content(line), end, format->delimiter);
  for (int64_t i = 0; i < format->n_columns; i++) {
    csv_field field;
    next = csv_next_field(next, end, format->delimiter, &field);
    format->names[i] = csv_field_text(&field);
    if (format->names[i] == NULL) return out_of_memory(label, error);
  }
  return GMMPI_OK;
}

static gmmpi_status find_layout(sample *seen, const char *label, const csv_settings *settings, csv_format *format,
                                gmmpi_error *error)
{
  format->delimiter = settings->delimiter != 0 ? settings->delimiter : guess_delimiter(seen);
  if (is_comment(&seen->lines[0])) {
    const bool fits = seen->n_lines > 1 && count_fields(&seen->lines[0], format->delimiter) ==
                                               count_fields(&seen->lines[1], format->delimiter);
    if (settings->header == HEADER_NO || (seen->n_lines > 1 && !fits)) drop_first(seen);
  }
  if (seen->n_lines == 0) {
    format->no_rows = "has a comment but no rows";
    return GMMPI_OK;
  }
  const sample_line *first = &seen->lines[0];
  bool is_unclosed;
  csv_count_fields(first->text, first->text + first->length, format->delimiter, &is_unclosed);
  if (is_unclosed)
    return fail_at(error, first->number, GMMPI_BAD_DATA,
                   "%s: line %" PRId64 ": a quote is not closed; a quoted field may not contain a line break", label,
                   first->number);
  format->n_columns = count_fields(first, format->delimiter);

  const bool has_header = settings->header == HEADER_YES || (settings->header == HEADER_AUTO &&
                                                             (is_comment(first) || has_text(first, format->delimiter)));
  format->first_row = has_header ? first->next_offset : first->offset;
  format->line = has_header ? first->number + 1 : first->number;
  if (has_header && seen->n_lines == 1) format->no_rows = "has a header but no rows";
  return has_header ? read_names(first, label, format, error) : GMMPI_OK;
}

gmmpi_status csv_format_find(line_reader *reader, const char *label, const csv_settings *settings, csv_format *format,
                             gmmpi_error *error)
{
  *format = (csv_format){0};
  sample seen = {.n_lines = 0};
  gmmpi_status status = take_sample(reader, label, &seen, error);
  if (status == GMMPI_OK && seen.n_lines == 0)
    format->no_rows = "has nothing but blank lines";
  else if (status == GMMPI_OK)
    status = find_layout(&seen, label, settings, format, error);
  for (int i = 0; i < seen.n_lines; i++) free(seen.lines[i].text);
  return status;
}

void csv_format_close(csv_format *format)
{
  for (int64_t i = 0; format->names != NULL && i < format->n_columns; i++) free(format->names[i]);
  free(format->names);
  format->names = NULL;
}
