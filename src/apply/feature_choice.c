/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/feature_choice.h"

#include "support/error.h"
#include "support/feature_transform.h"
#include "support/memory.h"
#include "support/near_word.h"
#include "support/option.h"
#include "support/word_list.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A list while it is read. */
typedef struct reading {
  const gmmpi_model *model;
  const char *owner;
  const char *option;
  bool *is_chosen; /* n_features */
  feature_choice *choice;
} reading;

static gmmpi_status no_memory(const char *owner, gmmpi_error *error)
{
  return fail(error, GMMPI_NO_MEMORY, "%s: no memory is left for the names of its features", owner);
}

char *feature_called(const gmmpi_model *model, int64_t feature)
{
  char *name;
  if (model->feature_names != NULL) return strdup(model->feature_names[feature]);
  return asprintf(&name, "x%" PRId64, feature + 1) < 0 ? NULL : name;
}

/* --- a name that is not there --- */

static gmmpi_status no_such_feature(const reading *list, const char *word, gmmpi_error *error)
{
  const gmmpi_model *model = list->model;
  char there[300];
  if (model->feature_names == NULL)
    return fail(error, GMMPI_BAD_DATA, "%s: has no feature \"%.100s\" (%s); its features have no names, give 1 to %lld",
                list->owner, word, list->option, (long long)model->n_features);
  near_word meant = {.word = word};
  for (int64_t j = 0; j < model->n_features; j++) near_word_try(&meant, model->feature_names[j]);
  if (meant.nearest != NULL)
    return fail(error, GMMPI_BAD_DATA,
                "%s: has no feature \"%.100s\" (%s); did you mean \"%.100s\"? names must be the same to the letter",
                list->owner, word, list->option, meant.nearest);
  size_t used = 0;
  there[0] = '\0';
  for (int64_t j = 0; j < model->n_features; j++) {
    const char *separator = j == 0 ? "" : ", ";
    if (strlen(model->feature_names[j]) + 40 > sizeof there - used) {
      snprintf(there + used, sizeof there - used, "%s... (%lld in all)", separator, (long long)model->n_features);
      break;
    }
    used += (size_t)snprintf(there + used, sizeof there - used, "%s%s", separator, model->feature_names[j]);
  }
  return fail(error, GMMPI_BAD_DATA, "%s: has no feature \"%.100s\" (%s); its features are %s", list->owner, word,
              list->option, there);
}

/* --- words --- */

static gmmpi_status choose(reading *list, int64_t feature, const char *word, gmmpi_error *error)
{
  if (list->is_chosen[feature])
    return fail(error, GMMPI_WRONG_USAGE,
                "%s: feature %lld is given twice, the second time by \"%.100s\"; name it once", list->option,
                (long long)feature + 1, word);
  list->is_chosen[feature] = true;
  list->choice->features[list->choice->n++] = feature;
  return GMMPI_OK;
}

/* The features that a word stands for, from first up to and with last. */
static gmmpi_status find_features(const reading *list, const char *word, bool is_quoted, int64_t *first, int64_t *last,
                                  gmmpi_error *error)
{
  const gmmpi_model *model = list->model;
  int64_t found = -1;
  for (int64_t j = 0; model->feature_names != NULL && j < model->n_features; j++) {
    if (strcmp(model->feature_names[j], word) != 0) continue;
    if (found >= 0)
      return fail(error, GMMPI_BAD_DATA, "%s: features %lld and %lld are both named \"%.100s\"; give numbers (%s)",
                  list->owner, (long long)found + 1, (long long)j + 1, word, list->option);
    found = j;
  }
  *first = *last = found;
  if (found >= 0) return GMMPI_OK;
  if (is_quoted || !word_range(word, first, last) || *first < 1 || *last < *first || *last > model->n_features)
    return no_such_feature(list, word, error);
  --*first;
  --*last;
  return GMMPI_OK;
}

static gmmpi_status choose_word(reading *list, const char *word, bool is_quoted, gmmpi_error *error)
{
  int64_t first;
  int64_t last;
  if (word[0] == '\0' && !is_quoted)
    return fail(error, GMMPI_WRONG_USAGE, "%s: a feature is missing between commas; give names or numbers, e.g. A,C",
                list->option);
  gmmpi_status status = find_features(list, word, is_quoted, &first, &last, error);
  for (int64_t j = first; status == GMMPI_OK && j <= last; j++) status = choose(list, j, word, error);
  return status;
}

static gmmpi_status open_quote(const char *option, gmmpi_error *error)
{
  return fail(error, GMMPI_WRONG_USAGE, "%s: a quote is not closed; write \"a name\",\"another\"", option);
}

/* One word behind the other. */
static gmmpi_status read_names(reading *list, const char *text, char *word, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  bool is_quoted;
  while (status == GMMPI_OK && text != NULL) {
    text = word_next(text, ",", word, &is_quoted);
    if (text == NULL) return open_quote(list->option, error);
    status = choose_word(list, word, is_quoted, error);
    text = *text == ',' ? text + 1 : NULL;
  }
  return status;
}

/* --- values --- */

/* The value of the feature that was chosen last. */
static gmmpi_status take_value(reading *list, const char *text, gmmpi_error *error)
{
  feature_choice *choice = list->choice;
  const int64_t feature = choice->features[choice->n - 1];
  feature_transform transform = transform_none;
  double value;
  char *name = feature_called(list->model, feature);
  if (name == NULL) return no_memory(list->owner, error);
  gmmpi_status status = GMMPI_OK;
  if (!parse_real(text, &value) || !isfinite(value)) {
    status = fail(error, GMMPI_WRONG_USAGE, "%s: \"%.60s\" is no value of %.100s; give a finite number", list->option,
                  text, name);
  } else {
    if (list->model->transforms != NULL) transform_read(list->model->transforms[feature], &transform);
    const double own = value;
    if (!transform_is_defined(&transform, own) || !isfinite(value = transform_apply(&transform, own)))
      status = fail(error, GMMPI_WRONG_USAGE,
                    "%s: %.100s = %.60s has no %s, which the model takes of this feature; give a value that has one",
                    list->option, name, text, transform_function_name(transform.function));
    choice->own_values[choice->n - 1] = own;
    choice->values[choice->n - 1] = value;
  }
  free(name);
  return status;
}

static gmmpi_status read_values(reading *list, const char *text, char *word, gmmpi_error *error)
{
  gmmpi_status status = GMMPI_OK;
  bool is_quoted;
  while (status == GMMPI_OK && text != NULL) {
    int64_t first;
    int64_t last;
    text = word_next(text, "=,", word, &is_quoted);
    if (text == NULL) return open_quote(list->option, error);
    if (*text != '=')
      return fail(error, GMMPI_WRONG_USAGE, "%s: \"%.100s\" has no value; give NAME=VALUE, e.g. \"A=1.5,B=2\"",
                  list->option, word);
    if (find_features(list, word, is_quoted, &first, &last, error) != GMMPI_OK) return error->status;
    if (first != last)
      return fail(error, GMMPI_WRONG_USAGE, "%s: \"%.100s\" are several features; give each its value", list->option,
                  word);
    status = choose(list, first, word, error);
    if (status != GMMPI_OK) return status;
    text = word_next(text + 1, ",", word, &is_quoted);
    if (text == NULL) return open_quote(list->option, error);
    status = take_value(list, word, error);
    text = *text == ',' ? text + 1 : NULL;
  }
  return status;
}

typedef gmmpi_status list_reader(reading *list, const char *text, char *word, gmmpi_error *error);

static gmmpi_status read_list(const gmmpi_model *model, const char *owner, const char *option, const char *text,
                              bool with_values, list_reader *read, feature_choice *choice, gmmpi_error *error)
{
  const int64_t d = model->n_features;
  char *word = malloc(strlen(text) + 1);
  reading list = {model, owner, option, allocate(d, sizeof(bool)), choice};
  *choice = (feature_choice){.features = allocate(d, sizeof *choice->features)};
  if (with_values) {
    choice->values = allocate(d, sizeof *choice->values);
    choice->own_values = allocate(d, sizeof *choice->own_values);
  }
  gmmpi_status status = GMMPI_OK;
  if (word == NULL || list.is_chosen == NULL || choice->features == NULL ||
      (with_values && (choice->values == NULL || choice->own_values == NULL)))
    status = no_memory(owner, error);
  else
    status = read(&list, text, word, error);
  free(word);
  free(list.is_chosen);
  return status;
}

gmmpi_status feature_choice_read(const gmmpi_model *model, const char *owner, const char *option, const char *text,
                                 feature_choice *choice, gmmpi_error *error)
{
  return read_list(model, owner, option, text, false, read_names, choice, error);
}

gmmpi_status feature_values_read(const gmmpi_model *model, const char *owner, const char *option, const char *text,
                                 feature_choice *choice, gmmpi_error *error)
{
  return read_list(model, owner, option, text, true, read_values, choice, error);
}

int64_t *feature_choice_others(const gmmpi_model *model, const feature_choice *choice)
{
  int64_t *others = allocate(model->n_features, sizeof *others);
  int64_t n = 0;
  for (int64_t j = 0; others != NULL && j < model->n_features; j++) {
    bool is_chosen = false;
    for (int64_t i = 0; i < choice->n; i++) is_chosen = is_chosen || choice->features[i] == j;
    if (!is_chosen) others[n++] = j;
  }
  return others;
}

void feature_choice_clear(feature_choice *choice)
{
  free(choice->features);
  free(choice->values);
  free(choice->own_values);
  *choice = (feature_choice){0};
}
