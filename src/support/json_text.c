/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/json_text.h"

#include "support/printable.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *text)
{
  static const char replacement[] = "\xEF\xBF\xBD";
  char *valid = malloc(3 * strlen(text) + 1);
  if (valid == NULL) return NULL;
  char *end = valid;
  size_t left = strlen(text);
  while (left > 0) {
    const size_t length = utf8_length(text, left);
    memcpy(end, length > 0 ? text : replacement, length > 0 ? length : 3);
    end += length > 0 ? length : 3;
    text += length > 0 ? length : 1;
    left -= length > 0 ? length : 1;
  }
  json_t *string = json_stringn(valid, (size_t)(end - valid));
  free(valid);
  return string;
}
