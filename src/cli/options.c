#include "cli/options.h"

#include "apply/output.h"
#include "support/error.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long returns for long options: this plus the number of the option. Beyond all letters. */
enum { FIRST_LONG = 256 };

bool parse_integer(const char *text, int64_t *number)
{
  const char *digits = text + (text[0] == '-' || text[0] == '+');
  if (digits[0] < '0' || digits[0] > '9') return false;
  char *end;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  *number = value;
  return errno == 0 && *end == '\0';
}

bool parse_real(const char *text, double *number)
{
  const char *digits = text + (text[0] == '-' || text[0] == '+');
  if (strchr("0123456789.iI", digits[0]) == NULL || digits[0] == '\0') return false;
  char *end;
  *number = strtod(text, &end);
  return end != text && *end == '\0' && !isnan(*number);
}

gmmpi_status parse_seed_option(const command_option *option, const char *text, gmmpi_error *error)
{
  char *end;
  errno = 0;
  const unsigned long long seed = strtoull(text, &end, 10);
  const bool begins_with_digit = text[0] >= '0' && text[0] <= '9';
  if (!begins_with_digit || *end != '\0' || errno != 0 || seed > UINT64_MAX)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is no seed; give an integer from 0 to %llu", option->name, text,
                (unsigned long long)UINT64_MAX);
  *(uint64_t *)option->value = seed;
  return GMMPI_OK;
}

static gmmpi_status set_choice(const command_option *option, const char *text, gmmpi_error *error)
{
  char words[256] = "";
  for (int i = 0; option->choices[i] != NULL; i++) {
    if (strcmp(option->choices[i], text) == 0) {
      *(int *)option->value = i;
      return GMMPI_OK;
    }
    const size_t used = strlen(words);
    const char *between = i == 0 ? "" : option->choices[i + 1] == NULL ? " or " : ", ";
    snprintf(words + used, sizeof words - used, "%s%s", between, option->choices[i]);
  }
  return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is unknown; give %s", option->name, text, words);
}

static gmmpi_status set_integer(const command_option *option, const char *text, gmmpi_error *error)
{
  const bool limited = option->smallest != 0 || option->largest != 0;
  const int64_t smallest = limited ? option->smallest : INT64_MIN;
  const int64_t largest = limited ? option->largest : INT64_MAX;
  int64_t number;
  if (!parse_integer(text, &number))
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is no integer; give one such as %lld", option->name, text,
                (long long)(smallest > 10  ? smallest
                            : largest < 10 ? largest
                                           : 10));
  if (number >= smallest && number <= largest) {
    *(int64_t *)option->value = number;
    return GMMPI_OK;
  }
  const bool below = number < smallest;
  const char *side = below ? "below" : "above";
  const long long bound = below ? smallest : largest;
  if (largest == INT64_MAX)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is %s %lld; give an integer >= %lld", option->name, text, side,
                bound, (long long)smallest);
  return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is %s %lld; give an integer from %lld to %lld", option->name, text,
              side, bound, (long long)smallest, (long long)largest);
}

static gmmpi_status set_real(const command_option *option, const char *text, gmmpi_error *error)
{
  const bool limited = option->least != 0 || option->most != 0 || option->above_least;
  double number;
  if (!parse_real(text, &number))
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is no number; give one such as 1e-3 or 2.5", option->name,
                text);
  if (!limited && isinf(number))
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is not finite; give a finite number", option->name, text);
  const char *relation = option->above_least ? ">" : ">=";
  if (limited && option->above_least && number <= option->least)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is not above %g; give a number > %g", option->name, text,
                option->least, option->least);
  if (limited && number < option->least)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is below %g; give a number >= %g", option->name, text,
                option->least, option->least);
  if (limited && number > option->most) {
    if (option->most >= 1.79e308)
      return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is not finite; give a number %s %g", option->name, text, relation,
                  option->least);
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is above %g; give a number %s %g and <= %g", option->name, text,
                option->most, relation, option->least, option->most);
  }
  *(double *)option->value = number;
  return GMMPI_OK;
}

static gmmpi_status set_text(const command_option *option, const char *text, gmmpi_error *error)
{
  if (text[0] == '\0') return fail(error, GMMPI_WRONG_USAGE, "--%s: is empty; give %s", option->name, option->argument);
  *(const char **)option->value = text;
  return GMMPI_OK;
}

static gmmpi_status set_option(const command_option *option, const char *text, gmmpi_error *error)
{
  if (option->given != NULL) *option->given = true;
  switch (option->kind) {
  case OPTION_FLAG:
    *(bool *)option->value = true;
    return GMMPI_OK;
  case OPTION_TEXT:
    return set_text(option, text, error);
  case OPTION_CHOICE:
    return set_choice(option, text, error);
  case OPTION_INTEGER:
    return set_integer(option, text, error);
  case OPTION_REAL:
    return set_real(option, text, error);
  case OPTION_PARSED:
    return option->parse(option, text, error);
  }
  return fail(error, GMMPI_INTERNAL, "--%s: the option is of no kind; report this", option->name);
}

/* The table as getopt_long wants it. */
typedef struct getopt_tables {
  const command_option **options; /* n_options */
  int n_options;
  struct option *names; /* n_options, --help, end */
  char *letters;
} getopt_tables;

static void tables_clear(getopt_tables *tables)
{
  free(tables->options);
  free(tables->names);
  free(tables->letters);
}

static bool tables_fill(const command_usage *usage, getopt_tables *tables)
{
  int n = 0;
  for (int g = 0; g < usage->n_groups; g++) n += usage->groups[g].n_options;
  tables->n_options = n;
  tables->options = calloc((size_t)n + 1, sizeof *tables->options);
  tables->names = calloc((size_t)n + 2, sizeof *tables->names);
  tables->letters = calloc(2 * (size_t)n + 3, 1);
  if (tables->options == NULL || tables->names == NULL || tables->letters == NULL) return false;

  char *letters = stpcpy(tables->letters, ":h"); /* a colon first: tell missing arguments from unknown options */
  int i = 0;
  for (int g = 0; g < usage->n_groups; g++) {
    for (int o = 0; o < usage->groups[g].n_options; o++, i++) {
      const command_option *option = &usage->groups[g].options[o];
      const bool takes_value = option->kind != OPTION_FLAG;
      tables->options[i] = option;
      tables->names[i] =
          (struct option){option->name, takes_value ? required_argument : no_argument, NULL, FIRST_LONG + i};
      if (option->letter != 0) *letters++ = option->letter;
      if (option->letter != 0 && takes_value) *letters++ = ':';
    }
  }
  tables->names[n] = (struct option){"help", no_argument, NULL, 'h'};
  return true;
}

/* The option that getopt's code stands for. */
static const command_option *option_of_code(const getopt_tables *tables, int code)
{
  if (code >= FIRST_LONG) return tables->options[code - FIRST_LONG];
  for (int i = 0; i < tables->n_options; i++) {
    if (tables->options[i]->letter == code) return tables->options[i];
  }
  return NULL;
}

/* What is wrong where getopt_long answered '?'; word is the argument it stumbled over. */
static gmmpi_status refuse(const command_usage *usage, const getopt_tables *tables, const char *word,
                           gmmpi_error *error)
{
  if (optopt == 'h' || optopt >= FIRST_LONG)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: takes no value; leave it out",
                optopt == 'h' ? "help" : tables->options[optopt - FIRST_LONG]->name);
  if (optopt != 0)
    return fail(error, GMMPI_WRONG_USAGE, "unknown option -%c; gmmpi %s --help lists the options", optopt, usage->name);

  const size_t length = strcspn(word + 2, "=");
  char meant[256] = "";
  int n_meant = 0;
  for (int i = 0; i <= tables->n_options; i++) {
    if (strncmp(tables->names[i].name, word + 2, length) != 0) continue;
    const size_t used = strlen(meant);
    snprintf(meant + used, sizeof meant - used, "%s--%s", n_meant++ == 0 ? "" : ", ", tables->names[i].name);
  }
  if (n_meant > 1)
    return fail(error, GMMPI_WRONG_USAGE, "option %.*s is ambiguous (%s); write it in full", (int)length + 2, word,
                meant);
  return fail(error, GMMPI_WRONG_USAGE, "unknown option %.*s; gmmpi %s --help lists the options", (int)length + 2, word,
              usage->name);
}

static gmmpi_status check_operands(const command_usage *usage, const command_words *words, gmmpi_error *error)
{
  if (words->n_operands < usage->n_least)
    return fail(error, GMMPI_WRONG_USAGE, "%s: a file name is missing; usage: gmmpi %s %s", usage->name, usage->name,
                usage->synopsis);
  if (words->n_operands > usage->n_most)
    return fail(error, GMMPI_WRONG_USAGE, "%s: \"%s\" is one operand too many; usage: gmmpi %s %s", usage->name,
                words->operands[usage->n_most], usage->name, usage->synopsis);
  for (int i = 0; i < words->n_operands; i++) {
    if (words->operands[i][0] == '\0')
      return fail(error, GMMPI_WRONG_USAGE, "%s: a file name is empty; usage: gmmpi %s %s", usage->name, usage->name,
                  usage->synopsis);
  }
  return GMMPI_OK;
}

static gmmpi_status parse(const command_usage *usage, int argc, char **argv, command_words *words, bool *help,
                          gmmpi_error *error)
{
  getopt_tables tables = {0};
  gmmpi_status status = GMMPI_OK;
  *words = (command_words){0};
  *help = false;
  if (!tables_fill(usage, &tables)) {
    status = fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read the options", usage->name);
    goto done;
  }
  opterr = 0;
  optind = 0; /* begin anew, also with what glibc keeps to itself */
  int code;
  gmmpi_error wrong = {0}; /* which does not matter when there is --help, before or behind it */
  while ((code = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1) {
    if (code == 'h') {
      *help = true;
      goto done;
    }
    if (wrong.status != GMMPI_OK) continue;
    const command_option *option = option_of_code(&tables, code == ':' ? optopt : code);
    if (code == ':') {
      fail(&wrong, GMMPI_WRONG_USAGE, "--%s: its value is missing; give %s", option->name, option->argument);
    } else if (code == '?') {
      refuse(usage, &tables, argv[optind - 1], &wrong);
    } else {
      set_option(option, optarg, &wrong);
    }
  }
  words->operands = argv + optind;
  words->n_operands = argc - optind;
  if (wrong.status == GMMPI_OK) check_operands(usage, words, &wrong);
  if (wrong.status != GMMPI_OK) status = error_pass(error, &wrong);

done:
  tables_clear(&tables);
  return status;
}

bool options_read(const command_usage *usage, int argc, char **argv, int rank, command_words *words, bool *help,
                  gmmpi_error *error)
{
  if (parse(usage, argc, argv, words, help, error) != GMMPI_OK) return false;
  if (*help && rank == 0) options_print_help(usage);
  return !*help;
}

command_option threads_option(int64_t *threads)
{
  *threads = 1;
  return (command_option){
      .name = "threads",
      .argument = "T",
      .kind = OPTION_INTEGER,
      .value = threads,
      .smallest = 1,
      .largest = 4096,
      .help =
          "threads of each rank; the result is the same at any number. mpirun must not bind a rank to one core then: "
          "--bind-to none, or --map-by socket:PE=T (default: 1)",
  };
}

command_option compress_option(int64_t *level)
{
  *level = 0;
  return (command_option){
      .name = "compress",
      .argument = "LEVEL",
      .kind = OPTION_INTEGER,
      .value = level,
      .smallest = 1,
      .largest = 9,
      .help = "pack the HDF5 file in chunks with shuffle and gzip, from 1 (fast) to 9 (small) (default: not at all)",
  };
}

gmmpi_status compress_check(int64_t level, const char *path, gmmpi_error *error)
{
  if (level == 0 || !output_is_text(path)) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE, "--compress: %s is text by its name; leave one away, or name it .h5", path);
}
