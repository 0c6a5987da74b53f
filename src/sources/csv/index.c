/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/index.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool csv_has_row_names(const csv_looks *looks, int n_header_lines)
{
  const column_counts counts = csv_column_counts(looks, 0, n_header_lines);
  const int n_rows = looks->n_lines - n_header_lines;
  if (counts.n_quoted == n_rows || (counts.n_texts > 0 && counts.n_numbers == 0)) return true;
  const double first = n_rows > 0 ? csv_cell_at(looks, n_header_lines, 0)->value : 0;
  if (csv_column_counts_rows(looks, 0, n_header_lines, 2) && (looks->n_columns > 2 || first == 0 || first == 1))
    return true;
  return looks->n_columns > 2 && n_rows >= 3 && csv_column_is_distinct(looks, 0, n_header_lines);
}

/* Is the column's name one that programs give to an index? */
static bool has_name_of_index(const csv_looks *looks, int64_t column)
{
  static const char *const names[] = {"index", "level_0", "rownames", "row.names", "__index_level_0__"};
  const csv_field *field = &csv_cell_at(looks, 0, column)->field;
  const size_t length = (size_t)(field->end - field->begin);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strlen(names[i]) == length && memcmp(field->begin, names[i], length) == 0) return true;
  }
  return false;
}

/* Is the column's name none? pandas calls columns so that it read without a name. */
static bool is_unnamed(const csv_looks *looks, int64_t column)
{
  static const char unnamed[] = "Unnamed: ";
  const csv_field *field = &csv_cell_at(looks, 0, column)->field;
  const size_t length = (size_t)(field->end - field->begin);
  return length == 0 || (length >= sizeof unnamed - 1 && memcmp(field->begin, unnamed, sizeof unnamed - 1) == 0);
}

/* An index of several levels: columns behind the first one that have no name either. */
static void find_more_levels(point_source *source, const csv_looks *looks, int first, csv_format *format)
{
  while (format->n_index + 1 < looks->n_columns && is_unnamed(looks, format->n_index)) {
    const column_counts counts = csv_column_counts(looks, format->n_index, first);
    if (counts.n_numbers > 0 && counts.n_integers < counts.n_numbers) return; /* decimals count nothing */
    const bool is_plain = counts.n_numbers == 0 || csv_column_counts_rows(looks, format->n_index, first, 2);
    format->n_index++;
    if (is_plain)
      source_note(source, "column %d has no name either, and is left out as well", format->n_index);
    else
      source_doubt(source,
                   "column %d has no name either, and is taken for an index of the rows, too, and left out; say "
                   "--keep-index if it is a feature, or --columns %d-%" PRId64 " if not",
                   format->n_index, format->n_index + 1, format->n_columns);
  }
}

static void find_unnamed_index(point_source *source, const csv_looks *looks, int first, csv_format *format)
{
  const column_counts counts = csv_column_counts(looks, 0, first);
  const int64_t n_columns = format->n_columns;
  if (counts.n_numbers == 0 && counts.n_texts > 0) {
    format->n_index = 1;
    source_note(source, "column 1 has no name and holds text: it is taken for names of the rows and left out");
  } else if (csv_column_counts_rows(looks, 0, first, 1)) {
    format->n_index = 1;
    source_note(source, "column 1 has no name and counts the rows: it is left out (--keep-index keeps it)");
  } else if (counts.n_quoted == looks->n_lines - first && csv_column_counts(looks, 1, first).n_quoted == 0) {
    format->n_index = 1;
    source_note(source, "column 1 has no name and is in quotes: it is taken for names of the rows and left out "
                        "(--keep-index keeps it)");
  } else if (csv_column_is_distinct(looks, 0, first)) {
    format->n_index = 1;
    source_doubt(
        source,
        "column 1 has no name and is taken for an index of the rows, and left out; say --keep-index if it is a "
        "feature, or --columns 2-%" PRId64 " if not",
        n_columns);
  } else if (counts.n_numbers > 0) {
    source_doubt(source,
                 "column 1 has no name and is read as a feature; say --columns 2-%" PRId64 " if it is an index of the "
                 "rows, or --keep-index if not",
                 n_columns);
  }
}

/* Are two integers the place of a number in a matrix, which is listed by rows or by columns? outer: the one that
 * changes slowly. */
static bool is_listed_by(const csv_looks *looks, int64_t outer, int64_t inner)
{
  int n_same = 0;
  const int first = csv_cell_at(looks, 0, 0)->value > csv_cell_at(looks, 1, 0)->value &&
                            csv_cell_at(looks, 0, 1)->value >= csv_cell_at(looks, 1, 1)->value
                        ? 1
                        : 0; /* Matrix Market has the matrix' size in front */
  for (int i = first; i < looks->n_lines; i++) {
    const csv_cell *slow = csv_cell_at(looks, i, outer);
    const csv_cell *fast = csv_cell_at(looks, i, inner);
    if (!slow->is_integer || !fast->is_integer || slow->value < 0 || fast->value < 0) return false;
    if (i == first) {
      if (slow->value > 1) return false;
      continue;
    }
    const csv_cell *slow_before = csv_cell_at(looks, i - 1, outer);
    const csv_cell *fast_before = csv_cell_at(looks, i - 1, inner);
    if (slow->value < slow_before->value) return false;
    if (slow->value == slow_before->value) {
      if (fast->value <= fast_before->value) return false;
      n_same++;
    }
  }
  return n_same >= 3;
}

static bool is_list_of_places(const csv_looks *looks)
{
  enum { FEWEST_LINES = 6 };
  if (looks->n_columns != 3 || looks->n_lines < FEWEST_LINES) return false;
  return is_listed_by(looks, 0, 1) || is_listed_by(looks, 1, 0);
}

static void doubt_columns_of_numbers(point_source *source, const csv_looks *looks, int64_t n_columns)
{
  enum { FEWEST_LINES = 5 };
  if (is_list_of_places(looks)) {
    source_doubt(source,
                 "seems to be a list of triplets, row, column and value of a matrix, and is read as points of three "
                 "features; write the matrix row by row, or say --columns 1-3 if they are points");
    return;
  }
  const double first = csv_cell_at(looks, 0, 0)->value;
  if (n_columns < 2 || !csv_column_counts_rows(looks, 0, 0, FEWEST_LINES) || (first != 0 && first != 1)) return;
  for (int64_t c = 1; c < looks->n_columns; c++) {
    if (csv_column_counts_rows(looks, c, 0, FEWEST_LINES)) return;
  }
  char others[40] = "2";
  if (n_columns > 2) snprintf(others, sizeof others, "2-%" PRId64, n_columns);
  source_doubt(source,
               "column 1 counts the rows and is read as a feature; leave it out with --columns %s, or say --keep-index "
               "if it is one",
               others);
}

void csv_find_index(point_source *source, const csv_looks *looks, const csv_header *header, bool picks_columns,
                    csv_format *format)
{
  const bool keeps = ((const csv_settings *)source->settings)->keep_index != 0 || picks_columns;
  if (keeps || format->n_columns < 2) return;
  if (header->n_lines == 0) {
    doubt_columns_of_numbers(source, looks, format->n_columns);
  } else if (looks->header_shift == 0) {
    if (looks->n_lines > header->n_lines && is_unnamed(looks, 0)) {
      find_unnamed_index(source, looks, header->n_lines, format);
      if (format->n_index > 0) find_more_levels(source, looks, header->n_lines, format);
    } else if ((header->is_two_levels || has_name_of_index(looks, 0)) &&
               csv_column_counts_rows(looks, 0, header->n_lines, 2)) {
      source_doubt(source,
                   "column 1 counts the rows and is read as a feature; leave it out with --columns 2-%" PRId64
                   ", or say --keep-index if it is one",
                   format->n_columns);
    }
  } else {
    format->n_index = 1;
    const column_counts counts = csv_column_counts(looks, 0, header->n_lines);
    const int n_rows = looks->n_lines - header->n_lines;
    if (counts.n_quoted == n_rows || counts.n_numbers == 0 || csv_column_counts_rows(looks, 0, header->n_lines, 2)) {
      source_note(source, "its header is one name short: column 1 holds row names and is left out (--keep-index keeps "
                          "it)");
    } else {
      source_doubt(
          source,
          "its header is one name short: column 1 is taken for row names and left out; say --columns 2-%" PRId64
          " if it holds row names, or --keep-index if it is a feature",
          format->n_columns);
    }
  }
}
