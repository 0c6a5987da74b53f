/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/sample.h"

#include "sources/csv/comments.h"
#include "sources/csv/fields.h"
#include "support/error.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of lines so long that they have more bytes than are enough, a few are looked at. */
enum { ENOUGH_BYTES = 1 << 18, FEWEST_LINES = 3 };

void csv_sample_drop_first(csv_sample *sample)
{
  free(sample->lines[0].text);
  sample->n_lines--;
  memmove(sample->lines, sample->lines + 1, (size_t)sample->n_lines * sizeof *sample->lines);
} /* NOLINT(clang-analyzer-unix.Malloc): the other texts have moved with their lines */

void csv_sample_clear(csv_sample *sample)
{
  for (int i = 0; i < sample->n_lines; i++) free(sample->lines[i].text);
  sample->n_lines = 0;
}

/* Does the line say anything? Rules and empty comments don't. */
static bool has_words(const char *begin, const char *end)
{
  while (begin < end && isalnum((unsigned char)*begin) == 0 && (unsigned char)*begin < 0x80) begin++;
  return begin < end;
}

/* Excel's first line "sep=;", also in quotes: what it says, else 0. */
static char own_separator(const char *begin, const char *end)
{
  if (end - begin == 7 && begin[0] == '"' && begin[6] == '"') {
    begin++;
    end--;
  }
  return end - begin == 5 && strncasecmp(begin, "sep=", 4) == 0 ? begin[4] : 0;
}

static gmmpi_status skip_lines(line_reader *reader, const char *label, int64_t n_lines, gmmpi_error *error)
{
  for (int64_t i = 0; i < n_lines; i++) {
    const char *begin;
    const char *end;
    const gmmpi_status status = line_reader_next(reader, &begin, &end, error);
    if (status != GMMPI_OK) return status;
    if (begin == NULL)
      return fail(error, GMMPI_BAD_DATA,
                  "%s: has %" PRId64 " line%s, and --skip-lines %" PRId64 " passes over all of them; give fewer", label,
                  i, i == 1 ? "" : "s", n_lines);
  }
  return GMMPI_OK;
}

/* Keeps a line; of several comments in front only the last one. */
static gmmpi_status keep_line(csv_sample *sample, const char *label, const char *begin, sample_line line,
                              gmmpi_error *error)
{
  line.text = malloc(line.length + 1);
  if (line.text == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its first lines", label);
  memcpy(line.text, begin, line.length);
  line.text[line.length] = '\n';
  if (line.is_comment && sample->n_lines == 1) csv_sample_drop_first(sample);
  sample->lines[sample->n_lines++] = line;
  return GMMPI_OK;
}

gmmpi_status csv_sample_take(line_reader *reader, const char *label, const csv_settings *settings, csv_sample *sample,
                             gmmpi_error *error)
{
  size_t n_bytes = 0;
  bool has_comment = false;
  *sample = (csv_sample){0};
  gmmpi_status status = skip_lines(reader, label, settings->skip_lines, error);
  if (status == GMMPI_OK) status = csv_comment_find(reader, settings->comment, &sample->comment, error);
  int64_t number = settings->skip_lines;
  while (status == GMMPI_OK && sample->n_lines < MOST_SAMPLE_LINES &&
         (sample->n_lines < FEWEST_LINES || n_bytes < ENOUGH_BYTES)) {
    sample_line line = {.offset = line_reader_place(reader), .number = ++number};
    const char *begin;
    const char *end;
    status = line_reader_next(reader, &begin, &end, error);
    if (status != GMMPI_OK) return status;
    sample->is_whole = begin == NULL;
    if (begin == NULL) break;
    if (number == 1 && (sample->separator = own_separator(begin, end)) != 0) continue;
    if (is_blank_line(begin, end, '\t')) continue;
    line.is_comment = csv_is_comment(begin, end, sample->comment);
    if (line.is_comment) {
      begin = csv_skip_blanks(begin, end, ',');
      const bool is_in_front = sample->n_lines == 0 || (sample->n_lines == 1 && sample->lines[0].is_comment);
      has_comment = true;
      if (!is_in_front || !has_words(begin + 1, end)) continue;
    }
    line.length = (size_t)(end - begin);
    line.next_offset = line_reader_place(reader);
    n_bytes += line.length;
    status = keep_line(sample, label, begin, line, error);
  }
  if (status != GMMPI_OK || sample->n_lines > 0) return status;
  return has_comment ? fail(error, GMMPI_BAD_DATA, "%s: has a comment but no rows; give a file with points", label)
                     : fail(error, GMMPI_BAD_DATA, "%s: has nothing but blank lines; give a file with points", label);
}

const char *csv_sample_content(const sample_line *line, char delimiter)
{
  const char *begin = line->is_comment ? line->text + 1 : line->text;
  return delimiter == ' ' ? csv_skip_blanks(begin, line->text + line->length, ' ') : begin;
}

int64_t csv_sample_count_fields(const sample_line *line, char delimiter)
{
  bool is_unclosed;
  return csv_count_fields(csv_sample_content(line, delimiter), line->text + line->length, delimiter, &is_unclosed);
}
