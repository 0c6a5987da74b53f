/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/options.h"

#include "apply/output.h"
#include "support/error.h"
#include "support/near_word.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long returns for long options: this plus the number of the option. Beyond all letters. And for the two
 * that every command has. */
enum { FIRST_LONG = 256, HELP = 'h', HELP_ALL = 1 };

/* Who is shown what commands take, in place of reading words. */
static usage_visitor *shown_to;
static void *shown_context;

void options_show_to(usage_visitor *visitor, void *context)
{
  shown_to = visitor;
  shown_context = context;
}

/* One word of the command line. */
typedef struct option_word {
  const option_group *group;
  const option_record *option;
  bool is_no; /* --no-name of a switch */
} option_word;

bool option_is_shown(const option_group *group, const option_record *option)
{
  return option->group == NULL || (group->title != NULL && strcmp(option->group, group->title) == 0);
}

/* A switch that is given both ways contradicts itself. */
static gmmpi_status set_switch(const option_word *word, gmmpi_error *error)
{
  const option_record *option = word->option;
  const int *value = option_value(option, word->group->values);
  const int wanted = word->is_no ? 2 : 1;
  if (*value != 0 && *value != wanted)
    return fail(error, GMMPI_WRONG_USAGE, "--%s and --%s contradict each other; leave one of them away", option->name,
                option->no_name);
  return option_set(option, word->group->values, option->choices[wanted], error);
}

static gmmpi_status set_word(const option_word *word, const char *text, gmmpi_error *error)
{
  if (word->group->given != NULL) *word->group->given |= UINT64_C(1) << (word->option - word->group->options);
  if (word->option->kind == OPTION_SWITCH) return set_switch(word, error);
  return option_set(word->option, word->group->values, text, error);
}

/* All words as getopt_long wants them. */
typedef struct getopt_tables {
  option_word *words; /* n_words */
  int n_words;
  struct option *names; /* n_words, --help, --help-all, end */
  char *letters;
} getopt_tables;

static void tables_clear(getopt_tables *tables)
{
  free(tables->words);
  free(tables->names);
  free(tables->letters);
}

static void add_word(getopt_tables *tables, option_word word)
{
  const option_record *option = word.option;
  const bool takes_value = option->kind != OPTION_FLAG && option->kind != OPTION_SWITCH && option->argument != NULL;
  const int i = tables->n_words++;
  tables->words[i] = word;
  tables->names[i] = (struct option){word.is_no ? option->no_name : option->name,
                                     takes_value ? required_argument : no_argument, NULL, FIRST_LONG + i};
  char *letters = tables->letters + strlen(tables->letters);
  if (option->letter != 0) *letters++ = option->letter;
  if (option->letter != 0 && takes_value) *letters = ':';
}

static bool tables_fill(const command_usage *usage, getopt_tables *tables)
{
  size_t most = 0;
  for (int g = 0; g < usage->n_groups; g++) most += 2 * (size_t)usage->groups[g].n_options;
  tables->words = calloc(most + 1, sizeof *tables->words);
  tables->names = calloc(most + 3, sizeof *tables->names);
  tables->letters = calloc(2 * most + 3, 1);
  if (tables->words == NULL || tables->names == NULL || tables->letters == NULL) return false;

  memcpy(tables->letters, ":h", sizeof ":h"); /* a colon first: tell missing arguments from unknown options */
  for (int g = 0; g < usage->n_groups; g++) {
    const option_group *group = &usage->groups[g];
    for (int o = 0; o < group->n_options; o++) {
      const option_record *option = &group->options[o];
      if (!option_is_shown(group, option)) continue;
      add_word(tables, (option_word){.group = group, .option = option});
      if (option->kind == OPTION_SWITCH)
        add_word(tables, (option_word){.group = group, .option = option, .is_no = true});
    }
  }
  tables->names[tables->n_words] = (struct option){"help", no_argument, NULL, HELP};
  tables->names[tables->n_words + 1] = (struct option){"help-all", no_argument, NULL, HELP_ALL};
  return true;
}

/* The word that getopt's code stands for. */
static const option_word *word_of_code(const getopt_tables *tables, int code)
{
  if (code >= FIRST_LONG) return &tables->words[code - FIRST_LONG];
  for (int i = 0; i < tables->n_words; i++) {
    if (tables->words[i].option->letter == code) return &tables->words[i];
  }
  return NULL;
}

/* The first n_letters of word, two dashes included, are no option. */
static gmmpi_status unknown_option(const command_usage *usage, const getopt_tables *tables, const char *word,
                                   int n_letters, gmmpi_error *error)
{
  char name[128];
  snprintf(name, sizeof name, "%.*s", n_letters - 2, word + 2);
  near_word meant = {.word = name};
  for (int i = 0; tables->names[i].name != NULL; i++) near_word_try(&meant, tables->names[i].name);
  if (meant.nearest != NULL)
    return fail(error, GMMPI_WRONG_USAGE, "unknown option %.*s; did you mean --%s?", n_letters, word, meant.nearest);
  return fail(error, GMMPI_WRONG_USAGE, "unknown option %.*s; gmmpi %s --help-all lists the options", n_letters, word,
              usage->name);
}

/* What is wrong where getopt_long answered '?'; word is the argument it stumbled over. */
static gmmpi_status refuse(const command_usage *usage, const getopt_tables *tables, const char *word,
                           gmmpi_error *error)
{
  if (optopt == HELP || optopt == HELP_ALL || optopt >= FIRST_LONG)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: takes no value; leave it out",
                optopt == HELP       ? "help"
                : optopt == HELP_ALL ? "help-all"
                                     : tables->names[optopt - FIRST_LONG].name);
  if (optopt != 0)
    return fail(error, GMMPI_WRONG_USAGE, "unknown option -%c; gmmpi %s --help-all lists the options", optopt,
                usage->name);

  const size_t length = strcspn(word + 2, "=");
  char meant[256] = "";
  int n_meant = 0;
  for (int i = 0; tables->names[i].name != NULL; i++) {
    if (strncmp(tables->names[i].name, word + 2, length) != 0) continue;
    const size_t used = strlen(meant);
    snprintf(meant + used, sizeof meant - used, "%s--%s", n_meant++ == 0 ? "" : ", ", tables->names[i].name);
  }
  if (n_meant > 1)
    return fail(error, GMMPI_WRONG_USAGE, "option %.*s is ambiguous (%s); write it in full", (int)length + 2, word,
                meant);
  return unknown_option(usage, tables, word, (int)length + 2, error);
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

/* *help: the code of the help that is wanted, or 0. */
static gmmpi_status parse(const command_usage *usage, int argc, char **argv, command_words *words, int *help,
                          gmmpi_error *error)
{
  getopt_tables tables = {0};
  gmmpi_status status = GMMPI_OK;
  *words = (command_words){0};
  *help = 0;
  if (!tables_fill(usage, &tables)) {
    status = fail(error, GMMPI_NO_MEMORY, "%s: no memory is left to read the options", usage->name);
    goto done;
  }
  for (int g = 0; g < usage->n_groups; g++)
    options_set_fallbacks(usage->groups[g].options, usage->groups[g].n_options, usage->groups[g].values);
  opterr = 0;
  optind = 0; /* begin anew, also with what glibc keeps to itself */
  int code;
  gmmpi_error wrong = {0}; /* which does not matter when there is --help, before or behind it */
  while ((code = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1) {
    if (code == HELP || code == HELP_ALL) {
      *help = code;
      goto done;
    }
    if (wrong.status != GMMPI_OK) continue;
    const option_word *word = word_of_code(&tables, code == ':' ? optopt : code);
    if (code == ':') {
      fail(&wrong, GMMPI_WRONG_USAGE, "--%s: its value is missing; give %s", word->option->name,
           word->option->argument);
    } else if (code == '?') {
      refuse(usage, &tables, argv[optind - 1], &wrong);
    } else {
      set_word(word, optarg, &wrong);
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
  int code;
  *help = shown_to != NULL;
  if (shown_to != NULL) {
    *words = (command_words){.operands = argv + argc};
    shown_to(usage, shown_context);
    return false;
  }
  if (parse(usage, argc, argv, words, &code, error) != GMMPI_OK) return false;
  if (code == HELP && rank == 0) options_print_help(usage);
  if (code == HELP_ALL && rank == 0) options_print_all_help(usage);
  *help = code != 0;
  return !*help;
}

option_record compress_option(int64_t *level)
{
  return (option_record){
      .name = "compress",
      .argument = "LEVEL",
      .kind = OPTION_INTEGER,
      .value = level,
      .smallest = 1,
      .largest = 9,
      .help = "pack the HDF5 file in chunks with shuffle and gzip, from 1 (fast) to 9 (small) (default: not at all)",
  };
}

option_group reading_group(reading_options *values)
{
  static char title[400];
  char usage[300];
  option_group group = {.title = title, .values = values};
  kinds_usage(usage, sizeof usage);
  snprintf(title, sizeof title, "How DATA is read\n(%s)", usage);
  group.options = reading_option_table(&group.n_options);
  return group;
}

option_group weights_group(reading_options *values)
{
  return (option_group){.options = weights_option_table, .n_options = n_weights_options, .values = values};
}

gmmpi_status compress_check(int64_t level, const char *path, gmmpi_error *error)
{
  if (level == 0 || !output_is_text(path)) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE, "--compress: %s is text by its name; leave one away, or name it .h5", path);
}
