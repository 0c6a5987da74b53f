/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/word_list.h"

#include <string.h>

static const char *skip_blanks(const char *text)
{
  while (*text == ' ' || *text == '\t') text++;
  return text;
}

static bool ends_word(char c, const char *ends)
{
  return c == '\0' || strchr(ends, c) != NULL;
}

const char *word_next(const char *list, const char *ends, char *word, bool *is_quoted)
{
  size_t length = 0;
  list = skip_blanks(list);
  *is_quoted = *list == '"';
  if (*is_quoted) {
    for (list++; *list != '\0' && (list[0] != '"' || list[1] == '"'); list++) {
      word[length++] = *list;
      if (*list == '"') list++;
    }
    if (*list == '\0') return NULL;
    list = skip_blanks(list + 1);
    if (!ends_word(*list, ends)) return NULL;
  } else {
    while (!ends_word(*list, ends)) word[length++] = *list++;
    while (length > 0 && (word[length - 1] == ' ' || word[length - 1] == '\t')) length--;
  }
  word[length] = '\0';
  return list;
}

bool word_count(const char *text, const char *end, int64_t *count)
{
  *count = 0;
  if (text == end || end - text > 18) return false;
  for (; text < end; text++) {
    if (*text < '0' || *text > '9') return false;
    *count = *count * 10 + (*text - '0');
  }
  return true;
}

bool word_range(const char *word, int64_t *first, int64_t *last)
{
  const char *end = word + strlen(word);
  const char *dash = strchr(word, '-');
  if (dash == NULL) {
    const bool is_number = word_count(word, end, first);
    *last = *first;
    return is_number;
  }
  return word_count(word, dash, first) && word_count(dash + 1, end, last);
}
