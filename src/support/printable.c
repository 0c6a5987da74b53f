/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

size_t utf8_length(const char *text, size_t n_bytes)
{
  const unsigned char *bytes = (const unsigned char *)text;
  const unsigned char first = bytes[0];
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                        : (first & 0xF0) == 0xE0         ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
  if (length > n_bytes) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((bytes[i] & 0xC0) != 0x80) return 0;
  }
  if (length < 3) return length;
  /* Not the shortest form, a half of a surrogate pair, or beyond U+10FFFF. */
  const bool is_wrong = (first == 0xE0 && bytes[1] < 0xA0) || (first == 0xED && bytes[1] > 0x9F) ||
                        (first == 0xF0 && bytes[1] < 0x90) || (first == 0xF4 && bytes[1] > 0x8F);
  return is_wrong ? 0 : length;
}

/* The code point of a character of this length. */
static uint32_t code_point(const char *text, size_t length)
{
  static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  uint32_t code = (unsigned char)text[0] & masks[length];
  for (size_t i = 1; i < length; i++) code = code << 6 | ((unsigned char)text[i] & 0x3F);
  return code;
}

/* Controls, what separates lines, what turns the direction of writing, and the mark of byte order. */
static bool is_seen(uint32_t code)
{
  return code >= 0x20 && !(code >= 0x7F && code < 0xA0) && !(code >= 0x200B && code <= 0x200F) &&
         !(code >= 0x2028 && code <= 0x202E) && !(code >= 0x2060 && code <= 0x206F) && code != 0xFEFF &&
         !(code >= 0xFFF0 && code <= 0xFFFB) && code < 0xE0000;
}

/* How many bytes at text are a character that can be seen; 0: the first one is none. */
static size_t seen_length(const char *text, size_t n_bytes)
{
  const size_t length = utf8_length(text, n_bytes);
  return length > 0 && is_seen(code_point(text, length)) ? length : 0;
}

void printable_copy(const char *text, size_t length, char *copy, size_t n_bytes)
{
  enum { LONGEST = 4 }; /* of a character or \xNN */
  size_t used = 0;
  for (size_t next = 0; next < length;) {
    const size_t seen = seen_length(text + next, length - next);
    if (used + LONGEST + sizeof "..." > n_bytes) {
      memcpy(copy + used, "...", sizeof "...");
      return;
    }
    if (seen > 0) {
      memcpy(copy + used, text + next, seen);
      used += seen;
      next += seen;
    } else {
      used += (size_t)snprintf(copy + used, n_bytes - used, "\\x%02X", (unsigned char)text[next]);
      next++;
    }
  }
  copy[used] = '\0';
}

void printable_make(char *text)
{
  for (size_t left = strlen(text); left > 0;) {
    const size_t seen = seen_length(text, left);
    if (seen == 0) *text = '?';
    text += seen > 0 ? seen : 1;
    left -= seen > 0 ? seen : 1;
  }
}

void printable_make_line(char *text)
{
  for (char *c = text; *c != '\0'; c++) {
    if (*c == '\n' || *c == '\r' || *c == '\t') *c = ' ';
  }
  printable_make(text);
}
