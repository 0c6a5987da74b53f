/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/header.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_YEAR = 1900, MOST_YEAR = 2100, LONG_NUMBER = 12, MOST_HEADER_LINES = 4 };

/* --- text --- */

/* Numbers with blanks between them, as those of a size: "600 4". */
static bool is_several_numbers(const csv_field *field)
{
  bool has_blank = false;
  for (const char *c = field->begin; c < field->end; c++) {
    has_blank = has_blank || *c == ' ' || *c == '\t';
    if (*c == '\0' || strchr("0123456789+-. \t", *c) == NULL) return false;
  }
  return has_blank && !field->is_quoted;
}

/* Stars of a number that did not fit, dashes and the like are no names. */
static bool is_name(const csv_field *field)
{
  static const char no_letters[] = "*-+.,?#_ ";
  if (is_several_numbers(field)) return false;
  for (const char *c = field->begin; c < field->end; c++) {
    if (*c == '\0' || strchr(no_letters, *c) == NULL) return true;
  }
  return false;
}

/* What a line has above columns of numbers. */
typedef struct line_over_numbers {
  int n_names, n_other_texts, n_missing, n_integers, n_fractions;
} line_over_numbers;

static line_over_numbers look_over_numbers(const csv_looks *looks, int line)
{
  line_over_numbers seen = {0};
  for (int64_t c = looks->header_shift; c < looks->n_columns; c++) {
    if (!csv_is_column_of_numbers(looks, c, line + 1)) continue;
    const csv_cell *cell = csv_cell_at(looks, line, c);
    if (cell->kind == CELL_MISSING) {
      seen.n_missing++;
    } else if (cell->kind == CELL_TEXT) {
      if (is_name(&cell->field)) {
        seen.n_names++;
      } else {
        seen.n_other_texts++;
      }
    } else if (cell->is_integer) {
      seen.n_integers++;
    } else {
      seen.n_fractions++;
    }
  }
  return seen;
}

bool csv_is_text_header(const csv_looks *looks, int line)
{
  const line_over_numbers seen = look_over_numbers(looks, line);
  return seen.n_names > 0 && seen.n_fractions == 0;
}

/* Names, and behind them at least three ascending numbers, as of quantiles: "id,0.1,0.5,0.9". */
static bool has_ascending_names(const csv_looks *looks)
{
  enum { FEWEST_NUMBERS = 3 };
  const csv_cell *before = NULL;
  int n_numbers = 0;
  for (int64_t c = 0; c < looks->n_columns; c++) {
    const csv_cell *cell = csv_cell_at(looks, 0, c);
    if (cell->kind != CELL_NUMBER) {
      if (cell->kind == CELL_MISSING || n_numbers > 0 || !is_name(&cell->field)) return false;
      continue;
    }
    if (n_numbers++ > 0 && cell->value <= before->value) return false;
    before = cell;
  }
  return n_numbers >= FEWEST_NUMBERS && look_over_numbers(looks, 0).n_names > 0;
}

static bool has_any_text(const csv_looks *looks, int line)
{
  for (int64_t c = 0; c < looks->n_columns; c++) {
    if (csv_cell_at(looks, line, c)->kind == CELL_TEXT) return true;
  }
  return false;
}

static bool has_numbers_below(const csv_looks *looks, int line)
{
  for (int64_t c = 0; c < looks->n_columns; c++) {
    if (csv_is_column_of_numbers(looks, c, line + 1)) return true;
  }
  return false;
}

/* --- numbers that are names --- */

/* A first line of integers above columns of numbers, and what is below. */
typedef struct number_names {
  int n;                 /* integers of the first line */
  bool is_sequence;      /* 0, 1, 2 ... or 1, 2, 3 ... */
  bool is_distinct;      /* and not negative */
  bool is_years;         /* distinct ones */
  bool is_quoted;        /* all of them, and nothing below */
  int n_below;           /* numbers below */
  int n_integers_below;  /* those without decimals */
  int n_long_below;      /* those written with many digits */
  int n_years_below;     /* whole ones */
  int n_sequences_below; /* lines that count on by one as well */
  bool is_over_index;    /* is the first field empty and are the rows counted below it? */
} number_names;

static bool is_year(const csv_cell *cell)
{
  return cell->is_integer && cell->value >= LEAST_YEAR && cell->value <= MOST_YEAR;
}

static void look_below(const csv_looks *looks, int64_t column, int first, number_names *seen)
{
  const column_counts counts = csv_column_counts(looks, column, first);
  seen->n_below += counts.n_numbers;
  seen->n_integers_below += counts.n_integers;
  if (counts.n_quoted > 0) seen->is_quoted = false;
  for (int i = first; i < looks->n_lines; i++) {
    const csv_cell *cell = csv_cell_at(looks, i, column);
    if (cell->field.end - cell->field.begin >= LONG_NUMBER) seen->n_long_below++;
    if (is_year(cell)) seen->n_years_below++;
  }
}

/* Do the numbers of a line follow each other by one? The first one is passed over where it is missing. */
static bool is_sequence(const csv_looks *looks, int line)
{
  const csv_cell *before = NULL;
  for (int64_t c = 0; c < looks->n_columns; c++) {
    const csv_cell *cell = csv_cell_at(looks, line, c);
    if (c == 0 && cell->kind == CELL_MISSING) continue;
    if (!cell->is_integer || (before != NULL && cell->value != before->value + 1)) return false;
    before = cell;
  }
  return before != NULL;
}

/* False: the first line has something else than integers above columns of numbers. */
static bool look_at_numbers(const csv_looks *looks, int first_below, number_names *seen)
{
  *seen = (number_names){.is_sequence = true, .is_distinct = true, .is_years = true, .is_quoted = true};
  const csv_cell *before = NULL;
  double largest = -1;
  for (int64_t c = 0; c < looks->n_columns; c++) {
    const csv_cell *cell = csv_cell_at(looks, 0, c);
    if (!csv_is_column_of_numbers(looks, c, first_below)) continue;
    if (c == 0 && cell->kind == CELL_MISSING) {
      seen->is_over_index = csv_column_counts_rows(looks, 0, first_below, 2) || looks->header_shift > 0;
      continue;
    }
    if (!cell->is_integer) return false;
    if (before == NULL ? cell->value != 0 && cell->value != 1 : cell->value != before->value + 1)
      seen->is_sequence = false;
    if (!is_year(cell)) seen->is_years = false;
    if (!cell->field.is_quoted) seen->is_quoted = false;
    if (cell->value < 0) seen->is_distinct = false;
    for (int64_t b = 0; b < c && seen->is_distinct; b++) {
      const csv_cell *other = csv_cell_at(looks, 0, b);
      if (cell->value > largest) break;
      if (other->is_integer && other->value == cell->value) seen->is_distinct = false;
    }
    if (cell->value > largest) largest = cell->value;
    before = cell;
    seen->n++;
    look_below(looks, c, first_below, seen);
  }
  if (!seen->is_distinct) seen->is_years = false;
  for (int i = first_below; i < looks->n_lines; i++) seen->n_sequences_below += is_sequence(looks, i) ? 1 : 0;
  return seen->n > 0;
}

/* What the first line of numbers is. */
typedef enum line_verdict { IS_POINT, MAY_BE_HEADER, SEEMS_HEADER, IS_HEADER } line_verdict;

/* Are a line's numbers at equal steps upwards, as wavelengths and the middles of bins? */
static bool has_equal_steps(const csv_looks *looks, int line)
{
  if (looks->n_columns - looks->header_shift < 3) return false;
  double step = 0;
  for (int64_t c = looks->header_shift; c < looks->n_columns; c++) {
    const csv_cell *cell = csv_cell_at(looks, line, c);
    if (cell->kind != CELL_NUMBER) return false;
    if (c == looks->header_shift) continue;
    const double difference = cell->value - csv_cell_at(looks, line, c - 1)->value;
    if (c == looks->header_shift + 1) step = difference;
    if (!(difference > 0) || !(fabs(difference - step) <= 1e-9 * fabs(cell->value) + 1e-6 * step)) return false;
  }
  return true;
}

/* Numbers with decimals that may be names: short ones at equal steps above others that are not. */
static line_verdict judge_steps(const csv_looks *looks)
{
  enum { LONGEST_NAME = 8, FEWEST_ROWS = 3 };
  int n_cells = 0;
  int n_long = 0;
  if (looks->n_lines - 1 < FEWEST_ROWS || !has_equal_steps(looks, 0)) return IS_POINT;
  for (int64_t c = looks->header_shift; c < looks->n_columns; c++) {
    const csv_field *field = &csv_cell_at(looks, 0, c)->field;
    if (field->end - field->begin > LONGEST_NAME || !csv_is_column_of_numbers(looks, c, 1)) return IS_POINT;
  }
  for (int i = 1; i < looks->n_lines; i++) {
    if (has_equal_steps(looks, i)) return IS_POINT;
    for (int64_t c = looks->header_shift; c < looks->n_columns; c++, n_cells++) {
      const csv_field *field = &csv_cell_at(looks, i, c)->field;
      if (field->end - field->begin >= LONG_NUMBER) n_long++;
    }
  }
  if (2 * n_long > n_cells) return SEEMS_HEADER;
  return looks->n_columns - looks->header_shift > 3 ? MAY_BE_HEADER : IS_POINT;
}

static line_verdict judge_numbers(const csv_looks *looks)
{
  number_names seen;
  if (!look_at_numbers(looks, 1, &seen)) return IS_POINT;
  const int n_rows = looks->n_lines - 1;
  const bool has_decimals = 2 * seen.n_integers_below <= seen.n_below;
  const bool has_only_decimals = seen.n_integers_below == 0;
  const bool has_long_numbers = 2 * seen.n_long_below > seen.n_below;
  if (seen.is_quoted || (seen.is_over_index && seen.is_distinct)) return IS_HEADER;
  if (seen.n == 1) {
    const bool may_be = seen.is_years || csv_cell_at(looks, 0, 0)->value == 0;
    if (looks->n_columns > 1 || n_rows < 3 || !has_only_decimals || !may_be) return IS_POINT;
    return has_long_numbers || seen.is_years ? SEEMS_HEADER : n_rows < 5 ? IS_POINT : MAY_BE_HEADER;
  }
  if (n_rows < 2) return IS_POINT;
  if (seen.is_years && seen.n_years_below == 0) return has_decimals ? IS_HEADER : SEEMS_HEADER;
  if (seen.is_sequence && seen.n_sequences_below == 0) {
    if (has_only_decimals && has_long_numbers) return IS_HEADER;
    if (has_decimals) return seen.n > 2 ? IS_HEADER : n_rows < 3 ? MAY_BE_HEADER : SEEMS_HEADER;
    if (n_rows < 3) return IS_POINT;
    return seen.n > 2 ? SEEMS_HEADER : n_rows < 5 ? IS_POINT : MAY_BE_HEADER;
  }
  return seen.is_distinct && has_only_decimals && n_rows >= 3 ? SEEMS_HEADER : IS_POINT;
}

/* Two lines of integers that name columns together: (1, 1), (1, 2), (2, 1) ... over numbers with decimals. */
static line_verdict judge_two_levels(const csv_looks *looks)
{
  number_names seen;
  const int n_rows = looks->n_lines - 2;
  if (n_rows < 3 || looks->lines[1] != looks->lines[0] + 1) return IS_POINT;
  if (!look_at_numbers(looks, 2, &seen) || seen.n < 2) return IS_POINT;
  if (seen.is_distinct || seen.n_integers_below > 0) return IS_POINT;
  for (int64_t c = 0; c < looks->n_columns; c++) {
    if (c == 0 && csv_cell_at(looks, 0, 0)->kind == CELL_MISSING) continue;
    if (!csv_cell_at(looks, 1, c)->is_integer) return IS_POINT;
    for (int64_t b = 0; b < c && b < MOST_COLUMNS_LOOKED_AT / 8; b++) {
      if (csv_cell_at(looks, 0, b)->value == csv_cell_at(looks, 0, c)->value &&
          csv_cell_at(looks, 1, b)->value == csv_cell_at(looks, 1, c)->value &&
          csv_cell_at(looks, 0, b)->kind == CELL_NUMBER)
        return IS_POINT;
    }
  }
  return 2 * seen.n_long_below > seen.n_below ? IS_HEADER : SEEMS_HEADER;
}

/* --- lines below the first --- */

/* Does the first line name columns that only the second one tells apart? */
static bool needs_second_line(const csv_looks *looks)
{
  bool has_same = false;
  const int64_t n = looks->n_columns < MOST_COLUMNS_LOOKED_AT / 8 ? looks->n_columns : MOST_COLUMNS_LOOKED_AT / 8;
  for (int64_t c = 1; c < n; c++) {
    for (int64_t b = 0; b < c; b++) {
      bool is_same[2];
      for (int i = 0; i < 2; i++) {
        const csv_field *one = &csv_cell_at(looks, i, b)->field;
        const csv_field *other = &csv_cell_at(looks, i, c)->field;
        const size_t length = (size_t)(one->end - one->begin);
        is_same[i] =
            one->end - one->begin == other->end - other->begin && memcmp(one->begin, other->begin, length) == 0;
      }
      if (is_same[0] && is_same[1]) return false;
      if (is_same[0] && csv_cell_at(looks, 0, c)->field.begin < csv_cell_at(looks, 0, c)->field.end) has_same = true;
    }
  }
  return has_same;
}

static bool has_unclosed_quote(const csv_looks *looks, int line)
{
  for (int64_t c = 0; c < looks->n_columns; c++) {
    if (csv_cell_at(looks, line, c)->field.is_unclosed) return true;
  }
  return false;
}

/* Lines of text behind the first one: a second level of names, units, types. */
static void find_more_lines(point_source *source, const csv_looks *looks, csv_header *header)
{
  while (header->n_lines < MOST_HEADER_LINES && header->n_lines + 1 < looks->n_lines) {
    const int line = header->n_lines;
    if (looks->lines[line] != looks->lines[line - 1] + 1) return; /* a line between them is wrong */
    const line_over_numbers seen = look_over_numbers(looks, line);
    if (seen.n_names == 0 || seen.n_integers + seen.n_fractions > 0 || has_unclosed_quote(looks, line)) return;
    const int64_t number = looks->lines[line]->number;
    header->n_lines++;
    if (line == 1 && needs_second_line(looks)) {
      header->is_two_levels = true;
      source_note(source, "has a header of two lines: names are made of both");
      continue;
    }
    char text[200];
    csv_line_text(looks, line, text, sizeof text);
    source_note(source, "line %" PRId64 " (%s) holds units or other words for the columns, and is passed over", number,
                text);
  }
}

static void say_verdict(point_source *source, const csv_looks *looks, line_verdict verdict, int n_lines)
{
  char text[200];
  csv_line_text(looks, 0, text, sizeof text);
  const int64_t number = looks->lines[0]->number;
  if (verdict == SEEMS_HEADER)
    source_doubt(source,
                 "line %" PRId64 " (%s) is taken for a header%s; say --header no if it is a point, or --header "
                 "yes if not",
                 number, text, n_lines > 1 ? " of two lines" : "");
  if (verdict == MAY_BE_HEADER)
    source_doubt(source,
                 "line %" PRId64 " (%s) is taken for a point; say --header yes if it is a header, or --header "
                 "no if not",
                 number, text);
}

csv_header csv_find_header(point_source *source, const csv_looks *looks)
{
  const int choice = ((const csv_settings *)source->settings)->header;
  csv_header header = {0};
  if (choice == HEADER_NO) return header;
  if (choice == HEADER_YES || looks->lines[0]->is_comment) {
    header.n_lines = 1;
  } else if (looks->n_lines == 1 || !has_numbers_below(looks, 0)) {
    header.n_lines = has_any_text(looks, 0) ? 1 : 0;
  } else if (csv_is_text_header(looks, 0)) {
    header.n_lines = 1;
  } else {
    line_verdict verdict = has_ascending_names(looks) ? SEEMS_HEADER : judge_two_levels(looks);
    if (has_ascending_names(looks)) {
      header.n_lines = 1;
    } else if (verdict != IS_POINT) {
      header = (csv_header){.n_lines = 2, .is_two_levels = true};
    } else {
      verdict = judge_numbers(looks);
      if (verdict == IS_POINT) verdict = judge_steps(looks);
      header.n_lines = verdict >= SEEMS_HEADER ? 1 : 0;
    }
    say_verdict(source, looks, verdict, header.n_lines);
  }
  if (header.n_lines == 1 && !looks->lines[0]->is_comment) find_more_lines(source, looks, &header);
  return header;
}
