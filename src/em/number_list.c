/* SPDX-License-Identifier: BSD-3-Clause */
#include "em/number_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The number at *text, which moves behind it and the comma that follows. False where there is none. */
static bool next_number(const char **text, double *number)
{
  char *end;
  if (strchr("+-.0123456789", **text) == NULL) return false;
  *number = strtod(*text, &end);
  if (end == *text || !isfinite(*number) || (*end != ',' && *end != '\0')) return false;
  if (*end == ',' && end[1] == '\0') return false;
  *text = *end == ',' ? end + 1 : end;
  return true;
}

int64_t number_list_length(const char *text)
{
  double number;
  int64_t n = 0;
  if (*text == '\0' || strlen(text) > MOST_OF_NUMBER_LIST) return -1;
  for (; *text != '\0'; n++) {
    if (!next_number(&text, &number)) return -1;
  }
  return n;
}

void number_list_read(const char *text, double *numbers)
{
  while (*text != '\0' && next_number(&text, numbers)) numbers++;
}
