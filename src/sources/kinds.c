/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/kinds.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Text comes last: it is what has no mark of its own. */
#define ALL_KINDS(X)                                                                                                   \
  X(parts)                                                                                                             \
  X(hdf5)                                                                                                              \
  X(npy)                                                                                                               \
  X(fits)                                                                                                              \
  X(fcs)                                                                                                               \
  X(csv)

#define DECLARE(name) extern const source_kind source_##name;
ALL_KINDS(DECLARE)

#define ADDRESS(name) &source_##name,
const source_kind *const source_kinds[] = {ALL_KINDS(ADDRESS) NULL};

enum { N_KINDS = sizeof source_kinds / sizeof *source_kinds - 1 };

static bool ends_with(const char *path, const char *suffix)
{
  const size_t length = strlen(path);
  const size_t wanted = strlen(suffix);
  return length > wanted && strcasecmp(path + length - wanted, suffix) == 0;
}

bool kind_recognises(const source_kind *kind, const char *path, const unsigned char *head, size_t n_bytes)
{
  if (kind->recognises != NULL) return kind->recognises(path, head, n_bytes);
  for (const char *const *suffix = kind->suffixes; suffix != NULL && *suffix != NULL; suffix++) {
    if (ends_with(path, *suffix)) return true;
  }
  return false;
}

bool kinds_need_name(const unsigned char *head, size_t n_bytes)
{
  for (int k = 0; k < N_KINDS; k++) {
    const source_kind *kind = source_kinds[k];
    if (kind->has_insides && kind->recognises != NULL && kind->recognises("", head, n_bytes)) return true;
  }
  return false;
}

/* Adds to a text that has n_bytes bytes of room. */
static void add(char *text, size_t n_bytes, const char *before, const char *word)
{
  const size_t used = strlen(text);
  snprintf(text + used, n_bytes - used, "%s%s", before, word);
}

void kinds_list(const char *before_last, bool with_variants, char *text, size_t n_bytes)
{
  char last[10];
  snprintf(last, sizeof last, " %s ", before_last);
  int n_left = 0;
  for (int k = 0; k < N_KINDS; k++) n_left += source_kinds[k]->suffixes != NULL ? 1 : 0;
  text[0] = '\0';
  for (int k = N_KINDS - 1; k >= 0; k--) {
    const source_kind *kind = source_kinds[k];
    if (kind->suffixes == NULL) continue;
    const bool is_last = --n_left == 0;
    add(text, n_bytes, text[0] == '\0' ? "" : is_last ? last : ", ", kind->name);
    if (with_variants && kind->variants != NULL) add(text, n_bytes, ", ", kind->variants);
  }
}

void kinds_usage(char *text, size_t n_bytes)
{
  snprintf(text, n_bytes, "FILE");
  for (int k = N_KINDS - 1; k >= 0; k--) {
    if (source_kinds[k]->usage != NULL) add(text, n_bytes, ", ", source_kinds[k]->usage);
  }
}

const source_setting *kinds_setting(int index, const source_kind **owner)
{
  if (owner != NULL) *owner = NULL;
  if (index < N_READING_CHOICES) return &reading_choices_table[index];
  index -= N_READING_CHOICES;
  for (int k = N_KINDS - 1; k >= 0; k--) {
    if (owner != NULL) *owner = source_kinds[k];
    if (index < source_kinds[k]->n_settings) return &source_kinds[k]->settings[index];
    index -= source_kinds[k]->n_settings;
  }
  return NULL;
}

json_t *kinds_insides(const char *path, const source_kind **kind)
{
  json_t *found = NULL;
  for (int k = 0; k < N_KINDS && found == NULL; k++) {
    if (source_kinds[k]->insides == NULL) continue;
    *kind = source_kinds[k];
    found = source_kinds[k]->insides(path);
  }
  return found;
}
