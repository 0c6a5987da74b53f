/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/text_lines.h"

#include "sources/csv/cells.h"
#include "support/activity.h"
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
  *reader = (line_reader){
      .descriptor = descriptor, .path = path, .n_bytes = n_bytes, .capacity = piece_bytes, .line_end = '\n'};
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

gmmpi_status line_reader_find_line_end(line_reader *reader, gmmpi_error *error)
{
  const gmmpi_status status = read_on(reader, error);
  if (status != GMMPI_OK) return status;
  const bool has_lf = memchr(reader->buffer, '\n', reader->filled) != NULL;
  const bool has_cr_alone = !has_lf && memchr(reader->buffer, '\r', reader->filled) != NULL;
  reader->line_end = has_cr_alone ? '\r' : '\n';
  return GMMPI_OK;
}

gmmpi_status line_reader_next(line_reader *reader, const char **begin, const char **end, gmmpi_error *error)
{
  size_t searched = 0; /* bytes of the line that hold no end */
  char *newline = NULL;
  for (;;) {
    const size_t held = reader->filled - reader->next;
    if (held > searched) newline = memchr(reader->buffer + reader->next + searched, reader->line_end, held - searched);
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
  *end = newline;
  while (reader->line_end == '\n' && *end > *begin && (*end)[-1] == '\r') --*end;
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

/* Enough of a line that begins as a comment to see a cell such as #DIV/0! and what is behind it. */
enum { MARK_BYTES = LONGEST_SPREADSHEET_ERROR + 2 };

/* Is a line a comment? It begins with the character of comments; n_bytes: what is known of it, all of it or MARK_BYTES
 * at least. */
static bool is_comment(const char *mark, size_t n_bytes, char delimiter)
{
  const char *end = mark + n_bytes;
  const size_t length = spreadsheet_error_length(mark, end);
  if (length == 0) return true;
  const char *next = mark + length;
  if (next < end && *next == delimiter) return false;
  while (next < end && is_blank(*next, delimiter)) next++;
  return next < end && *next != delimiter;
}

bool is_row(const char *begin, const char *end, const line_rules *rules)
{
  while (begin < end && is_blank(*begin, rules->delimiter)) begin++;
  if (begin == end) return false;
  return *begin != rules->comment || rules->comment == '\0' ||
         !is_comment(begin, end - begin < MARK_BYTES ? (size_t)(end - begin) : MARK_BYTES, rules->delimiter);
}

/* Where counting is within a line. */
typedef enum line_part {
  BEFORE_FIRST_LINE, /* of the range: in a line that began before it */
  IN_BLANKS,         /* nothing but blanks so far */
  IN_MARK,           /* in the first bytes of what may be a comment */
  IN_REST            /* what it is is known */
} line_part;

typedef struct line_counter {
  int64_t end; /* of the range */
  const line_rules *rules;
  line_part part;
  char mark[MARK_BYTES]; /* the line's first bytes, in IN_MARK */
  size_t mark_length;
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

/* The line's mark is complete. */
static void end_mark(line_counter *counter)
{
  if (!is_comment(counter->mark, counter->mark_length, counter->rules->delimiter)) counter->count->n_rows++;
  counter->part = IN_REST;
}

/* Goes on at next, in blanks or in a mark, until it is known whether the line is a row, or to end. */
static const char *count_row(line_counter *counter, const char *next, const char *end)
{
  const line_rules *rules = counter->rules;
  if (counter->part == IN_BLANKS) {
    while (next < end && *next != rules->line_end && is_blank(*next, rules->delimiter)) next++;
    if (next == end || *next == rules->line_end) return next;
    if (*next != rules->comment || rules->comment == '\0') {
      counter->part = IN_REST;
      counter->count->n_rows++;
      return next;
    }
    counter->part = IN_MARK;
    counter->mark_length = 0;
  }
  while (next < end && *next != rules->line_end && counter->mark_length < MARK_BYTES)
    counter->mark[counter->mark_length++] = *next++;
  if (next < end || counter->mark_length == MARK_BYTES) end_mark(counter);
  return next;
}

static bool is_undecided(const line_counter *counter)
{
  return counter->part == IN_BLANKS || counter->part == IN_MARK;
}

/* Counts on through a piece of the file that is at offset: false when everything is known. */
static bool count_piece(line_counter *counter, const char *piece, size_t n_bytes, int64_t offset)
{
  const char *const end = piece + n_bytes;
  const char *next = piece;
  while (next < end) {
    if (is_undecided(counter)) {
      next = count_row(counter, next, end);
      if (next == end) return true;
    }
    if (counter->part == IN_REST && offset + (next - piece) >= counter->end) return false;
    next = memchr(next, counter->rules->line_end, (size_t)(end - next));
    if (next == NULL) return true;
    next++;
    if (!begin_line(counter, offset + (next - piece))) return false;
  }
  return true;
}

gmmpi_status count_lines(int descriptor, const char *path, int64_t n_bytes, int64_t first_line, int64_t begin,
                         int64_t end, const line_rules *rules, size_t piece_bytes, line_count *count,
                         gmmpi_error *error)
{
  *count = (line_count){.first_offset = end};
  if (begin >= end) return GMMPI_OK;
  char *piece = malloc(piece_bytes);
  if (piece == NULL) return out_of_memory(path, piece_bytes, error);

  /* The byte before the range says whether a line begins with it. */
  line_counter counter = {.end = end, .rules = rules, .part = BEFORE_FIRST_LINE, .count = count};
  int64_t offset = begin - 1;
  if (begin == first_line) {
    begin_line(&counter, begin);
    offset = begin;
  }
  gmmpi_status status = GMMPI_OK;
  bool goes_on = true;
  while (goes_on && status == GMMPI_OK && offset < n_bytes && (offset < end || is_undecided(&counter))) {
    const size_t wanted = n_bytes - offset < (int64_t)piece_bytes ? (size_t)(n_bytes - offset) : piece_bytes;
    status = signals_stop_requested()
                 ? fail(error, GMMPI_STOPPED, "%s: stopped by %s while its lines were counted; start again", path,
                        signals_name(signals_received()))
                 : file_read_at(descriptor, path, piece, wanted, offset, error);
    if (status == GMMPI_OK) goes_on = count_piece(&counter, piece, wanted, offset);
    offset += (int64_t)wanted;
    activity_tell(&(activity){.doing = "finding the rows of",
                              .object = path,
                              .share = offset < end ? (double)(offset - begin) / (double)(end - begin) : 1.0,
                              .n = n_bytes,
                              .unit = "bytes"});
  }
  if (counter.part == IN_MARK) end_mark(&counter); /* the file ends with it */
  free(piece);
  return status;
}
