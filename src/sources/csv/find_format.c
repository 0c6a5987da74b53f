/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/find_format.h"

#include "sources/csv/cells.h"
#include "sources/csv/commas.h"
#include "sources/csv/delimiter.h"
#include "sources/csv/fields.h"
#include "sources/csv/header.h"
#include "sources/csv/index.h"
#include "sources/csv/looks.h"
#include "sources/csv/sample.h"
#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What finding the format goes through. */
typedef struct finding {
  point_source *source;
  const csv_settings *settings;
  bool picks_columns;
  csv_sample sample;
  csv_looks looks;
  csv_header header;
  csv_format *format;
} finding;

/* --- lines that are no rows --- */

/* Rules under a header, or above it, are passed over: as if they were not there. */
static void drop_rules(finding *found)
{
  csv_sample *sample = &found->sample;
  for (int i = 0; i < sample->n_lines && i < 3; i++) {
    const sample_line *line = &sample->lines[i];
    const bool is_drawn =
        memchr(line->text, '|', line->length) != NULL || memchr(line->text, '+', line->length) != NULL;
    if (line->is_comment || !csv_is_rule(line) || sample->n_lines == 1 || (i == 0 && !is_drawn)) continue;
    free(sample->lines[i].text);
    sample->n_lines--;
    memmove(sample->lines + i, sample->lines + i + 1, (size_t)(sample->n_lines - i) * sizeof *sample->lines);
    i--;
  }
} /* NOLINT(clang-analyzer-unix.Malloc): the other texts have moved with their lines */

/* A comment in front is a header if it has a word for each column, and no numbers. */
static bool is_comment_a_header(const finding *found)
{
  const sample_line *first = &found->sample.lines[0];
  if (found->settings->header == HEADER_NO || found->sample.n_lines == 1) return false;
  const char delimiter = found->format->delimiter;
  const int64_t n_fields = csv_sample_count_fields(first, delimiter);
  if (n_fields != csv_sample_count_fields(&found->sample.lines[1], delimiter)) return false;
  if (found->settings->header == HEADER_YES) return true;
  bool has_word = false;
  const char *end = csv_trim(first->text, first->text + first->length, delimiter);
  for (const char *next = csv_sample_content(first, delimiter); next != NULL;) {
    csv_field field;
    double value;
    next = csv_next_field(next, end, delimiter, &field);
    const cell_kind kind = parse_cell(field.begin, field.end, &value);
    if (kind == CELL_NUMBER) return false;
    has_word = has_word || kind == CELL_TEXT;
  }
  return has_word;
}

static void drop_comment(finding *found)
{
  if (found->sample.lines[0].is_comment && !is_comment_a_header(found)) csv_sample_drop_first(&found->sample);
  if (found->sample.n_lines == 0) found->format->no_rows = "has a comment but no rows";
}

/* --- fields --- */

static bool begins_with(const sample_line *line, char delimiter)
{
  const char *begin = csv_skip_blanks(line->text, line->text + line->length, delimiter);
  return *begin == delimiter;
}

/* Empty fields at the line's end. */
static int count_empty_at_end(const sample_line *line, char delimiter)
{
  int n = 0;
  const char *end = csv_trim(line->text, line->text + line->length, delimiter);
  while (end > line->text && end[-1] == delimiter) {
    n++;
    end = csv_trim(line->text, end - 1, delimiter);
  }
  return n;
}

/* Delimiters in front of the first field, or behind the last one, of all lines. */
static void find_empty_ends(finding *found, const int64_t *counts, int64_t usual)
{
  const csv_sample *sample = &found->sample;
  csv_format *format = found->format;
  if (format->delimiter == ' ' || usual < 2) return;
  int n_begin = 0;
  int n_end = INT_MAX;
  int n_usual = 0;
  for (int i = 0; i < sample->n_lines; i++) {
    const sample_line *line = &sample->lines[i];
    if (counts[i] != usual) continue;
    const int n_empty = count_empty_at_end(line, format->delimiter);
    n_usual++;
    n_begin += begins_with(line, format->delimiter) ? 1 : 0;
    n_end = n_empty < n_end ? n_empty : n_end;
  }
  if (n_usual < 2 && n_begin == 0) return;
  if (format->delimiter == '|' && n_begin == n_usual && usual > 2) format->n_leading = 1;
  if (n_end == 0 || usual - format->n_leading - n_end < 1) return;
  if (counts[0] != usual && counts[0] != usual - n_end) return;
  format->n_trailing = n_end;
  if (format->n_leading > 0) return;
  if (n_end == 1) {
    source_note(found->source, "its lines end with a delimiter: the empty column behind the last one is left out");
  } else {
    source_note(found->source, "its lines end with %d delimiters: the empty columns behind the last one are left out",
                n_end);
  }
}

static gmmpi_status refuse_unclosed(const finding *found, gmmpi_error *error)
{
  const sample_line *first = &found->sample.lines[0];
  bool is_unclosed;
  csv_count_fields(first->text, first->text + first->length, found->format->delimiter, &is_unclosed);
  if (!is_unclosed) return GMMPI_OK;
  return fail_at(error, first->number, GMMPI_BAD_DATA,
                 "%s: line %" PRId64 ": a quote is not closed; a quoted field may not contain a line break",
                 found->source->label, first->number);
}

/* --- what is no table of one row a line --- */

/* Do the lines from first on repeat counts of fields that are not all the same? Then a row is so many of them; else 0.
 */
static int wrapped_over(const int64_t *counts, int first, int n)
{
  enum { MOST_LINES = 20 };
  for (int period = 2; period <= MOST_LINES && n - first >= 2 * period; period++) {
    bool repeats = true;
    bool differs = false;
    for (int i = first; i + period < n && repeats; i++) repeats = counts[i] == counts[i + period];
    for (int i = first + 1; i < first + period; i++) differs = differs || counts[i] != counts[first];
    if (repeats && differs) return period;
    if (repeats) return 0;
  }
  return 0;
}

static gmmpi_status refuse_wrapped(const finding *found, const int64_t *counts, gmmpi_error *error)
{
  const int n = found->sample.n_lines;
  int first = 0;
  int n_lines = wrapped_over(counts, 0, n);
  for (first = 1; n_lines == 0 && first < 4 && first < n; first++) n_lines = wrapped_over(counts, first, n);
  if (n_lines == 0) return GMMPI_OK;
  char list[100];
  size_t used = 0;
  first = first == 1 && wrapped_over(counts, 0, n) > 0 ? 0 : first - 1;
  for (int i = 0; i < n_lines && used + 30 < sizeof list; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%" PRId64,
                             i == 0            ? ""
                             : i + 1 < n_lines ? ", "
                                               : " and ",
                             counts[first + i]);
  return fail(error, GMMPI_BAD_DATA,
              "%s: its rows seem to be wrapped over %d lines each (of %s fields, from line %" PRId64
              " on); write each row on one line",
              found->source->label, n_lines, list, found->sample.lines[first].number);
}

/* Lines in front of a regular table: a title, or a word about it. */
static gmmpi_status refuse_title(const finding *found, const int64_t *counts, int64_t usual, gmmpi_error *error)
{
  enum { FEWEST_ROWS = 3 };
  const csv_sample *sample = &found->sample;
  if (counts[0] == usual) return GMMPI_OK;
  int begin = sample->n_lines;
  while (begin > 0 && counts[begin - 1] == usual) begin--;
  if (begin == 0 || sample->n_lines - begin < FEWEST_ROWS) return GMMPI_OK;
  for (int i = 0; i < begin; i++) {
    if (counts[i] == usual) return GMMPI_OK; /* it is another line that is wrong */
  }
  if (begin > 1 && counts[begin - 1] == usual - 1) begin--; /* a header that is one name short */
  const int64_t number = sample->lines[begin].number;
  return fail_at(error, sample->lines[0].number, GMMPI_BAD_DATA,
                 "%s: line %" PRId64 " has %" PRId64 " field%s, and from line %" PRId64 " on there are %" PRId64
                 "; if the table begins there say --skip-lines %" PRId64 ", else correct the line or say --delimiter",
                 found->source->label, sample->lines[0].number, counts[0], counts[0] == 1 ? "" : "s", number, usual,
                 number - 1);
}

/* --- the header --- */

static gmmpi_status out_of_memory(const finding *found, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its first lines", found->source->label);
}

/* The names of one line: those of columns without a field are empty. */
static gmmpi_status read_names(const finding *found, int line_index, char **names, gmmpi_error *error)
{
  const csv_format *format = found->format;
  const sample_line *line = found->looks.lines[line_index];
  const int shift = line_index == 0 ? found->looks.header_shift : 0;
  const char *end = csv_trim(line->text, line->text + line->length, format->delimiter);
  const char *next = csv_skip_blanks(csv_sample_content(line, format->delimiter), end, format->delimiter);
  csv_field field;
  for (int i = 0; i < format->n_leading && next != NULL; i++)
    next = csv_next_field(next, end, format->delimiter, &field);
  for (int64_t i = 0; i < format->n_columns; i++) {
    field = (csv_field){.begin = end, .end = end};
    if (i >= shift && next != NULL) next = csv_next_field(next, end, format->delimiter, &field);
    names[i] = csv_field_text(&field);
    if (names[i] == NULL) return out_of_memory(found, error);
  }
  return GMMPI_OK;
}

/* Puts the second level's names behind those of the first. */
static gmmpi_status join_names(const finding *found, gmmpi_error *error)
{
  csv_format *format = found->format;
  char **second = allocate(format->n_columns, sizeof *second);
  if (second == NULL) return out_of_memory(found, error);
  gmmpi_status status = read_names(found, 1, second, error);
  for (int64_t i = 0; status == GMMPI_OK && i < format->n_columns; i++) {
    char *joined = NULL;
    const char *between = *format->names[i] == '\0' || *second[i] == '\0' ? "" : "_";
    if (asprintf(&joined, "%s%s%s", format->names[i], between, second[i]) < 0) {
      status = out_of_memory(found, error);
    } else {
      free(format->names[i]);
      format->names[i] = joined;
    }
  }
  for (int64_t i = 0; i < format->n_columns; i++) free(second[i]);
  free(second);
  return status;
}

static gmmpi_status set_names(const finding *found, gmmpi_error *error)
{
  csv_format *format = found->format;
  const sample_line *first = found->looks.lines[0];
  if (found->header.n_lines == 0) {
    format->first_row = first->offset;
    format->line = first->number;
    return GMMPI_OK;
  }
  const sample_line *last = found->looks.lines[found->header.n_lines - 1];
  format->first_row = last->next_offset;
  format->line = last->number + 1;
  if (last + 1 < found->sample.lines + found->sample.n_lines) { /* rules and comments between them are no rows */
    format->first_row = last[1].offset;
    format->line = last[1].number;
  } else if (found->sample.n_lines == 1) {
    format->no_rows = "has a header but no rows";
  }
  format->names = allocate(format->n_columns, sizeof *format->names);
  if (format->names == NULL) return out_of_memory(found, error);
  gmmpi_status status = read_names(found, 0, format->names, error);
  if (status == GMMPI_OK && found->header.is_two_levels) status = join_names(found, error);
  if (status == GMMPI_OK && found->looks.header_shift > 0) {
    free(format->names[0]);
    format->names[0] = strdup("row");
    if (format->names[0] == NULL) return out_of_memory(found, error);
  }
  return status;
}

/* Looks at the cells, and finds the header. A header with a name less than there are columns is one only above what can
 * be row names: *fits is false if it is not. */
static gmmpi_status find_header(finding *found, int shift, bool *fits, gmmpi_error *error)
{
  csv_looks_clear(&found->looks);
  *fits = true;
  gmmpi_status status = csv_looks_take(&found->sample, found->format, shift, found->source, &found->looks, error);
  if (status != GMMPI_OK) return status;
  if (found->looks.lines[0]->is_comment && found->settings->header == HEADER_AUTO && found->looks.n_lines > 2 &&
      csv_is_text_header(&found->looks, 1)) {
    csv_sample_drop_first(&found->sample);
    return find_header(found, 0, fits, error);
  }
  found->header = csv_find_header(found->source, &found->looks);
  if (shift > 0) *fits = found->header.n_lines > 0 && csv_has_row_names(&found->looks, found->header.n_lines);
  return GMMPI_OK;
}

/* --- all of it --- */

/* As --delimiter takes it. */
static const char *delimiter_word(char delimiter, char word[2])
{
  word[0] = delimiter;
  word[1] = '\0';
  return delimiter == '\t' ? "tab" : delimiter == ' ' ? "space" : word;
}

/* A delimiter that the user gave and no line has, where another would make columns: then it is a slip. */
static void doubt_delimiter(const finding *found)
{
  const csv_sample *sample = &found->sample;
  const char given = found->settings->delimiter;
  const char guess = csv_guess_delimiter(sample, found->settings->decimal);
  char words[2][2];
  int64_t most_given = 1;
  int64_t fewest_guessed = sample->n_lines > 0 ? INT64_MAX : 0;
  for (int i = 0; i < sample->n_lines; i++) {
    const int64_t n_given = csv_sample_count_fields(&sample->lines[i], given);
    const int64_t n_guessed = csv_sample_count_fields(&sample->lines[i], guess);
    if (n_given > most_given) most_given = n_given;
    if (n_guessed < fewest_guessed) fewest_guessed = n_guessed;
  }
  if (most_given > 1 || fewest_guessed < 2) return;
  source_doubt(found->source,
               "its first lines have no \"%s\" (--delimiter), so that it has one column; say --delimiter %s",
               delimiter_word(given, words[0]), delimiter_word(guess, words[1]));
}

static void find_separators(finding *found)
{
  csv_format *format = found->format;
  const csv_settings *settings = found->settings;
  format->comment = found->sample.comment;
  format->decimal = '.';
  if (settings->delimiter != 0) {
    format->delimiter = settings->delimiter;
    doubt_delimiter(found);
  } else if (found->sample.separator != 0) {
    format->delimiter = found->sample.separator;
    source_note(found->source, "its first line says that \"%c\" separates the fields", format->delimiter);
  } else if (csv_commas_of_one_column(found->source, &found->sample, format)) {
    return;
  } else {
    format->delimiter = csv_guess_delimiter(&found->sample, settings->decimal);
  }
  csv_commas_in_cells(found->source, &found->sample, format);
}

static gmmpi_status find_layout(finding *found, gmmpi_error *error)
{
  csv_format *format = found->format;
  drop_rules(found);
  find_separators(found);
  drop_comment(found);
  if (found->sample.n_lines == 0) return GMMPI_OK;
  gmmpi_status status = refuse_unclosed(found, error);
  if (status != GMMPI_OK) return status;

  int64_t counts[MOST_SAMPLE_LINES] = {0};
  int n_usual;
  for (int i = 0; i < found->sample.n_lines; i++)
    counts[i] = csv_sample_count_fields(&found->sample.lines[i], format->delimiter);
  const int64_t usual = csv_usual_count(&found->sample, format->delimiter, &n_usual);
  if ((status = refuse_wrapped(found, counts, error)) != GMMPI_OK) return status;
  find_empty_ends(found, counts, usual);
  bool fits = false;
  const bool is_header_short = counts[0] < usual && (counts[0] == usual - 1 || format->n_trailing > 0);
  const bool is_header_open =
      counts[0] == usual + 1 && count_empty_at_end(&found->sample.lines[0], format->delimiter) == 1;
  if ((is_header_short || is_header_open) && n_usual >= 2) {
    format->n_columns = usual - format->n_leading - format->n_trailing;
    status = find_header(found, is_header_short && format->n_trailing == 0 ? 1 : 0, &fits, error);
    if (status != GMMPI_OK) return status;
    if (found->header.n_lines == 0) fits = false;
  }
  if (!fits) {
    if ((status = refuse_title(found, counts, usual, error)) != GMMPI_OK) return status;
    if (counts[0] != usual) format->n_leading = format->n_trailing = 0;
    format->n_columns = counts[0] - format->n_leading - format->n_trailing;
    if ((status = find_header(found, 0, &fits, error)) != GMMPI_OK) return status;
  }
  if ((status = set_names(found, error)) != GMMPI_OK) return status;
  csv_find_index(found->source, &found->looks, &found->header, found->picks_columns, format);
  return GMMPI_OK;
}

gmmpi_status csv_format_find(line_reader *reader, point_source *source, bool picks_columns, csv_format *format,
                             gmmpi_error *error)
{
  *format = (csv_format){0};
  finding found = {.source = source, .settings = source->settings, .picks_columns = picks_columns, .format = format};
  gmmpi_status status = csv_sample_take(reader, source->label, found.settings, &found.sample, error);
  if (status == GMMPI_OK && found.sample.n_lines == 0)
    format->no_rows = found.sample.no_rows;
  else if (status == GMMPI_OK)
    status = find_layout(&found, error);
  csv_looks_clear(&found.looks);
  csv_sample_clear(&found.sample);
  return status;
}
