/* SPDX-License-Identifier: BSD-3-Clause */
/* What the keywords of an FCS file say of its numbers: where each parameter, as the standard calls a column, lies in an
 * event, and what is done to its numbers.
 *
 * Integers are read modulo the least power of two that is not below $PnR. With $PnE = f1,f2 and f1 > 0 they are on a
 * logarithmic scale and become f2 10^(f1 x / $PnR); else, as floats do, x / $PnG. */
#ifndef SOURCES_FCS_PARAMETERS_H
#define SOURCES_FCS_PARAMETERS_H

#include "sources/fcs/keywords.h"

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct fcs_parameter {
  char *name;            /* $PnN; "" where there is none */
  char *label;           /* $PnS, of a stain or marker; NULL where there is none, or it is the name */
  char type;             /* I, F or D */
  int width;             /* bytes */
  int64_t offset;        /* bytes, in an event */
  uint64_t mask;         /* of I */
  double range;          /* $PnR */
  double decades, least; /* f1 and f2; decades 0: linear */
  double gain;           /* $PnG; 1: none */
  bool has_log_of_float; /* does $PnE speak of a logarithmic scale, which floats do not have? */
} fcs_parameter;

/* A DATA segment that is longer by no more may have a checksum behind its events. */
enum { FCS_CHECKSUM_BYTES = 8 };

typedef struct fcs_table {
  fcs_parameter *parameters; /* n */
  int64_t n;
  int64_t event_bytes;
  int64_t n_events, data_begin;
  int64_t other_begin;   /* where the keywords say that events begin, if the header says otherwise; else 0 */
  int64_t room_events;   /* how many the DATA segment has room for; -1: nobody says */
  bool is_little_endian; /* else big, or: */
  bool is_mixed;         /* numbers have 4 or 2 bytes, in an order of their own */
  int order[8];          /* of 4 bytes as they come, how significant each one is; 0: the least */
} fcs_table;

/* From the keywords of a file of n_bytes. *table is for fcs_table_clear, also after an error; label: for messages.
 * Errors: 65, 71. */
gmmpi_status fcs_table_read(const fcs_keywords *keywords, const char *label, int64_t n_bytes, fcs_table *table,
                            gmmpi_error *error);
void fcs_table_clear(fcs_table *table);

/* n numbers of a parameter, the first of which is at bytes, in events that follow each other, to numbers that are
 * `stride` apart. raw: as they are, neither $PnE nor $PnG applied. */
void fcs_convert(const fcs_table *table, const fcs_parameter *parameter, bool raw, const unsigned char *bytes,
                 int64_t n, double *numbers, int64_t stride);

#endif
