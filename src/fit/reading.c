/* SPDX-License-Identifier: BSD-3-Clause */
#include "fit/reading.h"

#include "sources/settings.h"
#include "support/error.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- the settings of a kind of file, which knows what they may be --- */

/* The word of this setting in a list that has room for all, or the list's end. */
static const source_word *find_word(const source_word *words, const char *name)
{
  while (words->name != NULL && strcmp(words->name, name) != 0) words++;
  return words;
}

static gmmpi_status parse_setting(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  source_word *words = value;
  if (text == NULL) text = "yes";
  const gmmpi_status status = settings_check(option->name, text, error);
  if (status == GMMPI_OK) words[find_word(words, option->name) - words] = (source_word){option->name, text};
  return status;
}

static void print_setting(const option_record *option, const void *value, char *text, size_t size)
{
  const source_word *word = find_word(value, option->name);
  snprintf(text, size, "%s", word->name != NULL ? word->value : "");
}

/* --- --missing: what is planned but not there is named as such --- */

static const char *const missing_words[] = {[MISSING_ERROR] = "error", [MISSING_DROP] = "drop", NULL};

static gmmpi_status parse_missing(const option_record *option, const char *text, void *value, gmmpi_error *error)
{
  missing_choice *missing = value;
  if (strcmp(text, "em") == 0)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: em is not available in this version; give error or drop",
                option->name);
  if (strcmp(text, "error") != 0 && strcmp(text, "drop") != 0)
    return refuse_choice(option->name, missing_words, text, error);
  *missing = strcmp(text, "drop") == 0 ? MISSING_DROP : MISSING_ERROR;
  return GMMPI_OK;
}

static void print_missing(const option_record *option, const void *value, char *text, size_t size)
{
  (void)option;
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
static void print_bytes(const option_record *option, const void *value, char *text, size_t size)
{
  (void)option;
  const int64_t bytes = *(const int64_t *)value;
  if (bytes > 0)
    snprintf(text, size, "%" PRId64, bytes);
  else
    snprintf(text, size, "%s", "");
}

/* --- the tables --- */

static const option_record columns_record = {
    .name = "columns",
    .argument = "LIST",
    .brief = "the features: names, numbers, ranges (all)",
    .help =
        "the features: names, 1-based numbers and ranges, separated by commas, e.g. Age,4-6; a name with a comma is "
        "quoted as in CSV (default: every column)",
    .kind = OPTION_TEXT,
    .offset = offsetof(reading_options, columns),
};
static const option_record missing_record = {
    .name = "missing",
    .argument = "WORD",
    .brief = "rows with an empty cell: error, or drop",
    .choices = missing_words,
    .help = "what to do with rows that have an empty or NaN cell: error, or drop them",
    .kind = OPTION_PARSED,
    .offset = offsetof(reading_options, missing),
    .parse = parse_missing,
    .print = print_missing,
    .fallback = "error",
};

static const char *const infinite_words[] = {[INFINITE_ERROR] = "error", [INFINITE_DROP] = "drop", NULL};
static const option_record infinite_record = {
    .name = "infinite",
    .argument = "WORD",
    .help = "what to do with rows that have an infinite value: error, or drop them",
    .kind = OPTION_CHOICE,
    .offset = offsetof(reading_options, infinite),
    .choices = infinite_words,
    .fallback = "error",
};

/* Made once: the kinds of files have the settings in tables of their own. */
static option_record reading_table[MOST_SOURCE_SETTINGS + 3];
static int n_reading_options;
static pthread_once_t reading_table_is_made = PTHREAD_ONCE_INIT;

static void make_reading_table(void)
{
  const source_setting *setting;
  option_record *next = reading_table;
  *next++ = columns_record;
  for (int i = 0; i < MOST_SOURCE_SETTINGS && (setting = kinds_setting(i, NULL)) != NULL; i++) {
    *next++ = (option_record){
        .name = setting->name,
        .argument = setting->argument,
        .choices = setting->argument != NULL ? setting->choices : NULL,
        .brief = setting->brief,
        .help = setting->help,
        .kind = OPTION_PARSED,
        .offset = offsetof(reading_options, words),
        .parse = parse_setting,
        .print = print_setting,
    };
  }
  *next++ = missing_record;
  *next++ = infinite_record;
  n_reading_options = (int)(next - reading_table);
}

const option_record *reading_option_table(int *n_options)
{
  pthread_once(&reading_table_is_made, make_reading_table);
  *n_options = n_reading_options;
  return reading_table;
}

static const char *const weights_sums[] = {[WEIGHTS_SUM_OWN] = "own", [WEIGHTS_SUM_N] = "n", NULL};

const option_record weights_option_table[] = {
    {.name = "weights",
     .argument = "COLUMN|FILE",
     .brief = "how much each row counts",
     .help = "how much each row counts, 0 or more: a column of DATA, by name or 1-based number, which then is no "
             "feature, or a file with one column and as many rows. Weights are repetitions: a row of weight 3 is three "
             "rows, one of weight 0 is none",
     .kind = OPTION_TEXT,
     .offset = offsetof(reading_options, weights)},
    {.name = "weights-sum",
     .argument = "WORD",
     .help = "own: weights count as they are; n: they are relative, and rescaled to sum to the number of rows",
     .kind = OPTION_CHOICE,
     .offset = offsetof(reading_options, sum),
     .choices = weights_sums,
     .fallback = "own"},
};
const int n_weights_options = (int)(sizeof weights_option_table / sizeof weights_option_table[0]);

const option_record known_labels_option = {
    .name = "known-labels",
    .argument = "COLUMN|FILE",
    .help = "the class of each row where it is known: a column of DATA, by name or 1-based number, which then is no "
            "feature, or a file with one column and as many rows; empty, or one of --missing-values: unknown. The "
            "classes, in ascending order, are the first components",
    .kind = OPTION_TEXT,
    .offset = offsetof(reading_options, known_labels)};

const option_record memory_option_table[] = {
    {.name = "memory-limit",
     .argument = "BYTES",
     .help =
         "memory that each rank may use, with K, M, G or T for powers of 1024. Points that do not fit are read anew "
         "in every pass while those before them are worked on, with the same result; not of text files (default: "
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
  const source_word *end = values->words;
  while (end->name != NULL) end++;
  return (source_options){.columns = values->columns,
                          .words = values->words,
                          .n_words = (int)(end - values->words),
                          .beside = {[BESIDE_LABEL] = values->keys != NULL ? values->keys : values->known_labels,
                                     [BESIDE_WEIGHT] = values->weights},
                          .labels_are_keys = values->keys != NULL};
}

bool reading_has_word(const reading_options *values, const char *name)
{
  return find_word(values->words, name)->name != NULL;
}

const char *memory_scratch(const memory_options *values)
{
  const char *folder = getenv("TMPDIR");
  if (values->scratch != NULL) return strcmp(values->scratch, "none") == 0 ? NULL : values->scratch;
  return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}
