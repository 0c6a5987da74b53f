/* SPDX-License-Identifier: BSD-3-Clause */
/* --transform: which features are transformed while they are read, and how.
 *
 *   LIST  = ITEM[,ITEM]...
 *   ITEM  = FUNCTION[=NUMBER][:COLUMN]    a function of support/feature_transform.h; the number is arcsinh's cofactor
 *         | standardize[:COLUMN]          what is left is brought to mean 0 and variance 1
 *
 * COLUMN is a name, quoted where it holds a comma or colon, or a 1-based number; without one all features are meant.
 * arcsinh:5 is arcsinh=5, since cytometry writes it so: a column of that number is arcsinh=1:5. */
#ifndef SOURCES_TRANSFORM_ITEMS_H
#define SOURCES_TRANSFORM_ITEMS_H

#include "support/feature_transform.h"

#include "gmmpi/error.h"

enum { TRANSFORM_COLUMN_BYTES = 256 };

typedef struct transform_item {
  bool standardizes; /* else transform has a function */
  feature_transform transform;
  bool has_cofactor;
  bool has_column;
  char column[TRANSFORM_COLUMN_BYTES];
} transform_item;

/* Reads an item up to a comma or the end: returns where it ends, or NULL when it is none. */
const char *transform_item_read(const char *text, transform_item *item);

/* Checks a list, for the table of settings: value is a const char *, which points to the text then. Errors: 64. */
gmmpi_status transforms_check(const char *text, void *value, gmmpi_error *error);

#endif
