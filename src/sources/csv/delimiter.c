/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/delimiter.h"

#include "sources/csv/cells.h"
#include "sources/csv/fields.h"
#include "sources/csv/local_numbers.h"

#include <string.h>

static const char candidates[] = {'\t', ';', ',', '|', ' '};
enum { N_CANDIDATES = sizeof candidates };

bool csv_is_rule(const sample_line *line)
{
  bool has_dashes = false;
  for (const char *c = line->text; c < line->text + line->length; c++) {
    if (*c == '-' || *c == '=') {
      has_dashes = true;
    } else if (strchr("|+: \t", *c) == NULL || *c == '\0') {
      return false;
    }
  }
  if (!has_dashes) return false;
  const char *end = csv_trim(line->text, line->text + line->length, ',');
  const char *begin = csv_skip_blanks(line->text, end, ',');
  return end - begin >= 3 &&
         (memmem(line->text, line->length, "----", 4) != NULL || memmem(line->text, line->length, "====", 4) != NULL ||
          memchr(line->text, '|', line->length) != NULL || memchr(line->text, '+', line->length) != NULL);
}

static bool is_counted(const csv_sample *sample, int line)
{
  return (line > 0 || sample->n_lines == 1 || !sample->lines[0].is_comment) && !csv_is_rule(&sample->lines[line]);
}

int64_t csv_usual_count(const csv_sample *sample, char delimiter, int *n_lines)
{
  int64_t counts[MOST_SAMPLE_LINES];
  int64_t usual = 0;
  *n_lines = 0;
  for (int i = 0; i < sample->n_lines; i++) {
    counts[i] = is_counted(sample, i) ? csv_sample_count_fields(&sample->lines[i], delimiter) : 0;
  }
  for (int i = 0; i < sample->n_lines; i++) {
    int n_same = 0;
    for (int j = 0; j < sample->n_lines; j++) n_same += counts[j] == counts[i] ? 1 : 0;
    if (counts[i] > 0 && n_same > *n_lines) {
      *n_lines = n_same;
      usual = counts[i];
    }
  }
  return usual;
}

/* Is the field a number, the comma being a decimal one unless it separates? */
static bool is_number(const csv_field *field, char delimiter)
{
  double value;
  local_shape shape;
  if (parse_cell(field->begin, field->end, &value) == CELL_NUMBER) return true;
  return (delimiter != ',' || field->is_quoted) && local_shape_of(field->begin, field->end, &shape);
}

/* The share of the fields that are numbers, in lines of so many fields. */
static double share_of_numbers(const csv_sample *sample, char delimiter, int64_t n_fields)
{
  enum { MOST_LINES = 20, MOST_FIELDS = 200 };
  int n_looked_at = 0;
  int64_t n = 0;
  int64_t n_numbers = 0;
  for (int i = sample->n_lines - 1; i >= 0 && n_looked_at < MOST_LINES; i--) {
    const sample_line *line = &sample->lines[i];
    if (!is_counted(sample, i) || csv_sample_count_fields(line, delimiter) != n_fields) continue;
    n_looked_at++;
    const char *end = csv_trim(line->text, line->text + line->length, delimiter);
    const char *next = csv_sample_content(line, delimiter);
    for (int f = 0; f < MOST_FIELDS && next != NULL; f++) {
      csv_field field;
      next = csv_next_field(next, end, delimiter, &field);
      n++;
      if (is_number(&field, delimiter)) n_numbers++;
    }
  }
  return n == 0 ? 0 : (double)n_numbers / (double)n;
}

/* Is there a comma in quotes, in a field that commas would separate from others? */
static bool has_quoted_comma(const csv_sample *sample)
{
  for (int i = 0; i < sample->n_lines; i++) {
    const sample_line *line = &sample->lines[i];
    const char *end = csv_trim(line->text, line->text + line->length, ',');
    for (const char *next = line->text; next != NULL;) {
      csv_field field;
      next = csv_next_field(next, end, ',', &field);
      if (field.is_quoted && memchr(field.begin, ',', (size_t)(field.end - field.begin)) != NULL) return true;
    }
  }
  return false;
}

/* Half of the lines are enough where rows may be wrapped. */
static bool is_rare(int n, int n_lines)
{
  enum { FEWEST_WRAPPED = 4 };
  return 2 * n < n_lines || (2 * n == n_lines && n_lines < FEWEST_WRAPPED);
}

char csv_guess_delimiter(const csv_sample *sample, char decimal)
{
  char best = decimal == ',' ? ';' : ',';
  double best_score = 0;
  int n_counted = 0;
  for (int i = 0; i < sample->n_lines; i++) n_counted += is_counted(sample, i) ? 1 : 0;
  for (int c = 0; c < N_CANDIDATES; c++) {
    if (candidates[c] == ',' && decimal == ',' && !has_quoted_comma(sample)) continue;
    int n_same;
    int n_split = 0;
    int64_t n_fields = csv_usual_count(sample, candidates[c], &n_same);
    for (int i = 0; i < sample->n_lines; i++) {
      if (is_counted(sample, i) && csv_sample_count_fields(&sample->lines[i], candidates[c]) > 1) n_split++;
    }
    if (n_split == 0 || (candidates[c] == ' ' && is_rare(n_split, n_counted))) continue;
    double score = 0.01 * n_split / n_counted;
    if (n_fields > 1) score += (double)n_same / n_counted + share_of_numbers(sample, candidates[c], n_fields);
    if (score > best_score) {
      best_score = score;
      best = candidates[c];
    }
  }
  return best;
}
