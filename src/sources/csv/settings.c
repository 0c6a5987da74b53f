/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/csv/settings.h"

#include "support/error.h"

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
};
