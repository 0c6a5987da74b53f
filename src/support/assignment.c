/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/assignment.h"

#include "support/error.h"
#include "support/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* The smaller side's members are given partners one by one. Numbers count from 1, and 0 is none: the larger side's
 * place 0 stands for the member that looks for a partner. */
typedef struct matching {
  int64_t n_small, n_large;
  const double *costs;
  int64_t small_stride, large_stride; /* of costs */
  double *small_potential;            /* n_small + 1 */
  double *large_potential;            /* n_large + 1, like all that follow */
  double *distance;                   /* of the shortest path to each that is not reached yet */
  int64_t *partner;                   /* of each of the larger side */
  int64_t *before;                    /* on that path */
  bool *is_reached;
} matching;

static bool matching_open(matching *work)
{
  work->small_potential = allocate(work->n_small + 1, sizeof(double));
  work->large_potential = allocate(work->n_large + 1, sizeof(double));
  work->distance = allocate(work->n_large + 1, sizeof(double));
  work->partner = allocate(work->n_large + 1, sizeof(int64_t));
  work->before = allocate(work->n_large + 1, sizeof(int64_t));
  work->is_reached = allocate(work->n_large + 1, sizeof(bool));
  return work->small_potential != NULL && work->large_potential != NULL && work->distance != NULL &&
         work->partner != NULL && work->before != NULL && work->is_reached != NULL;
}

static void matching_close(matching *work)
{
  free(work->small_potential);
  free(work->large_potential);
  free(work->distance);
  free(work->partner);
  free(work->before);
  free(work->is_reached);
}

/* Lengthens the tree of shortest paths by the nearest place that is not in it, and returns that place. `last` is the
 * one that came into it before. */
static int64_t reach_next(matching *work, int64_t last)
{
  const int64_t member = work->partner[last];
  const double *costs = work->costs + (member - 1) * work->small_stride;
  double nearest = INFINITY;
  int64_t next = 0;
  work->is_reached[last] = true;
  for (int64_t j = 1; j <= work->n_large; j++) {
    if (work->is_reached[j]) continue;
    const double along = costs[(j - 1) * work->large_stride] - work->small_potential[member] - work->large_potential[j];
    if (along < work->distance[j]) {
      work->distance[j] = along;
      work->before[j] = last;
    }
    if (work->distance[j] < nearest) {
      nearest = work->distance[j];
      next = j;
    }
  }
  for (int64_t j = 0; j <= work->n_large; j++) {
    if (work->is_reached[j]) {
      work->small_potential[work->partner[j]] += nearest;
      work->large_potential[j] -= nearest;
    } else {
      work->distance[j] -= nearest;
    }
  }
  return next;
}

static void find_partner(matching *work, int64_t member)
{
  for (int64_t j = 0; j <= work->n_large; j++) {
    work->distance[j] = INFINITY;
    work->is_reached[j] = false;
  }
  work->partner[0] = member;
  int64_t place = 0;
  do place = reach_next(work, place);
  while (work->partner[place] != 0);
  for (; place != 0; place = work->before[place]) work->partner[place] = work->partner[work->before[place]];
}

gmmpi_status assignment_solve(int64_t n_rows, int64_t n_columns, const double *costs, int64_t *column_of_row,
                              gmmpi_error *error)
{
  const bool rows_are_fewer = n_rows <= n_columns;
  matching work = {.n_small = rows_are_fewer ? n_rows : n_columns,
                   .n_large = rows_are_fewer ? n_columns : n_rows,
                   .costs = costs,
                   .small_stride = rows_are_fewer ? n_columns : 1,
                   .large_stride = rows_are_fewer ? 1 : n_columns};
  const bool opened = matching_open(&work);
  for (int64_t i = 1; opened && i <= work.n_small; i++) find_partner(&work, i);
  for (int64_t i = 0; i < n_rows; i++) column_of_row[i] = -1;
  for (int64_t j = 1; opened && j <= work.n_large; j++) {
    const int64_t member = work.partner[j];
    if (member == 0) continue;
    if (rows_are_fewer)
      column_of_row[member - 1] = j - 1;
    else
      column_of_row[j - 1] = member - 1;
  }
  matching_close(&work);
  return opened ? GMMPI_OK
                : fail(error, GMMPI_NO_MEMORY, "no memory is left to match components; use machines with more memory");
}

int64_t assignment_bytes(int64_t n_rows, int64_t n_columns)
{
  const int64_t larger = n_rows > n_columns ? n_rows : n_columns;
  int64_t bytes;
  return multiply_fits(larger + 1, 6 * (int64_t)sizeof(double), &bytes) ? bytes : INT64_MAX;
}
