/* SPDX-License-Identifier: BSD-3-Clause */
/* Options that have a name and a value that can be written as a word: one record says how an option is called, which
 * values it takes, and what it is when nobody says anything. The command line, its help text, and programs that set
 * options by their names all read the same records.
 *
 * A table of records describes the members of one struct, or, record by record, variables anywhere. */
#ifndef SUPPORT_OPTION_H
#define SUPPORT_OPTION_H

#include "gmmpi/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_kind {
  OPTION_FLAG,    /* bool: becomes true; on the command line without an argument */
  OPTION_SWITCH,  /* int: the index in choices, which are a word for neither, yes and no; --name, --no-name */
  OPTION_TEXT,    /* const char *: points to the text itself, which may not be empty */
  OPTION_WORD,    /* const char *: one of choices */
  OPTION_CHOICE,  /* int, or an enumeration: the index in choices */
  OPTION_INTEGER, /* int64_t within smallest ... largest */
  OPTION_COUNT,   /* int, likewise */
  OPTION_SEED,    /* uint64_t: any */
  OPTION_REAL,    /* double within least ... most, never NaN */
  OPTION_PARSED   /* whatever parse makes of it; without an argument it is a flag, and its text NULL */
} option_kind;

typedef struct option_record {
  const char *name;     /* without the dashes: "reg-covar" */
  char letter;          /* of the command line: 'k', or 0 */
  const char *argument; /* what the help text calls its value: "K"; NULL for flags and switches */
  const char *help;     /* what it does, without a full stop; the default is added where there is a fallback */
  const char *brief;    /* the same in a line of the short help, of options that most people need; NULL: not there */
  const char *group;    /* the heading in the help text under which it stands; NULL: wherever its table does */
  option_kind kind;
  size_t offset; /* of its value in the struct that the table describes */
  void *value;   /* unless NULL, where the value is instead */

  /* Of words: the list ends with NULL. OPTION_PARSED may have some, too, which its parse knows and shells complete.
   * Where n_words is not 0 only so many of them can be given; any other text is put at text_offset (const char *, NULL
   * for a word), the index is n_words then, and the remaining choices are what the program itself makes of such a text
   * later. */
  const char *const *choices;
  int n_words;
  size_t text_offset;

  int64_t smallest, largest; /* both included */
  double least, most;        /* both included, but for least where above_least and most where below_most */
  bool above_least, below_most;

  const char *fallback; /* its value where nobody gives one, as text; NULL: the struct's zero */

  const char *no_help; /* OPTION_SWITCH: what --no-name does, ... */
  const char *no_name; /* ... and how it is spelled: "no-name" */

  const char *needs; /* the option is in force only where this one of the same table ... */
  const char *word;  /* ... has this value, or one of several with | between them; NULL: always */

  bool affects_numbers; /* a fit that goes on from a checkpoint must have the same value */
  bool in_model;        /* the model file notes it */
  bool if_changed;      /* both only where it is not the fallback: such as it is, files from before it still are good */

  /* OPTION_PARSED: sets value from text, or fails with a message that begins with "--name: "; and prints it. */
  gmmpi_status (*parse)(const struct option_record *option, const char *text, void *value, gmmpi_error *error);
  void (*print)(const struct option_record *option, const void *value, char *text, size_t size);
} option_record;

/* The record of this name, or NULL; and its index, or -1. */
const option_record *option_find(const option_record *table, int n_options, const char *name);
int option_index(const option_record *table, int n_options, const char *name);

/* Where the value of an option of values, the struct that the table describes, is. */
void *option_value(const option_record *option, void *values);

/* The same option, of a variable somewhere else. */
option_record option_of(const option_record *option, void *value);

/* Sets the error of a word that is none of the choices (the last one is NULL), and returns 64. */
gmmpi_status refuse_choice(const char *name, const char *const *choices, const char *text, gmmpi_error *error);

/* Gives the option the value that text stands for. OPTION_TEXT, and choices with n_words, keep a pointer to text.
 * Errors: 64 with a message "--name: what is wrong; what to give". */
gmmpi_status option_set(const option_record *option, void *values, const char *text, gmmpi_error *error);

/* Gives each option that has a fallback that value; the others are left alone. */
void options_set_fallbacks(const option_record *table, int n_options, void *values);

/* The option's value as the text that sets it; "" where a text is not given. Cut to fit size; 1 KB holds any but
 * texts. */
void option_text(const option_record *option, const void *values, char *text, size_t size);

/* The same as JSON: an integer, a real number or a string. NULL where there is no memory. */
json_t *option_json(const option_record *option, const void *values);

/* Has the option, as a member of the table, any effect (see needs)? */
bool option_is_in_force(const option_record *table, int n_options, const option_record *option, const void *values);

/* Was any option given that is not in force? given: bit i for the i-th option. Errors: 64. */
gmmpi_status options_check_needs(const option_record *table, int n_options, const void *values, uint64_t given,
                                 gmmpi_error *error);

/* Numbers in arguments: all of text, no NaN. False when it is no number or does not fit. */
bool parse_integer(const char *text, int64_t *number);
bool parse_real(const char *text, double *number);

#endif
