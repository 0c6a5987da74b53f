/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/settings.h"

#include "support/error.h"
#include "support/option.h"

#include <ctype.h>
#include <string.h>

/* --delimiter: one character or one of these words. What could be a part of a number, of a word, or of a line's end
 * would make rows ambiguous. */
static gmmpi_status parse_delimiter(const char *text, void *value, gmmpi_error *error)
{
  static const struct {
    const char *word;
    char delimiter;
  } words[] = {{"tab", '\t'}, {"\\t", '\t'}, {"space", ' '}, {"comma", ','}, {"semicolon", ';'}};
  char *delimiter = value;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
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

static gmmpi_status parse_skip_lines(const char *text, void *value, gmmpi_error *error)
{
  int64_t *n_lines = value;
  if (parse_integer(text, n_lines) && *n_lines >= 0) return GMMPI_OK;
  return fail(error, GMMPI_WRONG_USAGE, "--skip-lines: \"%s\" is no number of lines; give 0 or more", text);
}

/* --comment: one character. */
static gmmpi_status parse_comment(const char *text, void *value, gmmpi_error *error)
{
  const unsigned char c = (unsigned char)text[0];
  const bool one_character = c != '\0' && text[1] == '\0';
  if (!one_character || !isgraph(c) || isalnum(c) || strchr("\"+-.,", c) != NULL)
    return fail(error, GMMPI_WRONG_USAGE,
                "--comment: \"%s\" cannot begin a comment; give one character such as # or %%", text);
  *(char *)value = (char)c;
  return GMMPI_OK;
}

/* --decimal: . or , */
static gmmpi_status parse_decimal(const char *text, void *value, gmmpi_error *error)
{
  if (strcmp(text, ".") != 0 && strcmp(text, ",") != 0)
    return fail(error, GMMPI_WRONG_USAGE, "--decimal: \"%s\" is unknown; give . or ,", text);
  *(char *)value = text[0];
  return GMMPI_OK;
}

static const char *const headers[] = {[HEADER_AUTO] = "auto", [HEADER_YES] = "yes", [HEADER_NO] = "no", NULL};

const source_setting csv_settings_table[N_CSV_SETTINGS] = {
    {
        .name = "header",
        .argument = "WORD",
        .help = "is the first line of a text file a header? yes, no or auto (default: auto)",
        .offset = offsetof(csv_settings, header),
        .choices = headers,
    },
    {
        .name = "delimiter",
        .argument = "C",
        .help = "what stands between the fields of a text file: one character, or tab, space, comma, semicolon "
                "(default: guessed)",
        .offset = offsetof(csv_settings, delimiter),
        .parse = parse_delimiter,
    },
    {
        .name = "skip-lines",
        .argument = "N",
        .help = "pass over the first N lines of a text file (default: 0)",
        .offset = offsetof(csv_settings, skip_lines),
        .parse = parse_skip_lines,
    },
    {
        .name = "comment",
        .argument = "C",
        .help = "the character that a line of a text file begins with if it is a comment (default: #)",
        .offset = offsetof(csv_settings, comment),
        .parse = parse_comment,
    },
    {
        .name = "decimal",
        .argument = "C",
        .help = "what stands before the decimals of numbers in a text file, . or , (default: guessed)",
        .offset = offsetof(csv_settings, decimal),
        .parse = parse_decimal,
    },
    {
        .name = "keep-index",
        .help = "a column of a text file without a heading that counts or names the rows is a feature as any other",
        .offset = offsetof(csv_settings, keep_index),
        .choices = setting_no_or_yes,
    },
};
