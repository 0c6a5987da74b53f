#include "apply/output_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

char output_csv_delimiter(const char *path)
{
  const char *ending = strrchr(path, '.');
  if (ending == NULL) return 0;
  if (strcasecmp(ending, ".csv") == 0) return ',';
  return strcasecmp(ending, ".tsv") == 0 || strcasecmp(ending, ".txt") == 0 ? '\t' : 0;
}

bool output_is_text(const char *path)
{
  return output_csv_delimiter(path) != 0;
}

/* A field as RFC 4180 wants it: quoted when it holds a delimiter, a quote or blanks at its ends. Line breaks, which our
 * own reader does not take inside quotes, become blanks. */
static char *put_field(char *text, const char *field, char delimiter)
{
  const size_t length = strlen(field);
  const bool quoted = length == 0 || strchr(field, delimiter) != NULL || strpbrk(field, "\"\r\n") != NULL ||
                      field[0] == ' ' || field[length - 1] == ' ';
  if (quoted) *text++ = '"';
  for (const char *c = field; *c != '\0'; c++) {
    if (*c == '"') *text++ = '"';
    *text++ = *c == '\n' || *c == '\r' ? ' ' : *c;
  }
  if (quoted) *text++ = '"';
  return text;
}

char *output_csv_header(const output_table *table, char delimiter)
{
  size_t size = 1;
  for (int c = 0; c < table->n_columns; c++) {
    for (int64_t i = 0; i < table->columns[c].width; i++) size += 2 * strlen(table->columns[c].headings[i]) + 3;
  }
  char *header = malloc(size);
  if (header == NULL) return NULL;
  char *next = header;
  for (int c = 0; c < table->n_columns; c++) {
    for (int64_t i = 0; i < table->columns[c].width; i++) {
      next = put_field(next, table->columns[c].headings[i], delimiter);
      *next++ = delimiter;
    }
  }
  next[-1] = '\n';
  *next = '\0';
  return header;
}

static char *put_number(char *text, output_type type, const void *numbers, int64_t i)
{
  switch (type) {
  case OUTPUT_INT32:
    return text + sprintf(text, "%d", ((const int32_t *)numbers)[i]);
  case OUTPUT_INT64:
    return text + sprintf(text, "%lld", (long long)((const int64_t *)numbers)[i]);
  case OUTPUT_FLOAT:
    return text + sprintf(text, "%.9g", (double)((const float *)numbers)[i]);
  case OUTPUT_REAL:
    break;
  }
  return text + sprintf(text, "%.17g", ((const double *)numbers)[i]);
}

int64_t output_csv_format(const output_table *table, char delimiter, int64_t n, void *const *numbers, char *text)
{
  char *next = text;
  for (int64_t row = 0; row < n; row++) {
    for (int c = 0; c < table->n_columns; c++) {
      const output_column *column = &table->columns[c];
      for (int64_t i = 0; i < column->width; i++) {
        next = put_number(next, column->type, numbers[c], row * column->width + i);
        *next++ = delimiter;
      }
    }
    next[-1] = '\n';
  }
  return next - text;
}
