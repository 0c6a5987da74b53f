/* SPDX-License-Identifier: BSD-3-Clause */
#include "starts/candidates.h"

#include "support/error.h"

#include <math.h>
#include <stdlib.h>

gmmpi_status candidates_create(model_kind kind, int64_t n_components, int64_t n_features, int64_t most,
                               candidate_list *list, gmmpi_error *error)
{
  *list = (candidate_list){.items = calloc((size_t)most, sizeof(candidate)), .most = most};
  if (list->items == NULL) return fail(error, GMMPI_NO_MEMORY, "there is no memory to search for a start");
  for (int64_t i = 0; i < most; i++) {
    if (model_allocate(kind, n_components, n_features, &list->items[i].model, error) != GMMPI_OK) return error->status;
  }
  return GMMPI_OK;
}

void candidates_clear(candidate_list *list)
{
  for (int64_t i = 0; list->items != NULL && i < list->most; i++) gmmpi_model_destroy(list->items[i].model);
  free(list->items);
  *list = (candidate_list){.items = NULL};
}

void candidates_insert(candidate_list *list, const gmmpi_model *model, double objective, int64_t index)
{
  candidate *items = list->items;
  int64_t place = list->n;
  while (place > 0 && objective > items[place - 1].objective) place--;
  if (place >= list->most) return;
  if (list->n < list->most) list->n++;
  gmmpi_model *room = items[list->n - 1].model;
  for (int64_t i = list->n - 1; i > place; i--) items[i] = items[i - 1];
  model_copy_parameters(room, model);
  items[place] = (candidate){room, objective, index};
}

void candidates_insert_if_new(candidate_list *list, const candidate *one, double least_difference, bool replaces)
{
  for (int64_t i = 0; i < list->n; i++) {
    candidate *known = &list->items[i];
    if (fabs(one->objective - known->objective) >= least_difference) continue;
    if (!replaces || !(one->objective > known->objective)) return;
    /* Those before it are better by more, so the list stays sorted. */
    known->objective = one->objective;
    known->index = one->index;
    model_copy_parameters(known->model, one->model);
    return;
  }
  candidates_insert(list, one->model, one->objective, one->index);
}
