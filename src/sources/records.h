/* SPDX-License-Identifier: BSD-3-Clause */
/* Records: rows of a file in which each number has a place of its own and a type of its own, as in the structured
 * arrays of NumPy and the compound data sets of HDF5. How such numbers become doubles, and how rows are read where
 * records lie in a file one behind the other. */
#ifndef SOURCES_RECORDS_H
#define SOURCES_RECORDS_H

#include "sources/source.h"

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stdint.h>

/* One number in a record. */
typedef struct record_field {
  int64_t offset;  /* bytes from the record's begin */
  char type;       /* 'f' a float (IEEE 754), 'i' and 'u' an integer with a sign and without, 'b' true where not 0 */
  int item_bytes;  /* 'f': 2, 4, 8; 'i' and 'u': 1, 2, 4, 8; 'b': 1 */
  bool is_swapped; /* is the byte order not this machine's? */
} record_field;

/* Is this machine's byte order that of least bytes first? */
bool machine_is_little_endian(void);

/* IEEE 754 half precision: one sign bit, five of exponent, ten of fraction. */
double half_to_double(uint16_t half);

/* Which numbers of which records are features. */
typedef struct record_reader {
  record_field *fields; /* n_features of the source, in its order */
  record_field *masks;  /* n_features: what is not 0 where the number is missing; of type '\0' where there is none */
  int64_t record_bytes;
  int64_t first_byte, end_byte; /* of a record: where the first field begins, and the last one ends */
  int flat_bytes; /* 8 or 4: a record is the features and nothing else, as this machine's doubles or floats; 0: no */
} record_reader;

/* Numbers of n records to rows: n x n_features. records: from the first_byte of the first one on. */
void records_convert(const record_reader *reader, int64_t n_features, const unsigned char *records, int64_t n,
                     double *rows);

/* How many records are read at once, and the most bytes that this takes, unless a record has more. */
enum { RECORDS_PIECE_BYTES = 256 << 10 };
int64_t records_at_once(const record_reader *reader);

/* Reads rows [first_row, first_row + n_rows) where record 0 begins at offset `begin` of the file. Any thread may do so.
 * Errors: 65 the file is too short, 74; 71. */
gmmpi_status records_read(const point_source *source, const record_reader *reader, int descriptor, int64_t begin,
                          int64_t first_row, int64_t n_rows, double *rows, gmmpi_error *error);

void record_reader_close(record_reader *reader);

#endif
