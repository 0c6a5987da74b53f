/* SPDX-License-Identifier: BSD-3-Clause */
#include "apply/component_match.h"

#include "support/assignment.h"
#include "support/error.h"
#include "support/large_messages.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>

typedef struct matching {
  normal_pairs *pairs;
  int64_t *living_a, *living_b; /* the components whose weight is not 0 */
  int64_t n_a, n_b;             /* how many */
  double *costs;                /* n_a x n_b */
  int64_t *partners;            /* n_a */
  bool *is_taken;               /* n_b */
} matching;

static int64_t list_living(const gmmpi_model *model, int64_t *living)
{
  int64_t n = 0;
  for (int64_t k = 0; k < model->n_components; k++) {
    if (model->weights[k] > 0.0) living[n++] = k;
  }
  return n;
}

static gmmpi_status matching_open(matching *work, const gmmpi_model *a, const gmmpi_model *b, gmmpi_error *error)
{
  int64_t n_costs;
  if (normal_pairs_create(a, b, &work->pairs, error) != GMMPI_OK) return error->status;
  work->living_a = allocate(a->n_components, sizeof(int64_t));
  work->living_b = allocate(b->n_components, sizeof(int64_t));
  work->partners = allocate(a->n_components, sizeof(int64_t));
  work->is_taken = allocate(b->n_components, sizeof(bool));
  if (work->living_a != NULL && work->living_b != NULL) {
    work->n_a = list_living(a, work->living_a);
    work->n_b = list_living(b, work->living_b);
    if (multiply_fits(work->n_a, work->n_b, &n_costs)) work->costs = allocate(n_costs, sizeof(double));
  }
  if (work->costs != NULL && work->partners != NULL && work->is_taken != NULL) return GMMPI_OK;
  return fail(error, GMMPI_NO_MEMORY, "no memory is left to match components; use machines with more memory");
}

static void matching_close(matching *work)
{
  normal_pairs_destroy(work->pairs);
  free(work->living_a);
  free(work->living_b);
  free(work->costs);
  free(work->partners);
  free(work->is_taken);
}

/* What lacks in the overlap, and a little that tells distances apart where there is no overlap at all. */
static double cost_of(double bhattacharyya)
{
  const double little = 1e-6;
  if (!isfinite(bhattacharyya)) return 1.0 + little;
  return -expm1(-bhattacharyya) + little * bhattacharyya / (1.0 + bhattacharyya);
}

/* Collective. Each rank computes some rows; the others' are 0, so that their sum is each row as it was computed. */
static void set_costs(MPI_Comm comm, matching *work)
{
  int rank;
  int n_ranks;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  for (int64_t i = rank; i < work->n_a; i += n_ranks) {
    for (int64_t j = 0; j < work->n_b; j++)
      work->costs[i * work->n_b + j] =
          cost_of(normal_pairs_distance(work->pairs, work->living_a[i], work->living_b[j]).bhattacharyya);
  }
  allreduce_large(comm, work->costs, work->n_a * work->n_b, MPI_DOUBLE, MPI_SUM);
}

static int64_t list_matches(const matching *work, component_match *matches)
{
  int64_t n = 0;
  for (int64_t i = 0; i < work->n_a; i++) {
    component_match *next = &matches[n++];
    *next = (component_match){.a = work->living_a[i], .b = -1};
    if (work->partners[i] < 0) continue;
    next->b = work->living_b[work->partners[i]];
    next->distance = normal_pairs_distance(work->pairs, next->a, next->b);
    work->is_taken[work->partners[i]] = true;
  }
  for (int64_t j = 0; j < work->n_b; j++) {
    if (!work->is_taken[j]) matches[n++] = (component_match){.a = -1, .b = work->living_b[j]};
  }
  return n;
}

gmmpi_status match_components(MPI_Comm comm, const gmmpi_model *a, const gmmpi_model *b, component_match **matches,
                              int64_t *n_matches, gmmpi_error *error)
{
  gmmpi_error own = {0};
  matching work = {0};
  *matches = allocate(a->n_components + b->n_components, sizeof **matches);
  *n_matches = 0;
  if (*matches == NULL)
    fail(&own, GMMPI_NO_MEMORY, "no memory is left to match components; use machines with more memory");
  else
    matching_open(&work, a, b, &own);
  if (agree(comm, &own) == GMMPI_OK) {
    set_costs(comm, &work);
    if (work.n_a > 0 && work.n_b > 0) assignment_solve(work.n_a, work.n_b, work.costs, work.partners, &own);
    for (int64_t i = 0; work.n_b == 0 && i < work.n_a; i++) work.partners[i] = -1;
    if (agree(comm, &own) == GMMPI_OK) *n_matches = list_matches(&work, *matches);
  }
  matching_close(&work);
  return error_pass(error, &own);
}

int64_t match_bytes(const gmmpi_model *a, const gmmpi_model *b)
{
  const int64_t both = a->n_components + b->n_components;
  int64_t costs;
  int64_t lists;
  if (!multiply_fits(a->n_components, b->n_components, &costs) ||
      !multiply_fits(costs, (int64_t)sizeof(double), &costs) ||
      !multiply_fits(both, 3 * (int64_t)sizeof(int64_t) + (int64_t)sizeof(component_match), &lists))
    return INT64_MAX;
  return sum_of_bytes(
      4, (int64_t[]){costs, lists, normal_pairs_bytes(a, b), assignment_bytes(a->n_components, b->n_components)});
}
