/* SPDX-License-Identifier: BSD-3-Clause */
/* The kinds of files that points are read from: the one table, and what the command line and messages say of it. How to
 * add one is at the end of source.h. */
#ifndef SOURCES_KINDS_H
#define SOURCES_KINDS_H

#include "sources/source.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* In the order in which a file is compared with them; then NULL. */
extern const source_kind *const source_kinds[];

/* Is the file at path, which begins with these n_bytes bytes, of this kind? */
bool kind_recognises(const source_kind *kind, const char *path, const unsigned char *head, size_t n_bytes);

/* Does what begins with these bytes need a file with a name? HDF5's library opens no other. */
bool kinds_need_name(const unsigned char *head, size_t n_bytes);

/* The formats as a list for people: "CSV, NPY and HDF5", before_last being "and". with_variants: "CSV, TSV, NPY and
 * HDF5". Cut to fit n_bytes. */
void kinds_list(const char *before_last, bool with_variants, char *text, size_t n_bytes);

/* How DATA may name what it means: "FILE, FILE.h5:/path/of/dataset, ...". Cut to fit n_bytes. */
void kinds_usage(char *text, size_t n_bytes);

/* All kinds together have at most so many settings. */
enum { MOST_SOURCE_SETTINGS = 32 };

/* The settings of all kinds, from 0. NULL: there are no more. *owner, unless owner is NULL: whose it is, NULL where it
 * is everybody's (choices.h). */
const source_setting *kinds_setting(int index, const source_kind **owner);

/* What the file at path holds that a source can be, {"/path": {"shape": [n, d], "type": "float64"}, ...}, and
 * under "tables" what there is of groups that are tables; a new reference. *kind is the kind it is of. NULL: it is of
 * no kind with insides, or cannot be read. Not collective. */
json_t *kinds_insides(const char *path, const source_kind **kind);

#endif
