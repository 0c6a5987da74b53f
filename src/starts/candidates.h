/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of candidates: models with their objectives (em/estimator.h), the best first. */
#ifndef STARTS_CANDIDATES_H
#define STARTS_CANDIDATES_H

#include "mixture/model.h"

typedef struct candidate {
  gmmpi_model *model;
  double objective; /* total; less a handicap for spurious ones, which come behind all others */
  int64_t index;    /* in its round */
} candidate;

typedef struct candidate_list {
  candidate *items; /* most, of which n count */
  int64_t n, most;
} candidate_list;

/* An empty list of at most `most` models. Errors: 71. */
gmmpi_status candidates_create(model_kind kind, int64_t n_components, int64_t n_features, int64_t most,
                               candidate_list *list, gmmpi_error *error);
void candidates_clear(candidate_list *list);

/* Puts a copy of the model into its place, if it is among the best; of equal ones the first comes first. */
void candidates_insert(candidate_list *list, const gmmpi_model *model, double objective, int64_t index);

/* The same unless the list has one whose objective differs by less than least_difference: that one is replaced
 * where the new one is better and `replaces`, and else stays. */
void candidates_insert_if_new(candidate_list *list, const candidate *one, double least_difference, bool replaces);

#endif
