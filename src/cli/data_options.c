/* The options that say how DATA is read. */
#include "cli/options.h"

#include "support/error.h"

#include <ctype.h>
#include <string.h>

/* --delimiter: one character or one of these words. */
static gmmpi_status parse_delimiter(const command_option *option, const char *text, gmmpi_error *error)
{
  static const struct {
    const char *word;
    char delimiter;
  } words[] = {{"tab", '\t'}, {"\\t", '\t'}, {"space", ' '}, {"comma", ','}, {"semicolon", ';'}};
  char *delimiter = option->value;
  for (int i = 0; i < ARRAY_LENGTH(words); i++) {
    if (strcmp(text, words[i].word) == 0) {
      *delimiter = words[i].delimiter;
      return GMMPI_OK;
    }
  }
  const unsigned char c = (unsigned char)text[0];
  const bool one_character = c != '\0' && text[1] == '\0';
  if (!one_character || isalnum(c) || !isascii(c) || strchr("\"+-.\r\n", c) != NULL)
    return fail(error, GMMPI_WRONG_USAGE,
                "--delimiter: \"%s\" cannot stand between fields; give one character such as , or ; or the word tab, "
                "space, comma or semicolon",
                text);
  *delimiter = (char)c;
  return GMMPI_OK;
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
  static const char *const headers[] = {[HEADER_AUTO] = "auto", [HEADER_YES] = "yes", [HEADER_NO] = "no", NULL};
  *values = (data_options){.header = HEADER_AUTO, .missing = MISSING_ERROR};
  table[0] = (command_option){
      .name = "columns",
      .argument = "LIST",
      .help = "the features: names, 1-based numbers and ranges, separated by commas, e.g. Age,4-6; a name with a comma "
              "is quoted as in CSV (default: every column)",
      .kind = OPTION_TEXT,
      .value = &values->columns,
  };
  table[1] = (command_option){
      .name = "header",
      .argument = "WORD",
      .help = "is the first line of a text file a header? yes, no or auto (default: auto)",
      .kind = OPTION_CHOICE,
      .value = &values->header,
      .choices = headers,
  };
  table[2] = (command_option){
      .name = "delimiter",
      .argument = "C",
      .help = "what stands between the fields of a text file: one character, or tab, space, comma, semicolon (default: "
              "guessed)",
      .kind = OPTION_PARSED,
      .value = &values->delimiter,
      .parse = parse_delimiter,
  };
  table[3] = (command_option){
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
  return (option_group){.title =
                            "How DATA is read (FILE, FILE.h5:/path/of/dataset, 'PART-*.h5', or @LIST, a file of names)",
                        .options = table,
                        .n_options = N_DATA_OPTIONS};
}

source_options data_source_options(const data_options *values)
{
  return (source_options){
      .columns = values->columns, .header = (header_choice)values->header, .delimiter = values->delimiter};
}
