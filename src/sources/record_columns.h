/* SPDX-License-Identifier: BSD-3-Clause */
/* The columns of a table of records: what its fields are called, which of them are numbers, and which of these are
 * picked.
 *
 * A field that is an array of numbers is several columns, FIELD.0, FIELD.1 ...; a field that has fields itself gives
 * FIELD.a, FIELD.b .... The name of the field picks them all.
 *
 * Two are left out unless they are picked: an integer that is the first field and called index, as pandas calls the
 * labels of rows (DataFrame.to_records), and a boolean FIELD.mask beside FIELD, which says where that is missing, as
 * astropy stores columns with gaps. */
#ifndef SOURCES_RECORD_COLUMNS_H
#define SOURCES_RECORD_COLUMNS_H

#include "sources/records.h"
#include "sources/source.h"

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stdint.h>

/* More numbers in a record are taken for damage. */
enum { MOST_RECORD_COLUMNS = 1 << 20 };

typedef struct record_column {
  char *name;
  char *array; /* the name that picks it with others; NULL: none */
  record_field field;
  record_field mask; /* of one byte: is the number missing? Of type '\0': there is none */
  const char *aside; /* not a feature unless it is picked by its name, and what it is; NULL: a feature like others */
} record_column;

/* A field that is no number. */
typedef struct record_text {
  char *name;
  const char *what; /* "text" */
} record_text;

/* All zero: none yet. */
typedef struct record_columns {
  record_column *list;
  int64_t n, room;
  record_text *texts;
  int64_t n_texts, room_of_texts;
} record_columns;

/* Adds a column, or a field that is no number. The names are copied; array may be NULL. False when there is no memory,
 * or there are too many. */
bool record_columns_add(record_columns *columns, const char *name, const char *array, record_field field);
bool record_columns_add_text(record_columns *columns, const char *name, const char *what);

/* Calls a column otherwise. False when there is no memory. */
bool record_column_rename(record_column *column, const char *name);

/* Sets the columns of the source (source_pick_of_arrays) and what is said of the others, and how the records, of
 * record_bytes, are read: *reader, for record_reader_close. columns is sorted: those aside come last. Errors: 65 no
 * field is a number, one that was picked is none, and those of source_pick_columns; 71. */
gmmpi_status record_columns_pick(point_source *source, record_columns *columns, int64_t record_bytes,
                                 const source_options *options, record_reader *reader, gmmpi_error *error);

void record_columns_free(record_columns *columns);

#endif
