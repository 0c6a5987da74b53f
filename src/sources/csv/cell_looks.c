/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/cell_looks.h"

#include "sources/csv/parse_number.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A text that is looked at, which is not empty. */
typedef struct look {
  const char *begin;
  const char *end;
  const csv_row_layout *layout;
} look;

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool has(const look *cell, char c)
{
  return memchr(cell->begin, c, (size_t)(cell->end - cell->begin)) != NULL;
}

static bool has_digit(const look *cell)
{
  for (const char *c = cell->begin; c < cell->end; c++) {
    if (is_digit(*c)) return true;
  }
  return false;
}

/* Is what is from begin to end a number, but for blanks around? */
static bool is_number(const look *cell, const char *begin, const char *end)
{
  double value;
  while (begin < end && *begin == ' ') begin++;
  while (end > begin && end[-1] == ' ') end--;
  return begin < end && (is_digit(end[-1]) || end[-1] == '.' || end[-1] == ',') &&
         cell_parse(begin, end, &cell->layout->cells, &value) == CELL_NUMBER;
}

/* Does the cell begin with one of these marks? Its length, or 0. */
static size_t begins_with(const char *text, const char *end, const char *const *marks)
{
  for (; *marks != NULL; marks++) {
    const size_t length = strlen(*marks);
    if (length <= (size_t)(end - text) && memcmp(text, *marks, length) == 0) return length;
  }
  return 0;
}

static bool contains(const look *cell, const char *const *marks)
{
  for (const char *c = cell->begin; c < cell->end; c++) {
    if (begins_with(c, cell->end, marks) > 0) return true;
  }
  return false;
}

/* --- whatever the column --- */

static bool has_stars(const look *cell)
{
  for (const char *c = cell->begin; c < cell->end; c++) {
    if (isalpha((unsigned char)*c) != 0) return false;
  }
  return contains(cell, (const char *const[]){"**", NULL});
}

static bool has_line_end(const look *cell)
{
  return has(cell, '\r') || has(cell, '\n');
}

static bool has_zero_bytes(const look *cell)
{
  return has(cell, '\0');
}

static bool is_percentage(const look *cell)
{
  return cell->end[-1] == '%' && is_number(cell, cell->begin, cell->end - 1);
}

static bool has_currency(const look *cell)
{
  static const char *const marks[] = {
      "$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", "\xE2\x82\xB9", "\xE2\x82\xA9", "\xE2\x82\xBD", NULL};
  return has_digit(cell) && contains(cell, marks);
}

static bool is_hexadecimal(const look *cell)
{
  const char *c = *cell->begin == '-' || *cell->begin == '+' ? cell->begin + 1 : cell->begin;
  if (cell->end - c < 3 || c[0] != '0' || (c[1] != 'x' && c[1] != 'X')) return false;
  for (c += 2; c < cell->end; c++) {
    if (isxdigit((unsigned char)*c) == 0 && strchr(".pP+-", *c) == NULL) return false;
  }
  return true;
}

/* 2020-01-31, 31.12.2020, 1/2/99: where it ends, or NULL. */
static const char *behind_date(const char *next, const char *end)
{
  char separator = '\0';
  for (int part = 0; part < 3; part++) {
    const char *digits = next;
    while (next < end && is_digit(*next)) next++;
    if (next == digits || (next - digits > 2 && next - digits != 4)) return NULL;
    if (part == 2) return next - digits > 1 || separator == '/' ? next : NULL;
    if (next == end || strchr("-/.", *next) == NULL || (part == 1 && *next != separator)) return NULL;
    separator = *next++;
  }
  return NULL;
}

static bool is_time(const char *next, const char *end)
{
  const char *digits = next;
  while (next < end && is_digit(*next)) next++;
  return next > digits && next - digits <= 2 && end - next >= 3 && *next == ':' && is_digit(next[1]) &&
         is_digit(next[2]);
}

static bool has_month(const look *cell)
{
  static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                       "jul", "aug", "sep", "oct", "nov", "dec"};
  for (const char *c = cell->begin; cell->end - c >= 3; c++) {
    if (c > cell->begin && strchr("-/ .,", c[-1]) == NULL) continue;
    for (size_t m = 0; m < sizeof months / sizeof *months; m++) {
      if (strncasecmp(c, months[m], 3) == 0 && (c + 3 == cell->end || strchr("-/ .,", c[3]) != NULL)) return true;
    }
  }
  return false;
}

static bool is_date_or_time(const look *cell)
{
  const char *behind = behind_date(cell->begin, cell->end);
  if (behind != NULL) return behind == cell->end || *behind == ' ' || *behind == 'T';
  return is_time(cell->begin, cell->end) || (has_digit(cell) && has_month(cell));
}

static bool has_other_digits(const look *cell)
{
  for (const unsigned char *c = (const unsigned char *)cell->begin; (const char *)c + 1 < cell->end; c++) {
    const ptrdiff_t left = cell->end - (const char *)c;
    const bool is_arabic =
        (c[0] == 0xD9 && c[1] >= 0xA0 && c[1] <= 0xA9) || (c[0] == 0xDB && c[1] >= 0xB0 && c[1] <= 0xB9);
    const bool is_raised = c[0] == 0xC2 && (c[1] == 0xB2 || c[1] == 0xB3 || c[1] == 0xB9);
    const bool is_wide = left >= 3 && c[0] == 0xEF && c[1] == 0xBC && c[2] >= 0x90 && c[2] <= 0x99;
    const bool is_indian = left >= 3 && c[0] == 0xE0 && c[1] == 0xA5 && c[2] >= 0xA6 && c[2] <= 0xAF;
    if (is_arabic || is_wide || is_indian || (is_raised && has_digit(cell))) return true;
  }
  return false;
}

static bool has_underscores(const look *cell)
{
  for (const char *c = cell->begin; c < cell->end; c++) {
    if (!is_digit(*c) && strchr("_.-+eE", *c) == NULL) return false;
  }
  return is_digit(*cell->begin) && has(cell, '_');
}

/* 1+2j, (1.0,2.0) */
static bool is_complex(const look *cell)
{
  const char last = cell->end[-1];
  double value;
  if (*cell->begin == '(' && last == ')') return has(cell, ',') && has_digit(cell);
  const char *behind = parse_number(cell->begin, &value);
  return (last == 'i' || last == 'j') && behind != NULL && (*behind == '+' || *behind == '-') &&
         is_number(cell, behind, cell->end - 1);
}

static bool is_in_parentheses(const look *cell)
{
  return *cell->begin == '(' && cell->end[-1] == ')' && is_number(cell, cell->begin + 1, cell->end - 1);
}

static bool has_bracket(const look *cell)
{
  const char *begin = cell->begin;
  const char *end = cell->end;
  while (begin < end && strchr("[({", *begin) != NULL) begin++;
  while (end > begin && strchr("])};", end[-1]) != NULL) end--;
  return (begin > cell->begin || end < cell->end) && is_number(cell, begin, end);
}

static bool has_other_quotes(const look *cell)
{
  static const char *const quotes[] = {"'", "\xE2\x80\x98", "\xE2\x80\x99", "\xE2\x80\x9C", "\xE2\x80\x9D", NULL};
  const size_t length = begins_with(cell->begin, cell->end, quotes);
  if (length == 0) return false;
  const char *end = cell->begin + length;
  while (end < cell->end && begins_with(end, cell->end, quotes) == 0) end++;
  return end + begins_with(end, cell->end, quotes) == cell->end && is_number(cell, cell->begin + length, end);
}

/* 3*1.5 */
static bool is_repeated(const look *cell)
{
  const char *star = memchr(cell->begin, '*', (size_t)(cell->end - cell->begin));
  return star != NULL && is_number(cell, cell->begin, star) && is_number(cell, star + 1, cell->end);
}

/* <0.5, about 3 */
static bool is_limit(const look *cell)
{
  static const char *const marks[] = {"<=", ">=", "<", ">", "~", "\xE2\x89\xA4", "\xE2\x89\xA5", "\xE2\x89\x88", NULL};
  const size_t length = begins_with(cell->begin, cell->end, marks);
  return length > 0 && is_number(cell, cell->begin + length, cell->end);
}

/* 1.23(4), 1.2+/-0.1 */
static bool has_uncertainty(const look *cell)
{
  static const char *const marks[] = {"(", "\xC2\xB1", "+/-", "+-", NULL};
  for (const char *c = cell->begin; c < cell->end; c++) {
    const size_t length = begins_with(c, cell->end, marks);
    if (length == 0) continue;
    const bool is_closed = *c != '(' || cell->end[-1] == ')';
    return is_closed && is_number(cell, cell->begin, c) &&
           is_number(cell, c + length, *c == '(' ? cell->end - 1 : cell->end);
  }
  return false;
}

static bool is_fraction(const look *cell)
{
  const char *bar = memchr(cell->begin, '/', (size_t)(cell->end - cell->begin));
  return bar != NULL && is_number(cell, cell->begin, bar) && is_number(cell, bar + 1, cell->end);
}

static bool is_formula(const look *cell)
{
  return *cell->begin == '=' && cell->end - cell->begin > 1;
}

static bool has_dash(const look *cell)
{
  static const char *const dashes[] = {
      "\xE2\x80\x90", "\xE2\x80\x91", "\xE2\x80\x92", "\xE2\x80\x93", "\xE2\x80\x94", "\xEF\xBC\x8D", NULL};
  const size_t length = begins_with(cell->begin, cell->end, dashes);
  return length > 0 && is_number(cell, cell->begin + length, cell->end);
}

static bool is_glued(const look *cell)
{
  const char *next = cell->begin;
  double value;
  int n_numbers = 0;
  while (next < cell->end && (next = parse_number(next, &value)) != NULL && next <= cell->end) n_numbers++;
  return next == cell->end && n_numbers > 1;
}

/* Even where no cell is a plain number: two points, and a sign that begins the second number. */
static bool is_glued_for_sure(const look *cell)
{
  const char *point = memchr(cell->begin, '.', (size_t)(cell->end - cell->begin));
  if (point == NULL) return false;
  const look rest = {point + 1, cell->end, cell->layout};
  return has(&rest, '.') && has(&rest, '-') && is_glued(cell);
}

/* A number if the decimals stood behind the other mark. */
static bool has_other_decimals(const look *cell)
{
  const char decimal = cell->layout->cells.decimal;
  const cell_rules other = {.decimal = decimal == '.' ? ',' : '.'};
  double value;
  return has(cell, other.decimal) && cell_parse(cell->begin, cell->end, &other, &value) == CELL_NUMBER;
}

static bool has_decimal_comma(const look *cell)
{
  return cell->layout->cells.decimal == '.' && has_other_decimals(cell);
}

/* In quotes, where commas separate fields. */
static bool has_quoted_decimal_comma(const look *cell)
{
  return cell->layout->delimiter == ',' && has_decimal_comma(cell);
}

static bool has_decimal_point(const look *cell)
{
  return cell->layout->cells.decimal == ',' && has_other_decimals(cell);
}

/* --- only where numbers are --- */

static bool begins_comment(const look *cell)
{
  return *cell->begin == '#' || contains(cell, (const char *const[]){" #", NULL});
}

static bool has_unit(const look *cell)
{
  double value;
  const char *behind = parse_number(cell->begin, &value);
  if (behind == NULL || behind >= cell->end) return false;
  while (behind < cell->end && *behind == ' ') behind++;
  return isalpha((unsigned char)*behind) != 0 || (unsigned char)*behind >= 0x80;
}

static bool is_sum(const look *cell)
{
  static const char *const words[] = {"total", "totals", "sum",   "subtotal", "average", "avg",
                                      "mean",  "median", "count", "std",      "min",     "max"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    const size_t length = strlen(words[i]);
    if ((size_t)(cell->end - cell->begin) >= length && strncasecmp(cell->begin, words[i], length) == 0 &&
        (cell->begin + length == cell->end || isalpha((unsigned char)cell->begin[length]) == 0))
      return true;
  }
  return false;
}

/* In the order of asking. */
static const struct {
  bool (*has)(const look *cell);
  bool among_numbers; /* only there */
  const char *looks;
} known_looks[] = {
    {has_line_end, false,
     " holds the end of a line, as the ends of lines are of several kinds here; write all of them as LF or CRLF"},
    {has_zero_bytes, false, " holds bytes that are 0; was the file written to its end, and copied whole?"},
    {has_stars, false,
     ": the number did not fit its field of fixed width when it was written; write it with more characters, or NA if "
     "it "
     "is not known any more"},
    {is_percentage, false, " is a percentage; write 15% as 15, or as 0.15, and so in the whole column"},
    {has_currency, false, " has the sign of a currency; write the number alone"},
    {is_hexadecimal, false, " is a hexadecimal number; write it in decimal digits"},
    {is_date_or_time, false, " is a date or a time; make a number of it, or leave its column out with --columns"},
    {has_other_digits, false, " has digits other than 0 to 9; write it with these"},
    {has_quoted_decimal_comma, false,
     " is not a number unless a comma stands before decimals; then say --delimiter comma --decimal ,"},
    {has_decimal_comma, false, " is not a number unless a comma stands before decimals; then say --decimal ,"},
    {has_decimal_point, false,
     " has a point where a comma stands before decimals; write all numbers in the same way, or say --decimal ."},
    {has_underscores, false, " has underscores between its digits; leave them out"},
    {has_dash, false, " has a dash where a minus sign should be; write - instead"},
    {is_in_parentheses, false, " is in parentheses; write (5) as -5 if that is what it means, else as 5"},
    {is_complex, false, " is a complex number; write its two parts in columns of their own"},
    {has_bracket, false, " has a bracket beside its number; write the number alone"},
    {has_other_quotes, false, " is in quotes of another kind than \"; leave them out"},
    {is_repeated, false, " stands for several numbers, as Fortran writes 3*1.5; write each of them"},
    {is_limit, false, " is a limit and not a value; write a number, or what --missing-values names"},
    {has_uncertainty, false, " has its uncertainty beside it; write that in a column of its own"},
    {is_fraction, false, " is a fraction, or a date; write it with decimals"},
    {is_formula, false, " is a formula; save the values of the table instead"},
    {is_glued_for_sure, false,
     " is two numbers or more: fields of fixed width that touch each other; write blanks between them"},
    {is_glued, true, " is two numbers or more: fields of fixed width that touch each other; write blanks between them"},
    {begins_comment, true, " holds a comment; a comment must stand on a line of its own"},
    {has_unit, true, " has text behind its number, as a unit; write the number alone"},
    {is_sum, true, " is the word for a sum or a mean; delete the line if it is no point"},
};

/* "1,234" may be 1234 or 1.234. */
static void describe_two_readings(const look *cell, char *looks, size_t n_bytes)
{
  const char decimal = cell->layout->cells.decimal;
  const char mark = decimal == '.' ? ',' : '.';
  char large[40];
  size_t length = 0;
  for (const char *c = cell->begin; c < cell->end && length + 1 < sizeof large; c++) {
    if (*c != mark) large[length++] = *c;
  }
  large[length] = '\0';
  const int n_first = (int)length - 3;
  const char *delimiter = cell->layout->delimiter == ',' ? "--delimiter comma " : "";
  snprintf(looks, n_bytes, " may be %s or %.*s.%s; say %s--decimal %c for the first, %s--decimal %c for the second",
           large, n_first, large, large + n_first, delimiter, decimal, delimiter, mark);
}

bool cell_looks(const csv_field *field, const csv_row_layout *layout, bool is_among_numbers, char *looks,
                size_t n_bytes)
{
  const look cell = {field->begin, field->end, layout};
  const size_t length = (size_t)(field->end - field->begin);
  *looks = '\0';
  if (length == 0) return false;
  if (cell_is_ambiguous(field->begin, field->end, &layout->cells) && length < 30) {
    describe_two_readings(&cell, looks, n_bytes);
    return true;
  }
  for (size_t i = 0; i < sizeof known_looks / sizeof *known_looks; i++) {
    if ((known_looks[i].among_numbers && !is_among_numbers) || !known_looks[i].has(&cell)) continue;
    snprintf(looks, n_bytes, "%s", known_looks[i].looks);
    return true;
  }
  return false;
}

bool cell_is_glued(const csv_field *field, const csv_row_layout *layout)
{
  const look cell = {field->begin, field->end, layout};
  return is_glued(&cell);
}
