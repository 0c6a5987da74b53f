/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/fcs/parameters.h"

#include "support/error.h"
#include "support/memory.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- text that may be printed --- */

/* The bytes of the UTF-8 character at text; 0: there is none, or one that moves a terminal's cursor. */
static int character_bytes(const unsigned char *text)
{
  const int n = text[0] < 0x80                      ? 1
                : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                : (text[0] & 0xf0) == 0xe0          ? 3
                : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                    : 0;
  if (n == 1) return text[0] >= ' ' && text[0] != 0x7f ? 1 : 0;
  for (int i = 1; i < n; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  return n == 2 && text[0] == 0xc2 && text[1] < 0xa0 ? 0 : n;
}

/* A copy, in which question marks stand for what is no text. NULL: no memory. */
static char *printable_copy(const char *text)
{
  char *copy = strdup(text != NULL ? text : "");
  for (char *at = copy; copy != NULL && *at != '\0';) {
    const int n = character_bytes((const unsigned char *)at);
    if (n == 0) *at = '?';
    at += n == 0 ? 1 : n;
  }
  return copy;
}

/* --- numbers as text --- */

/* A number, and where it ends; false: there is none. */
static bool parse_number(const char *text, double *number, const char **end)
{
  char *behind;
  const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (plain == (locale_t)0) return false;
  *number = strtod_l(text, &behind, plain);
  freelocale(plain);
  *end = behind;
  return behind > text && isfinite(*number);
}

/* --- one parameter --- */

static gmmpi_status cannot_read(const char *label, int64_t number, const char *what, const char *value,
                                gmmpi_error *error)
{
  char *text = printable_copy(value);
  fail(error, GMMPI_BAD_DATA,
       "%s: its %s of parameter %" PRId64 " is \"%.40s\", which is not supported; export it as "
       "floats, or as CSV",
       label, what, number, text != NULL ? text : "?");
  free(text);
  return error->status;
}

static uint64_t mask_of(double range, int width)
{
  const int n_bits = 8 * width;
  uint64_t mask = n_bits == 64 ? UINT64_MAX : (UINT64_C(1) << n_bits) - 1;
  if (!(range > 1.0)) return mask;
  for (int i = 1; i < n_bits; i++) {
    if (ldexp(1.0, i) >= range) return (UINT64_C(1) << i) - 1;
  }
  return mask;
}

/* $PnE: "f1,f2"; f2 of 0, which logarithms do not have, means 1. */
static gmmpi_status read_scale(const fcs_keywords *keywords, const char *label, int64_t number,
                               fcs_parameter *parameter, gmmpi_error *error)
{
  double decades = 0.0;
  double least = 0.0;
  const char *end;
  const char *scale = fcs_value_of(keywords, number, 'E');
  const char *gain = fcs_value_of(keywords, number, 'G');
  parameter->gain = 1.0;
  if (scale != NULL && (!parse_number(scale, &decades, &end) || *(end += strspn(end, " ")) != ',' ||
                        !parse_number(end + 1, &least, &end) || decades < 0.0 || least < 0.0))
    return cannot_read(label, number, "scale ($PnE)", scale, error);
  if (decades > 0.0 && parameter->type != 'I') parameter->has_log_of_float = true;
  if (decades > 0.0 && parameter->type == 'I') {
    if (!(parameter->range > 0.0))
      return cannot_read(label, number, "range ($PnR)", fcs_value_of(keywords, number, 'R'), error);
    parameter->decades = decades;
    parameter->least = least > 0.0 ? least : 1.0;
  } else if (gain != NULL) {
    if (!parse_number(gain, &parameter->gain, &end) || *end != '\0')
      return cannot_read(label, number, "gain ($PnG)", gain, error);
    if (!(parameter->gain > 0.0)) parameter->gain = 1.0; /* 0 is what some write for none */
  }
  return GMMPI_OK;
}

static gmmpi_status read_names(const fcs_keywords *keywords, const char *label, int64_t number,
                               fcs_parameter *parameter, gmmpi_error *error)
{
  const char *stain = fcs_value_of(keywords, number, 'S');
  parameter->name = printable_copy(fcs_value_of(keywords, number, 'N'));
  if (stain != NULL) parameter->label = printable_copy(stain);
  if (parameter->name == NULL || (stain != NULL && parameter->label == NULL))
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its parameters", label);
  if (parameter->label != NULL && strcmp(parameter->label, parameter->name) == 0) {
    free(parameter->label);
    parameter->label = NULL;
  }
  return GMMPI_OK;
}

/* The type may differ from $DATATYPE since version 3.2. */
static gmmpi_status read_type(const fcs_keywords *keywords, const char *label, int64_t number, char type,
                              fcs_parameter *parameter, gmmpi_error *error)
{
  char key[40];
  int64_t n_bits;
  snprintf(key, sizeof key, "$P%" PRId64 "DATATYPE", number);
  const char *own = fcs_value(keywords, key);
  const char *bits = fcs_value_of(keywords, number, 'B');
  parameter->type = own != NULL && strlen(own) == 1 ? (char)(own[0] & ~0x20) : type;
  if (strchr("IFD", parameter->type) == NULL) return cannot_read(label, number, "type ($PnDATATYPE)", own, error);
  if (bits == NULL || !fcs_parse_count(bits, &n_bits) || n_bits < 8 || n_bits > 64 || n_bits % 8 != 0 ||
      (parameter->type == 'F' && n_bits != 32) || (parameter->type == 'D' && n_bits != 64))
    return cannot_read(label, number, "size in bits ($PnB)", bits, error);
  parameter->width = (int)(n_bits / 8);
  return GMMPI_OK;
}

static gmmpi_status read_parameter(const fcs_keywords *keywords, const char *label, int64_t number, char type,
                                   fcs_parameter *parameter, gmmpi_error *error)
{
  const char *end;
  const char *range = fcs_value_of(keywords, number, 'R');
  if (read_type(keywords, label, number, type, parameter, error) != GMMPI_OK) return error->status;
  if (range == NULL || !parse_number(range, &parameter->range, &end)) parameter->range = 0.0;
  parameter->mask = mask_of(parameter->range, parameter->width);
  if (read_scale(keywords, label, number, parameter, error) != GMMPI_OK) return error->status;
  return read_names(keywords, label, number, parameter, error);
}

/* --- all of them --- */

/* "1,2,3,4": the least significant byte comes first. Others have two bytes of four the other way round. */
static bool read_byte_order(const char *text, fcs_table *table)
{
  int n = 0;
  bool is_there[8] = {false};
  bool ascends = true;
  bool descends = true;
  for (; *text != '\0' && n < 8; n++) {
    const char *digit = text + strspn(text, " ");
    if (*digit < '1' || *digit > '8' || is_there[*digit - '1']) return false;
    table->order[n] = *digit - '1';
    is_there[*digit - '1'] = true;
    if (n > 0 && table->order[n] != table->order[n - 1] + 1) ascends = false;
    if (n > 0 && table->order[n] != table->order[n - 1] - 1) descends = false;
    text = digit + 1 + strspn(digit + 1, " ");
    if (*text == ',') text++;
  }
  for (int i = 0; i < n; i++) {
    if (!is_there[i]) return false;
  }
  table->is_little_endian = ascends;
  table->is_mixed = !ascends && !descends;
  return *text == '\0' && n > 0 && (!table->is_mixed || n == 4);
}

static gmmpi_status read_form(const fcs_keywords *keywords, const char *label, fcs_table *table, char *type,
                              gmmpi_error *error)
{
  const char *mode = fcs_value(keywords, "$MODE");
  const char *form = fcs_value(keywords, "$DATATYPE");
  const char *order = fcs_value(keywords, "$BYTEORD");
  if (mode != NULL && strcasecmp(mode, "L") != 0)
    return fail(error, GMMPI_BAD_DATA, "%s: holds histograms ($MODE is not L), not events; give a file of events",
                label);
  *type = strlen(form) == 1 ? (char)(form[0] & ~0x20) : '?';
  if (*type == 'A')
    return fail(error, GMMPI_BAD_DATA,
                "%s: holds numbers as text ($DATATYPE A), which is not supported; export it as "
                "floats, or as CSV",
                label);
  if (strchr("IFD", *type) == NULL)
    return fail(error, GMMPI_BAD_DATA, "%s: its $DATATYPE is none of I, F and D; copy the file anew", label);
  if (!read_byte_order(order, table))
    return fail(error, GMMPI_BAD_DATA, "%s: its $BYTEORD is none; copy the file anew", label);
  return GMMPI_OK;
}

static gmmpi_status read_parameters(const fcs_keywords *keywords, const char *label, fcs_table *table,
                                    gmmpi_error *error)
{
  char type = '\0';
  if (!fcs_parse_count(fcs_value(keywords, "$PAR"), &table->n) || table->n < 1)
    return fail(error, GMMPI_BAD_DATA, "%s: has no parameters ($PAR); give a file with points", label);
  if (read_form(keywords, label, table, &type, error) != GMMPI_OK) return error->status;
  table->parameters = allocate(table->n, sizeof *table->parameters);
  if (table->parameters == NULL)
    return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for its %" PRId64 " parameters", label, table->n);
  for (int64_t i = 0; i < table->n; i++) {
    fcs_parameter *parameter = &table->parameters[i];
    if (read_parameter(keywords, label, i + 1, type, parameter, error) != GMMPI_OK) return error->status;
    if (table->is_mixed && parameter->width != 2 && parameter->width != 4)
      return cannot_read(label, i + 1, "size in bits ($PnB), in this $BYTEORD,", fcs_value_of(keywords, i + 1, 'B'),
                         error);
    parameter->offset = table->event_bytes;
    table->event_bytes += parameter->width;
  }
  return GMMPI_OK;
}

/* --- where they are --- */

/* Bytes; begin 0: nobody says. The last byte is one of the segment's. */
typedef struct segment {
  int64_t begin, end;
} segment;

static segment segment_of_keywords(const fcs_keywords *keywords)
{
  const char *begin = fcs_value(keywords, "$BEGINDATA");
  const char *end = fcs_value(keywords, "$ENDDATA");
  segment found = {0, 0};
  if (begin == NULL || !fcs_parse_count(begin, &found.begin)) found.begin = 0;
  if (end == NULL || !fcs_parse_count(end, &found.end)) found.end = 0;
  return found;
}

/* The bytes of a segment; -1: nobody says. */
static int64_t bytes_of(segment given)
{
  return given.begin > 0 && given.end >= given.begin ? given.end - given.begin + 1 : -1;
}

/* Are there so many bytes in it, but for one that some forget or a checksum that some add? */
static bool fits(segment given, int64_t n_bytes)
{
  const int64_t there = bytes_of(given);
  return there >= n_bytes - 1 && there - n_bytes <= FCS_CHECKSUM_BYTES;
}

/* The header counts, but where it has no room for an offset it says 0, and where it does not fit the number of events,
 * the keywords may. */
static segment find_segment(const fcs_keywords *keywords, int64_t needed, fcs_table *table)
{
  const segment first = {keywords->data_begin, keywords->data_end};
  const segment second = segment_of_keywords(keywords);
  const bool takes_second = first.begin == 0 || (!fits(first, needed) && fits(second, needed));
  const segment taken = takes_second ? second : first;
  const segment other = takes_second ? first : second;
  if (other.begin > 0 && other.begin != taken.begin && keywords->version[0] > '2') table->other_begin = other.begin;
  return taken;
}

static gmmpi_status find_events(const fcs_keywords *keywords, const char *label, int64_t n_bytes, fcs_table *table,
                                gmmpi_error *error)
{
  const char *count = fcs_value(keywords, "$TOT");
  int64_t needed = 0;
  if (count != NULL &&
      (!fcs_parse_count(count, &table->n_events) || !multiply_fits(table->n_events, table->event_bytes, &needed)))
    return fail(error, GMMPI_BAD_DATA, "%s: its number of events ($TOT) is none; copy the file anew", label);
  const segment data = find_segment(keywords, needed, table);
  const int64_t there = bytes_of(data);
  table->data_begin = data.begin;
  table->room_events = there >= 0 ? there / table->event_bytes : -1;
  if (count == NULL && there < 0)
    return fail(error, GMMPI_BAD_DATA,
                "%s: says neither how many events there are ($TOT) nor where they end; copy the file anew", label);
  if (count == NULL) table->n_events = table->room_events;
  if (table->n_events == 0) return fail(error, GMMPI_BAD_DATA, "%s: has no events; give a file with points", label);
  if (data.begin < 1)
    return fail(error, GMMPI_BAD_DATA, "%s: does not say where its events begin ($BEGINDATA); copy the file anew",
                label);
  if (!multiply_fits(table->n_events, table->event_bytes, &needed) || data.begin > n_bytes ||
      needed > n_bytes - data.begin)
    return fail(error, GMMPI_BAD_DATA,
                "%s: is too short for its %" PRId64 " events of %" PRId64 " parameters; it is incomplete, copy it anew",
                label, table->n_events, table->n);
  if (there >= 0 && there < needed - 1)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has room for %" PRId64 " events in its DATA segment, but $TOT says %" PRId64
                "; it is damaged, copy or export it anew",
                label, table->room_events, table->n_events);
  return GMMPI_OK;
}

gmmpi_status fcs_table_read(const fcs_keywords *keywords, const char *label, int64_t n_bytes, fcs_table *table,
                            gmmpi_error *error)
{
  if (read_parameters(keywords, label, table, error) != GMMPI_OK) return error->status;
  return find_events(keywords, label, n_bytes, table, error);
}

void fcs_table_clear(fcs_table *table)
{
  for (int64_t i = 0; table->parameters != NULL && i < table->n; i++) {
    free(table->parameters[i].name);
    free(table->parameters[i].label);
  }
  free(table->parameters);
}
