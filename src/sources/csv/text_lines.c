/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/text_lines.h"

#include "support/error.h"
#include "support/file.h"
#include "support/signals.h"

#include <stdlib.h>
#include <string.h>

static const size_t longest_line = (size_t)1 << 30;

static gmmpi_status out_of_memory(const char *path, size_t n_bytes, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read it (%zu bytes at once)", path, n_bytes);
}

/* --- one line after the other --- */

gmmpi_status line_reader_open(line_reader *reader, int descriptor, const char *path, int64_t n_bytes,
                              size_t piece_bytes, gmmpi_error *error)
{
  *reader = (line_reader){.descriptor = descriptor, .path = path, .n_bytes = n_bytes, .capacity = piece_bytes};
  reader->buffer = malloc(piece_bytes + 1);
  return reader->buffer != NULL ? GMMPI_OK : out_of_memory(path, piece_bytes + 1, error);
}

void line_reader_close(line_reader *reader)
{
  free(reader->buffer);
  reader->buffer = NULL;
}

void line_reader_seek(line_reader *reader, int64_t offset)
{
  if (offset >= reader->offset && offset <= reader->offset + (int64_t)reader->filled) {
    reader->next = (size_t)(offset - reader->offset);
  } else {
    reader->offset = offset;
    reader->filled = 0;
    reader->next = 0;
  }
}

int64_t line_reader_place(const line_reader *reader)
{
  return reader->offset + (int64_t)reader->next;
}

/* Makes room behind what is left in the buffer and reads on. */
static gmmpi_status read_on(line_reader *reader, gmmpi_error *error)
{
  if (reader->next > 0) {
    memmove(reader->buffer, reader->buffer + reader->next, reader->filled - reader->next);
    reader->offset += (int64_t)reader->next;
    reader->filled -= reader->next;
    reader->next = 0;
  } else if (reader->filled == reader->capacity) {
    if (reader->capacity >= longest_line)
      return fail(error, GMMPI_BAD_DATA, "%s: has a line of more than 1 GiB; is it a text file?", reader->path);
    char *larger = realloc(reader->buffer, 2 * reader->capacity + 1);
    if (larger == NULL) return out_of_memory(reader->path, 2 * reader->capacity + 1, error);
    reader->buffer = larger;
    reader->capacity *= 2;
  }
  const int64_t from = reader->offset + (int64_t)reader->filled;
  const size_t room = reader->capacity - reader->filled;
  const int64_t left = reader->n_bytes - from;
  const size_t wanted = left < (int64_t)room ? (size_t)left : room;
  const gmmpi_status status =
      file_read_at(reader->descriptor, reader->path, reader->buffer + reader->filled, wanted, from, error);
  if (status == GMMPI_OK) reader->filled += wanted;
  return status;
}

gmmpi_status line_reader_next(line_reader *reader, const char **begin, const char **end, gmmpi_error *error)
{
  size_t searched = 0; /* bytes of the line that hold no end */
  char *newline = NULL;
  for (;;) {
    const size_t held = reader->filled - reader->next;
    if (held > searched) newline = memchr(reader->buffer + reader->next + searched, '\n', held - searched);
    if (newline != NULL || reader->offset + (int64_t)reader->filled >= reader->n_bytes) break;
    searched = held;
    const gmmpi_status status = read_on(reader, error);
    if (status != GMMPI_OK) return status;
  }
  *begin = NULL;
  if (newline == NULL && reader->next == reader->filled) return GMMPI_OK;
  if (newline == NULL) {
    newline = reader->buffer + reader->filled;
    *newline = '\n';
  }
  *begin = reader->buffer + reader->next;
  *end = newline > *begin && newline[-1] == '\r' ? newline - 1 : newline;
  const size_t behind = (size_t)(newline - reader->buffer) + 1;
  reader->next = behind < reader->filled ? behind : reader->filled;
  return GMMPI_OK;
}

/* --- counting --- */

static bool is_blank(char c, char delimiter)
{
  return c == ' ' || c == '\r' || (c == '\t' && delimiter != '\t');
}

bool is_blank_line(const char *begin, const char *end, char delimiter)
{
  while (begin < end && is_blank(*begin, delimiter)) begin++;
  return begin == end;
}

/* Where counting is within a line. */
typedef enum line_part {
  BEFORE_FIRST_LINE, /* of the range: in a line that began before it */
  IN_BLANKS,         /* nothing but blanks so far */
  IN_ROW
} line_part;

typedef struct line_counter {
  int64_t end; /* of the range */
  char delimiter;
  line_part part;
  line_count *count;
} line_counter;

/* A line begins at offset: false when the range ends before it. */
static bool begin_line(line_counter *counter, int64_t offset)
{
  if (offset >= counter->end) return false;
  if (counter->count->n_lines++ == 0) counter->count->first_offset = offset;
  counter->part = IN_BLANKS;
  return true;
}

/* Counts on through a piece of the file that is at offset: false when everything is known. */
static bool count_piece(line_counter *counter, const char *piece, size_t n_bytes, int64_t offset)
{
  const char *const end = piece + n_bytes;
  const char *next = piece;
  while (next < end) {
    if (counter->part == IN_BLANKS) {
      while (next < end && is_blank(*next, counter->delimiter)) next++;
      if (next == end) return true;
      if (*next != '\n') {
        counter->part = IN_ROW;
        counter->count->n_rows++;
      }
    }
    if (counter->part == IN_ROW && offset + (next - piece) >= counter->end) return false;
    next = memchr(next, '\n', (size_t)(end - next));
    if (next == NULL) return true;
    next++;
    if (!begin_line(counter, offset + (next - piece))) return false;
  }
  return true;
}

gmmpi_status count_lines(int descriptor, const char *path, int64_t n_bytes, int64_t first_line, int64_t begin,
                         int64_t end, char delimiter, size_t piece_bytes, line_count *count, gmmpi_error *error)
{
  *count = (line_count){.first_offset = end};
  if (begin >= end) return GMMPI_OK;
  char *piece = malloc(piece_bytes);
  if (piece == NULL) return out_of_memory(path, piece_bytes, error);

  /* The byte before the range says whether a line begins with it. */
  line_counter counter = {.end = end, .delimiter = delimiter, .part = BEFORE_FIRST_LINE, .count = count};
  int64_t offset = begin - 1;
  if (begin == first_line) {
    begin_line(&counter, begin);
    offset = begin;
  }
  gmmpi_status status = GMMPI_OK;
  bool goes_on = true;
  while (goes_on && status == GMMPI_OK && offset < n_bytes && (offset < end || counter.part == IN_BLANKS)) {
    const size_t wanted = n_bytes - offset < (int64_t)piece_bytes ? (size_t)(n_bytes - offset) : piece_bytes;
    status = signals_stop_requested()
                 ? fail(error, GMMPI_STOPPED, "%s: stopped by %s while its lines were counted; start again", path,
                        signals_name(signals_received()))
                 : file_read_at(descriptor, path, piece, wanted, offset, error);
    if (status == GMMPI_OK) goes_on = count_piece(&counter, piece, wanted, offset);
    offset += (int64_t)wanted;
  }
  free(piece);
  return status;
}
