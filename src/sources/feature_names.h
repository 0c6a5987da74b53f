/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding features by name: which columns are called as those of a model. Names are the same when every byte is. */
#ifndef SOURCES_FEATURE_NAMES_H
#define SOURCES_FEATURE_NAMES_H

#include "gmmpi/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed names, and for messages whose they are. */
typedef struct name_list {
  const char *owner; /* "data.csv", "model.h5" */
  char *const *names;
  int64_t n;
  const char *advice; /* of wanted names: what to do where others are there; NULL: say it with --columns */
  const int64_t
      *columns; /* n: 0-based columns of the file that the names belong to; NULL: they are all of its columns */
} name_list;

/* Names such as x1 and x12, which features have when their source has no names, say nothing about what they are. Is
 * there any other? False without names. */
bool names_are_own(char *const *names, int64_t n);

/* The same names in the same order? */
bool names_agree(name_list a, name_list b);

/* Where the wanted names stand among those that are there: positions receives wanted.n numbers from 0. Lists that agree
 * are found in place, though a name stands twice in them. Errors: 65 a wanted name is not there, which may be written
 * otherwise, or stands for two columns, or is wanted twice; 71. */
gmmpi_status names_find(name_list there, name_list wanted, int64_t *positions, gmmpi_error *error);

/* The same where nothing else may be there. Errors: those of names_find; 65 a name that is not wanted. */
gmmpi_status names_match(name_list there, name_list wanted, int64_t *positions, gmmpi_error *error);

#endif
