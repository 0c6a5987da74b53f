/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/looks.h"

#include "support/error.h"
#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_written_as_integer(const csv_field *field)
{
  const char *c = field->begin;
  if (c < field->end && (*c == '-' || *c == '+')) c++;
  if (c == field->end) return false;
  while (c < field->end && *c >= '0' && *c <= '9') c++;
  return c == field->end;
}

static void look_at_line(const sample_line *line, const csv_format *format, const missing_values *missing,
                         csv_looks *looks, csv_cell *cells)
{
  const char *end = csv_trim(line->text, line->text + line->length, format->delimiter);
  const char *next = csv_skip_blanks(csv_sample_content(line, format->delimiter), end, format->delimiter);
  const cell_rules rules = {.decimal = format->decimal, .group = format->group, .missing = missing};
  csv_field field;
  for (int64_t i = 0; i < format->n_leading && next != NULL; i++)
    next = csv_next_field(next, end, format->delimiter, &field);
  const int shift = line == looks->lines[0] ? looks->header_shift : 0;
  for (int64_t i = 0; i < looks->n_columns; i++) {
    csv_cell *cell = &cells[i];
    *cell = (csv_cell){.field = {.begin = end, .end = end}, .kind = CELL_MISSING};
    if (next == NULL || i < shift) continue;
    next = csv_next_field(next, end, format->delimiter, &cell->field);
    cell->kind = cell_parse(cell->field.begin, cell->field.end, &rules, &cell->value);
    cell->is_integer = cell->kind == CELL_NUMBER && is_written_as_integer(&cell->field);
  }
}

gmmpi_status csv_looks_take(const csv_sample *sample, const csv_format *format, int header_shift,
                            const point_source *source, csv_looks *looks, gmmpi_error *error)
{
  *looks = (csv_looks){.header_shift = header_shift};
  looks->n_columns = format->n_columns < MOST_COLUMNS_LOOKED_AT ? format->n_columns : MOST_COLUMNS_LOOKED_AT;
  looks->lines = allocate(sample->n_lines, sizeof *looks->lines);
  looks->cells = allocate(sample->n_lines * looks->n_columns, sizeof *looks->cells);
  if (looks->lines == NULL || looks->cells == NULL)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its first lines", source->label);
  const int64_t n_fields = format->n_leading + format->n_columns + format->n_trailing;
  for (int i = 0; i < sample->n_lines; i++) {
    const sample_line *line = &sample->lines[i];
    const int64_t n_fields_here = csv_sample_count_fields(line, format->delimiter);
    if (i > 0 && n_fields_here != n_fields) continue;
    looks->lines[looks->n_lines] = line;
    look_at_line(line, format, &source->choices.missing, looks, looks->cells + looks->n_lines * looks->n_columns);
    looks->n_lines++;
  }
  return GMMPI_OK;
}

void csv_looks_clear(csv_looks *looks)
{
  free(looks->lines);
  free(looks->cells);
  *looks = (csv_looks){0};
}

column_counts csv_column_counts(const csv_looks *looks, int64_t column, int first)
{
  column_counts counts = {0};
  for (int i = first; i < looks->n_lines; i++) {
    const csv_cell *cell = csv_cell_at(looks, i, column);
    if (cell->kind == CELL_NUMBER) counts.n_numbers++;
    if (cell->kind == CELL_MISSING) counts.n_missing++;
    if (cell->kind == CELL_TEXT) counts.n_texts++;
    if (cell->is_integer) counts.n_integers++;
    if (cell->field.is_quoted) counts.n_quoted++;
  }
  return counts;
}

bool csv_is_column_of_numbers(const csv_looks *looks, int64_t column, int first)
{
  const column_counts counts = csv_column_counts(looks, column, first);
  return counts.n_numbers > 0 && counts.n_numbers >= counts.n_texts;
}

bool csv_column_counts_rows(const csv_looks *looks, int64_t column, int first, int n_least)
{
  if (looks->n_lines - first < n_least) return false;
  for (int i = first; i < looks->n_lines; i++) {
    const csv_cell *cell = csv_cell_at(looks, i, column);
    if (!cell->is_integer || cell->value != csv_cell_at(looks, first, column)->value + (i - first)) return false;
  }
  return true;
}

bool csv_column_is_distinct(const csv_looks *looks, int64_t column, int first)
{
  for (int i = first; i < looks->n_lines; i++) {
    const csv_cell *cell = csv_cell_at(looks, i, column);
    if (!cell->is_integer) return false;
    for (int j = first; j < i; j++) {
      if (csv_cell_at(looks, j, column)->value == cell->value) return false;
    }
  }
  return true;
}

void csv_line_text(const csv_looks *looks, int line, char *text, size_t n_bytes)
{
  enum { MOST_CELLS = 4, MOST_CHARACTERS = 20 };
  size_t used = 0;
  *text = '\0';
  for (int64_t c = looks->header_shift; c < looks->n_columns && used + 40 < n_bytes; c++) {
    if (c == MOST_CELLS + looks->header_shift) {
      snprintf(text + used, n_bytes - used, ", ...");
      return;
    }
    const csv_field *field = &csv_cell_at(looks, line, c)->field;
    const int length = (int)(field->end - field->begin);
    used += (size_t)snprintf(text + used, n_bytes - used, "%s%.*s", used == 0 ? "" : ", ",
                             length < MOST_CHARACTERS ? length : MOST_CHARACTERS, field->begin);
  }
}
