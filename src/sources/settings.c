/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/settings.h"

#include "sources/kinds.h"
#include "support/error.h"
#include "support/option.h"

#include <stdlib.h>
#include <string.h>

static gmmpi_status set_choice(const source_setting *setting, const char *text, int *value, gmmpi_error *error)
{
  for (int i = 0; setting->choices[i] != NULL; i++) {
    if (strcmp(setting->choices[i], text) != 0) continue;
    *value = i;
    return GMMPI_OK;
  }
  return refuse_choice(setting->name, setting->choices, text, error);
}

/* The setting of this name, and whose it is. NULL: there is none. */
static const source_setting *find(const char *name, const source_kind **owner)
{
  const source_setting *setting;
  for (int i = 0; (setting = kinds_setting(i, owner)) != NULL; i++) {
    if (strcmp(setting->name, name) == 0) return setting;
  }
  return NULL;
}

/* Sets the value of the setting, a member of values. */
static gmmpi_status set_value(const source_setting *setting, const char *text, void *values, gmmpi_error *error)
{
  void *value = (char *)values + setting->offset;
  return setting->choices != NULL ? set_choice(setting, text, value, error) : setting->parse(text, value, error);
}

gmmpi_status settings_read(const source_kind *kind, const source_word *words, int n_words, reading_choices *choices,
                           void **settings, gmmpi_error *error)
{
  *settings = NULL;
  if (kind->settings_bytes > 0 && (*settings = calloc(1, kind->settings_bytes)) == NULL)
    return fail(error, GMMPI_NO_MEMORY, "no memory is left for the settings of %s files", kind->name);
  for (int i = 0; i < n_words; i++) {
    const source_word *word = &words[i];
    if (word->value == NULL) continue;
    const source_kind *owner;
    const source_setting *setting = find(word->name, &owner);
    if (setting == NULL)
      return fail(error, GMMPI_WRONG_USAGE, "--%s: no kind of file has such a setting; leave it out", word->name);
    void *values = owner == NULL ? (void *)choices : owner == kind ? *settings : NULL;
    if (values != NULL && set_value(setting, word->value, values, error) != GMMPI_OK) return error->status;
  }
  return GMMPI_OK;
}

const char *settings_word_of_others(const source_kind *kind, const source_word *words, int n_words)
{
  for (int i = 0; i < n_words; i++) {
    const source_kind *owner;
    if (words[i].value != NULL && find(words[i].name, &owner) != NULL && owner != NULL && owner != kind)
      return words[i].name;
  }
  return NULL;
}

gmmpi_status settings_check(const char *name, const char *value, gmmpi_error *error)
{
  const source_word word = {name, value};
  const source_kind *owner = NULL;
  reading_choices choices = {0};
  void *settings = NULL;
  gmmpi_error local = {0};
  find(name, &owner);
  settings_read(owner != NULL ? owner : source_kinds[0], &word, 1, &choices, &settings, &local);
  free(settings);
  return error_pass(error, &local);
}
