/* Options of a command: one table says how they are spelled, what values they take and what the help text says.
 *
 * A command fills a table whose entries point at its own variables, already set to the defaults, and calls
 * options_read. Long options may be abbreviated as long as they stay unambiguous, options may follow operands, and
 * "--" ends them. When an option is given twice the last one counts. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "points/shard.h"
#include "sources/kinds.h"

#include <math.h>

typedef enum option_kind {
  OPTION_FLAG,    /* bool: becomes true; takes no argument */
  OPTION_TEXT,    /* const char *: points into argv; may not be empty */
  OPTION_CHOICE,  /* int: the index in `choices` */
  OPTION_INTEGER, /* int64_t within smallest ... largest */
  OPTION_REAL,    /* double within least ... most, never NaN */
  OPTION_PARSED   /* whatever `parse` makes of it */
} option_kind;

typedef struct command_option {
  const char *name;     /* without the dashes: "components" */
  char letter;          /* 'k', or 0 */
  const char *argument; /* how the help text calls it: "K"; NULL for a flag */
  const char *help;     /* what it does and its default, without a full stop */
  option_kind kind;
  void *value;                /* where it goes: a pointer to the type that `kind` names */
  bool *given;                /* becomes true when the option is there; may be NULL */
  const char *const *choices; /* OPTION_CHOICE: the words, then NULL */
  int64_t smallest, largest;  /* OPTION_INTEGER: both included; both 0 stand for no limits */
  double least, most;         /* OPTION_REAL: both included; both 0 stand for no limits but finite */
  bool above_least;           /* OPTION_REAL: `least` itself is too small */
  /* OPTION_PARSED: sets value from text; 64 with a message "--name: ..." when it cannot. */
  gmmpi_status (*parse)(const struct command_option *option, const char *text, gmmpi_error *error);
} command_option;

typedef struct option_group {
  const char *title; /* above its options in the help text */
  const command_option *options;
  int n_options;
} option_group;

#define ARRAY_LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* A group from an array of options. */
#define OPTION_GROUP(heading, array)                                                                                   \
  ((option_group){.title = (heading), .options = (array), .n_options = ARRAY_LENGTH(array)})

typedef struct command_usage {
  const char *name;     /* "predict" */
  const char *synopsis; /* behind the name: "MODEL.h5 DATA -o OUT.h5 [options]" */
  const char *about;    /* what the command does: paragraphs separated by "\n\n", wrapped when printed */
  int n_least, n_most;  /* operands */
  const option_group *groups;
  int n_groups;
} command_usage;

/* What is left of the command line. */
typedef struct command_words {
  char **operands; /* n_operands, in argv */
  int n_operands;
} command_words;

/* argv[0] is the command's name; argv is permuted. Every rank gets the same. *help when --help was there: then rank 0
 * printed the help text, and nothing else was checked. False when the command has no more to do: it was --help, or 64.
 */
bool options_read(const command_usage *usage, int argc, char **argv, int rank, command_words *words, bool *help,
                  gmmpi_error *error);

/* Prints the help text on standard output, at most 100 columns wide. */
void options_print_help(const command_usage *usage);

/* Prints a text wrapped at 100 columns, every line indented by so many blanks; the cursor is already at column
 * `column`. Ends with a line feed. */
void options_print_wrapped(const char *text, int indent, int column);

/* Numbers in arguments: all of text, no NaN. False when it is no number or does not fit. */
bool parse_integer(const char *text, int64_t *number);
bool parse_real(const char *text, double *number);

/* For OPTION_PARSED: --seed, an integer from 0 to 2^64 - 1 into a uint64_t. */
gmmpi_status parse_seed_option(const command_option *option, const char *text, gmmpi_error *error);

/* --threads T, into an int64_t that is set to 1. */
command_option threads_option(int64_t *threads);

/* --compress LEVEL, into an int64_t that is set to 0; and can the output with this path be packed? Errors: 64. */
command_option compress_option(int64_t *level);
gmmpi_status compress_check(int64_t level, const char *path, gmmpi_error *error);

/* --- options that say how DATA is read, the same for all commands --- */

typedef struct data_options {
  const char *columns;                     /* NULL: not given */
  source_word words[MOST_SOURCE_SETTINGS]; /* the settings of all kinds of files */
  int missing;                             /* missing_choice */
} data_options;

enum { N_DATA_OPTIONS = 2 + MOST_SOURCE_SETTINGS }; /* at most */

/* Sets the defaults in values and fills table with the options that set them; behind them it is zero. */
void data_options_table(data_options *values, command_option table[N_DATA_OPTIONS]);

/* The group of such a table for the help text. */
option_group data_options_group(const command_option table[N_DATA_OPTIONS]);

/* What source_open wants. */
source_options data_source_options(const data_options *values);

#endif
