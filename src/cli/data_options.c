/* The options that say how DATA is read. */
#include "cli/options.h"

#include "sources/settings.h"
#include "support/error.h"

#include <stdio.h>
#include <string.h>

/* A setting of a kind of file, which knows what it may be. */
static gmmpi_status parse_setting(const command_option *option, const char *text, gmmpi_error *error)
{
  *(const char **)option->value = text;
  return settings_check(option->name, text, error);
}

/* --missing: what is planned but not there is named as such. */
static gmmpi_status parse_missing(const command_option *option, const char *text, gmmpi_error *error)
{
  int *missing = option->value;
  if (strcmp(text, "em") == 0)
    return fail(error, GMMPI_WRONG_USAGE, "--missing: em is not available in this version; give error or drop");
  if (strcmp(text, "error") != 0 && strcmp(text, "drop") != 0)
    return fail(error, GMMPI_WRONG_USAGE, "--missing: \"%s\" is unknown; give error or drop", text);
  *missing = strcmp(text, "drop") == 0 ? MISSING_DROP : MISSING_ERROR;
  return GMMPI_OK;
}

void data_options_table(data_options *values, command_option table[N_DATA_OPTIONS])
{
  *values = (data_options){.missing = MISSING_ERROR};
  memset(table, 0, N_DATA_OPTIONS * sizeof *table);
  *table++ = (command_option){
      .name = "columns",
      .argument = "LIST",
      .help = "the features: names, 1-based numbers and ranges, separated by commas, e.g. Age,4-6; a name with a comma "
              "is quoted as in CSV (default: every column)",
      .kind = OPTION_TEXT,
      .value = &values->columns,
  };
  const source_setting *setting;
  for (int i = 0; i < MOST_SOURCE_SETTINGS && (setting = kinds_setting(i, NULL)) != NULL; i++) {
    values->words[i].name = setting->name;
    *table++ = (command_option){
        .name = setting->name,
        .argument = setting->argument,
        .help = setting->help,
        .kind = OPTION_PARSED,
        .value = &values->words[i].value,
        .parse = parse_setting,
    };
  }
  *table = (command_option){
      .name = "missing",
      .argument = "WORD",
      .help = "what to do with rows that have an empty or NaN cell: error, or drop them (default: error)",
      .kind = OPTION_PARSED,
      .value = &values->missing,
      .parse = parse_missing,
  };
}

option_group data_options_group(const command_option table[N_DATA_OPTIONS])
{
  static char title[400];
  char usage[300];
  kinds_usage(usage, sizeof usage);
  snprintf(title, sizeof title, "How DATA is read (%s)", usage);
  int n_options = 0;
  while (n_options < N_DATA_OPTIONS && table[n_options].name != NULL) n_options++;
  return (option_group){.title = title, .options = table, .n_options = n_options};
}

source_options data_source_options(const data_options *values)
{
  return (source_options){.columns = values->columns, .words = values->words, .n_words = MOST_SOURCE_SETTINGS};
}
