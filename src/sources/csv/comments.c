/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/comments.h"

#include "sources/csv/fields.h"
#include "sources/csv/parse_number.h"

#include <ctype.h>
#include <string.h>

static const char delimiters[] = ",;|\t ";

bool csv_is_comment(const char *begin, const char *end, char comment)
{
  begin = csv_skip_blanks(begin, end, ',');
  if (comment == '\0' || begin == end || *begin != comment) return false;
  for (const char *delimiter = delimiters; *delimiter != '\0'; delimiter++) {
    const line_rules rules = {.delimiter = *delimiter, .comment = comment, .line_end = '\n'};
    if (is_row(begin, end, &rules)) return false;
  }
  return true;
}

/* Has the line, which begins with '#', a word right behind it, and then a number in the next field? */
static bool goes_on_as_row(const char *begin, const char *end)
{
  const char *next = csv_skip_blanks(begin, end, ',') + 1;
  const char *word = next;
  while (next < end && isalnum((unsigned char)*next) != 0) next++;
  if (next == word || next == end || strchr(delimiters, *next) == NULL) return false;
  next++;
  while (next < end && strchr(" \t\"", *next) != NULL) next++;
  double value;
  return next < end && parse_number(next, &value) != NULL;
}

gmmpi_status csv_comment_find(line_reader *reader, char chosen, char *comment, gmmpi_error *error)
{
  enum { ENOUGH_LINES = 50 };
  const int64_t place = line_reader_place(reader);
  *comment = (char)(chosen != '\0' ? chosen : '#');
  if (chosen != '\0') return GMMPI_OK;
  int64_t n_in_front = 0; /* lines with '#' that go on as rows: before all others, and behind the first other one */
  int64_t n_behind = 0;
  int64_t n_others = 0;
  int64_t n_words = 0; /* other lines with '#' before all others */
  gmmpi_status status = GMMPI_OK;
  while (n_behind + n_others < ENOUGH_LINES) {
    const char *begin;
    const char *end;
    status = line_reader_next(reader, &begin, &end, error);
    if (status != GMMPI_OK || begin == NULL) break;
    if (is_blank_line(begin, end, ',')) continue;
    if (!csv_is_comment(begin, end, '#')) {
      n_others++;
    } else if (goes_on_as_row(begin, end)) {
      *(n_others > 0 ? &n_behind : &n_in_front) += 1;
    } else if (n_others == 0) {
      n_words++;
    }
  }
  if (n_others == 0 ? n_in_front > 1 && n_words <= 1 : n_behind > n_others) *comment = '\0';
  line_reader_seek(reader, place);
  return status;
}
