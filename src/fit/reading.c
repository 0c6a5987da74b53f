#include "fit/reading.h"

#include "support/error.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- --delimiter: one character, or one of these words --- */

static const struct {
  const char *word;
  char delimiter;
} delimiters[] = {{"tab", '\t'}, {"\\t", '\t'}, {"space", ' '}, {"comma", ','}, {"semicolon", ';'}};

static gmmpi_status parse_delimiter(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  char *delimiter = value;
  for (size_t i = 0; i < sizeof delimiters / sizeof delimiters[0]; i++) {
    if (strcmp(text, delimiters[i].word) == 0) {
      *delimiter = delimiters[i].delimiter;
      return GMMPI_OK;
    }
  }
  const unsigned char c = (unsigned char)text[0];
  const bool one_character = c != '\0' && text[1] == '\0';
  if (!one_character || isalnum(c) || !isascii(c) || strchr("\"+-.\r\n", c) != NULL)
    return fail(error, GMMPI_WRONG_USAGE,
                "--%s: \"%s\" cannot stand between fields; give one character such as , or ; or the word tab, space, "
                "comma or semicolon",
                option->name, text);
  *delimiter = (char)c;
  return GMMPI_OK;
}

static void print_delimiter(const void *value, char *text, size_t size)
{
  const char delimiter = *(const char *)value;
  snprintf(text, size, "%c", delimiter);
  for (size_t i = 0; i < sizeof delimiters / sizeof delimiters[0]; i++) {
    if (delimiters[i].delimiter == delimiter) {
      snprintf(text, size, "%s", delimiters[i].word);
      return;
    }
  }
}

/* --- --missing: what is planned but not there is named as such --- */

static const char *const missing_words[] = {[MISSING_ERROR] = "error", [MISSING_DROP] = "drop"};

static gmmpi_status parse_missing(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  missing_choice *missing = value;
  if (strcmp(text, "em") == 0)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: em is not available in this version; give error or drop",
                option->name);
  if (strcmp(text, "error") != 0 && strcmp(text, "drop") != 0)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is unknown; give error or drop", option->name, text);
  *missing = strcmp(text, "drop") == 0 ? MISSING_DROP : MISSING_ERROR;
  return GMMPI_OK;
}

static void print_missing(const void *value, char *text, size_t size)
{
  snprintf(text, size, "%s", missing_words[*(const missing_choice *)value]);
}

/* --- --memory-limit --- */

/* 2^(10 n) for the n-th of K, M, G, T, with or without iB behind it; 10^(3n) with B; 0 for anything else. */
static double unit_of(const char *suffix)
{
  static const char letters[] = "kmgt";
  if (suffix[0] == '\0') return 1.0;
  const char *letter = strchr(letters, suffix[0] | 0x20);
  if (letter == NULL) return 0.0;
  const bool decimal = strcasecmp(suffix + 1, "B") == 0;
  if (!decimal && suffix[1] != '\0' && strcasecmp(suffix + 1, "iB") != 0) return 0.0;
  double unit = 1.0;
  for (int64_t i = 0; i <= letter - letters; i++) unit *= decimal ? 1000.0 : 1024.0;
  return unit;
}

static gmmpi_status parse_bytes(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  char *end;
  const double number = strtod(text, &end);
  const double bytes = number * unit_of(end);
  const bool begins_with_digit = text[0] >= '0' && text[0] <= '9';
  if (!begins_with_digit || !(bytes >= 1.0 && bytes < 0x1p62))
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is no size; give bytes, or a number with K, M, G or T, e.g. 4G",
                option->name, text);
  *(int64_t *)value = (int64_t)bytes;
  return GMMPI_OK;
}

/* "" where there is no limit. */
static void print_bytes(const void *value, char *text, size_t size)
{
  const int64_t bytes = *(const int64_t *)value;
  if (bytes > 0)
    snprintf(text, size, "%" PRId64, bytes);
  else
    snprintf(text, size, "%s", "");
}

/* --- the tables --- */

static const char *const headers[] = {[HEADER_AUTO] = "auto", [HEADER_YES] = "yes", [HEADER_NO] = "no", NULL};

const option_record reading_option_table[] = {
    {.name = "columns",
     .argument = "LIST",
     .help = "the features: names, 1-based numbers and ranges, separated by commas, e.g. Age,4-6; a name with a comma "
             "is quoted as in CSV (default: every column)",
     .kind = OPTION_TEXT,
     .offset = offsetof(reading_options, columns)},
    {.name = "header",
     .argument = "WORD",
     .help = "is the first line of a text file a header? yes, no or auto",
     .kind = OPTION_CHOICE,
     .offset = offsetof(reading_options, header),
     .choices = headers,
     .fallback = "auto"},
    {.name = "delimiter",
     .argument = "C",
     .help = "what stands between the fields of a text file: one character, or tab, space, comma, semicolon (default: "
             "guessed)",
     .kind = OPTION_PARSED,
     .offset = offsetof(reading_options, delimiter),
     .parse = parse_delimiter,
     .print = print_delimiter},
    {.name = "missing",
     .argument = "WORD",
     .help = "what to do with rows that have an empty or NaN cell: error, or drop them",
     .kind = OPTION_PARSED,
     .offset = offsetof(reading_options, missing),
     .parse = parse_missing,
     .print = print_missing,
     .fallback = "error"},
};
const int n_reading_options = (int)(sizeof reading_option_table / sizeof reading_option_table[0]);

const option_record memory_option_table[] = {
    {.name = "memory-limit",
     .argument = "BYTES",
     .help =
         "memory that each rank may use, with K, M, G or T for powers of 1024. Points that do not fit are read anew "
         "in every pass while those before them are worked on, with the same result; HDF5 and NPY only (default: "
         "what the node has, divided among its ranks)",
     .kind = OPTION_PARSED,
     .offset = offsetof(memory_options, memory_limit),
     .parse = parse_bytes,
     .print = print_bytes},
    {.name = "scratch",
     .argument = "DIR",
     .help = "a folder on a disk, not in memory, for subsamples of points that are larger than the memory; nothing is "
             "left in it. none: they are read from the data again and again (default: $TMPDIR, else /tmp)",
     .kind = OPTION_TEXT,
     .offset = offsetof(memory_options, scratch)},
};
const int n_memory_options = (int)(sizeof memory_option_table / sizeof memory_option_table[0]);

source_options reading_source_options(const reading_options *values)
{
  return (source_options){.columns = values->columns, .header = values->header, .delimiter = values->delimiter};
}

const char *memory_scratch(const memory_options *values)
{
  const char *folder = getenv("TMPDIR");
  if (values->scratch != NULL) return strcmp(values->scratch, "none") == 0 ? NULL : values->scratch;
  return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}
