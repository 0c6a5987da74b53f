/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/cells.h"

#include "sources/csv/parse_number.h"

#include <math.h>
#include <string.h>

const cell_rules cell_rules_of_plain_tables = {.decimal = '.'};

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* --- words --- */

/* The length of this word, which is in lower case, at the beginning of text, of whatever case; 0: it is not there. */
static size_t word_length(const char *text, const char *end, const char *word)
{
  size_t length = 0;
  for (; word[length] != '\0'; length++) {
    if (text + length == end) return 0;
    const char c = text[length];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != word[length]) return 0;
  }
  return length;
}

static bool is_word(const char *text, const char *end, const char *word)
{
  return strlen(word) == (size_t)(end - text) && (text == end || word_length(text, end, word) > 0);
}

static bool is_in(const char *const *words, const char *text, const char *end)
{
  for (; *words != NULL; words++) {
    if (is_word(text, end, *words)) return true;
  }
  return false;
}

static const char *behind_sign(const char *text, const char *end)
{
  return text < end && (*text == '-' || *text == '+') ? text + 1 : text;
}

/* Microsoft's C library: "1.#QNAN", with zeros behind it for as many decimals as were asked for. */
static bool is_microsoft(const char *text, const char *end, const char *word)
{
  const size_t length = word_length(text, end, word);
  if (length == 0) return false;
  for (text += length; text < end; text++) {
    if (*text != '0') return false;
  }
  return true;
}

static bool is_infinity(const char *text, const char *end, double *value)
{
  static const char *const words[] = {"inf", "infinity", "\xE2\x88\x9E", NULL};
  const char *word = behind_sign(text, end);
  if (!is_in(words, word, end) && !is_microsoft(word, end, "1.#inf")) return false;
  *value = *text == '-' ? -INFINITY : INFINITY;
  return true;
}

/* NaN with a sign or not; C libraries and AIX may say more of it: nan(ind), nan(0x1), NaNQ. */
static bool is_nan(const char *text, const char *end)
{
  static const char *const words[] = {"nan", "nanq", "nans", NULL};
  static const char *const microsoft[] = {"1.#qnan", "1.#snan", "1.#ind", NULL};
  text = behind_sign(text, end);
  for (const char *const *word = microsoft; *word != NULL; word++) {
    if (is_microsoft(text, end, *word)) return true;
  }
  return is_in(words, text, end) || (word_length(text, end, "nan(") > 0 && end[-1] == ')');
}

/* The one with more at its end first. */
static const char *const spreadsheet_errors[] = {
    "#div/0!", "#value!", "#ref!",   "#num!",   "#null!", "#name?", "#n/a n/a", "#n/a", "#na", "#error!",
    "#spill!", "#calc!",  "#field!", "#bezug!", "#wert!", "#zahl!", "#n/d",     "#nv",  NULL};

size_t spreadsheet_error_length(const char *text, const char *end)
{
  for (const char *const *word = spreadsheet_errors; *word != NULL; word++) {
    const size_t length = word_length(text, end, *word);
    if (length > 0) return length;
  }
  return 0;
}

/* A lone point (SAS, Stata), or one with a letter or underscore that says why: .a to .z, ._ */
static bool is_missing_point(const char *text, const char *end)
{
  if (text == end || *text != '.' || end - text > 2) return false;
  return end - text == 1 || text[1] == '_' || (text[1] >= 'a' && text[1] <= 'z') || (text[1] >= 'A' && text[1] <= 'Z');
}

static bool is_missing(const char *text, const char *end)
{
  static const char *const words[] = {"",
                                      "na",
                                      "n/a",
                                      "n.a.",
                                      "n.a",
                                      "<na>",
                                      "null",
                                      "<null>",
                                      "(null)",
                                      "[null]",
                                      "none",
                                      "\\n",
                                      "?",
                                      "nat",
                                      "<nat>",
                                      "missing",
                                      "*",
                                      "-",
                                      "--",
                                      "---",
                                      "\xE2\x80\x93",
                                      "\xE2\x80\x94",
                                      "\xE2\x88\x92",
                                      "indeterminate",
                                      NULL};
  return is_in(words, text, end) || is_nan(text, end) || is_missing_point(text, end) ||
         is_in(spreadsheet_errors, text, end);
}

static bool is_called_missing(const char *text, const char *end, const missing_values *missing)
{
  for (int i = 0; missing != NULL && i < missing->n_words; i++) {
    const size_t length = strlen(missing->words[i]);
    if (length == (size_t)(end - text) && memcmp(missing->words[i], text, length) == 0) return true;
  }
  return false;
}

/* --- numbers that are spelled in other ways --- */

/* A number of a cell, in the spelling of parse_number. */
typedef struct plain_number {
  char text[800];
  size_t length;
} plain_number;

/* How much of the text one of these is at its beginning; 0: none. */
static size_t one_of(const char *const *marks, const char *text, const char *end)
{
  for (; *marks != NULL; marks++) {
    const size_t length = strlen(*marks);
    if (length <= (size_t)(end - text) && memcmp(*marks, text, length) == 0) return length;
  }
  return 0;
}

static void put(plain_number *number, char c)
{
  if (number->length < sizeof number->text - 1) number->text[number->length] = c;
  number->length++;
}

static const char *take_sign(plain_number *number, const char *next, const char *end)
{
  static const char *const minus[] = {"-", "\xE2\x88\x92", NULL}; /* also U+2212 */
  const size_t length = one_of(minus, next, end);
  if (length > 0) put(number, '-');
  return next < end && *next == '+' ? next + 1 : next + length;
}

static const char *take_digits(plain_number *number, const char *next, const char *end)
{
  while (next < end && is_digit(*next)) put(number, *next++);
  return next;
}

/* What stands between groups of digits: blanks, also those of one piece and narrow ones of Unicode, apostrophes, or the
 * mark that does not stand before decimals. */
static size_t separator_length(const char *next, const char *end, char decimal)
{
  static const char *const marks[] = {
      " ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", "\xE2\x80\x87", "'", "\xE2\x80\x99", NULL};
  if (next < end && *next == (decimal == '.' ? ',' : '.')) return 1;
  return one_of(marks, next, end);
}

/* How the digits before the decimals were grouped. */
typedef struct digit_groups {
  const char *separator; /* the first one; NULL: there is none */
  size_t length;         /* of each */
  int n;                 /* groups behind it */
} digit_groups;

static bool is_group(const char *next, const char *end, const digit_groups *groups)
{
  const size_t needed = groups->length + 3;
  if ((size_t)(end - next) < needed || memcmp(next, groups->separator, groups->length) != 0) return false;
  next += groups->length;
  return is_digit(next[0]) && is_digit(next[1]) && is_digit(next[2]) && (next + 3 == end || !is_digit(next[3]));
}

/* The digits before the decimals: where they end. */
static const char *take_groups(plain_number *number, const char *next, const char *end, char decimal,
                               digit_groups *groups)
{
  const char *first = next;
  next = take_digits(number, next, end);
  *groups = (digit_groups){.length = separator_length(next, end, decimal)};
  if (groups->length == 0 || next == first || next - first > 3 || *first == '0') return next;
  groups->separator = next;
  for (; is_group(next, end, groups); groups->n++) next = take_digits(number, next + groups->length, end);
  return next;
}

/* Behind the digits: "e-12", "D-12", "Q-12", or Fortran's "-101" without a letter, which is that of a number with a
 * point behind its first digit, and has three digits. NULL: what is there is no exponent. */
static const char *take_exponent(plain_number *number, const char *next, const char *end, bool may_lack_letter)
{
  if (next == end) return next;
  const bool has_letter = *next != '\0' && strchr("eEdDqQ", *next) != NULL;
  if (!has_letter && !may_lack_letter) return NULL;
  if (has_letter) next++;
  put(number, 'e');
  const char *sign = next;
  next = take_sign(number, next, end);
  const char *digits = next;
  next = take_digits(number, next, end);
  if (next == digits || (!has_letter && (next - digits != 3 || digits == sign))) return NULL;
  return next;
}

static bool parse_spelled(const char *text, const char *end, const cell_rules *rules, double *value)
{
  plain_number number = {.length = 0};
  digit_groups groups;
  const char *start = take_sign(&number, text, end);
  const char *next = take_groups(&number, start, end, rules->decimal, &groups);
  const bool has_few_digits = next - start <= 1;
  const bool has_point = next < end && *next == rules->decimal;
  if (has_point) {
    put(&number, '.');
    next = take_digits(&number, next + 1, end);
  }
  const bool is_mark = groups.n > 0 && (*groups.separator == ',' || *groups.separator == '.');
  if (is_mark && !has_point && groups.n == 1 && *groups.separator != rules->group) return false;
  next = take_exponent(&number, next, end, has_point && has_few_digits);
  if (next != end || number.length >= sizeof number.text) return false;
  number.text[number.length] = '\0';
  return parse_number(number.text, value) == number.text + number.length;
}

bool cell_is_ambiguous(const char *text, const char *end, const cell_rules *rules)
{
  const cell_rules as_if_known = {.decimal = rules->decimal, .group = rules->decimal == '.' ? ',' : '.'};
  double value;
  return !parse_spelled(text, end, rules, &value) && parse_spelled(text, end, &as_if_known, &value);
}

/* --- cells --- */

/* Blanks of Unicode around a cell, and the mark of byte order, which stands where files were joined. */
static void trim_blanks(const char **text, const char **end)
{
  static const char *const blanks[] = {
      "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", "\xE2\x80\x87", "\xE3\x80\x80", "\xEF\xBB\xBF", " ", "\t", NULL};
  for (size_t length; (length = one_of(blanks, *text, *end)) > 0;) *text += length;
  for (bool goes_on = true; goes_on;) {
    goes_on = false;
    for (size_t length = 1; length <= 3 && length <= (size_t)(*end - *text) && !goes_on; length++) {
      goes_on = one_of(blanks, *end - length, *end) == length;
      if (goes_on) *end -= length;
    }
  }
}

cell_kind cell_parse(const char *text, const char *end, const cell_rules *rules, double *value)
{
  if (text < end && (rules->decimal == ',' ? parse_number_with_comma(text, value) : parse_number(text, value)) == end)
    return CELL_NUMBER;

  const bool is_named = is_called_missing(text, end, rules->missing);
  trim_blanks(&text, &end);
  if (is_named || is_called_missing(text, end, rules->missing)) {
    *value = NAN;
    return CELL_MISSING;
  }
  if (is_infinity(text, end, value)) return CELL_NUMBER;
  if (is_missing(text, end)) {
    *value = NAN;
    return CELL_MISSING;
  }
  *value = is_word(text, end, "true") ? 1.0 : 0.0;
  if (is_word(text, end, "true") || is_word(text, end, "false")) return CELL_NUMBER;
  return parse_spelled(text, end, rules, value) ? CELL_NUMBER : CELL_TEXT;
}

cell_kind parse_cell(const char *text, const char *end, double *value)
{
  return cell_parse(text, end, &cell_rules_of_plain_tables, value);
}
