/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/csv_field.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

char *csv_put_field(char *text, const char *field, char delimiter)
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
