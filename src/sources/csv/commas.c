/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/commas.h"

#include "sources/csv/cells.h"
#include "sources/csv/fields.h"
#include "sources/csv/local_numbers.h"
#include "sources/csv/settings.h"

#include <stdlib.h>
#include <string.h>

/* --- lines of one number --- */

/* What the lines with a comma have in common, seen as two integers, or as a number with a comma in it. */
typedef struct comma_lines {
  int n, n_with_comma;
  int most_commas, fewest_commas;
  bool all_grouped;      /* three digits behind each comma, no more than three where there is none */
  bool has_zero_group;   /* "1,023": no integer column is written so */
  bool has_minus_zero;   /* "-0,25" */
  int shortest, longest; /* digits behind the comma */
  int n_round;           /* lines whose last digit is a 0 behind another digit */
  unsigned last_digits;  /* which digits stand alone behind a comma, as bits */
  bool counts;           /* do the digits before the comma count the lines? */
  long first_integer;
} comma_lines;

static bool look_at_number(const sample_line *line, comma_lines *seen)
{
  const char *end = csv_trim(line->text, line->text + line->length, ',');
  const char *begin = csv_skip_blanks(line->text, end, ',');
  local_shape shape;
  if (!local_shape_of(begin, end, &shape)) return false;
  if (shape.n_commas > 0 && ((!shape.is_comma_decimal && !shape.is_comma_grouped) || *begin == ',')) return false;
  if (seen->n == 0) seen->fewest_commas = shape.n_commas;
  if (shape.n_commas > seen->most_commas) seen->most_commas = shape.n_commas;
  if (shape.n_commas < seen->fewest_commas) seen->fewest_commas = shape.n_commas;
  const char *comma = memchr(begin, ',', (size_t)(end - begin));
  const bool is_short = comma == NULL && strcspn(*begin == '-' ? begin + 1 : begin, ".\n\r ") <= 3;
  if (!shape.is_comma_grouped && !is_short) seen->all_grouped = false;
  const long integer = strtol(begin, NULL, 10);
  if (seen->n == 0) seen->first_integer = integer;
  if ((double)integer != (double)seen->first_integer + seen->n) seen->counts = false;
  seen->n++;
  if (comma == NULL) return true;

  const int length = (int)(end - comma - 1);
  if (seen->n_with_comma++ == 0) seen->shortest = length;
  if (length < seen->shortest) seen->shortest = length;
  if (length > seen->longest) seen->longest = length;
  if (shape.begins_with_zero && *begin == '-') seen->has_minus_zero = true;
  if (length > 1 && comma[1] == '0') seen->has_zero_group = true;
  if (length > 1 && end[-1] == '0') seen->n_round++;
  if (length == 1) seen->last_digits |= 1U << (comma[1] - '0');
  return true;
}

static void read_groups(point_source *source, bool is_plain, csv_format *format)
{
  format->delimiter = ';';
  format->group = ',';
  if (is_plain) {
    source_note(source, "is one column of numbers with a comma between thousands (1,234 is 1234)");
  } else {
    source_doubt(source, "is read as one column of numbers with a comma between thousands (1,234 is 1234); say "
                         "--decimal , if decimals stand behind it, or --delimiter comma if it separates columns");
  }
}

static void read_decimals(point_source *source, bool is_plain, csv_format *format)
{
  format->delimiter = ';';
  format->decimal = ',';
  if (is_plain) {
    source_note(source, "is one column of numbers with a decimal comma (3,5 is 3.5)");
  } else {
    source_doubt(source,
                 "is read as one column of numbers with a decimal comma (3,5 is 3.5); say --delimiter comma if it "
                 "separates columns");
  }
}

/* Lines of exactly one comma: is it plainly no separator? */
static bool take_one_comma(point_source *source, const comma_lines *seen, bool has_header, csv_format *format)
{
  const bool may_be_decimal = ((const csv_settings *)source->settings)->decimal == 0;
  const bool is_decimal = seen->has_minus_zero || (seen->has_zero_group && !seen->all_grouped) ||
                          (seen->n >= 3 && seen->longest >= 12 && seen->shortest < seen->longest && seen->n_round == 0);
  const bool is_row_name = has_header && seen->counts && seen->n >= 3;
  if (is_decimal && may_be_decimal) {
    read_decimals(source, true, format);
    return true;
  }
  if (seen->all_grouped && (seen->has_zero_group || (has_header && !is_row_name && seen->n >= 3))) {
    read_groups(source, false, format);
    return true;
  }
  if (!may_be_decimal) return false;
  if (has_header && !seen->counts && seen->n >= 3) {
    read_decimals(source, false, format);
    return true;
  }
  if (has_header || seen->counts) return false;
  const bool few = seen->n >= 5 && seen->n <= 30;
  const bool as_decimals =
      (seen->n >= 20 && seen->longest >= 3 && seen->shortest < seen->longest && seen->n_round == 0) ||
      (few && seen->shortest == seen->longest && seen->longest == 2) ||
      (seen->n >= 10 && seen->longest == 1 && __builtin_popcount(seen->last_digits) >= 8);
  if (seen->all_grouped && seen->n >= 3 && seen->n < 50) {
    source_doubt(source, "is read as two columns of integers; if a comma stands between thousands (1,234 is 1234) say "
                         "--delimiter semicolon --decimal . and if it is a decimal one, --decimal ,");
  } else if (as_decimals) {
    source_doubt(source, "is read as two columns of integers; say --decimal , if it is one of numbers with a decimal "
                         "comma, or --delimiter comma if not");
  }
  return false;
}

bool csv_commas_of_one_column(point_source *source, const csv_sample *sample, csv_format *format)
{
  const csv_settings *settings = source->settings;
  comma_lines seen = {.all_grouped = true, .counts = true};
  bool has_header = false;
  if (settings->decimal == ',') return false;
  for (int i = 0; i < sample->n_lines; i++) {
    if (look_at_number(&sample->lines[i], &seen)) continue;
    if (i > 0 || csv_sample_count_fields(&sample->lines[0], ',') != 1) return false;
    has_header = true;
  }
  if (seen.first_integer != 0 && seen.first_integer != 1) seen.counts = false;
  if (seen.n_with_comma == 0 || (has_header && settings->header == HEADER_NO)) return false;
  const bool varies = seen.fewest_commas < seen.most_commas;
  if (seen.all_grouped && ((varies && seen.n >= 2) || (seen.most_commas > 1 && seen.has_zero_group))) {
    read_groups(source, varies && seen.n_with_comma >= 2, format);
    return true;
  }
  if (seen.most_commas > 1) return false;
  if (!varies) return take_one_comma(source, &seen, has_header, format);
  if (settings->decimal != 0 || seen.n_with_comma < 3) return false;
  read_decimals(source, false, format);
  return true;
}

/* --- cells --- */

/* How the cells of columns of numbers are written. */
typedef struct comma_cells {
  int n_commas;         /* cells with a comma */
  int n_comma_decimals; /* those that could have a decimal one */
  int n_comma_groups;   /* those that could have groups */
  int n_sure_groups;    /* "1,234,567", "1,234.5" */
  int n_sure_decimals;  /* "3,5", "0,123" */
  int n_points;         /* cells with a point and no comma */
  int n_point_groups;   /* those that could have groups: "1.234" */
  int n_both;           /* "1.234,5" */
} comma_cells;

static void add_cell(const local_shape *shape, comma_cells *seen)
{
  if (shape->n_commas == 0) {
    if (shape->n_points > 0) seen->n_points++;
    if (shape->is_point_grouped) seen->n_point_groups++;
    return;
  }
  seen->n_commas++;
  if (shape->is_comma_decimal) seen->n_comma_decimals++;
  if (shape->is_comma_grouped) seen->n_comma_groups++;
  if (shape->is_comma_grouped && !shape->is_comma_decimal) seen->n_sure_groups++;
  if (shape->is_comma_decimal && !shape->is_comma_grouped) seen->n_sure_decimals++;
  if (shape->is_point_grouped) seen->n_both++;
}

static void add_cells(const comma_cells *more, comma_cells *seen)
{
  seen->n_commas += more->n_commas;
  seen->n_comma_decimals += more->n_comma_decimals;
  seen->n_comma_groups += more->n_comma_groups;
  seen->n_sure_groups += more->n_sure_groups;
  seen->n_sure_decimals += more->n_sure_decimals;
  seen->n_points += more->n_points;
  seen->n_point_groups += more->n_point_groups;
  seen->n_both += more->n_both;
}

/* Adds what the columns have that are numbers with a comma, a point, or neither. The first lines may have something
 * else, as names and units, and so may a cell here and there. */
static bool look_at_cells(const csv_sample *sample, char delimiter, comma_cells *seen)
{
  enum { MOST_COLUMNS = 1024, MOST_HEADER_LINES = 3 };
  static const cell_rules with_comma = {.decimal = ','};
  typedef struct column {
    comma_cells cells;
    int n_texts;
  } column;
  column *columns = calloc(MOST_COLUMNS, sizeof *columns);
  if (columns == NULL) return false;
  for (int i = 0; i < sample->n_lines; i++) {
    const sample_line *line = &sample->lines[i];
    const char *end = csv_trim(line->text, line->text + line->length, delimiter);
    const char *next = csv_sample_content(line, delimiter);
    for (int c = 0; c < MOST_COLUMNS && next != NULL; c++) {
      csv_field field;
      double value;
      local_shape shape;
      next = csv_next_field(next, end, delimiter, &field);
      if (local_shape_of(field.begin, field.end, &shape)) {
        add_cell(&shape, &columns[c].cells);
      } else if (i > 0 && parse_cell(field.begin, field.end, &value) == CELL_TEXT) {
        const local_shape otherwise = {.n_commas = 1, .is_comma_decimal = true}; /* "1 234,5" */
        if (cell_parse(field.begin, field.end, &with_comma, &value) == CELL_NUMBER) {
          add_cell(&otherwise, &columns[c].cells);
        } else {
          columns[c].n_texts += i < MOST_HEADER_LINES ? 0 : 1;
        }
      }
    }
  }
  for (int c = 0; c < MOST_COLUMNS; c++) {
    if (columns[c].n_texts <= columns[c].cells.n_commas / 4) add_cells(&columns[c].cells, seen);
  }
  free(columns);
  return true;
}

void csv_commas_in_cells(point_source *source, const csv_sample *sample, csv_format *format)
{
  const char said = ((const csv_settings *)source->settings)->decimal;
  comma_cells seen = {0};
  format->decimal = said != 0 ? said : '.';
  if (!look_at_cells(sample, format->delimiter, &seen) || (seen.n_commas == 0 && said != ',')) return;
  const bool is_grouped = seen.n_comma_groups == seen.n_commas;
  const bool is_european = seen.n_comma_decimals + seen.n_both == seen.n_commas && seen.n_points == seen.n_point_groups;
  if (said == ',') {
    if (is_european && seen.n_both + seen.n_points > 0) format->group = '.';
  } else if (said == '.') {
    if (is_grouped) format->group = ',';
  } else if (seen.n_both > 0 && is_european) {
    format->decimal = ',';
    format->group = '.';
    source_note(source, "has decimal commas and a point between thousands (1.234,5 is 1234.5)");
  } else if (is_grouped && seen.n_sure_groups > 0) {
    format->group = ',';
    source_note(source, "has a comma between thousands (1,234 is 1234)");
  } else if (seen.n_comma_decimals == seen.n_commas && seen.n_points == 0 && seen.n_sure_decimals > 0) {
    format->decimal = ',';
    source_note(source, "has decimal commas (3,5 is 3.5)");
  } else if (is_grouped && (format->delimiter == ',' || seen.n_points > 0)) {
    format->group = ',';
    source_doubt(source,
                 "has commas that are taken to stand between thousands (1,234 is 1234); say --decimal , if they "
                 "are decimal ones, or --decimal . if not");
  } else if (is_grouped) {
    format->decimal = ',';
    source_doubt(source, "has commas that are taken to be decimal ones (1,234 is 1.234); say --decimal . if they stand "
                         "between thousands, or --decimal , if not");
  }
}
