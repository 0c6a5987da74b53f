/* SPDX-License-Identifier: BSD-3-Clause */
/* Several files as one data set: which ones are meant.
 *
 *   'part-*.h5'              a pattern as shells know them, matched by gmmpi itself; the files in byte order of their
 * names
 *   @FILE                    a text file with one file per line, in their order; names are relative to the list's
 * folder, empty lines and lines that begin with # are passed over
 *
 * Both may be followed by :/path/of/dataset, in a list also each line. A file that is called like that is meant itself.
 */
#ifndef SOURCES_PARTS_NAMES_H
#define SOURCES_PARTS_NAMES_H

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does data, which names no file, stand for several? *length: of the pattern or of @FILE in it. */
bool part_names_are_meant(const char *data, size_t *length);

/* The names, each with its data set where one is given, one behind the other and each with its '\0': *n_bytes in all,
 * to be freed. what: a pattern or @FILE; inside: a data set's path or NULL. Errors: 66 nothing matches, or no such
 * list; 65 the list is empty; 74; 71. */
gmmpi_status part_names_find(const char *what, const char *inside, char **names, int64_t *n_bytes, gmmpi_error *error);

#endif
