/* SPDX-License-Identifier: BSD-3-Clause */
/* What the user may say about the reading of any kind of file. */
#ifndef SOURCES_CHOICES_H
#define SOURCES_CHOICES_H

#include "sources/setting.h"
#include "sources/values.h"

/* All zero: nothing was said. Flags are an int, as all settings with choices. */
typedef struct reading_choices {
  int transpose;  /* are the points the columns of the file? */
  int raw_values; /* are numbers to be taken as they are, whatever the file says they stand for? */
  missing_values missing;
  const char *transform; /* --transform as it was given, see transform_items.h; borrowed while the source is opened */
} reading_choices;

enum { N_READING_CHOICES = 5 };
extern const source_setting reading_choices_table[N_READING_CHOICES];

/* To add one: a member of reading_choices, its record in choices.c, and the number of them; what uses it, which is
 * source_read or something that all kinds go through; a paragraph in docs/data.md. It must not be called like another
 * option (`gmmpi fit --help`). */

#endif
