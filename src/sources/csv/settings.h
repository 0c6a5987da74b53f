/* SPDX-License-Identifier: BSD-3-Clause */
/* What the user may say about a text table. */
#ifndef SOURCES_CSV_SETTINGS_H
#define SOURCES_CSV_SETTINGS_H

#include "sources/source.h"

#include <stdint.h>

typedef enum header_choice { HEADER_AUTO, HEADER_YES, HEADER_NO } header_choice;

typedef struct csv_settings {
  int header;         /* header_choice: is the first line a header? */
  char delimiter;     /* between fields; ' ' stands for any run of blanks; 0: guess */
  int64_t skip_lines; /* at the beginning of the file */
  char comment;       /* lines that begin with it are passed over; 0: '#' */
  char decimal;       /* '.' or ',' before the fraction of a number; 0: guess */
  int keep_index;     /* is a column that only counts or names the rows a feature as any other? */
} csv_settings;

enum { N_CSV_SETTINGS = 6 };
extern const source_setting csv_settings_table[N_CSV_SETTINGS];

#endif
