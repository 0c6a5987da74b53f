/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/row.h"

#include "sources/csv/fields.h"
#include "sources/csv/local_numbers.h"
#include "sources/csv/parse_number.h"
#include "support/error.h"

#include <inttypes.h>
#include <string.h>

static gmmpi_status wrong_number_of_fields(const point_source *source, char delimiter, const char *begin,
                                           const char *end, int64_t line, gmmpi_error *error)
{
  bool is_unclosed;
  const int64_t n_fields = csv_count_fields(begin, end, delimiter, &is_unclosed);
  if (is_unclosed)
    return fail_at(error, line, GMMPI_BAD_DATA,
                   "%s: line %" PRId64 ": a quote is not closed; a quoted field may not contain a line break",
                   source->label, line);
  return fail_at(error, line, GMMPI_BAD_DATA,
                 "%s: line %" PRId64 " has %" PRId64 " field%s where %" PRId64 " %s expected; correct the line, or say "
                 "--delimiter",
                 source->label, line, n_fields, n_fields == 1 ? "" : "s", source->n_columns,
                 source->n_columns == 1 ? "is" : "are");
}

/* "3,5" where commas don't separate fields. */
static bool has_decimal_comma(const csv_field *field)
{
  char text[32];
  double value;
  const size_t length = (size_t)(field->end - field->begin);
  if (length >= sizeof text) return false;
  memcpy(text, field->begin, length);
  text[length] = '\0';
  char *comma = strchr(text, ',');
  if (comma == NULL) return false;
  *comma = '.';
  return parse_cell(text, text + length, &value) == CELL_NUMBER;
}

static gmmpi_status not_a_number(const point_source *source, const csv_field *field, int64_t feature, int64_t line,
                                 gmmpi_error *error)
{
  char name[100];
  source_feature_text(source, feature, name, sizeof name);
  const size_t length = (size_t)(field->end - field->begin);
  return fail_at(error, line, GMMPI_BAD_DATA, "%s: line %" PRId64 ", column %s: \"%.*s%s\" is not a number; %s",
                 source->label, line, name, length < 40 ? (int)length : 40, field->begin, length > 40 ? "..." : "",
                 has_decimal_comma(field) ? "write decimals with a point instead of a comma"
                                          : "leave a column of text out with --columns");
}

gmmpi_status csv_row_parse(const point_source *source, const csv_row_layout *layout, const char *begin, const char *end,
                           int64_t line, double *row, gmmpi_error *error)
{
  const csv_format *format = layout->format;
  const char delimiter = format->delimiter;
  const bool is_plain = format->decimal == '.' && format->group == 0;
  const char *const line_begin = begin;
  end = csv_trim(begin, end, delimiter);
  const char *next = csv_skip_blanks(begin, end, delimiter);
  if (format->n_leading > 0) next = *next == delimiter && next < end ? next + 1 : NULL;
  csv_field wrong = {0};
  int64_t wrong_feature = -1;
  int64_t column = 0;
  for (; next != NULL && column < source->n_columns; column++) {
    const int64_t feature = layout->feature_of[column];
    if (feature >= 0 && is_plain) {
      const char *start = csv_skip_blanks(next, end, delimiter);
      const char *behind = start < end ? parse_number(start, &row[feature]) : NULL;
      if (behind != NULL && (behind == end || csv_is_delimiter(*behind, delimiter))) {
        next = csv_behind(behind, end, delimiter);
        continue;
      }
    }
    csv_field field;
    next = csv_next_field(next, end, delimiter, &field);
    if (field.is_unclosed) return wrong_number_of_fields(source, delimiter, line_begin, end, line, error);
    if (feature >= 0 && wrong_feature < 0 &&
        parse_local_cell(field.begin, field.end, format->decimal, format->group, &row[feature]) == CELL_TEXT) {
      wrong = field;
      wrong_feature = feature;
    }
  }
  for (int i = 0; i < format->n_trailing && next != NULL && column == source->n_columns; i++) {
    csv_field field;
    next = csv_next_field(next, end, delimiter, &field);
    if (field.begin < field.end)
      return fail_at(error, line, GMMPI_BAD_DATA,
                     "%s: line %" PRId64 " has a field behind its last delimiter, where the first lines have none; "
                     "correct the line",
                     source->label, line);
  }
  if (next != NULL || column < source->n_columns)
    return wrong_number_of_fields(source, delimiter, line_begin, end, line, error);
  return wrong_feature < 0 ? GMMPI_OK : not_a_number(source, &wrong, wrong_feature, line, error);
}
