/* SPDX-License-Identifier: BSD-3-Clause */
/* One line of a text table, field by field.
 *
 * Fields are separated by a delimiter, or by runs of blanks where the delimiter is ' '. Blanks around a field do not
 * belong to it. A field that begins with a quote ends with one; a quote in it is written twice. */
#ifndef SOURCES_CSV_FIELDS_H
#define SOURCES_CSV_FIELDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct csv_field {
  const char *begin; /* without blanks and quotes around it */
  const char *end;   /* readable, and nothing that a number goes on with */
  bool is_quoted;
  bool is_unclosed; /* a quoted field whose closing quote is not in this line */
} csv_field;

/* A blank that may stand around a field. */
static inline bool csv_is_blank(char c, char delimiter)
{
  return c == ' ' || (c == '\t' && delimiter != '\t');
}

static inline bool csv_is_delimiter(char c, char delimiter)
{
  return c == delimiter || (delimiter == ' ' && c == '\t');
}

static inline const char *csv_skip_blanks(const char *next, const char *end, char delimiter)
{
  while (next < end && csv_is_blank(*next, delimiter)) next++;
  return next;
}

/* The line's end without the blanks before it. */
static inline const char *csv_trim(const char *begin, const char *end, char delimiter)
{
  while (end > begin && csv_is_blank(end[-1], delimiter)) end--;
  return end;
}

/* Where the next field begins when one ended at `next`, a delimiter or the end of the line: NULL when there is none. */
static inline const char *csv_behind(const char *next, const char *end, char delimiter)
{
  if (next == end) return NULL;
  return delimiter == ' ' ? csv_skip_blanks(next, end, delimiter) : next + 1;
}

/* The field at next, which begins a line or is what the last call returned: where the next field begins, or NULL when
 * this one is the last. end: of the line, trimmed. */
const char *csv_next_field(const char *next, const char *end, char delimiter, csv_field *field);

/* How many fields the line has; *is_unclosed: a quote is not closed. */
int64_t csv_count_fields(const char *begin, const char *end, char delimiter, bool *is_unclosed);

/* The field's text, a quote that is written twice being one. Caller frees; NULL when there is no memory. */
char *csv_field_text(const csv_field *field);

#endif
