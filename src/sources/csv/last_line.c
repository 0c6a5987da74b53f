/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/last_line.h"

#include "sources/csv/fields.h"
#include "support/file.h"

#include <string.h>
#include <strings.h>

enum { LAST_BYTES = 4096 };

static bool is_sum(const csv_field *field)
{
  static const char *const words[] = {"total",   "totals", "grand total", "sum",  "mean",
                                      "average", "median", "std",         "count"};
  const size_t length = (size_t)(field->end - field->begin);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strlen(words[i]) == length && strncasecmp(field->begin, words[i], length) == 0) return true;
  }
  return false;
}

static bool is_picked(const point_source *source, int64_t column)
{
  for (int64_t i = 0; i < source->n_features; i++) {
    if (source->columns[i] == column) return true;
  }
  return false;
}

void csv_look_at_last_line(point_source *source, int descriptor, int64_t n_bytes, const csv_format *format)
{
  char text[LAST_BYTES + 1];
  gmmpi_error ignored = {0};
  if (is_picked(source, 0)) return;
  const int64_t rest = n_bytes - format->first_row;
  const size_t length = rest < LAST_BYTES ? (size_t)rest : LAST_BYTES;
  if (file_read_at(descriptor, source->path, text, length, n_bytes - (int64_t)length, &ignored) != GMMPI_OK) return;
  const char *end = text + length;
  while (end > text && (end[-1] == '\n' || end[-1] == '\r' || csv_is_blank(end[-1], format->delimiter))) end--;
  const char *begin = end;
  while (begin > text && begin[-1] != '\n') begin--;
  if (begin == text || begin == end) return;
  text[end - text] = '\n';
  csv_field field = {0};
  const char *next = csv_skip_blanks(begin, end, format->delimiter);
  for (int i = 0; i <= format->n_leading && next != NULL; i++)
    next = csv_next_field(next, end, format->delimiter, &field);
  if (!field.is_unclosed && is_sum(&field))
    source_doubt(source,
                 "its last line (%.*s) seems to sum up the others, and is read as a point; delete it if it is "
                 "none",
                 (int)(field.end - field.begin), field.begin);
}
