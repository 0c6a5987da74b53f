/* SPDX-License-Identifier: BSD-3-Clause */
/* What commands say of the data that they read: which table of which file, its size, its first row, and what was done
 * to read it. */
#ifndef CLI_DATA_ACCOUNT_H
#define CLI_DATA_ACCOUNT_H

#include "sources/source.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct data_account data_account;

/* For one rank: reads the first row. NULL where there is no memory; a row that cannot be read is left out. */
data_account *data_account_create(point_source *source);
void data_account_destroy(data_account *account); /* NULL is fine */

/* "mall.csv: 200 rows of 2 columns out of 5; first row 15 39", and, with notes, a line for each remark behind it. All
 * lines begin with the indent, the first one goes on with the word ("from "). */
void data_account_print(const data_account *account, FILE *stream, const char *indent, const char *word,
                        bool with_notes);

/* Warns of features, whose least and largest values are minima and maxima (n_features, as they are fitted), that hold
 * but one value, or end in one that many programs write for a missing one. */
void data_account_warn(const data_account *account, const double *minima, const double *maxima);

/* {"name", "kind", "n_rows", "n_columns", "first_row", "notes"}; a new reference, or NULL. */
json_t *data_account_json(const data_account *account);

#endif
