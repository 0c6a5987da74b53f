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

gmmpi_status settings_read(const source_kind *kind, const source_word *words, int n_words, void **settings,
                           gmmpi_error *error)
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
    if (owner != kind) continue;
    void *value = (char *)*settings + setting->offset;
    const gmmpi_status status = setting->choices != NULL ? set_choice(setting, word->value, value, error)
                                                         : setting->parse(word->value, value, error);
    if (status != GMMPI_OK) return status;
  }
  return GMMPI_OK;
}

gmmpi_status settings_check(const char *name, const char *value, gmmpi_error *error)
{
  const source_word word = {name, value};
  const source_kind *owner = source_kinds[0];
  void *settings = NULL;
  find(name, &owner);
  const gmmpi_status status = settings_read(owner, &word, 1, &settings, error);
  free(settings);
  return status;
}
