/* SPDX-License-Identifier: BSD-3-Clause */
/* What the user's words say about the settings of a kind of file. */
#ifndef SOURCES_SETTINGS_H
#define SOURCES_SETTINGS_H

#include "sources/source.h"

#include "gmmpi/error.h"

/* Can the setting of this name have this value? Errors: 64 it cannot, or no kind has such a setting; 71. */
gmmpi_status settings_check(const char *name, const char *value, gmmpi_error *error);

/* The settings of the kind, from those of the n_words words that are its own, and *choices, all zero, from those of all
 * kinds. *settings is for free(), NULL where the kind has none. Errors: those of settings_check. */
gmmpi_status settings_read(const source_kind *kind, const source_word *words, int n_words, reading_choices *choices,
                           void **settings, gmmpi_error *error);

/* The first word that is a setting of another kind, and so says nothing here; or NULL. */
const char *settings_word_of_others(const source_kind *kind, const source_word *words, int n_words);

#endif
