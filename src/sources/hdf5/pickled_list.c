/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/hdf5/pickled_list.h"

#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest of the pickle, and the names so far: one takes at least two bytes of it. */
typedef struct unpickling {
  const unsigned char *next, *end;
  char **names;
  int64_t n;
  int64_t last;    /* the name that the last instruction has put together; -1: it was another */
  int64_t *memory; /* n_memory: the name that is kept under each number, or -1 */
  int64_t n_memory;
  int64_t n_kept;
  bool is_good, is_over;
} unpickling;

static bool add_name(unpickling *state, char *name)
{
  if (name == NULL) return false;
  state->last = state->n;
  state->names[state->n++] = name;
  return true;
}

/* Keeps what the instruction before has put together. Numbers beyond the pickle's length are nobody's. */
static bool keep(unpickling *state, int64_t number, int64_t last)
{
  if (number < 0 || number >= state->n_memory) return false;
  state->memory[number] = last;
  state->n_kept++;
  return true;
}

static bool recall(unpickling *state, int64_t number)
{
  if (number < 0 || number >= state->n_memory || state->memory[number] < 0) return false;
  return add_name(state, strdup(state->names[state->memory[number]]));
}

/* --- texts --- */

static size_t put_utf8(uint32_t code, char *to)
{
  if (code < 0x80) {
    to[0] = (char)code;
    return 1;
  }
  const int n_more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const unsigned char marks[] = {0, 0xc0, 0xe0, 0xf0};
  to[0] = (char)(marks[n_more] | code >> 6 * n_more);
  for (int i = 1; i <= n_more; i++) to[i] = (char)(0x80 | (code >> 6 * (n_more - i) & 0x3f));
  return (size_t)n_more + 1;
}

static bool read_hexadecimal(const unsigned char *digits, int n, uint32_t *code)
{
  *code = 0;
  for (int i = 0; i < n; i++) {
    const char *found = digits[i] != '\0' ? strchr("0123456789abcdef", digits[i] | 0x20) : NULL;
    if (found == NULL) return false;
    *code = *code << 4 | (uint32_t)(found - "0123456789abcdef");
  }
  return *code != 0 && *code < 0x110000;
}

/* A line of Latin-1 in which \uXXXX and \UXXXXXXXX stand for other characters. */
static char *unescape(const unsigned char *text, const unsigned char *end)
{
  char *name = malloc(2 * (size_t)(end - text) + 1);
  size_t length = 0;
  for (; name != NULL && text < end; text++) {
    const int n_digits = *text != '\\' || end - text < 2 ? 0 : text[1] == 'u' ? 4 : text[1] == 'U' ? 8 : 0;
    uint32_t code = *text;
    if (n_digits > 0 && end - text >= 2 + n_digits && read_hexadecimal(text + 2, n_digits, &code)) text += 1 + n_digits;
    length += put_utf8(code, name + length);
  }
  if (name != NULL) name[length] = '\0';
  return name;
}

/* --- instructions --- */

/* The end of the line that begins at next, which is then behind it; NULL: there is none. */
static const unsigned char *take_line(unpickling *state)
{
  const unsigned char *end = memchr(state->next, '\n', (size_t)(state->end - state->next));
  if (end != NULL) state->next = end + 1;
  return end;
}

static bool take_size(unpickling *state, int n_bytes, uint64_t *size)
{
  *size = 0;
  if (state->end - state->next < n_bytes) return false;
  for (int i = 0; i < n_bytes; i++) *size |= (uint64_t)*state->next++ << 8 * i;
  return true;
}

static bool skip(unpickling *state, uint64_t n_bytes)
{
  if ((uint64_t)(state->end - state->next) < n_bytes) return false;
  state->next += n_bytes;
  return true;
}

static bool counted_text(unpickling *state, int size_bytes)
{
  uint64_t size;
  if (!take_size(state, size_bytes, &size)) return false;
  const unsigned char *begin = state->next;
  return skip(state, size) && memchr(begin, '\0', size) == NULL && add_name(state, strndup((const char *)begin, size));
}

static bool counted_integer(unpickling *state, int n_bytes)
{
  uint64_t bits;
  char *name = NULL;
  if (!take_size(state, n_bytes, &bits)) return false;
  const long long value = n_bytes == 4 ? (long long)(int32_t)(uint32_t)bits : (long long)bits;
  return asprintf(&name, "%lld", value) >= 0 && add_name(state, name);
}

/* "I12\n", "L12L\n". */
static bool line_of_integer(unpickling *state)
{
  const unsigned char *begin = state->next;
  const unsigned char *end = take_line(state);
  if (end == NULL) return false;
  if (end > begin && end[-1] == 'L') end--;
  for (const unsigned char *c = begin; c < end; c++) {
    if ((*c < '0' || *c > '9') && !(*c == '-' && c == begin && end - begin > 1)) return false;
  }
  return end > begin && add_name(state, strndup((const char *)begin, (size_t)(end - begin)));
}

static bool line_of_text(unpickling *state)
{
  const unsigned char *begin = state->next;
  const unsigned char *end = take_line(state);
  return end != NULL && add_name(state, unescape(begin, end));
}

/* The number of a memory: of so many bytes, or a line of digits where there are none. */
static int64_t take_number(unpickling *state, int n_bytes)
{
  uint64_t number = 0;
  if (n_bytes > 0) return take_size(state, n_bytes, &number) ? (int64_t)number : -1;
  const unsigned char *begin = state->next;
  const unsigned char *end = take_line(state);
  for (const unsigned char *c = begin; end != NULL && c < end; c++) {
    if (*c < '0' || *c > '9' || number > INT32_MAX) return -1;
    number = 10 * number + (*c - '0');
  }
  return end != NULL && end > begin ? (int64_t)number : -1;
}

/* One instruction. */
static bool step(unpickling *state)
{
  const int64_t last = state->last;
  state->last = -1;
  switch (*state->next++) {
  case '.':
    state->is_over = true;
    return true;
  case 'V':
    return line_of_text(state);
  case 'I':
  case 'L':
    return line_of_integer(state);
  case 'X':
    return counted_text(state, 4);
  case 0x8c:
    return counted_text(state, 1);
  case 'K':
    return counted_integer(state, 1);
  case 'M':
    return counted_integer(state, 2);
  case 'J':
    return counted_integer(state, 4);
  case 'p':
    return keep(state, take_number(state, 0), last);
  case 'q':
    return keep(state, take_number(state, 1), last);
  case 'r':
    return keep(state, take_number(state, 4), last);
  case 0x94:
    return keep(state, state->n_kept, last);
  case 'g':
    return recall(state, take_number(state, 0));
  case 'h':
    return recall(state, take_number(state, 1));
  case 'j':
    return recall(state, take_number(state, 4));
  case 0x80:
    return skip(state, 1);
  case 0x95:
    return skip(state, 8);
  case '(': /* lists and tuples */
  case 'l':
  case 't':
  case ')':
  case ']':
  case 'a':
  case 'e':
  case 0x85:
  case 0x86:
  case 0x87:
    return true;
  default:
    return false;
  }
}

char **pickled_list_read(const unsigned char *pickle, size_t n_bytes, int64_t *n)
{
  unpickling state = {.next = pickle, .end = pickle + n_bytes, .last = -1, .n_memory = (int64_t)n_bytes};
  state.names = allocate((int64_t)(n_bytes / 2) + 1, sizeof *state.names);
  state.memory = allocate(state.n_memory, sizeof *state.memory);
  for (int64_t i = 0; state.memory != NULL && i < state.n_memory; i++) state.memory[i] = -1;
  state.is_good = state.names != NULL && state.memory != NULL;
  while (state.is_good && !state.is_over) state.is_good = state.next < state.end && step(&state);
  free(state.memory);
  *n = state.n;
  if (state.is_good) return state.names;
  pickled_list_free(state.names, state.n);
  return NULL;
}

void pickled_list_free(char **names, int64_t n)
{
  for (int64_t i = 0; names != NULL && i < n; i++) free(names[i]);
  free(names);
}
