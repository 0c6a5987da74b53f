/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/fields.h"

#include <stdlib.h>

/* The closing quote of a field whose content begins at next, or NULL. */
static const char *closing_quote(const char *next, const char *end)
{
  while ((next = memchr(next, '"', (size_t)(end - next))) != NULL) {
    if (next + 1 == end || next[1] != '"') return next;
    next += 2;
  }
  return NULL;
}

const char *csv_next_field(const char *next, const char *end, char delimiter, csv_field *field)
{
  next = csv_skip_blanks(next, end, delimiter);
  *field = (csv_field){.begin = next, .end = end};
  if (next < end && *next == '"') {
    const char *quote = closing_quote(next + 1, end);
    if (quote == NULL) {
      field->is_unclosed = true;
      return NULL;
    }
    const char *behind = csv_skip_blanks(quote + 1, end, delimiter);
    const char *separator = behind > quote + 1 && delimiter == ' ' ? quote + 1 : behind;
    if (separator == end || csv_is_delimiter(*separator, delimiter)) {
      *field = (csv_field){.begin = next + 1, .end = quote, .is_quoted = true};
      return csv_behind(separator, end, delimiter);
    }
    next = separator; /* text goes on behind the quote: then the quotes belong to it */
  }
  while (next < end && !csv_is_delimiter(*next, delimiter)) next++;
  field->end = csv_trim(field->begin, next, delimiter);
  return csv_behind(next, end, delimiter);
}

int64_t csv_count_fields(const char *begin, const char *end, char delimiter, bool *is_unclosed)
{
  csv_field field;
  int64_t n_fields = 0;
  *is_unclosed = false;
  end = csv_trim(begin, end, delimiter);
  for (const char *next = begin; next != NULL; n_fields++) {
    next = csv_next_field(next, end, delimiter, &field);
    if (field.is_unclosed) *is_unclosed = true;
  }
  return n_fields;
}

char *csv_field_text(const csv_field *field)
{
  const size_t length = (size_t)(field->end - field->begin);
  char *text = malloc(length + 1);
  if (text == NULL) return NULL;
  char *out = text;
  for (const char *c = field->begin; c < field->end; c++) {
    *out++ = *c;
    if (field->is_quoted && *c == '"') c++;
  }
  *out = '\0';
  return text;
}
