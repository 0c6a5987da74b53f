/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/explain.h"

#include "sources/csv/cell_looks.h"
#include "sources/csv/fields.h"
#include "support/error.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/printable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 60, ADVICE_BYTES = 300 };

/* --- the file's first rows --- */

enum { MOST_ROWS_LOOKED_AT = 50, LOOK_BYTES = 1 << 16, MOST_BYTES_LOOKED_AT = 4 << 20 };

/* What the cells of a column are in these rows, but for the faulty line. */
typedef struct cell_counts {
  int n_numbers, n_texts;
} cell_counts;

static void count_cells(const faulty_line *wrong, const char *begin, const char *end, cell_counts *counts)
{
  const char delimiter = wrong->layout->delimiter;
  const int64_t n_columns = wrong->source->n_columns;
  csv_field field;
  end = csv_trim(begin, end, delimiter);
  const char *next = csv_skip_blanks(begin, end, delimiter);
  for (int64_t i = -wrong->layout->n_leading; next != NULL && i < n_columns; i++) {
    double value;
    next = csv_next_field(next, end, delimiter, &field);
    if (i < 0) continue;
    const cell_kind kind = cell_parse(field.begin, field.end, &wrong->layout->cells, &value);
    if (kind == CELL_NUMBER) counts[i].n_numbers++;
    if (kind == CELL_TEXT) counts[i].n_texts++;
  }
}

/* The counts of all columns; NULL: there is no memory. A file that cannot be read now has none. Caller frees. */
static cell_counts *look_around(const faulty_line *wrong)
{
  cell_counts *counts = allocate(wrong->source->n_columns, sizeof *counts);
  line_reader reader;
  gmmpi_error ignored = {0};
  if (counts == NULL) return NULL;
  if (line_reader_open(&reader, wrong->descriptor, wrong->source->path, wrong->n_bytes, LOOK_BYTES, &ignored) ==
      GMMPI_OK) {
    reader.line_end = wrong->rules->line_end;
    line_reader_seek(&reader, wrong->format->first_row);
    const int64_t most = wrong->format->first_row + MOST_BYTES_LOOKED_AT;
    int n_rows = 0;
    for (int64_t line = wrong->format->line; n_rows < MOST_ROWS_LOOKED_AT && line_reader_place(&reader) < most;
         line++) {
      const char *begin;
      const char *end;
      if (line_reader_next(&reader, &begin, &end, &ignored) != GMMPI_OK || begin == NULL) break;
      if (line == wrong->line || !is_row(begin, end, wrong->rules)) continue;
      count_cells(wrong, begin, end, counts);
      n_rows++;
    }
  }
  line_reader_close(&reader);
  return counts;
}

static bool is_text(const cell_counts *counts)
{
  return counts->n_texts > 0 && counts->n_texts >= counts->n_numbers;
}

/* " 1-4,6": the columns that are none of text, for --columns; "" where names could be taken for numbers, some columns
 * were picked already, or they are too many to list. */
static void list_columns_of_numbers(const faulty_line *wrong, const cell_counts *counts, char *list, size_t n_bytes)
{
  const int64_t n_columns = wrong->source->n_columns;
  size_t used = 0;
  *list = '\0';
  const int64_t n_features = wrong->source->n_features;
  const int64_t n_index = wrong->format->n_index;
  if (n_features != n_columns - n_index || wrong->source->columns[0] != n_index) return;
  for (int64_t i = 0; i < n_features && wrong->source->has_names; i++) {
    const char first = wrong->source->feature_names[i][0];
    if (first >= '0' && first <= '9') return;
  }
  for (int64_t i = n_index; i < n_columns; i++) {
    if (is_text(&counts[i])) continue;
    const int64_t first = i;
    while (i + 1 < n_columns && !is_text(&counts[i + 1])) i++;
    const char *separator = used == 0 ? " " : ",";
    used += (size_t)(i == first ? snprintf(list + used, n_bytes - used, "%s%" PRId64, separator, first + 1)
                                : snprintf(list + used, n_bytes - used, "%s%" PRId64 "-%" PRId64, separator, first + 1,
                                           i + 1));
    if (used < n_bytes) continue;
    *list = '\0';
    return;
  }
}

/* --- a cell that is no number --- */

static bool is_name_of_column(const faulty_line *wrong, const csv_fault *fault)
{
  if (!wrong->source->has_names) return false;
  const char *name = wrong->source->feature_names[fault->feature];
  const size_t length = (size_t)(fault->cell.end - fault->cell.begin);
  return strlen(name) == length && memcmp(name, fault->cell.begin, length) == 0;
}

/* Are all cells of the line text that were picked? Then it may be a header. */
static bool is_like_header(const faulty_line *wrong)
{
  const int64_t n_columns = wrong->source->n_columns;
  cell_counts *counts = allocate(n_columns, sizeof *counts);
  bool all_text = counts != NULL;
  if (counts != NULL) count_cells(wrong, wrong->begin, wrong->end, counts);
  for (int64_t i = 0; i < wrong->source->n_features && all_text; i++)
    all_text = counts[wrong->source->columns[i]].n_texts > 0;
  free(counts);
  return all_text;
}

/* The cell as a word that --missing-values takes, with the quotes that a shell needs: false when it is none. */
static bool is_word_for_option(const csv_field *cell, char *word, size_t n_bytes)
{
  const size_t length = (size_t)(cell->end - cell->begin);
  bool is_plain = true;
  if (length == 0 || length >= MISSING_BYTES) return false;
  for (const char *c = cell->begin; c < cell->end; c++) {
    if (*c < ' ' || *c > '~' || *c == ',' || *c == '"' || *c == '\'') return false;
    is_plain = is_plain && ((*c >= '0' && *c <= '9') || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') || *c == '.' ||
                            *c == '-' || *c == '_' || *c == '/');
  }
  const char *quote = is_plain ? "" : "'";
  snprintf(word, n_bytes, "%s%.*s%s", quote, (int)length, cell->begin, quote);
  return true;
}

/* What is said behind a cell that looks like nothing that is known. counts: of its column, or NULL. */
static void advise_on_word(const faulty_line *wrong, const csv_fault *fault, const cell_counts *counts,
                           const cell_counts *column, char *advice, size_t n_bytes)
{
  char word[MISSING_BYTES + 2];
  char list[120] = "";
  if (column == NULL || (column->n_numbers == 0 && column->n_texts == 0)) {
    snprintf(advice, n_bytes, " is not a number; correct it, or leave a column of text out with --columns");
  } else if (is_text(column)) {
    list_columns_of_numbers(wrong, counts, list, sizeof list);
    snprintf(advice, n_bytes, " is not a number; leave a column of text out with --columns%s", list);
  } else if (wrong->line == wrong->format->line && !wrong->source->has_names && is_like_header(wrong)) {
    snprintf(advice, n_bytes, " is not a number; say --header yes if the line is a header");
  } else if (is_word_for_option(&fault->cell, word, sizeof word)) {
    snprintf(advice, n_bytes, " is not a number; correct the cell, or call it missing with --missing-values %s", word);
  } else {
    snprintf(advice, n_bytes, " is not a number; correct the cell, or leave it empty if it is missing");
  }
}

static gmmpi_status explain_cell(const faulty_line *wrong, const csv_fault *fault, gmmpi_error *error)
{
  const point_source *source = wrong->source;
  const csv_field *cell = &fault->cell;
  char name[100];
  char shown[SHOWN_BYTES];
  char advice[ADVICE_BYTES];
  cell_counts *counts = look_around(wrong);
  const cell_counts *column = counts != NULL ? &counts[source->columns[fault->feature]] : NULL;
  const bool is_among_numbers = column != NULL && column->n_numbers > column->n_texts;
  if (is_name_of_column(wrong, fault)) {
    snprintf(advice, sizeof advice, " is the name of the column: a header again? delete the line");
  } else if (!cell_looks(cell, wrong->layout, is_among_numbers, advice, sizeof advice)) {
    advise_on_word(wrong, fault, counts, column, advice, sizeof advice);
  }
  free(counts);
  source_feature_text(source, fault->feature, name, sizeof name);
  printable_make(name);
  printable_copy(cell->begin, (size_t)(cell->end - cell->begin), shown, sizeof shown);
  return fail_at(error, wrong->line, GMMPI_BAD_DATA, "%s: line %" PRId64 ", column %s: \"%s\"%s", source->label,
                 wrong->line, name, shown, advice);
}

/* --- a wrong number of fields --- */

static bool ends_without_line_end(const faulty_line *wrong)
{
  gmmpi_error ignored = {0};
  char last = wrong->rules->line_end;
  return wrong->is_last &&
         file_read_at(wrong->descriptor, wrong->source->path, &last, 1, wrong->n_bytes - 1, &ignored) == GMMPI_OK &&
         last != wrong->rules->line_end;
}

/* What the line's fields say of it. */
static const char *advise_on_fields(const faulty_line *wrong, int64_t n_fields)
{
  const size_t length = (size_t)(wrong->end - wrong->begin);
  const char delimiter = wrong->layout->delimiter;
  const int64_t expected = wrong->layout->n_leading + wrong->source->n_columns;
  if (memchr(wrong->begin, '\r', length) != NULL || memchr(wrong->begin, '\n', length) != NULL)
    return "the ends of lines are of several kinds; write all of them as LF or CRLF";
  if (memchr(wrong->begin, '\0', length) != NULL)
    return "it holds bytes that are 0: was the file written to its end, and copied whole?";

  const char *end = csv_trim(wrong->begin, wrong->end, delimiter);
  const char *first = csv_skip_blanks(wrong->begin, end, delimiter);
  bool has_number = false;
  for (const char *next = first; next != NULL;) {
    csv_field field;
    double value;
    next = csv_next_field(next, end, delimiter, &field);
    if (n_fields < expected && cell_is_glued(&field, wrong->layout))
      return "fields of fixed width touch each other; write blanks between them";
    has_number = has_number || cell_parse(field.begin, field.end, &wrong->layout->cells, &value) == CELL_NUMBER;
  }
  if (first < end && *first == '%') return "say --comment % if the line is a comment";
  if (first < end && *first == '!') return "say --comment ! if the line is a comment";
  if (first < end && (*first == ';' || *first == '*' || *first == '/' || *first == '\''))
    return "if the line is a comment, delete it or name its first character with --comment";
  if (n_fields < expected && ends_without_line_end(wrong))
    return "the file ends within it: was it written to its end, and copied whole?";
  if (!has_number) return "delete the line if it is no point, or say --delimiter";
  if (n_fields > expected && delimiter == ',')
    return "correct the line, write decimals with a point instead of a comma, or say --delimiter";
  return "correct the line, or say --delimiter";
}

static gmmpi_status explain_n_fields(const faulty_line *wrong, gmmpi_error *error)
{
  const point_source *source = wrong->source;
  const int64_t expected = wrong->layout->n_leading + source->n_columns;
  const int64_t n_trailing = wrong->layout->n_trailing;
  bool is_unclosed;
  const int64_t n_fields = csv_count_fields(csv_skip_blanks(wrong->begin, wrong->end, wrong->layout->delimiter),
                                            wrong->end, wrong->layout->delimiter, &is_unclosed);
  if (is_unclosed)
    return fail_at(error, wrong->line, GMMPI_BAD_DATA,
                   "%s: line %" PRId64 ": a quote is not closed; a quoted field may not contain a line break",
                   source->label, wrong->line);
  if (n_trailing > 0 && n_fields == expected + n_trailing)
    return fail_at(error, wrong->line, GMMPI_BAD_DATA,
                   "%s: line %" PRId64 " has a field behind its last delimiter, where the first lines have none; "
                   "correct the line",
                   source->label, wrong->line);
  return fail_at(error, wrong->line, GMMPI_BAD_DATA,
                 "%s: line %" PRId64 " has %" PRId64 " field%s where %" PRId64 " %s expected; %s", source->label,
                 wrong->line, n_fields, plural(n_fields), expected, expected == 1 ? "is" : "are",
                 advise_on_fields(wrong, n_fields));
}

gmmpi_status csv_explain(const faulty_line *wrong, const csv_fault *fault, gmmpi_error *error)
{
  return fault->kind == FAULT_CELL ? explain_cell(wrong, fault, error) : explain_n_fields(wrong, error);
}
