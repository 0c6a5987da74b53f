/* SPDX-License-Identifier: BSD-3-Clause */
/* Features of a model as users name them on the command line: by their exact name first, else by their number from 1 or
 * a range of these, separated by commas; a name with a comma (or, where values are given, with =) is quoted as in CSV.
 */
#ifndef APPLY_FEATURE_CHOICE_H
#define APPLY_FEATURE_CHOICE_H

#include "mixture/model.h"

typedef struct feature_choice {
  int64_t n;
  int64_t *features;  /* n, from 0, different ones, in the order in which they were named */
  double *values;     /* n, where values are given: in the units of the model's transformed features; else NULL */
  double *own_values; /* n, as they were given */
} feature_choice;

/* text: "A,C" or "1,3-5". option: "--features", for messages; owner: the model's file. Errors: 65 a feature that is not
 * there; 64 one is named twice, a word is missing; 71. */
gmmpi_status feature_choice_read(const gmmpi_model *model, const char *owner, const char *option, const char *text,
                                 feature_choice *choice, gmmpi_error *error);

/* text: "A=1.5,B=2", values in the units of the data. Errors: those above; 64 a value that is none, or has no value of
 * the feature's transform. */
gmmpi_status feature_values_read(const gmmpi_model *model, const char *owner, const char *option, const char *text,
                                 feature_choice *choice, gmmpi_error *error);

/* The features that are not chosen, in the model's order: n_features - n; the caller frees. NULL: no memory. */
int64_t *feature_choice_others(const gmmpi_model *model, const feature_choice *choice);

void feature_choice_clear(feature_choice *choice);

/* What people call the feature: its name, or x and its number from 1; the caller frees. NULL: no memory. */
char *feature_called(const gmmpi_model *model, int64_t feature);

#endif
