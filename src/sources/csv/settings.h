/* SPDX-License-Identifier: BSD-3-Clause */
/* What the user may say about a text table. */
#ifndef SOURCES_CSV_SETTINGS_H
#define SOURCES_CSV_SETTINGS_H

#include "sources/source.h"

typedef enum header_choice { HEADER_AUTO, HEADER_YES, HEADER_NO } header_choice;

typedef struct csv_settings {
  int header;     /* header_choice: is the first line a header? */
  char delimiter; /* between fields; ' ' stands for any run of blanks; 0: guess */
} csv_settings;

enum { N_CSV_SETTINGS = 2 };
extern const source_setting csv_settings_table[N_CSV_SETTINGS];

#endif
