/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/row.h"

#include "sources/csv/parse_number.h"
#include "sources/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where commas separate fields and also stand before decimals, in quotes, only the whole field says what it is. */
static const char *parse_nothing(const char *text, double *value)
{
  (void)text;
  (void)value;
  return NULL;
}

typedef const char *(*number_parser)(const char *text, double *value);

/* What reads a number that begins a field, in the plain spelling: where it ends, or NULL. */
static number_parser parser_of(const csv_row_layout *layout)
{
  if (layout->cells.decimal == '.') return parse_number;
  return layout->delimiter != ',' ? parse_number_with_comma : parse_nothing;
}

/* Does the line end at next, or with just so many empty fields? */
static bool ends_empty(const char *next, const char *end, char delimiter, int64_t n_fields)
{
  csv_field field;
  if (next == NULL) return true;
  for (; next != NULL && n_fields > 0; n_fields--) {
    next = csv_next_field(next, end, delimiter, &field);
    if (field.begin != field.end) return false;
  }
  return next == NULL && n_fields == 0;
}

/* The code of a cell's text, or NaN where it is missing. False when the table does not take it. */
static bool take_text(const csv_row_layout *layout, const csv_field *field, double *code)
{
  if (cell_parse(field->begin, field->end, &layout->cells, code) == CELL_MISSING) {
    *code = NAN;
    return true;
  }
  int64_t number;
  if (field->is_quoted && memchr(field->begin, '"', (size_t)(field->end - field->begin)) != NULL) {
    char *text = csv_field_text(field);
    number = text != NULL ? label_texts_number(layout->texts, text, strlen(text)) : -2;
    free(text);
  } else {
    number = label_texts_number(layout->texts, field->begin, (size_t)(field->end - field->begin));
  }
  *code = label_text_code(number);
  return number != -2;
}

bool csv_row_parse(int64_t n_columns, const csv_row_layout *layout, const char *begin, const char *end, double *row,
                   csv_fault *fault)
{
  const char delimiter = layout->delimiter;
  const number_parser parse_plain = parser_of(layout);
  end = csv_trim(begin, end, delimiter);
  const char *next = csv_skip_blanks(begin, end, delimiter);
  *fault = (csv_fault){.kind = FAULT_N_FIELDS};
  csv_field field;
  for (int64_t i = 0; i < layout->n_leading && next != NULL; i++) {
    next = csv_next_field(next, end, delimiter, &field);
    if (field.is_unclosed) return false;
  }
  int64_t column = 0;
  for (; next != NULL && column < n_columns; column++) {
    const int64_t feature = layout->feature_of[column];
    const bool is_text = layout->texts != NULL && feature == layout->text_feature;
    if (feature >= 0 && !is_text) {
      const char *start = csv_skip_blanks(next, end, delimiter);
      const char *behind = start < end ? parse_plain(start, &row[feature]) : NULL;
      if (behind != NULL && (behind == end || csv_is_delimiter(*behind, delimiter))) {
        next = csv_behind(behind, end, delimiter);
        continue;
      }
    }
    next = csv_next_field(next, end, delimiter, &field);
    if (field.is_unclosed) {
      fault->kind = FAULT_N_FIELDS;
      return false;
    }
    if (is_text) {
      if (take_text(layout, &field, &row[feature])) continue;
      *fault = (csv_fault){.kind = FAULT_TEXT, .feature = feature, .cell = field};
      return false;
    }
    if (feature < 0 || cell_parse(field.begin, field.end, &layout->cells, &row[feature]) != CELL_TEXT) continue;
    if (layout->keeps_text) {
      row[feature] = value_of_text();
    } else if (fault->kind != FAULT_CELL) {
      *fault = (csv_fault){.kind = FAULT_CELL, .feature = feature, .cell = field};
    }
  }
  if (column == n_columns && ends_empty(next, end, delimiter, layout->n_trailing)) return fault->kind != FAULT_CELL;
  fault->kind = FAULT_N_FIELDS;
  return false;
}
