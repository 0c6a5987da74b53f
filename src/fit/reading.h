/* SPDX-License-Identifier: BSD-3-Clause */
/* How DATA is read and held: the options that have nothing to do with what is fitted, the same for all commands. */
#ifndef FIT_READING_H
#define FIT_READING_H

#include "points/shard.h"
#include "sources/kinds.h"
#include "support/option.h"

/* All zero: nothing was given. */
typedef struct reading_options {
  const char *columns;                         /* NULL: not given */
  source_word words[MOST_SOURCE_SETTINGS + 1]; /* the settings that were given, of any kind of files */
  missing_choice missing;
  infinite_choice infinite;
} reading_options;

typedef struct memory_options {
  int64_t memory_limit; /* bytes of each rank; 0: the machine's */
  const char *scratch;  /* a folder, "none", or NULL: not given; see memory_scratch */
} memory_options;

/* Of members of reading_options: n_options records, those of the settings of all kinds of files among them. */
const option_record *reading_option_table(int *n_options);

/* Of members of memory_options. */
extern const option_record memory_option_table[];
extern const int n_memory_options;

/* What source_open wants, borrowed from values. */
source_options reading_source_options(const reading_options *values);

/* The folder for subsamples, $TMPDIR, else /tmp, where none is given; NULL: nowhere. */
const char *memory_scratch(const memory_options *values);

#endif
