/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/json_text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The length of the UTF-8 sequence at text (RFC 3629), or 0 when there is none. */
static size_t sequence_length(const unsigned char *text)
{
  const unsigned char first = text[0];
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                        : (first & 0xF0) == 0xE0         ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
  for (size_t i = 1; i < length; i++) {
    if ((text[i] & 0xC0) != 0x80) return 0;
  }
  /* Not the shortest form, a half of a surrogate pair, or beyond U+10FFFF. */
  if ((first == 0xE0 && text[1] < 0xA0) || (first == 0xED && text[1] > 0x9F) || (first == 0xF0 && text[1] < 0x90) ||
      (first == 0xF4 && text[1] > 0x8F))
    return 0;
  return length;
}

json_t *json_text(const char *text)
{
  static const char replacement[] = "\xEF\xBF\xBD";
  char *valid = malloc(3 * strlen(text) + 1);
  if (valid == NULL) return NULL;
  char *end = valid;
  while (*text != '\0') {
    const size_t length = sequence_length((const unsigned char *)text);
    if (length > 0) {
      memcpy(end, text, length);
      end += length;
      text += length;
    } else {
      memcpy(end, replacement, 3);
      end += 3;
      text++;
    }
  }
  json_t *string = json_stringn(valid, (size_t)(end - valid));
  free(valid);
  return string;
}
