/* SPDX-License-Identifier: BSD-3-Clause */
/* The header and the keywords of an FCS file (Data File Standard for Flow Cytometry, versions 2.0 to 3.2).
 *
 * The file begins with its version and, as text, with where its segments are. The TEXT segment is a list of keywords
 * and values: its first character separates them, and stands twice where it is meant. */
#ifndef SOURCES_FCS_KEYWORDS_H
#define SOURCES_FCS_KEYWORDS_H

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fcs_keyword {
  const char *key, *value; /* in the text, without the blanks around them */
} fcs_keyword;

typedef struct fcs_keywords {
  char version[4];              /* "3.1" */
  int64_t data_begin, data_end; /* bytes, the last one included; as the header says, 0: see the keywords */
  char *text;
  fcs_keyword *list; /* n, sorted, upper and lower case being the same */
  int64_t n, room;
} fcs_keywords;

/* Reads them from a file of n_bytes. *keywords is for fcs_keywords_clear, also after an error; label: for messages.
 * Errors: 65, 71, 74. */
gmmpi_status fcs_keywords_read(int descriptor, const char *label, int64_t n_bytes, fcs_keywords *keywords,
                               gmmpi_error *error);
void fcs_keywords_clear(fcs_keywords *keywords);

/* The value of one; NULL: it is not there, or empty. */
const char *fcs_value(const fcs_keywords *keywords, const char *key);

/* That of a parameter, from 1: "$P%dN". */
const char *fcs_value_of(const fcs_keywords *keywords, int64_t parameter, char letter);

/* A count: digits, and nothing else. False: it is none, or too large. */
bool fcs_parse_count(const char *text, int64_t *count);

#endif
