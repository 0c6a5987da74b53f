/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/fcs/keywords.h"

#include "support/error.h"
#include "support/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADER_BYTES = 58, OFFSET_BYTES = 8 };

bool fcs_parse_count(const char *text, int64_t *count)
{
  const size_t n_digits = strspn(text, "0123456789");
  *count = 0;
  if (n_digits == 0 || n_digits > 18 || text[n_digits] != '\0') return false;
  *count = strtoll(text, NULL, 10);
  return true;
}

/* --- the header --- */

/* The n-th offset, which has blanks before it, or is nothing but blanks: 0. */
static bool read_offset(const char *header, int n, int64_t *offset)
{
  char text[OFFSET_BYTES + 1];
  memcpy(text, header + 10 + n * OFFSET_BYTES, OFFSET_BYTES);
  text[OFFSET_BYTES] = '\0';
  const char *begin = text + strspn(text, " ");
  size_t length = strlen(begin);
  while (length > 0 && begin[length - 1] == ' ') length--;
  text[begin - text + (ptrdiff_t)length] = '\0';
  *offset = 0;
  return length == 0 || fcs_parse_count(begin, offset);
}

static gmmpi_status read_header(int descriptor, const char *label, int64_t n_bytes, fcs_keywords *keywords,
                                int64_t *begin, int64_t *end, gmmpi_error *error)
{
  char header[HEADER_BYTES];
  const gmmpi_status status = file_read_at(descriptor, label, header, sizeof header, 0, error);
  if (status != GMMPI_OK) return status;
  memcpy(keywords->version, header + 3, 3);
  if (!read_offset(header, 0, begin) || !read_offset(header, 1, end) ||
      !read_offset(header, 2, &keywords->data_begin) || !read_offset(header, 3, &keywords->data_end))
    return fail(error, GMMPI_BAD_DATA, "%s: its FCS header is damaged; copy the file anew", label);
  if (*begin < HEADER_BYTES || *end <= *begin)
    return fail(error, GMMPI_BAD_DATA, "%s: its FCS header names no TEXT segment; copy the file anew", label);
  if (*end >= n_bytes)
    return fail(error, GMMPI_BAD_DATA, "%s: ends before its TEXT segment does; it is incomplete, copy it anew", label);
  return GMMPI_OK;
}

/* --- the keywords --- */

static const char *trimmed(char *text)
{
  char *begin = text + strspn(text, " \t\r\n");
  size_t length = strlen(begin);
  while (length > 0 && strchr(" \t\r\n", begin[length - 1]) != NULL) begin[--length] = '\0';
  return begin;
}

/* Cuts the next item off the text: *next moves behind the delimiter that ends it, or to the end. Where a delimiter is
 * escaped by doubling, the item is put together in place. */
static char *cut_item(char **next, char *end, char delimiter, bool doubles)
{
  char *item = *next;
  char *to = item;
  char *from = item;
  for (; from < end; from++) {
    if (*from == delimiter) {
      if (!doubles || from + 1 == end || from[1] != delimiter) break;
      from++;
    }
    *to++ = *from == '\0' ? ' ' : *from;
  }
  *next = from < end ? from + 1 : end;
  *to = '\0'; /* in the place of a delimiter, or of the byte behind the text */
  return item;
}

static gmmpi_status add(const char *label, fcs_keywords *keywords, const char *key, const char *value,
                        gmmpi_error *error)
{
  if (keywords->n == keywords->room) {
    const int64_t room = keywords->room > 0 ? 2 * keywords->room : 256;
    fcs_keyword *longer = realloc(keywords->list, (size_t)room * sizeof *longer);
    if (longer == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its keywords", label);
    keywords->list = longer;
    keywords->room = room;
  }
  keywords->list[keywords->n++] = (fcs_keyword){key, value};
  return GMMPI_OK;
}

/* Cuts the text, whose n_bytes are followed by one that may be written, into keywords and values. */
static gmmpi_status cut_text(const char *label, fcs_keywords *keywords, char *text, size_t n_bytes, bool doubles,
                             gmmpi_error *error)
{
  char *end = text + n_bytes;
  char *next = text + 1;
  const char delimiter = text[0];
  gmmpi_status status = GMMPI_OK;
  while (next < end && status == GMMPI_OK) {
    const char *key = trimmed(cut_item(&next, end, delimiter, doubles));
    if (next == end) break; /* what is behind the last delimiter */
    const char *value = trimmed(cut_item(&next, end, delimiter, doubles));
    if (key[0] != '\0') status = add(label, keywords, key, value, error);
  }
  return status;
}

static int compare(const void *a, const void *b)
{
  const fcs_keyword *first = a;
  const fcs_keyword *second = b;
  const int order = strcasecmp(first->key, second->key);
  return order != 0 ? order
                    : (first->value > second->value) - (first->value < second->value); /* the first one counts */
}

const char *fcs_value(const fcs_keywords *keywords, const char *key)
{
  int64_t low = 0;
  int64_t high = keywords->n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (strcasecmp(keywords->list[middle].key, key) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const bool is_found = low < keywords->n && strcasecmp(keywords->list[low].key, key) == 0;
  return is_found && keywords->list[low].value[0] != '\0' ? keywords->list[low].value : NULL;
}

const char *fcs_value_of(const fcs_keywords *keywords, int64_t parameter, char letter)
{
  char key[40];
  snprintf(key, sizeof key, "$P%" PRId64 "%c", parameter, letter);
  return fcs_value(keywords, key);
}

/* Are the keywords there without which no number can be read, and is none of them two, run into one? */
static bool are_whole(const fcs_keywords *keywords, char delimiter)
{
  int64_t n_parameters;
  for (int64_t i = 0; i < keywords->n; i++) {
    if (strchr(keywords->list[i].key, delimiter) != NULL) return false;
  }
  const char *count = fcs_value(keywords, "$PAR");
  if (count == NULL || !fcs_parse_count(count, &n_parameters) || n_parameters > keywords->n) return false;
  for (int64_t i = 1; i <= n_parameters; i++) {
    if (fcs_value_of(keywords, i, 'B') == NULL) return false;
  }
  return fcs_value(keywords, "$DATATYPE") != NULL && fcs_value(keywords, "$BYTEORD") != NULL;
}

/* Some programs write values of no length, though the standard has none. A delimiter that stands twice then is two:
 * that is so where a keyword would have one in it. */
static gmmpi_status read_text(int descriptor, const char *label, int64_t begin, int64_t end, fcs_keywords *keywords,
                              gmmpi_error *error)
{
  const size_t n_bytes = (size_t)(end - begin) + 1;
  free(keywords->text);
  keywords->text = malloc(n_bytes + 1);
  if (keywords->text == NULL) return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its keywords", label);
  for (int attempt = 0; attempt < 2; attempt++) {
    gmmpi_status status = file_read_at(descriptor, label, keywords->text, n_bytes, begin, error);
    const char delimiter = keywords->text[0];
    keywords->n = 0;
    if (status == GMMPI_OK) status = cut_text(label, keywords, keywords->text, n_bytes, attempt == 0, error);
    if (status != GMMPI_OK) return status;
    if (keywords->n > 0) qsort(keywords->list, (size_t)keywords->n, sizeof *keywords->list, compare);
    if (delimiter != '\0' && are_whole(keywords, delimiter)) return GMMPI_OK;
  }
  return fail(error, GMMPI_BAD_DATA,
              "%s: its FCS keywords are damaged or not whole ($PAR, $DATATYPE, $BYTEORD, $PnB); copy the file anew",
              label);
}

gmmpi_status fcs_keywords_read(int descriptor, const char *label, int64_t n_bytes, fcs_keywords *keywords,
                               gmmpi_error *error)
{
  int64_t begin;
  int64_t end;
  const gmmpi_status status = read_header(descriptor, label, n_bytes, keywords, &begin, &end, error);
  return status == GMMPI_OK ? read_text(descriptor, label, begin, end, keywords, error) : status;
}

void fcs_keywords_clear(fcs_keywords *keywords)
{
  free(keywords->text);
  free(keywords->list);
}
