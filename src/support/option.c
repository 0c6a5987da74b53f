/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/option.h"

#include "support/error.h"
#include "support/near_word.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int option_index(const option_record *table, int n_options, const char *name)
{
  for (int i = 0; i < n_options; i++) {
    if (strcmp(table[i].name, name) == 0) return i;
  }
  return -1;
}

const option_record *option_find(const option_record *table, int n_options, const char *name)
{
  const int index = option_index(table, n_options, name);
  return index < 0 ? NULL : &table[index];
}

void *option_value(const option_record *option, void *values)
{
  return option->value != NULL ? option->value : (char *)values + option->offset;
}

static const void *value_of(const option_record *option, const void *values)
{
  return option->value != NULL ? option->value : (const char *)values + option->offset;
}

option_record option_of(const option_record *option, void *value)
{
  option_record copy = *option;
  copy.value = value;
  copy.group = NULL;
  return copy;
}

/* --- from text --- */

/* The index of the word that text is, or -1. */
static int index_of_word(const option_record *option, const char *text)
{
  for (int i = 0; option->choices[i] != NULL && (option->n_words == 0 || i < option->n_words); i++) {
    if (strcmp(option->choices[i], text) == 0) return i;
  }
  return -1;
}

gmmpi_status refuse_choice(const char *name, const char *const *choices, const char *text, gmmpi_error *error)
{
  char words[256] = "";
  for (int i = 0; choices[i] != NULL; i++) {
    const size_t used = strlen(words);
    const char *between = i == 0 ? "" : choices[i + 1] == NULL ? " or " : ", ";
    snprintf(words + used, sizeof words - used, "%s%s", between, choices[i]);
  }
  near_word meant = {.word = text};
  near_word_try_list(&meant, choices);
  if (meant.nearest != NULL)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is unknown; did you mean %s? (%s)", name, text, meant.nearest,
                words);
  return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is unknown; give %s", name, text, words);
}

static gmmpi_status refuse_empty(const option_record *option, gmmpi_error *error)
{
  return fail(error, GMMPI_WRONG_USAGE, "--%s: is empty; give %s", option->name, option->argument);
}

static gmmpi_status set_choice(const option_record *option, void *values, const char *text, gmmpi_error *error)
{
  int *value = option_value(option, values);
  const int index = index_of_word(option, text);
  if (option->n_words > 0) {
    if (text[0] == '\0') return refuse_empty(option, error);
    const char **other = (const char **)(void *)((char *)values + option->text_offset);
    *other = index < 0 ? text : NULL;
    *value = index < 0 ? option->n_words : index;
    return GMMPI_OK;
  }
  if (index < 0) return refuse_choice(option->name, option->choices, text, error);
  *value = index;
  return GMMPI_OK;
}

static gmmpi_status set_word(const option_record *option, const char **value, const char *text, gmmpi_error *error)
{
  const int index = index_of_word(option, text);
  if (index < 0) return refuse_choice(option->name, option->choices, text, error);
  *value = option->choices[index];
  return GMMPI_OK;
}

static gmmpi_status read_integer(const option_record *option, const char *text, int64_t *number, gmmpi_error *error)
{
  const long long smallest = option->smallest;
  const long long largest = option->largest;
  if (!parse_integer(text, number))
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is no integer; give one from %lld to %lld", option->name, text,
                smallest, largest);
  if (*number < smallest)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is below %lld; give an integer from %lld to %lld", option->name,
                text, smallest, smallest, largest);
  if (*number > largest)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is above %lld; give an integer from %lld to %lld", option->name,
                text, largest, smallest, largest);
  return GMMPI_OK;
}

static gmmpi_status set_integer(const option_record *option, void *value, const char *text, gmmpi_error *error)
{
  int64_t number = 0;
  const gmmpi_status status = read_integer(option, text, &number, error);
  if (status != GMMPI_OK) return status;
  if (option->kind == OPTION_COUNT)
    *(int *)value = (int)number;
  else
    *(int64_t *)value = number;
  return GMMPI_OK;
}

static gmmpi_status set_seed(const option_record *option, uint64_t *value, const char *text, gmmpi_error *error)
{
  char *end;
  errno = 0;
  const unsigned long long seed = strtoull(text, &end, 10);
  const bool begins_with_digit = text[0] >= '0' && text[0] <= '9';
  if (!begins_with_digit || *end != '\0' || errno != 0 || seed > UINT64_MAX)
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is no seed; give an integer from 0 to %" PRIu64, option->name,
                text, UINT64_MAX);
  *value = seed;
  return GMMPI_OK;
}

static gmmpi_status set_real(const option_record *option, double *value, const char *text, gmmpi_error *error)
{
  const char *relation = option->above_least ? ">" : ">=";
  double number;
  if (!parse_real(text, &number))
    return fail(error, GMMPI_WRONG_USAGE, "--%s: \"%s\" is no number; give one such as 1e-3 or 2.5", option->name,
                text);
  if (number < option->least || (option->above_least && number == option->least))
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is %s %g; give a number %s %g", option->name, text,
                option->above_least ? "not above" : "below", option->least, relation, option->least);
  if (number > option->most || (option->below_most && number == option->most))
    return fail(error, GMMPI_WRONG_USAGE, "--%s: %s is %s %g; give a number %s %g and %s %g", option->name, text,
                option->below_most ? "not below" : "above", option->most, relation, option->least,
                option->below_most ? "<" : "<=", option->most);
  *value = number;
  return GMMPI_OK;
}

gmmpi_status option_set(const option_record *option, void *values, const char *text, gmmpi_error *error)
{
  gmmpi_error local = {0};
  void *value = option_value(option, values);
  switch (option->kind) {
  case OPTION_FLAG:
    *(bool *)value = true;
    break;
  case OPTION_SWITCH:
  case OPTION_CHOICE:
    set_choice(option, values, text, &local);
    break;
  case OPTION_TEXT:
    if (text[0] == '\0') return refuse_empty(option, error);
    *(const char **)value = text;
    break;
  case OPTION_WORD:
    set_word(option, value, text, &local);
    break;
  case OPTION_INTEGER:
  case OPTION_COUNT:
    set_integer(option, value, text, &local);
    break;
  case OPTION_SEED:
    set_seed(option, value, text, &local);
    break;
  case OPTION_REAL:
    set_real(option, value, text, &local);
    break;
  case OPTION_PARSED:
    option->parse(option, text, value, &local);
    break;
  }
  return error_pass(error, &local);
}

void options_set_fallbacks(const option_record *table, int n_options, void *values)
{
  for (int i = 0; i < n_options; i++) {
    if (table[i].fallback != NULL) option_set(&table[i], values, table[i].fallback, NULL);
  }
}

/* --- to text --- */

/* The shortest text that is read as this number. */
static void real_text(double number, char *text, size_t size)
{
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, size, "%.*g", digits, number);
    if (strtod(text, NULL) == number) return;
  }
}

static void choice_text(const option_record *option, const void *values, int index, char *text, size_t size)
{
  const char *given = NULL;
  if (option->n_words > 0) given = *(const char *const *)(const void *)((const char *)values + option->text_offset);
  snprintf(text, size, "%s", given != NULL ? given : option->choices[index]);
}

void option_text(const option_record *option, const void *values, char *text, size_t size)
{
  const void *value = value_of(option, values);
  const char *words = "";
  switch (option->kind) {
  case OPTION_FLAG:
    snprintf(text, size, "%s", *(const bool *)value ? "yes" : "no");
    break;
  case OPTION_SWITCH:
  case OPTION_CHOICE:
    choice_text(option, values, *(const int *)value, text, size);
    break;
  case OPTION_TEXT:
  case OPTION_WORD:
    words = *(const char *const *)value;
    snprintf(text, size, "%s", words != NULL ? words : "");
    break;
  case OPTION_INTEGER:
    snprintf(text, size, "%" PRId64, *(const int64_t *)value);
    break;
  case OPTION_COUNT:
    snprintf(text, size, "%d", *(const int *)value);
    break;
  case OPTION_SEED:
    snprintf(text, size, "%" PRIu64, *(const uint64_t *)value);
    break;
  case OPTION_REAL:
    real_text(*(const double *)value, text, size);
    break;
  case OPTION_PARSED:
    option->print(option, value, text, size);
    break;
  }
}

json_t *option_json(const option_record *option, const void *values)
{
  const void *value = value_of(option, values);
  char text[1 << 15];
  switch (option->kind) {
  case OPTION_INTEGER:
    return json_integer(*(const int64_t *)value);
  case OPTION_COUNT:
    return json_integer(*(const int *)value);
  case OPTION_REAL:
    return json_real(*(const double *)value);
  case OPTION_TEXT:
    return json_string(*(const char *const *)value != NULL ? *(const char *const *)value : "");
  case OPTION_CHOICE: /* a file is noted as what it held, not by its name */
    return json_string(option->choices[*(const int *)value]);
  default:
    option_text(option, values, text, sizeof text);
    return json_string(text);
  }
}

/* --- options that depend on others --- */

bool option_is_in_force(const option_record *table, int n_options, const option_record *option, const void *values)
{
  char text[1024];
  if (option->needs == NULL) return true;
  option_text(option_find(table, n_options, option->needs), values, text, sizeof text);
  const size_t length = strlen(text);
  for (const char *word = option->word; *word != '\0'; word += strcspn(word, "|"), word += *word == '|') {
    if (strcspn(word, "|") == length && strncmp(word, text, length) == 0) return true;
  }
  return false;
}

gmmpi_status options_check_needs(const option_record *table, int n_options, const void *values, uint64_t given,
                                 gmmpi_error *error)
{
  for (int i = 0; i < n_options; i++) {
    const option_record *option = &table[i];
    if ((given >> i & 1) != 0 && !option_is_in_force(table, n_options, option, values))
      return fail(error, GMMPI_WRONG_USAGE, "--%s goes with --%s %s only; leave one of them away", option->name,
                  option->needs, option->word);
  }
  return GMMPI_OK;
}
