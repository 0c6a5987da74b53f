/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of a command: tables of options (support/option.h), which point at its own variables or describe a
 * struct of its own, and files.
 *
 * options_read sets the fallbacks first. Long options may be abbreviated as long as they stay unambiguous, options may
 * follow operands, and "--" ends them. When an option is given twice the last one counts. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "fit/reading.h"
#include "support/option.h"

/* Those options of a table that are of this group, or of none. */
typedef struct option_group {
  const char *title;            /* above its options in the help text; NULL: they go on with those before */
  const option_record *options; /* n_options */
  int n_options;
  void *values;    /* the struct that the table describes */
  uint64_t *given; /* unless NULL: bit i is set when the table's i-th option is on the command line */
} option_group;

#define ARRAY_LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* A group from an array of options that point at variables. */
#define OPTION_GROUP(heading, array)                                                                                   \
  ((option_group){.title = (heading), .options = (array), .n_options = ARRAY_LENGTH(array)})

/* Something and what is to be said of it; a list ends with an entry that is all NULL. */
typedef struct usage_note {
  const char *what;
  const char *text;
} usage_note;

typedef struct command_usage {
  const char *name;     /* "predict" */
  const char *purpose;  /* in a line, behind "gmmpi predict - " and without a full stop */
  const char *synopsis; /* behind the name: "MODEL.h5 DATA -o OUT.h5 [options]" */
  const char *about;    /* what the command does: paragraphs separated by "\n\n", wrapped when printed */
  const usage_note
      *examples;           /* command lines that run where there are points.csv and model.h5, the simplest one first */
  const usage_note *files; /* that the command reads or writes without being told their names; NULL: none */
  int n_least, n_most;     /* operands */
  const option_group *groups;
  int n_groups;
} command_usage;

/* Does an option of the group's table stand in the group? */
bool option_is_shown(const option_group *group, const option_record *option);

/* What is left of the command line. */
typedef struct command_words {
  char **operands; /* n_operands, in argv */
  int n_operands;
} command_words;

/* argv[0] is the command's name; argv is permuted. Every rank gets the same. *help when --help or --help-all was there:
 * then rank 0 printed the help text, and nothing else was checked. False when the command has no more to do: it was
 * --help, or 64. */
bool options_read(const command_usage *usage, int argc, char **argv, int rank, command_words *words, bool *help,
                  gmmpi_error *error);

/* From now on options_read hands what a command takes to the visitor, and reads nothing: the command ends as with
 * --help. NULL: no more. */
typedef void usage_visitor(const command_usage *usage, void *context);
void options_show_to(usage_visitor *visitor, void *context);

/* Print on standard output, at most 80 columns wide: what most people need, on a screen of 24 lines; and everything. */
void options_print_help(const command_usage *usage);
void options_print_all_help(const command_usage *usage);

/* Prints a text wrapped at `width` columns, every line indented by so many blanks; the cursor is already at column
 * `column`. Ends with a line feed. */
void options_print_wrapped(const char *text, int indent, int column, int width);

/* --compress LEVEL, into an int64_t that is 0: not at all; and can the output with this path be packed? Errors: 64. */
option_record compress_option(int64_t *level);
gmmpi_status compress_check(int64_t level, const char *path, gmmpi_error *error);

/* How DATA is read: the group of fit/reading.h's table. */
option_group reading_group(reading_options *values);
option_group weights_group(reading_options *values);

#endif
