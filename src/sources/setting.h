/* SPDX-License-Identifier: BSD-3-Clause */
/* What the user may say about reading, option by option. */
#ifndef SOURCES_SETTING_H
#define SOURCES_SETTING_H

#include "gmmpi/error.h"

#include <stddef.h>

/* A setting that a kind of file has, or all of them: an option of the command line, and a word in source_options. Its
 * value goes into the settings of the kind, a struct that is all zero where nothing is said. */
typedef struct source_setting {
  const char *name;     /* "header": --header */
  const char *argument; /* how the help text calls the value: "WORD"; NULL: a flag, whose choices are no and yes */
  const char *brief;    /* the same in a line of the short help; NULL: not there */
  const char *help;     /* what it does and its default, without a full stop */
  size_t offset;        /* of the value in the settings */
  const char *const *choices; /* the words it may be, then NULL: the value is an int, which of them; the first one is
                                 the default */
  /* Where there are no choices: sets the value. Errors: 64, "--name: ..."; 71. */
  gmmpi_status (*parse)(const char *text, void *value, gmmpi_error *error);
} source_setting;

/* The choices of a flag. */
extern const char *const setting_no_or_yes[];

#endif
